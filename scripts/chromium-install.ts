import { existsSync } from 'node:fs'
import { runProcess } from './process.ts'
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
  if (process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) return resultOf([HOW_TO])
  console.log('Installing Chromium from the Debian packages (about 130 MB)')
  const env = { DEBIAN_FRONTEND: 'noninteractive' }
  for (const args of [
    ['update', '-qq'],
    ['install', '-y', '-qq', '--no-install-recommends', 'chromium'],
  ]) {
    const { code, output } = await runProcess('apt-get', args, { env })
    if (code !== 0)
      return resultOf([output.trimEnd(), `apt-get ${args[0]} failed (exit code ${code}). ${HOW_TO}`])
  }
  return resultOf(findChromium() === undefined ? [HOW_TO] : [])
}
