import { describe, expect, test } from 'vitest'
import { LOSSY_PLANS } from './lossy-plans.ts'
import { figuresOf, mean, missed } from './plan-figures.ts'
import { RFC8867_PLANS } from './rfc8867-plans.ts'

/** One seed is an anecdote: each case runs under eight. */
const SEEDS = [1, 2, 3, 4, 5, 6, 7, 8]

const { longTcp, shortTcp, ...withoutTcp } = RFC8867_PLANS

describe.each([...Object.values(withoutTcp), ...LOSSY_PLANS])('$name', (plan) => {
  const runs = figuresOf(plan, SEEDS)

  test('every run keeps the bounds of utilisation, queue, back-off, recovery, fairness and padding', () => {
    for (const run of runs) expect(missed(plan, run)).toEqual([])
  })

  test('each figure differs from seed to seed: it was measured', () => {
    expect(new Set(runs.map(({ utilisation }) => utilisation)).size).toBe(SEEDS.length)
  })
})

describe('RFC 8867 fairness', () => {
  test('two flows share a link within 60:40, and within 57:43 in the mean', () => {
    const runs = figuresOf(RFC8867_PLANS.variableCapacityTwoFlows, SEEDS)
    const largest = runs.map(({ shares }) => Math.max(...shares))
    expect(mean(largest)).toBeLessThanOrEqual(0.57)
    for (const share of largest) expect(share).toBeLessThanOrEqual(0.6)
  })

  test('of three flows that start one by one, none gets more than half or less than a fifth', () => {
    for (const { shares } of figuresOf(RFC8867_PLANS.competingFlows, SEEDS)) {
      expect(Math.max(...shares)).toBeLessThanOrEqual(0.5)
      expect(Math.min(...shares)).toBeGreaterThanOrEqual(0.2)
    }
  })

  test('of five flows with delays of 10 to 150 ms each gets a fifth, give or take a tenth', () => {
    for (const { shares } of figuresOf(RFC8867_PLANS.roundTripFairness, SEEDS)) {
      expect(Math.min(...shares)).toBeGreaterThan(0.1)
      expect(Math.max(...shares)).toBeLessThan(0.3)
    }
  })
})

describe('RFC 8867 beside TCP', () => {
  // A TCP flow fills whatever queue there is: the delay is its choice, and only the rates can be judged.
  test('a long TCP flow does not starve media, nor media it', () => {
    for (const { mediaBps, tcpBps } of figuresOf(longTcp, SEEDS)) {
      expect(mediaBps).toBeGreaterThan(150_000)
      expect(tcpBps).toBeGreaterThan(500_000)
    }
  })

  test('short TCP flows leave two flows of media what they need to go on', () => {
    for (const { mediaBps, shares } of figuresOf(shortTcp, SEEDS)) {
      expect(mediaBps).toBeGreaterThan(500_000)
      expect(mediaBps * Math.min(...shares)).toBeGreaterThan(120_000)
    }
  })
})
