import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const PROBE = fileURLToPath(new URL('./allocation-probe.ts', import.meta.url))
const PACKETS = 1_000_000
const RECEIVERS = 10

/** Garbage collections of the probe's million packets to ten receivers, after its warm-up. */
function collections(...args: string[]): number {
  const options = ['--trace-gc', '--max-semi-space-size=1', PROBE, ...args]
  const output = execFileSync(process.execPath, options, { encoding: 'utf8' })
  const [, measured = '', forwarded] = /^warm\n(.*)^done (\d+)/ms.exec(output) ?? expect.fail(output)
  expect(Number(forwarded)).toBe(PACKETS * RECEIVERS)
  return [...measured.matchAll(/Scavenge|Mark-Compact/g)].length
}

// One object of 16 bytes per packet would fill the young generation of 1 MB some fifteen times; the compiler's own garbage
// may fill it once.
test('forwarding a packet to ten receivers allocates nothing', () => {
  expect(collections()).toBeLessThan(4)
})

test('the count would show garbage', () => {
  expect(collections('garbage')).toBeGreaterThan(10)
})
