import { SequenceNumberUnwrapper, TransportFeedbackBuilder, writeTransportFeedback } from '@sangam/rtp'

const MOST_BYTES = 1200

/** A receiver's half of transport-cc (draft-holmer-rmcat-transport-wide-cc-extensions-01): reports what arrived when. */
export class ArrivalFeedback {
  readonly #unwrapper = new SequenceNumberUnwrapper()
  readonly #builder = new TransportFeedbackBuilder()
  readonly #arrivals = new Map<number, number>()
  #next = -1
  #count = 0

  /** A packet came. @param sequenceNumber 16 bits, transport-wide @param arrivalUs monotonic */
  received(sequenceNumber: number, arrivalUs: number): void {
    const sequence = this.#unwrapper.unwrap(sequenceNumber)
    if (this.#next < 0) this.#next = sequence
    if (sequence >= this.#next) this.#arrivals.set(sequence, arrivalUs)
  }

  /** The message about all that came since the last one; undefined if nothing did. */
  take(mediaSsrc: number): Uint8Array | undefined {
    const came = [...this.#arrivals.keys()].sort((a, b) => a - b)
    const [first] = came
    if (first === undefined) return undefined
    this.#builder.start(this.#next, this.#arrivals.get(first) ?? 0, this.#count)
    for (const sequence of came) {
      if (!this.#builder.add(sequence, this.#arrivals.get(sequence) ?? 0)) break
      this.#arrivals.delete(sequence)
      this.#next = sequence + 1
    }
    const { feedback } = this.#builder
    feedback.senderSsrc = 1
    feedback.mediaSsrc = mediaSsrc
    const bytes = new Uint8Array(MOST_BYTES)
    const length = writeTransportFeedback(bytes, 0, feedback)
    if (length === 0) return undefined
    this.#count = (this.#count + 1) & 0xff
    return bytes.subarray(0, length)
  }
}
