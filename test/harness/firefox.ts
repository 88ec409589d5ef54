import { mkdtemp, rm } from 'node:fs/promises'
import { networkInterfaces, tmpdir } from 'node:os'
import { join } from 'node:path'
import { firefox } from 'playwright-core'
import { findFirefox } from '../../scripts/firefox-install.ts'
import { TestBrowser } from './chromium.ts'

/** Cameras and microphones of its own making, without asking; real addresses in candidates; sound without a click. */
const PREFERENCES = {
  'media.navigator.streams.fake': true,
  'media.navigator.permission.disabled': true,
  'media.peerconnection.ice.obfuscate_host_addresses': false,
  'media.autoplay.default': 0,
}

/** An IPv4 address of this machine that is not loopback: Firefox gathers no candidate on 127.0.0.1, and answers none there. */
export function ownAddress(): string | undefined {
  const addresses = Object.values(networkInterfaces()).flatMap((entries) => entries ?? [])
  return addresses.find(({ family, internal }) => family === 'IPv4' && !internal)?.address
}

/** Why there can be no test with Firefox here, or undefined. */
export function noFirefox(): string | undefined {
  if (findFirefox() === undefined) return 'there is no Firefox'
  return ownAddress() === undefined ? 'there is no address but loopback' : undefined
}

/** Starts the system's own Firefox, headless, with a home folder that goes with it. */
export async function launchFirefox(): Promise<TestBrowser> {
  const executablePath = findFirefox()
  if (executablePath === undefined) throw new Error('there is no Firefox; npm test installs or names it')
  const home = await mkdtemp(join(tmpdir(), 'sangam-firefox-'))
  const browser = await firefox.launch({
    channel: 'moz-firefox',
    executablePath,
    headless: true,
    firefoxUserPrefs: PREFERENCES,
    env: { ...process.env, HOME: home } as Record<string, string>,
  })
  browser.on('disconnected', () => void rm(home, { recursive: true, force: true, maxRetries: 5 }))
  return new TestBrowser(browser, [])
}
