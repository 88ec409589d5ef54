import { LinkCapacity } from './link-capacity.ts'
import type { LinkUsage } from './overuse-detector.ts'

/** What is left of the measured rate after overuse (draft-ietf-rmcat-gcc-02 section 5.5: beta between 0.8 and 0.95) … */
const BETA = 0.86
/** … where the queue is as long as this; proportionally more where it is shorter, and all below the first. */
const BETA_QUEUE_MS = [20, 47] as const
/** Until the queue is gone, less: the longer it is, down to this share. Then the rate goes back to BETA's. */
const MIN_DRAIN = 0.55
/** A queue this much longer than EMPTY_QUEUE_MS would have nothing left. */
const DRAIN_MS = 240
/** A queue shorter than this is jitter, or the frames of one's own camera. */
const EMPTY_QUEUE_MS = 25
/** A queue that was never shorter for this long belongs to others, who fill it whatever this flow does: TCP. */
const CONTESTED_US = 4_000_000
/** What arrives lags behind what is sent: only a rate this much below it says that less gets through. */
const ACKNOWLEDGED_LAG = 0.9
/** Growth per second far from the capacity (same section: eta = 1.08). */
const GROWTH_PER_SECOND = 1.08
/** No increase beyond this multiple of what is acknowledged, plus a little (same section: 1.5). */
const MAX_OVER_ACKNOWLEDGED = 1.5
const OVER_ACKNOWLEDGED_BPS = 10_000
/** Near the capacity every flow grows by this, whatever its round trip and its rate: so those that share a link come together. */
const INCREASE_BPS_PER_SECOND = 160_000
/** But not faster than by this share of itself per second: a narrow link's queue would be long before it is noticed. */
const MAX_INCREASE_PER_SECOND = 0.5
/** Nor slower than by this share: a wide link would take too long to fill. */
const MIN_INCREASE_PER_SECOND = 0.1
/** The increase fades as the queue comes near this (RFC 6817 section 2.4.2: in proportion to what is left of the target). */
const TARGET_QUEUE_MS = 70
const MIN_FADE = 0.1
/** Two decreases are at least this far apart, or one response time: the first must show its effect before. */
const MIN_DECREASE_INTERVAL_US = 200_000

/** Bits per second that arrived at the receiver; 0 while unknown. */
export interface ReceivedRates {
  /** In the mean. */
  readonly acknowledgedBps: number
  /** What the link carried when it had something to carry: more than the mean where media has little to send. */
  readonly carriedBps: number
}

/** Additive increase, multiplicative decrease of the delay-based estimate (draft-ietf-rmcat-gcc-02 section 5.5). */
export class AimdRateControl {
  bps: number
  /** When it last decreased, and from what. */
  decreasedUs = Number.NEGATIVE_INFINITY
  beforeDecreaseBps = 0
  /** When it last decreased for a queue that has to drain. */
  queuedUs = Number.NEGATIVE_INFINITY
  /** Whether others fill the queue whatever this flow does: waiting for its end would be giving way for good. */
  isContested = false
  /** The rate to go back to when the queue that led to the last decrease is gone; 0 when it is. */
  #drainedBps = 0
  /** When the queue was last empty. */
  #emptyUs = Number.POSITIVE_INFINITY
  readonly #capacity = new LinkCapacity()
  #state: 'hold' | 'increase' = 'increase'
  #updatedUs = -1

  constructor(bps: number) {
    this.bps = bps
  }

  /** What the link carried when it was last overused, or -1. */
  get linkCapacityBps(): number {
    return this.#capacity.bps
  }

  /**
   * @param rates what the receiver saw
   * @param responseMs round trip with the receiver's wait for feedback
   * @param queueMs how much longer than the shortest the newest packets were under way
   * @returns what it did
   */
  update(
    usage: LinkUsage,
    rates: ReceivedRates,
    responseMs: number,
    queueMs: number,
    nowUs: number,
  ): 'decrease' | 'increase' | 'hold' {
    const elapsedMs = this.#updatedUs < 0 ? 0 : Math.min((nowUs - this.#updatedUs) / 1000, 1000)
    this.#updatedUs = nowUs
    this.#watchQueue(queueMs, nowUs)
    if (usage === 'overuse') {
      this.#state = 'hold'
      if (queueMs < BETA_QUEUE_MS[0]) return 'hold'
      return this.#decrease(rates.carriedBps, responseMs, queueMs, nowUs) ? 'decrease' : 'hold'
    }
    // The queue drains: let it, so that the next estimate starts from an empty one.
    if (usage === 'underuse') {
      this.#state = 'hold'
      return 'hold'
    }
    if (this.#state === 'hold') {
      this.#state = 'increase'
      return 'hold'
    }
    if (rates.acknowledgedBps > 0) this.#increase(rates.acknowledgedBps, queueMs, elapsedMs)
    return 'increase'
  }

