/** Loss that is nobody's fault and loss that is ours (draft-ietf-rmcat-gcc-02 section 6). */
const LOW_LOSS = 0.02
const HIGH_LOSS = 0.1
/** Growth per window of low loss (same section: 1.05 per report). */
const GROWTH = 1.05
/** Never below this share of what arrives: that much the link carries. */
const ACKNOWLEDGED_SHARE = 0.9
/** A share of fewer packets, or over a shorter time, says too little. */
const MIN_PACKETS = 20
const MIN_WINDOW_US = 250_000

/** The loss-based bound of the estimate (draft-ietf-rmcat-gcc-02 section 6). Infinite while loss never was high. */
export class LossBound {
  bps = Number.POSITIVE_INFINITY
  /** Share of the last window's packets that were lost, 0 to 1. */
  lossShare = 0
  #lost = 0
  #total = 0
  #startUs = -1

  add(lost: number, total: number): void {
    this.#lost += lost
    this.#total += total
  }

  /**
   * @param targetBps the estimate as it stands
   * @param acknowledgedBps what arrives at the receiver
   * @param isDelayHandling whether the delay-based control has just backed off: the same queue explains the loss
   * @returns whether the bound went down
   */
  update(targetBps: number, acknowledgedBps: number, isDelayHandling: boolean, nowUs: number): boolean {
    if (this.#startUs < 0) this.#startUs = nowUs
    const elapsedUs = nowUs - this.#startUs
    if (this.#total < MIN_PACKETS || elapsedUs < MIN_WINDOW_US) return false
    this.lossShare = this.#lost / this.#total
    this.#lost = 0
    this.#total = 0
    this.#startUs = nowUs
    if (this.lossShare > HIGH_LOSS && !isDelayHandling) {
      const reduced = Math.min(this.bps, targetBps) * (1 - 0.5 * this.lossShare)
      this.bps = Math.min(this.bps, Math.max(reduced, ACKNOWLEDGED_SHARE * acknowledgedBps))
      return true
    }
    if (this.lossShare < LOW_LOSS) {
      this.bps *= GROWTH
      // Far above the delay-based estimate it bounds nothing any more.
      if (this.bps > 2 * targetBps) this.bps = Number.POSITIVE_INFINITY
    }
    return false
  }

  /** Whether loss is the reason to send less now. */
  get isLossy(): boolean {
    return this.lossShare >= LOW_LOSS && this.bps !== Number.POSITIVE_INFINITY
  }

  /** Nothing was sent for long: what was lost before says nothing about the path now. */
  forgetShare(): void {
    this.lossShare = 0
    this.#lost = 0
    this.#total = 0
  }

  /** A probe went through at this rate. */
  raise(bps: number): void {
    if (this.bps < bps) this.bps = bps
  }
}
