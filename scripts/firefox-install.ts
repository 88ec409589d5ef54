import { existsSync } from 'node:fs'
import { installDebianPackages } from './debian-install.ts'
import { resultOf, type StepResult } from './steps.ts'

/** Where Debian puts Firefox; FIREFOX_PATH names another place. */
const KNOWN_PLACES = ['/usr/bin/firefox-esr', '/usr/bin/firefox']

/** The Firefox that tests drive, or undefined if there is none. */
export function findFirefox(): string | undefined {
  const own = process.env.FIREFOX_PATH
  return own !== undefined && own !== '' ? own : KNOWN_PLACES.find((path) => existsSync(path))
}

/** Installs Debian's Firefox ESR when it is missing and this process may; else its tests are skipped by name. */
export async function ensureFirefox(): Promise<StepResult> {
  if (findFirefox() !== undefined) return resultOf([])
  console.log('Installing Firefox ESR from the Debian packages (about 70 MB)')
  const problem = await installDebianPackages('firefox-esr')
  if (problem !== undefined) {
    console.log(
      `The interop tests with Firefox are skipped (${problem}); on Debian: apt-get install firefox-esr, elsewhere set FIREFOX_PATH`,
    )
  }
  return resultOf([])
}
