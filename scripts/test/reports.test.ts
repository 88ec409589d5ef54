import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { findLockedHosts } from '../checks/lock-file.ts'
import { ROOT } from '../paths.ts'
import { resultOf } from '../steps.ts'
import { addTallies, formatTally } from '../tally.ts'
import { countTests } from '../vitest-run.ts'

/** A report of files with as many passed and failed tests; a file without any couldn't be loaded. */
function report(...files: readonly { passed: number; failed: number }[]): string {
  const testResults = files.map(({ passed, failed }, file) => ({
    name: join(ROOT, `test/file-${file}.test.ts`),
    status: failed > 0 || passed === 0 ? 'failed' : 'passed',
    message: 'no such module',
    assertionResults: [
      ...new Array(passed).fill({ status: 'passed', fullName: 'holds', failureMessages: [] }),
      ...new Array(failed).fill({ status: 'failed', fullName: 'breaks', failureMessages: ['2 is not 3'] }),
    ],
  }))
  return JSON.stringify({ numPassedTests: files.reduce((sum, { passed }) => sum + passed, 0), testResults })
}

describe('countTests', () => {
  test('takes the figures of the report, and tells where and why a test failed', () => {
    expect(countTests(report({ passed: 4, failed: 0 }, { passed: 3, failed: 2 }), 1)).toEqual({
      passed: 7,
      failed: 2,
      failures: ['test/file-1.test.ts: breaks\n2 is not 3', 'test/file-1.test.ts: breaks\n2 is not 3'],
    })
  })
  test('counts a file that could not be loaded as one failure', () => {
    expect(countTests(report({ passed: 0, failed: 0 }, { passed: 3, failed: 0 }), 1)).toEqual({
      passed: 3,
      failed: 1,
      failures: ['test/file-0.test.ts\nno such module'],
    })
  })
  test('counts a file whose hook failed, so that its tests were skipped, as one failure', () => {
    const skipped = { status: 'skipped', fullName: 'waits', failureMessages: [] }
    const testResults = [
      { name: join(ROOT, 'test/hook.test.ts'), status: 'failed', message: '', assertionResults: [skipped] },
    ]
    expect(countTests(JSON.stringify({ numPassedTests: 0, testResults }), 1)).toEqual({
      passed: 0,
      failed: 1,
      failures: ['test/hook.test.ts\na hook failed: its error stands above'],
    })
  })
  test('counts an exit code that the report does not explain as one failure', () => {
    expect(countTests(report({ passed: 3, failed: 0 }), 1)).toEqual({
      passed: 3,
      failed: 1,
      failures: [expect.stringContaining('exit code 1 though no test failed')],
    })
    expect(countTests(undefined, 1)).toMatchObject({ passed: 0, failed: 1 })
  })
  test('counts no test as no failure when none was asked for', () => {
    expect(countTests(undefined, 0)).toEqual({ passed: 0, failed: 0 })
  })
})

test('the tally is the sum of the steps in one line', () => {
  const total = addTallies(resultOf([]), resultOf(['wrong', 'and wrong']), { passed: 40, failed: 0 })
  expect(formatTally(total)).toBe('41 passed, 1 failed')
})

test('a lock file that names a registry host is found, workspaces are not', () => {
  const lock = '{\n  "resolved": "packages/rtp",\n  "resolved": "https://registry.example/a/-/a-1.0.0.tgz"\n}'
  expect(findLockedHosts(lock)).toEqual([
    expect.stringMatching(/^package-lock\.json:3: names the host registry\.example/),
  ])
})
