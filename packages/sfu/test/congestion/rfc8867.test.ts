import { describe, expect, test } from 'vitest'
import { figuresOf, mean } from './plan-figures.ts'
import { RFC8867_PLANS } from './rfc8867-plans.ts'

/** One seed is an anecdote: each case runs under eight. */
const SEEDS = [1, 2, 3, 4, 5, 6, 7, 8]

const { longTcp, shortTcp, ...withoutTcp } = RFC8867_PLANS

describe.each(Object.values(withoutTcp))('RFC 8867 $name', (plan) => {
  const runs = figuresOf(plan, SEEDS)

  test('media uses at least 85 % of the capacity, and never more than there is', () => {
    expect(mean(runs.map((run) => run.utilisation))).toBeGreaterThanOrEqual(0.86)
    for (const { utilisation } of runs) {
      expect(utilisation).toBeGreaterThan(0.845)
      expect(utilisation).toBeLessThanOrEqual(1)
    }
  })

  test('95 % of the packets wait at most 100 ms before the bottleneck', () => {
    expect(mean(runs.map((run) => run.queueP95Ms))).toBeLessThanOrEqual(100)
    for (const { queueP95Ms } of runs) expect(queueP95Ms).toBeLessThan(110)
  })

  test('probing takes at most 5 % of what is sent', () => {
    for (const { paddingShare } of runs) expect(paddingShare).toBeLessThan(0.05)
  })
})

describe.each(Object.values(withoutTcp).filter(({ rates }) => rates.length > 1))('RFC 8867 $name', (plan) => {
  const runs = figuresOf(plan, SEEDS)

  test('after a drop the estimates are within the capacity in 2 s', () => {
    for (const seconds of runs.flatMap((run) => run.backOffSeconds)) expect(seconds).toBeLessThanOrEqual(2)
  })

  test('90 % of a restored capacity is found again within 8 s', () => {
    for (const seconds of runs.flatMap((run) => run.restoreSeconds)) expect(seconds).toBeLessThanOrEqual(8)
  })
})

describe('RFC 8867 fairness', () => {
  test('two flows share a link within 60:40', () => {
    const runs = figuresOf(RFC8867_PLANS.variableCapacityTwoFlows, SEEDS)
    const largest = runs.map(({ shares }) => Math.max(...shares))
    expect(mean(largest)).toBeLessThanOrEqual(0.6)
    for (const share of largest) expect(share).toBeLessThanOrEqual(0.65)
  })

  test('of three flows that start one by one, none gets more than half or less than a fifth', () => {
    for (const { shares } of figuresOf(RFC8867_PLANS.competingFlows, SEEDS)) {
      expect(Math.max(...shares)).toBeLessThanOrEqual(0.5)
      expect(Math.min(...shares)).toBeGreaterThanOrEqual(0.2)
    }
  })

  test('of five flows with delays of 10 to 150 ms none starves', () => {
    for (const { shares } of figuresOf(RFC8867_PLANS.roundTripFairness, SEEDS)) {
      expect(Math.min(...shares)).toBeGreaterThan(0.08)
      expect(Math.max(...shares)).toBeLessThan(0.45)
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
      expect(mediaBps).toBeGreaterThan(400_000)
      expect(Math.max(...shares)).toBeLessThanOrEqual(0.7)
    }
  })
})
