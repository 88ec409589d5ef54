/** Packets that left within this time form one group (draft-ietf-rmcat-gcc-02 section 5.2: burst_time). */
const BURST_US = 5000
/** Arrivals further apart than this say nothing about a queue: the media paused, or the receiver's clock jumped. */
const MAX_GAP_US = 3_000_000

/**
 * Inter-group delay variation (draft-ietf-rmcat-gcc-02 sections 5.1 and 5.2): packets that were sent together are one
 * group, and two groups in a row say by how much the later one was delayed more than the one before it.
 */
export class ArrivalGroups {
  /** Of the pair that `add()` completed last: time between the groups' departures, ms. */
  sendDeltaMs = 0
  /** By how much longer the later group was under way, ms; negative when a queue drains. */
  delayDeltaMs = 0
  /** When the later group arrived, by the receiver's clock, microseconds. */
  arrivalUs = 0
  #firstSentUs = -1
  #lastSentUs = -1
  #lastArrivalUs = -1
  #previousSentUs = -1
  #previousArrivalUs = -1

  /** A packet arrived; call in the order of sending. @returns whether a pair of groups is complete */
  add(sentUs: number, arrivalUs: number): boolean {
    if (this.#firstSentUs < 0) {
      this.#start(sentUs, arrivalUs)
      return false
    }
    if (sentUs < this.#firstSentUs) return false
    if (sentUs - this.#firstSentUs <= BURST_US) {
      this.#lastSentUs = Math.max(this.#lastSentUs, sentUs)
      this.#lastArrivalUs = Math.max(this.#lastArrivalUs, arrivalUs)
      return false
    }
    const isPair = this.#previousSentUs >= 0 && this.#compare()
    this.#previousSentUs = this.#lastSentUs
    this.#previousArrivalUs = this.#lastArrivalUs
    this.#start(sentUs, arrivalUs)
    return isPair
  }

  #compare(): boolean {
    const arrivalDeltaUs = this.#lastArrivalUs - this.#previousArrivalUs
    const sendDeltaUs = this.#lastSentUs - this.#previousSentUs
    if (Math.abs(arrivalDeltaUs) > MAX_GAP_US || sendDeltaUs > MAX_GAP_US) return false
    this.sendDeltaMs = sendDeltaUs / 1000
    this.delayDeltaMs = (arrivalDeltaUs - sendDeltaUs) / 1000
    this.arrivalUs = this.#lastArrivalUs
    return true
  }

  #start(sentUs: number, arrivalUs: number): void {
    this.#firstSentUs = sentUs
    this.#lastSentUs = sentUs
    this.#lastArrivalUs = arrivalUs
  }
}
