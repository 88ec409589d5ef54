/** What the delay says about the link. */
export type LinkUsage = 'normal' | 'overuse' | 'underuse'

/** Start of the threshold, ms (draft-ietf-rmcat-gcc-02 section 5.4: del_var_th(0)). */
const FIRST_THRESHOLD_MS = 12.5
/** Its bounds, ms (same section). */
const MIN_THRESHOLD_MS = 6
const MAX_THRESHOLD_MS = 600
/** Gains per millisecond: up where the trend is beyond the threshold, down where it is within (libwebrtc's figures for a trendline; the draft's K_u and K_d are for its Kalman filter). */
const GAIN_UP = 0.0087
const GAIN_DOWN = 0.039
/** A trend this far beyond the threshold is a sudden change of the route, and not learnt (same section). */
const MAX_EXCESS_MS = 15
/** Time that the trend must stay beyond the threshold (same section: overuse_time_th). */
const OVERUSE_TIME_MS = 10
/** Scales the slope to milliseconds: gain times groups, at most 60 (libwebrtc). */
const TREND_GAIN = 4
const MAX_COUNT = 60
/** Longest step of the adaptation, ms (libwebrtc). */
const MAX_STEP_MS = 100

/**
 * Compares the trend of the delay with a threshold that follows it slowly (draft-ietf-rmcat-gcc-02 section 5.4): so a
 * flow is neither deaf on a calm link nor starved by one that fills queues.
 */
export class OveruseDetector {
  usage: LinkUsage = 'normal'
  thresholdMs = FIRST_THRESHOLD_MS
  #overuseMs = -1
  #groups = 0
  #previousTrendMs = 0
  #updatedUs = -1

  /**
   * @param slope of the delay, ms per ms
   * @param count groups that it was made of so far
   * @param sendDeltaMs time between the last two groups' departures
   */
  update(slope: number, count: number, sendDeltaMs: number, nowUs: number): LinkUsage {
    const trendMs = Math.min(count, MAX_COUNT) * slope * TREND_GAIN
    if (trendMs > this.thresholdMs) {
      // Half: the excess began somewhere between the two groups.
      this.#overuseMs = this.#overuseMs < 0 ? sendDeltaMs / 2 : this.#overuseMs + sendDeltaMs
      this.#groups++
      if (this.#overuseMs > OVERUSE_TIME_MS && this.#groups > 1 && trendMs >= this.#previousTrendMs) {
        this.#overuseMs = 0
        this.#groups = 0
        this.usage = 'overuse'
      }
    } else {
      this.#overuseMs = -1
      this.#groups = 0
      this.usage = trendMs < -this.thresholdMs ? 'underuse' : 'normal'
    }
    this.#previousTrendMs = trendMs
    this.#adapt(Math.abs(trendMs), nowUs)
    return this.usage
  }

  /** Forgets the trend, and keeps the threshold that was learnt. */
  reset(): void {
    this.usage = 'normal'
    this.#overuseMs = -1
    this.#groups = 0
    this.#previousTrendMs = 0
  }

  #adapt(distanceMs: number, nowUs: number): void {
    const stepMs = this.#updatedUs < 0 ? 0 : Math.min((nowUs - this.#updatedUs) / 1000, MAX_STEP_MS)
    this.#updatedUs = nowUs
    if (distanceMs > this.thresholdMs + MAX_EXCESS_MS) return
    const gain = distanceMs < this.thresholdMs ? GAIN_DOWN : GAIN_UP
    const next = this.thresholdMs + gain * (distanceMs - this.thresholdMs) * stepMs
    this.thresholdMs = Math.min(Math.max(next, MIN_THRESHOLD_MS), MAX_THRESHOLD_MS)
  }
}
