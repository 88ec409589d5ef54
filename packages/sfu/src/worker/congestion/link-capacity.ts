/** Weight of a new sample (draft-ietf-rmcat-gcc-02 section 5.5: exponential average with 0.95). */
const WEIGHT = 0.05
/** Bounds of the normalised variance, in kilobits (libwebrtc). */
const MIN_VARIANCE = 0.4
const MAX_VARIANCE = 2.5
/** Standard deviations within which a rate counts as near the capacity (the draft's three). */
const DEVIATIONS = 3

/** What the link could carry when it was last overused: where the increase gets careful (draft-ietf-rmcat-gcc-02 section 5.5). */
export class LinkCapacity {
  #kbps = -1
  #variance = MIN_VARIANCE

  /** Bits per second, or -1 while nothing is known. */
  get bps(): number {
    return this.#kbps < 0 ? -1 : this.#kbps * 1000
  }

  /** Highest and lowest rate that still agree with the estimate. */
  get upperBps(): number {
    return this.#kbps < 0 ? Number.POSITIVE_INFINITY : (this.#kbps + this.#deviation()) * 1000
  }

  get lowerBps(): number {
    return this.#kbps < 0 ? 0 : Math.max(0, this.#kbps - this.#deviation()) * 1000
  }

  /** The link was overused while this rate arrived. */
  overused(acknowledgedBps: number): void {
    const sample = acknowledgedBps / 1000
    if (this.#kbps < 0) {
      this.#kbps = sample
      return
    }
    const error = this.#kbps - sample
    this.#kbps += WEIGHT * -error
    const normalised = (error * error) / Math.max(this.#kbps, 1)
    this.#variance += WEIGHT * (normalised - this.#variance)
    this.#variance = Math.min(Math.max(this.#variance, MIN_VARIANCE), MAX_VARIANCE)
  }

  forget(): void {
    this.#kbps = -1
  }

  #deviation(): number {
    return DEVIATIONS * Math.sqrt(this.#variance * this.#kbps)
  }
}
