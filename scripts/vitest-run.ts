import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { dirname } from 'node:path'
import { fromRoot, ROOT } from './paths.ts'
import { runProcess } from './process.ts'
import type { StepResult } from './steps.ts'

interface JsonReport {
  readonly numPassedTests: number
  readonly numFailedTests: number
  readonly testResults: readonly { readonly status: string; readonly assertionResults: readonly unknown[] }[]
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
  if (report === undefined) return { passed: 0, failed: exitCode === 0 ? 0 : 1 }
  const { numPassedTests, numFailedTests, testResults }: JsonReport = JSON.parse(report)
  const unloadable = testResults.filter(
    ({ status, assertionResults }) => status === 'failed' && assertionResults.length === 0,
  ).length
  const failed = numFailedTests + unloadable
  return { passed: numPassedTests, failed: exitCode !== 0 && failed === 0 ? 1 : failed }
}
