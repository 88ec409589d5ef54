import type { NetworkPlan } from './network-plan.ts'

const flow = (startSeconds: number) => ({ startSeconds })
const steady = (bps: number) => [{ fromSeconds: 0, bps }]
const MBPS = 1_000_000

/**
 * The basic test cases of RFC 8867, sections 5.1 to 5.8: its capacities and times. Where it leaves a choice (jitter, the
 * sizes of short TCP transfers) network-plan.ts says which was made.
 */
export const RFC8867_PLANS = {
  variableCapacity: {
    name: '5.1 variable capacity, one flow',
    seconds: 100,
    seed: 1,
    rates: [
      { fromSeconds: 0, bps: MBPS },
      { fromSeconds: 40, bps: 2.5 * MBPS },
      { fromSeconds: 60, bps: 0.6 * MBPS },
      { fromSeconds: 80, bps: MBPS },
    ],
    flows: [flow(0)],
  },
  variableCapacityTwoFlows: {
    name: '5.2 variable capacity, two flows',
    seconds: 125,
    seed: 2,
    rates: [
      { fromSeconds: 0, bps: 4 * MBPS },
      { fromSeconds: 25, bps: 2 * MBPS },
      { fromSeconds: 50, bps: 3.5 * MBPS },
      { fromSeconds: 75, bps: MBPS },
      { fromSeconds: 100, bps: 2 * MBPS },
    ],
    flows: [flow(0), flow(0)],
  },
  congestedFeedback: {
    name: '5.3 congested feedback link',
    seconds: 100,
    seed: 3,
    rates: [
      { fromSeconds: 0, bps: 2 * MBPS },
      { fromSeconds: 20, bps: MBPS },
      { fromSeconds: 40, bps: 0.5 * MBPS },
      { fromSeconds: 60, bps: 2 * MBPS },
    ],
    reverseRates: [
      { fromSeconds: 0, bps: 2 * MBPS },
      { fromSeconds: 35, bps: 0.8 * MBPS },
      { fromSeconds: 70, bps: 2 * MBPS },
    ],
    flows: [flow(0)],
    reverseFlows: [flow(0)],
  },
  competingFlows: {
    name: '5.4 three flows that start one by one',
    seconds: 120,
    seed: 4,
    rates: steady(3.5 * MBPS),
    flows: [flow(0), flow(20), flow(40)],
  },
  roundTripFairness: {
    name: '5.5 five flows, delays of 10 to 150 ms',
    seconds: 300,
    seed: 5,
    rates: steady(4 * MBPS),
    flows: [10, 25, 50, 100, 150].map((delayMs, i) => ({ startSeconds: i * 10, delayMs })),
  },
  longTcp: {
    name: '5.6 beside a long TCP flow',
    seconds: 120,
    seed: 6,
    rates: steady(2 * MBPS),
    flows: [flow(5)],
    tcp: [{ startSeconds: 0 }],
  },
  shortTcp: {
    name: '5.7 two flows beside short TCP flows',
    seconds: 300,
    seed: 7,
    rates: steady(2 * MBPS),
    flows: [flow(5), flow(5)],
    shortTcpSources: 10,
  },
  pauseAndResume: {
    name: '5.8 three flows, one pauses',
    seconds: 120,
    seed: 8,
    rates: steady(3.5 * MBPS),
    flows: [flow(0), { startSeconds: 0, pauseSeconds: [40, 60] }, flow(0)],
  },
} satisfies Readonly<Record<string, NetworkPlan>>
