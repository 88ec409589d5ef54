/** Groups that the regression looks at: two thirds of a second at 30 frames per second (libwebrtc, public source). */
const WINDOW_GROUPS = 20
/** Weight of the past in the smoothed delay (same source). */
const SMOOTHING = 0.9

/**
 * The slope of the queueing delay over time: least squares over the smoothed accumulated delay variation of the last
 * groups. It stands in the place of the Kalman filter of draft-ietf-rmcat-gcc-02 section 5.3, as in every
 * implementation since 2016 (Carlucci et al., "Analysis and Design of the Google Congestion Control for WebRTC").
 */
export class TrendlineFilter {
  /** Milliseconds of delay per millisecond of time; 0 until the window is full. */
  slope = 0
  /** Pairs of groups seen. */
  count = 0
  /** A pair of each group: when it arrived, and its smoothed delay, ms. */
  readonly #points = new Float64Array(2 * WINDOW_GROUPS)
  #accumulatedMs = 0
  #smoothedMs = 0
  #originUs = -1

  update(delayDeltaMs: number, arrivalUs: number): void {
    if (this.#originUs < 0) this.#originUs = arrivalUs
    this.#accumulatedMs += delayDeltaMs
    this.#smoothedMs = SMOOTHING * this.#smoothedMs + (1 - SMOOTHING) * this.#accumulatedMs
    const at = 2 * (this.count % WINDOW_GROUPS)
    this.#points[at] = (arrivalUs - this.#originUs) / 1000
    this.#points[at + 1] = this.#smoothedMs
    this.count++
    if (this.count >= WINDOW_GROUPS) this.slope = this.#regress()
  }

  /** What comes next has nothing to do with what was before. */
  reset(): void {
    this.slope = 0
    this.count = 0
    this.#accumulatedMs = 0
    this.#smoothedMs = 0
    this.#originUs = -1
  }

  #regress(): number {
    const points = this.#points
    let meanTime = 0
    let meanDelay = 0
    for (let at = 0; at < points.length; at += 2) {
      meanTime += points[at] as number
      meanDelay += points[at + 1] as number
    }
    meanTime /= WINDOW_GROUPS
    meanDelay /= WINDOW_GROUPS
    let covariance = 0
    let variance = 0
    for (let at = 0; at < points.length; at += 2) {
      const time = (points[at] as number) - meanTime
      covariance += time * ((points[at + 1] as number) - meanDelay)
      variance += time * time
    }
    return variance === 0 ? this.slope : covariance / variance
  }
}
