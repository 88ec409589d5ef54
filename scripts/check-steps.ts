import { readFileSync } from 'node:fs'
import { findBoundaryViolations } from './checks/boundaries.ts'
import { findLooseDependencies } from './checks/dependencies.ts'
import { findMissingDocblocks } from './checks/docblocks.ts'
import { findLockedHosts } from './checks/lock-file.ts'
import { buildAll } from './compile/all.ts'
import { BuildError } from './compile/target.ts'
import { fromRoot, ROOT } from './paths.ts'
import { runProcess } from './process.ts'
import { resultOf, type Step, type StepResult } from './steps.ts'
import { runVitest } from './vitest-run.ts'

/** A step that runs a program of node_modules/.bin and passes if that ends with 0. */
function programStep(name: string, program: string, args: readonly string[]): Step {
  return {
    name,
    async run(): Promise<StepResult> {
      const { code, output } = await runProcess(fromRoot('node_modules/.bin', program), args, { cwd: ROOT })
      return resultOf(code === 0 ? [] : [output.trimEnd()])
    },
  }
}

/** A step that passes if a check of the sources finds nothing. */
function findingStep(name: string, find: () => readonly string[]): Step {
  return { name, run: async () => resultOf(find()) }
}

/** Everything that can be judged without running the code. */
export const STATIC_STEPS: readonly Step[] = [
  programStep('format and lint', 'biome', ['ci', '--error-on-warnings', '--colors=off']),
  programStep('types (Node)', 'tsc', ['-p', 'tsconfig.json']),
  programStep('types (browser)', 'tsc', ['-p', 'tsconfig.browser.json']),
  programStep('types (web app)', 'tsc', ['-p', 'apps/web/tsconfig.json']),
  findingStep('boundaries', () => findBoundaryViolations(ROOT)),
  findingStep('docblocks', () => findMissingDocblocks(ROOT)),
  findingStep('dependencies', () => findLooseDependencies(ROOT)),
  findingStep('lock file', () => findLockedHosts(readFileSync(fromRoot('package-lock.json'), 'utf8'))),
]

/** Builds what tests need; a failure is told like a failed check. */
export function buildStep(...names: Parameters<typeof buildAll>): Step {
  return {
    name: 'build',
    async run(): Promise<StepResult> {
      try {
        await buildAll(...names)
        return resultOf([])
      } catch (error) {
        if (error instanceof BuildError) return resultOf([error.message])
        throw error
      }
    },
  }
}

/** Unit and native tests of all packages and of these scripts; only files that match `patterns` if there are any. */
export function unitTestStep(patterns: readonly string[] = []): Step {
  return { name: 'unit tests', run: () => runVitest({ name: 'unit', config: 'vitest.config.ts', patterns }) }
}
