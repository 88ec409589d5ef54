import { buildStep, STATIC_STEPS, unitTestStep } from './check-steps.ts'
import { ensureChromium } from './chromium-install.ts'
import { ensureFfmpeg } from './ffmpeg-install.ts'
import { ensureFirefox } from './firefox-install.ts'
import { ensureGstreamer } from './gstreamer-install.ts'
import { ensureOpensslHeaders } from './openssl-install.ts'
import { ensurePostgres } from './postgres-install.ts'
import { runSteps, type Step } from './steps.ts'
import { formatTally } from './tally.ts'
import { runVitest } from './vitest-run.ts'

// `npm test` runs everything; `npm test -- PATTERN…` only the test files whose path contains a pattern.
const patterns = process.argv.slice(2)
const browserTests: Step = {
  name: 'browser tests',
  run: () => runVitest({ name: 'browser', config: 'test/vitest.config.ts', patterns }),
}
const steps = [
  { name: 'Chromium', run: ensureChromium },
  { name: 'Firefox', run: ensureFirefox },
  { name: 'PostgreSQL', run: ensurePostgres },
  { name: 'ffmpeg', run: ensureFfmpeg },
  { name: 'GStreamer', run: ensureGstreamer },
  { name: 'OpenSSL headers', run: ensureOpensslHeaders },
  buildStep(),
  ...(patterns.length > 0 ? [] : STATIC_STEPS),
  unitTestStep(patterns),
  browserTests,
]

const startedMs = performance.now()
const tally = await runSteps(steps)
console.log(`Everything took ${((performance.now() - startedMs) / 1000).toFixed(0)} s`)
console.log(formatTally(tally))
process.exitCode = tally.failed === 0 ? 0 : 1
