import { NOT_RECEIVED, RECEIVE_DELTA_US, REFERENCE_TIME_US, TransportFeedback } from './transport-feedback.ts'

/** Statuses that one message of a builder holds at most: with their deltas it stays below one datagram. */
export const MAX_BUILDER_STATUSES = 400

/**
 * Collects arrivals into one transport-cc feedback message (draft-holmer-rmcat-transport-wide-cc-extensions-01).
 * Times are in microseconds of any monotonic clock; the message keeps them modulo the draft's 24-bit reference time.
 */
export class TransportFeedbackBuilder {
  /** The message so far; `writeTransportFeedback` writes it once `statusCount` is above 0. */
  readonly feedback = new TransportFeedback()
  #baseExtended = 0
  #referenceUs = 0
  #lastTicks = 0

  /**
   * Starts a message whose first status is about `baseSequenceNumber` (extended).
   * @param firstArrivalUs arrival of the first packet that will be added: the reference time is its 64 ms step
   */
  start(baseSequenceNumber: number, firstArrivalUs: number, feedbackCount: number): void {
    const reference = Math.floor(firstArrivalUs / REFERENCE_TIME_US)
    this.#baseExtended = baseSequenceNumber
    this.#referenceUs = reference * REFERENCE_TIME_US
    this.#lastTicks = 0
    this.feedback.baseSequenceNumber = baseSequenceNumber & 0xffff
    // Modulo 2^24 first: the value may exceed what the bit operators keep.
    this.feedback.referenceTime = ((reference % 0x1000000) << 8) >> 8
    this.feedback.feedbackCount = feedbackCount & 0xff
    this.feedback.statusCount = 0
  }

  /**
   * Adds an arrival. Sequence numbers (extended) come in ascending order; those left out count as not received.
   * @returns false if the message cannot hold it (too many statuses, out of order, or more than 8.19 s from the arrival
   * before): write this message and start the next with it
   */
  add(sequenceNumber: number, arrivalUs: number): boolean {
    const feedback = this.feedback
    const index = sequenceNumber - this.#baseExtended
    if (index < feedback.statusCount || index >= MAX_BUILDER_STATUSES) return false
    const ticks = Math.round((arrivalUs - this.#referenceUs) / RECEIVE_DELTA_US)
    const delta = ticks - this.#lastTicks
    if (delta < -32768 || delta > 32767) return false
    feedback.reserve(index + 1)
    feedback.arrivalTicks.fill(NOT_RECEIVED, feedback.statusCount, index)
    feedback.arrivalTicks[index] = ticks
    feedback.statusCount = index + 1
    this.#lastTicks = ticks
    return true
  }
}
