import { describe, expect, test } from 'vitest'
import { RepairBudget } from '../../src/worker/congestion/repair-budget.ts'

/** How many of `count` repairs of 1,000 bytes leave when one is asked for every `everyMs`. */
const leave = (budget: RepairBudget, count: number, everyMs: number, estimateBps: number): number => {
  let left = 0
  for (let i = 0; i < count; i++) if (budget.takes(1000, estimateBps, i * everyMs * 1000)) left++
  return left
}

describe('what may be sent again', () => {
  test('is a burst of what a fifth of the estimate fills a second with', () => {
    // 0.2 × 1 Mbit/s are 25 packets per second.
    expect(leave(new RepairBudget(), 100, 0, 1_000_000)).toBe(25)
  })

  test('is all that is asked for while that is less than a fifth', () => {
    expect(leave(new RepairBudget(), 1000, 50, 1_000_000)).toBe(1000)
  })

  test('is a fifth of the estimate when more is asked for without end', () => {
    const seconds = 100
    expect(leave(new RepairBudget(), seconds * 1000, 1, 1_000_000)).toBe(25 + 25 * seconds - 1)
  })

  test('follows the estimate down at once', () => {
    const budget = new RepairBudget()
    expect(budget.takes(1000, 10_000_000, 0)).toBe(true)
    let left = 0
    for (let i = 0; i < 100; i++) if (budget.takes(1000, 80_000, 1000 * i)) left++
    expect(left).toBe(2)
  })
})
