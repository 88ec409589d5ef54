import { type NetworkPlan, type PlanResult, runPlan } from './network-plan.ts'

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
  /** Per increase: seconds until the estimates' sum is 90 % of it. */
  readonly restoreSeconds: readonly number[]
  /** Each flow's share of the media in the second half. */
  readonly shares: readonly number[]
  readonly mediaBps: number
  readonly tcpBps: number
  readonly paddingShare: number
}

/** Runs `plan` under each seed. */
export function figuresOf(plan: NetworkPlan, seeds: readonly number[]): PlanFigures[] {
  return seeds.map((seed) => figures(runPlan({ ...plan, seed })))
}

function figures(result: PlanResult): PlanFigures {
  const { plan, flows } = result
  const steps = plan.rates.slice(1).map((step, i) => ({ ...step, before: plan.rates[i]!.bps }))
  const rates = flows.map((_, k) => result.mediaBps(k, plan.seconds / 2))
  const mediaBps = rates.reduce((sum, bps) => sum + bps, 0)
  const padding = flows.reduce((sum, flow) => sum + flow.paddingBytes, 0)
  const media = flows.reduce((sum, flow) => sum + flow.mediaBytes, 0)
  return {
    utilisation: result.utilisation(WARM_UP_SECONDS),
    queueP95Ms: result.queueMs(0.95),
    backOffSeconds: steps
      .filter(({ bps, before }) => bps < before)
      .map(({ fromSeconds, bps }) => result.secondsUntil(fromSeconds, 'atMost', bps)),
    restoreSeconds: steps
      .filter(({ bps, before }) => bps > before)
      .map(({ fromSeconds, bps }) => result.secondsUntil(fromSeconds, 'atLeast', RESTORED_SHARE * bps)),
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
