/** Share of the estimate that repairs may take. */
const SHARE = 0.2
/** What was not used is kept for so long: a burst of losses is repaired at once. */
const KEPT_SECONDS = 1

/**
 * What may be sent again on request (RTX, RFC 4588). A full link drops packets; answering every request for them would keep it
 * full, each answer being as likely to be dropped: beyond a share of what the path carries they are not answered.
 */
export class RepairBudget {
  #bytes = Number.NaN
  #updatedUs = 0

  /**
   * @param bytes of the repair on the wire
   * @param estimateBps what the path carries, bits per second
   * @returns whether it may leave; if so it is taken off
   */
  takes(bytes: number, estimateBps: number, nowUs: number): boolean {
    const bytesPerSecond = (SHARE * estimateBps) / 8
    const most = bytesPerSecond * KEPT_SECONDS
    const earned = (bytesPerSecond * (nowUs - this.#updatedUs)) / 1e6
    this.#bytes = Number.isNaN(this.#bytes) ? most : Math.min(most, this.#bytes + earned)
    this.#updatedUs = nowUs
    if (this.#bytes < bytes) return false
    this.#bytes -= bytes
    return true
  }
}
