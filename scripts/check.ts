import { buildStep, STATIC_STEPS, unitTestStep } from './check-steps.ts'
import { runSteps } from './steps.ts'
import { formatTally } from './tally.ts'

const startedMs = performance.now()
const tally = await runSteps([...STATIC_STEPS, buildStep(['native']), unitTestStep()])
console.log(`${formatTally(tally)} in ${((performance.now() - startedMs) / 1000).toFixed(1)} s`)
process.exitCode = tally.failed === 0 ? 0 : 1
