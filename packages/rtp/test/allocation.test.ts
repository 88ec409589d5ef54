import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const PROBE = fileURLToPath(new URL('./allocation-probe.ts', import.meta.url))

/** Garbage collections of the probe's two million rounds, after its warm-up. */
function collections(...args: string[]): number {
  const output = execFileSync(process.execPath, ['--trace-gc', '--max-semi-space-size=1', PROBE, ...args], {
    encoding: 'utf8',
  })
  const [, measured = ''] = /^warm\n(.*)^done/ms.exec(output) ?? expect.fail(output)
  return [...measured.matchAll(/Scavenge|Mark-Compact/g)].length
}

// One object of 16 bytes per round would fill the young generation of 1 MB some thirty times; the compiler's
// own garbage may fill it once.
test('parsing RTP, header extensions, VP8, NACK and transport-cc allocates nothing per packet', () => {
  expect(collections()).toBeLessThan(5)
})

test('the count would show garbage', () => {
  expect(collections('garbage')).toBeGreaterThan(20)
})