  /** Nothing waits any more: the rate needs to make no room for it. */
  drained(nowUs: number): void {
    this.#emptyUs = nowUs
    this.isContested = false
    this.#stopDraining()
  }

  /** A probe measured the link, or a limit changed: goes on from there. */
  set(bps: number): void {
    this.bps = bps
    this.#drainedBps = 0
    if (bps > this.#capacity.upperBps) this.#capacity.forget()
  }

  /** Nothing comes back any more. */
  silence(beta: number, nowUs: number): void {
    this.beforeDecreaseBps = this.bps
    this.decreasedUs = nowUs
    this.queuedUs = nowUs
    this.#drainedBps = 0
    this.bps *= beta
  }

  #watchQueue(queueMs: number, nowUs: number): void {
    if (queueMs < EMPTY_QUEUE_MS) {
      this.drained(nowUs)
      return
    }
    this.#emptyUs = Math.min(this.#emptyUs, nowUs)
    this.isContested = nowUs - this.#emptyUs > CONTESTED_US
    if (this.isContested) this.#stopDraining()
  }

  #stopDraining(): void {
    this.bps = Math.max(this.bps, this.#drainedBps)
    this.#drainedBps = 0
  }

  #decrease(carriedBps: number, responseMs: number, queueMs: number, nowUs: number): boolean {
    const sinceUs = nowUs - this.decreasedUs
    const waitUs = Math.max(MIN_DECREASE_INTERVAL_US, responseMs * 1000)
    if (sinceUs < waitUs && carriedBps > this.bps * 0.5) return false
    const measuredBps = this.#measured(carriedBps)
    const [from, to] = BETA_QUEUE_MS
    const share = this.isContested ? 1 : Math.min(1, (queueMs - from) / (to - from))
    const beta = 1 - (1 - BETA) * share
    const drain = this.isContested ? beta : Math.max(MIN_DRAIN, 1 - (queueMs - EMPTY_QUEUE_MS) / DRAIN_MS)
    // While it drains already, what arrives is what this flow lets arrive.
    if (this.#drainedBps === 0) this.#drainedBps = Math.min(this.bps, beta * measuredBps)
    if (measuredBps < this.#capacity.lowerBps) this.#capacity.forget()
    this.#capacity.overused(measuredBps)
    this.beforeDecreaseBps = this.bps
    this.decreasedUs = nowUs
    if (queueMs >= EMPTY_QUEUE_MS) this.queuedUs = nowUs
    this.bps = Math.min(this.bps, Math.min(beta, drain) * measuredBps)
    return true
  }

  /**
   * What to decrease from: the rate itself, as TCP does, unless much less arrives. What arrived of a flow that grows is
   * half a second old: a small flow would always fall further than it rose, and a large one not.
   */
  #measured(carriedBps: number): number {
    if (carriedBps <= 0) return this.bps
    return Math.min(Math.max(this.bps, carriedBps), carriedBps / ACKNOWLEDGED_LAG)
  }

  #increase(acknowledgedBps: number, queueMs: number, elapsedMs: number): void {
    if (acknowledgedBps > this.#capacity.upperBps) this.#capacity.forget()
    const isNearCapacity = this.#capacity.bps >= 0
    const fade = this.isContested ? 1 : Math.max(MIN_FADE, 1 - queueMs / TARGET_QUEUE_MS)
    const seconds = (fade * elapsedMs) / 1000
    const least = MIN_INCREASE_PER_SECOND * this.bps
    const most = MAX_INCREASE_PER_SECOND * this.bps
    const careful = this.bps + seconds * Math.min(Math.max(INCREASE_BPS_PER_SECOND, least), most)
    const next = isNearCapacity ? careful : Math.max(careful, this.bps * GROWTH_PER_SECOND ** seconds)
    const limit = MAX_OVER_ACKNOWLEDGED * acknowledgedBps + OVER_ACKNOWLEDGED_BPS
    this.bps = Math.max(this.bps, Math.min(next, limit))
  }
}
