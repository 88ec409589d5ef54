/** Why a probe is sent. */
export type ProbeReason = 'initial' | 'further' | 'periodic' | 'recovery'

/** First probe: this multiple of the initial estimate; each that goes through is followed by one of double rate (libwebrtc: 3 and 2). */
const INITIAL_GAIN = 3
const FURTHER_GAIN = 2
/** A probe that found at least this share of its rate is followed by the next (libwebrtc: 0.7). */
const FURTHER_SHARE = 0.7
/** While nothing is wrong the link is asked again and again, in case that it grew faster than the estimate does. */
const PERIODIC_GAIN = 1.4
const PERIODIC_INTERVAL_US = 2_000_000
/** After a decrease the queue must drain before a probe can measure anything. */
const AFTER_DECREASE_US = 2_000_000
/** After a drop below this share the old rate is tried once again (libwebrtc: 0.66, and 0.85 of the old rate). */
const LARGE_DROP_SHARE = 0.66
const RECOVERY_GAIN = 0.85
/** No probe far above what could be used at all. */
const USEFUL_GAIN = 1.2

/** What the controller looks at. */
export interface ProbeInputs {
  readonly targetBps: number
  /** When the estimate last decreased for a queue, and from what. */
  readonly decreasedUs: number
  readonly beforeDecreaseBps: number
  readonly isCongested: boolean
  /** Whether the estimate can't find out by itself, by growing, that there is more. */
  readonly isBlind: boolean
  /** What media could use at most. */
  readonly usefulBps: number
}

/** A probe to send now. */
export interface ProbePlan {
  readonly bps: number
  readonly reason: ProbeReason
}

/** Says when to probe, and at which rate. Measuring is the cluster's part. */
export class ProbeController {
  #started = false
  #furtherBps = 0
  #probedUs = Number.NEGATIVE_INFINITY
  /** The decrease whose old rate was tried again already. */
  #recoveredUs = Number.NEGATIVE_INFINITY

  /** Whether an estimate is all that could be used: nothing is to be found out. Most are, most of the time. */
  isEnough(targetBps: number, usefulBps: number): boolean {
    if (targetBps < usefulBps * USEFUL_GAIN) return false
    this.#furtherBps = 0
    return true
  }

  /** The probe that is due, if any, of an estimate that is not enough; the caller sends it. */
  due(inputs: ProbeInputs, nowUs: number): ProbePlan | undefined {
    if (inputs.isCongested) {
      this.#furtherBps = 0
      return undefined
    }
    const ceilingBps = inputs.usefulBps * USEFUL_GAIN
    const plan = this.#choose(inputs, nowUs)
    if (plan === undefined) return undefined
    this.#probedUs = nowUs
    return { bps: Math.min(plan.bps, ceilingBps), reason: plan.reason }
  }

  /** A probe of `probeBps` found `foundBps`. */
  measured(probeBps: number, foundBps: number, isSaturated: boolean): void {
    this.#furtherBps = !isSaturated && foundBps >= FURTHER_SHARE * probeBps ? foundBps * FURTHER_GAIN : 0
  }

  #choose(inputs: ProbeInputs, nowUs: number): ProbePlan | undefined {
    if (!this.#started) {
      this.#started = true
      return { bps: inputs.targetBps * INITIAL_GAIN, reason: 'initial' }
    }
    if (this.#furtherBps > 0) {
      const bps = this.#furtherBps
      this.#furtherBps = 0
      if (bps > inputs.targetBps) return { bps, reason: 'further' }
    }
    if (nowUs - inputs.decreasedUs < AFTER_DECREASE_US) return undefined
    if (this.#recoveredUs !== inputs.decreasedUs) {
      this.#recoveredUs = inputs.decreasedUs
      if (inputs.targetBps < LARGE_DROP_SHARE * inputs.beforeDecreaseBps) {
        return { bps: RECOVERY_GAIN * inputs.beforeDecreaseBps, reason: 'recovery' }
      }
    }
    if (!inputs.isBlind || nowUs - this.#probedUs < PERIODIC_INTERVAL_US) return undefined
    return { bps: inputs.targetBps * PERIODIC_GAIN, reason: 'periodic' }
  }
}
