/** Intervals that the mean is taken over. */
const INTERVALS = 30
const LATE_MS = 150

/**
 * Counts freezes as freezeCount of WebRTC's statistics does (w3c/webrtc-stats): a picture comes later than max(3 δ, δ + 150 ms) after
 * the one before, δ being the mean interval of the last 30.
 */
export class FreezeMeter {
  freezes = 0
  /** Milliseconds in freezes. */
  frozenMs = 0
  readonly #intervals: number[] = []
  #lastMs = Number.NaN

  /** A picture is complete. @returns whether a freeze ended with it */
  picture(nowMs: number): boolean {
    const intervalMs = nowMs - this.#lastMs
    this.#lastMs = nowMs
    if (Number.isNaN(intervalMs)) return false
    const { length } = this.#intervals
    const meanMs = this.#intervals.reduce((sum, ms) => sum + ms, 0) / length
    const isFreeze = length > 0 && intervalMs > Math.max(3 * meanMs, meanMs + LATE_MS)
    if (isFreeze) {
      this.freezes++
      this.frozenMs += intervalMs
    }
    this.#intervals.push(intervalMs)
    if (length === INTERVALS) this.#intervals.shift()
    return isFreeze
  }

  /** The sender stopped on purpose and said so: what is shown is no picture that stands still. */
  interrupt(): void {
    this.#lastMs = Number.NaN
    this.#intervals.length = 0
  }
}
