import { type NetworkPlan, type PlanResult, runPlan, SAMPLE_SECONDS } from './network-plan.ts'

/** The start-up is not judged: a flow begins at its initial estimate. */
const WARM_UP_SECONDS = 5
/** Target that counts as restored (share of the capacity). */
const RESTORED_SHARE = 0.9

/** Figures of one plan under one seed. */
export interface PlanFigures {
  readonly utilisation: number
  readonly queueP95Ms: number
  /** Per decrease of the capacity: seconds until the estimates' sum is within it. */
  readonly backOffSeconds: readonly number[]
  /** Per increase: seconds until the estimates' sum is 90 % of it; with layers, until 90 % of the media flow that it allows. */
  readonly restoreSeconds: readonly number[]
  /** Each flow's share of the media in the second half. */
  readonly shares: readonly number[]
  readonly mediaBps: number
  readonly tcpBps: number
  readonly paddingShare: number
}

const PACKET_BYTES = 1200
const SHORT_PACKET_MS = 50

/** What every plan's figures have to keep; TCP beside media fills queues and takes its share, whatever media does. */
export const BOUNDS = {
  utilisation: [0.85, 1],
  /** Of layers, more than an estimate of 85 % allows may fit. */
  layersUtilisation: [0.85, 1.3],
  /** And where a whole packet takes longer than `SHORT_PACKET_MS`, as on 150 kbit/s, that packet. */
  queueP95Ms: 100,
  backOffSeconds: 2,
  /** With layers the estimate may stay above a capacity that they don't fill. */
  layersBackOffSeconds: 6,
  restoreSeconds: 8,
  largestShareOfTwo: 0.6,
  paddingShare: 0.05,
  /** With layers only probes can tell that there is more. */
  layersPaddingShare: 0.07,
} as const

/** Which of the bounds a run did not keep, in words. */
export function missed(plan: NetworkPlan, run: PlanFigures): string[] {
  const misses: string[] = []
  const check = (name: string, value: number, least: number, most: number): void => {
    if (!(value >= least && value <= most)) misses.push(`${name} ${value.toFixed(3)}`)
  }
  const isLayered = plan.flows[0]?.layers !== undefined
  const [least, most] = isLayered ? BOUNDS.layersUtilisation : BOUNDS.utilisation
  const backOff = isLayered ? BOUNDS.layersBackOffSeconds : BOUNDS.backOffSeconds
  check('utilisation', run.utilisation, least, most)
  const packetMs = (PACKET_BYTES * 8000) / Math.min(...plan.rates.map(({ bps }) => bps))
  check(
    'p95 of the queue',
    run.queueP95Ms,
    0,
    BOUNDS.queueP95Ms + (packetMs > SHORT_PACKET_MS ? packetMs : 0),
  )
  for (const seconds of run.backOffSeconds) check('back-off', seconds, 0, backOff)
  for (const seconds of run.restoreSeconds) check('restored', seconds, 0, BOUNDS.restoreSeconds)
  if (run.shares.length === 2) check('largest share', Math.max(...run.shares), 0, BOUNDS.largestShareOfTwo)
  check('padding', run.paddingShare, 0, isLayered ? BOUNDS.layersPaddingShare : BOUNDS.paddingShare)
  return misses
}

/** Runs `plan` under each seed. */
export function figuresOf(plan: NetworkPlan, seeds: readonly number[]): PlanFigures[] {
  return seeds.map((seed) => figures(runPlan({ ...plan, seed })))
}

function figures(result: PlanResult): PlanFigures {
  const { plan, flows } = result
  const steps = plan.rates.slice(1).map((step, i) => ({ ...step, before: plan.rates[i]!.bps }))
  const capacityFrom = (seconds: number): number => result.capacityBps(seconds + SAMPLE_SECONDS)
  const restored = (seconds: number): number =>
    plan.flows[0]?.layers === undefined
      ? result.secondsUntil(seconds, 'atLeast', RESTORED_SHARE * capacityFrom(seconds))
      : result.secondsUntilMedia(seconds, RESTORED_SHARE * result.usableBps(seconds + SAMPLE_SECONDS))
  const rates = flows.map((_, k) => result.mediaBps(k, plan.seconds / 2))
  const mediaBps = rates.reduce((sum, bps) => sum + bps, 0)
  const padding = flows.reduce((sum, flow) => sum + flow.paddingBytes, 0)
  const media = flows.reduce((sum, flow) => sum + flow.mediaBytes, 0)
  return {
    utilisation: result.utilisation(WARM_UP_SECONDS),
    queueP95Ms: result.queueMs(0.95),
    backOffSeconds: steps
      .filter(({ bps, before }) => bps < before)
      .map(({ fromSeconds }) => result.secondsUntil(fromSeconds, 'atMost', capacityFrom(fromSeconds))),
    restoreSeconds: steps
      .filter(({ bps, before }) => bps > before)
      .map(({ fromSeconds }) => restored(fromSeconds)),
    shares: rates.map((bps) => bps / mediaBps),
    mediaBps,
    tcpBps: result.tcpBps,
    paddingShare: padding / (padding + media),
  }
}

/** Arithmetic mean. */
export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}
