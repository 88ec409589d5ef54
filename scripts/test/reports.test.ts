import { describe, expect, test } from 'vitest'
import { findLockedHosts } from '../checks/lock-file.ts'
import { resultOf } from '../steps.ts'
import { addTallies, formatTally } from '../tally.ts'
import { countTests } from '../vitest-run.ts'

function report(passed: number, failed: number, files: readonly { status: string; tests: number }[]): string {
  const testResults = files.map(({ status, tests }) => ({
    status,
    assertionResults: new Array(tests).fill({}),
  }))
  return JSON.stringify({ numPassedTests: passed, numFailedTests: failed, testResults })
}

describe('countTests', () => {
  test('takes the figures of the report', () => {
    expect(countTests(report(7, 2, [{ status: 'failed', tests: 9 }]), 1)).toEqual({ passed: 7, failed: 2 })
  })
  test('counts a file that could not be loaded as one failure', () => {
    const files = [
      { status: 'failed', tests: 0 },
      { status: 'passed', tests: 3 },
    ]
    expect(countTests(report(3, 0, files), 1)).toEqual({ passed: 3, failed: 1 })
  })
  test('counts an exit code that the report does not explain as one failure', () => {
    expect(countTests(report(3, 0, [{ status: 'passed', tests: 3 }]), 1)).toEqual({ passed: 3, failed: 1 })
    expect(countTests(undefined, 1)).toEqual({ passed: 0, failed: 1 })
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
