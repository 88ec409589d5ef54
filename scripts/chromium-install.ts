import { existsSync } from 'node:fs'
import { installDebianPackages } from './debian-install.ts'
import { resultOf, type StepResult } from './steps.ts'

/** Where systems put Chromium; CHROMIUM_PATH names another place. */
const KNOWN_PLACES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']

/** The browser that tests drive, or undefined if there is none. */
export function findChromium(): string | undefined {
  const own = process.env.CHROMIUM_PATH
  return own !== undefined && own !== '' ? own : KNOWN_PLACES.find((path) => existsSync(path))
}

const HOW_TO =
  'Chromium is needed for the browser tests; on Debian: apt-get install chromium, elsewhere set CHROMIUM_PATH'

/** Installs Debian's Chromium when it is missing and this process may; says in one line how to get it otherwise. */
export async function ensureChromium(): Promise<StepResult> {
  if (findChromium() !== undefined) return resultOf([])
  console.log('Installing Chromium from the Debian packages (about 130 MB)')
  const problem = await installDebianPackages('chromium')
  if (problem !== undefined) return resultOf([`${HOW_TO} (${problem})`])
  return resultOf(findChromium() === undefined ? [HOW_TO] : [])
}
