import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { dirname, relative } from 'node:path'
import { fromRoot, ROOT } from './paths.ts'
import { runProcess } from './process.ts'
import { resultOf, type StepResult } from './steps.ts'
import { EMPTY_TALLY } from './tally.ts'

interface JsonReport {
  readonly numPassedTests: number
  readonly testResults: readonly FileReport[]
}

interface FileReport {
  /** Path of the file. */
  readonly name: string
  readonly status: string
  /** Why the file failed before its tests. */
  readonly message: string
  readonly assertionResults: readonly {
    readonly status: string
    readonly fullName: string
    readonly failureMessages: readonly string[]
  }[]
}

/** Which tests to run, and whether to show every test file as it ends. */
export interface VitestRun {
  /** Names the report: test-results/NAME.json. */
  readonly name: string
  /** Path of the configuration from the repository's root. */
  readonly config: string
  /** Only test files whose path contains one of these; then finding none is no failure. */
  readonly patterns: readonly string[]
  readonly env?: NodeJS.ProcessEnv
}

/** Runs Vitest with its progress on the terminal. A file that can't be loaded counts as one failure. */
export async function runVitest({ name, config, patterns, env }: VitestRun): Promise<StepResult> {
  const report = fromRoot('test-results', `${name}.json`)
  mkdirSync(dirname(report), { recursive: true })
  rmSync(report, { force: true })
  const args = [
    fromRoot('node_modules/vitest/vitest.mjs'),
    'run',
    `--config=${fromRoot(config)}`,
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${report}`,
    ...(patterns.length > 0 ? ['--passWithNoTests'] : []),
    ...patterns,
  ]
  const { code } = await runProcess(process.execPath, args, {
    cwd: ROOT,
    toTerminal: true,
    ...(env !== undefined && { env }),
  })
  return countTests(existsSync(report) ? readFileSync(report, 'utf8') : undefined, code)
}

/** The tally of a JSON report. An exit code that the report doesn't explain (an unhandled error, a crash) is a failure. */
export function countTests(report: string | undefined, exitCode: number): StepResult {
  if (report === undefined)
    return exitCode === 0 ? EMPTY_TALLY : resultOf([`exit code ${exitCode} without a report`])
  const { numPassedTests, testResults }: JsonReport = JSON.parse(report)
  const failures = testResults.flatMap(failuresOf)
  if (exitCode !== 0 && failures.length === 0)
    failures.push(`exit code ${exitCode} though no test failed: an error outside of any, see above`)
  return { passed: numPassedTests, failed: failures.length, failures }
}

/** Each failed test of a file with its first error; the file itself if it failed before its tests (loading, a hook). */
function failuresOf({ name, status, message, assertionResults }: FileReport): string[] {
  const file = relative(ROOT, name)
  const failed = assertionResults.filter((test) => test.status === 'failed')
  if (status === 'failed' && failed.length === 0)
    return [`${file}\n${message || 'a hook failed: its error stands above'}`]
  return failed.map(({ fullName, failureMessages }) => `${file}: ${fullName}\n${failureMessages[0] ?? ''}`)
}
