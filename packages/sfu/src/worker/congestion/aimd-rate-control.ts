import { LinkCapacity } from './link-capacity.ts'
import type { LinkUsage } from './overuse-detector.ts'

/** What is left of the acknowledged rate after overuse (draft-ietf-rmcat-gcc-02 section 5.5: beta between 0.8 and 0.95). */
const BETA = 0.92
/** Until the queue is gone, less: the longer it is, down to this share. Then the rate goes back to BETA. */
const MIN_DRAIN = 0.5
/** A queue this much longer than MIN_QUEUE_MS would have nothing left. */
const DRAIN_MS = 400
/** Without this much of a queue a rising delay is jitter, or frames of unequal size: it stops the increase only. */
const MIN_QUEUE_MS = 25
/** Growth per second far from the capacity (same section: eta = 1.08). */
const GROWTH_PER_SECOND = 1.08
/** No increase beyond this multiple of what is acknowledged, plus a little (same section: 1.5). */
const MAX_OVER_ACKNOWLEDGED = 1.5
const OVER_ACKNOWLEDGED_BPS = 10_000
/** Near the capacity a flow grows by one packet per response time (same section), this large. */
const PACKET_BITS = 9600
/** Or per this: flows of a short round trip would push the others aside. */
const MIN_RESPONSE_MS = 200
const MIN_INCREASE_BPS_PER_SECOND = 4000
/** Two decreases are at least this far apart, or one response time: the first must show its effect before. */
const MIN_DECREASE_INTERVAL_US = 200_000

/** Additive increase, multiplicative decrease of the delay-based estimate (draft-ietf-rmcat-gcc-02 section 5.5). */
export class AimdRateControl {
  bps: number
  /** When it last decreased, and from what. */
  decreasedUs = Number.NEGATIVE_INFINITY
  beforeDecreaseBps = 0
  /** The rate to go back to when the queue that led to the last decrease is gone; 0 when it is. */
  #drainedBps = 0
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
   * @param acknowledgedBps what arrives at the receiver, 0 while unknown
   * @param responseMs round trip with the receiver's wait for feedback
   * @param queueMs how much longer than the shortest the newest packets were under way
   * @returns what it did
   */
  update(
    usage: LinkUsage,
    acknowledgedBps: number,
    responseMs: number,
    queueMs: number,
    nowUs: number,
  ): 'decrease' | 'increase' | 'hold' {
    const elapsedMs = this.#updatedUs < 0 ? 0 : Math.min((nowUs - this.#updatedUs) / 1000, 1000)
    this.#updatedUs = nowUs
    if (queueMs < MIN_QUEUE_MS) this.drained()
    if (usage === 'overuse') {
      this.#state = 'hold'
      if (queueMs < MIN_QUEUE_MS) return 'hold'
      return this.#decrease(acknowledgedBps, responseMs, queueMs, nowUs) ? 'decrease' : 'hold'
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
    if (acknowledgedBps > 0) this.#increase(acknowledgedBps, responseMs, elapsedMs)
    return 'increase'
  }

  /** The queue that led to the last decrease is gone: the rate needs to make no room for it any more. */
  drained(): void {
    this.bps = Math.max(this.bps, this.#drainedBps)
    this.#drainedBps = 0
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
    this.#drainedBps = 0
    this.bps *= beta
  }

  #decrease(acknowledgedBps: number, responseMs: number, queueMs: number, nowUs: number): boolean {
    const sinceUs = nowUs - this.decreasedUs
    const waitUs = Math.max(MIN_DECREASE_INTERVAL_US, responseMs * 1000)
    if (sinceUs < waitUs && acknowledgedBps > this.bps * 0.5) return false
    const measuredBps = acknowledgedBps > 0 ? acknowledgedBps : this.bps
    const drain = Math.max(MIN_DRAIN, Math.min(BETA, 1 - (queueMs - MIN_QUEUE_MS) / DRAIN_MS))
    const next = Math.min(this.bps, drain * measuredBps)
    this.#drainedBps = Math.min(this.bps, BETA * measuredBps)
    if (measuredBps < this.#capacity.lowerBps) this.#capacity.forget()
    this.#capacity.overused(measuredBps)
    this.beforeDecreaseBps = this.bps
    this.decreasedUs = nowUs
    this.bps = next
    return true
  }

  #increase(acknowledgedBps: number, responseMs: number, elapsedMs: number): void {
    if (acknowledgedBps > this.#capacity.upperBps) this.#capacity.forget()
    const isNearCapacity = this.#capacity.bps >= 0
    const perSecondBps = (PACKET_BITS * 1000) / Math.max(responseMs, MIN_RESPONSE_MS)
    const additiveBps = (Math.max(perSecondBps, MIN_INCREASE_BPS_PER_SECOND) * elapsedMs) / 1000
    const careful = this.bps + additiveBps
    const next = isNearCapacity
      ? careful
      : Math.max(careful, this.bps * GROWTH_PER_SECOND ** (elapsedMs / 1000))
    const limit = MAX_OVER_ACKNOWLEDGED * acknowledgedBps + OVER_ACKNOWLEDGED_BPS
    this.bps = Math.max(this.bps, Math.min(next, limit))
  }
}
