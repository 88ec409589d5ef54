import { addTallies, EMPTY_TALLY, type Tally } from './tally.ts'

/** What a step found: its tally, and what a person has to read when something failed. */
export interface StepResult extends Tally {
  /** Everything there is to read, shown where the step ends. */
  readonly output?: string
  /** What failed and why, for a step that shows its output as it goes; told once more at the very end. */
  readonly failures?: readonly string[]
}

/** One line of a check's progress. */
export interface Step {
  readonly name: string
  run(): Promise<StepResult>
}

/** A step's result from a list of findings: passed once if there are none, failed once otherwise. */
export function resultOf(findings: readonly string[]): StepResult {
  return findings.length === 0
    ? { passed: 1, failed: 0 }
    : { passed: 0, failed: 1, output: findings.join('\n') }
}

/**
 * Runs all steps in order, also after a failure, with a line per step, its duration, and the output of failed ones.
 * Ends with what failed: whoever sees only the last lines of a long run sees that.
 */
export async function runSteps(steps: readonly Step[]): Promise<Tally> {
  let total = EMPTY_TALLY
  const failures: string[] = []
  for (const step of steps) {
    const startedMs = performance.now()
    const result = await runOne(step)
    const durationS = ((performance.now() - startedMs) / 1000).toFixed(1)
    if (result.failed > 0 && result.output) console.log(result.output)
    console.log(`${result.failed > 0 ? '✗' : '✓'} ${step.name.padEnd(24)} ${durationS.padStart(6)} s`)
    total = addTallies(total, result)
    if (result.failed > 0)
      failures.push(
        ...(result.failures ?? [result.output ?? 'no output']).map((failure) => `✗ ${step.name}: ${failure}`),
      )
  }
  if (failures.length > 0) console.log(`\nWhat failed:\n${failures.join('\n')}\n`)
  return total
}

async function runOne(step: Step): Promise<StepResult> {
  try {
    return await step.run()
  } catch (error) {
    return resultOf([error instanceof Error ? (error.stack ?? error.message) : String(error)])
  }
}
