import { SequenceNumberUnwrapper, TransportFeedbackBuilder, writeTransportFeedback } from '@sangam/rtp'

/** How often feedback goes out: Chromium's estimator expects 50 to 250 ms. */
const INTERVAL_US = 50_000
/** Packets that one interval may hold; a power of two. 4096 in 50 ms are 800 Mbit/s. */
const WINDOW = 4096
const NONE = -1

/**
 * Remembers when each transport-wide sequence number arrived and reports it to the sender
 * (draft-holmer-rmcat-transport-wide-cc-extensions-01): the receiving half of transport-cc. Each packet is reported
 * once; what is missing before the newest arrival is reported as not received, and again should it come late.
 */
export class TransportCcRecorder {
  readonly #unwrapper = new SequenceNumberUnwrapper()
  readonly #builder = new TransportFeedbackBuilder()
  /** Empty until somebody wants to know: of most transports nobody does. */
  #arrivalUs = new Float64Array()
  /** First number not reported yet, and the newest that came. */
  #next = NONE
  #newest = NONE
  #mediaSsrc = 0
  #sentUs = Number.NEGATIVE_INFINITY
  #count = 0

  enable(): void {
    if (this.#arrivalUs.length === 0) this.#arrivalUs = new Float64Array(WINDOW).fill(NONE)
  }

  /** A packet came with this transport-wide sequence number (16 bits). */
  received(sequenceNumber: number, arrivalUs: number, mediaSsrc: number): void {
    if (this.#arrivalUs.length === 0) return
    const sequence = this.#unwrapper.unwrap(sequenceNumber)
    this.#mediaSsrc = mediaSsrc
    if (this.#newest === NONE || sequence - this.#newest >= WINDOW || this.#newest - sequence >= WINDOW) {
      // The first one, or a jump that no window holds: begin anew here.
      this.#arrivalUs.fill(NONE)
      this.#next = sequence
      this.#newest = sequence
    }
    if (sequence < this.#next) this.#next = sequence
    if (sequence > this.#newest) {
      if (sequence - this.#next >= WINDOW) this.#next = sequence - WINDOW + 1
      this.#newest = sequence
    }
    this.#arrivalUs[sequence & (WINDOW - 1)] = arrivalUs
  }

  /** Whether there is something to report and it is time. */
  isDue(nowUs: number): boolean {
    return this.#newest >= this.#next && this.#newest !== NONE && nowUs - this.#sentUs >= INTERVAL_US
  }

  /**
   * Writes one feedback message with as much as it holds; the rest stays due.
   * @returns its bytes, 0 if there was nothing to say
   */
  write(bytes: Uint8Array, offset: number, maxBytes: number, nowUs: number): number {
    const start = this.#next
    const firstArrivalUs = this.#firstArrival()
    if (firstArrivalUs === NONE) return 0
    this.#builder.start(start, firstArrivalUs, this.#count)
    let sequence = start
    for (; sequence <= this.#newest; sequence++) {
      const arrivalUs = this.#arrivalUs[sequence & (WINDOW - 1)] as number
      if (arrivalUs !== NONE && !this.#builder.add(sequence, arrivalUs)) break
    }
    for (let reported = start; reported < sequence; reported++)
      this.#arrivalUs[reported & (WINDOW - 1)] = NONE
    this.#next = sequence
    // With more waiting, the next message may follow at once.
    if (sequence > this.#newest) this.#sentUs = nowUs
    const { feedback } = this.#builder
    feedback.senderSsrc = 0
    feedback.mediaSsrc = this.#mediaSsrc
    const length = writeTransportFeedback(bytes.subarray(0, offset + maxBytes), offset, feedback)
    if (length > 0) this.#count = (this.#count + 1) & 0xff
    return length
  }

  #firstArrival(): number {
    for (let sequence = this.#next; sequence <= this.#newest; sequence++) {
      const arrivalUs = this.#arrivalUs[sequence & (WINDOW - 1)] as number
      if (arrivalUs !== NONE) return arrivalUs
    }
    return NONE
  }
}
