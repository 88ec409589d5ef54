/** A cluster's figures rest on at least this many packets, and this share of them must arrive (libwebrtc: 5 and 80 %). */
const MIN_PACKETS = 5
const MIN_RECEIVED_SHARE = 0.8
/** Below this share of the sending rate the link was full: what arrived is what it can carry. */
const SATURATED_SHARE = 0.9
/** Then less is asked of it: the queue that the probe built must drain, and others' packets made room (libwebrtc: 0.95). */
const SATURATED_GAIN = 0.85
/** Shortest span that a rate can be taken over. */
const MIN_SPAN_US = 5000
/** Packets that left closer together count as one burst. */
const BURST_US = 500

/** What a cluster found out. */
export interface ProbeResult {
  readonly bps: number
  /** Whether the link carried less than was sent. */
  readonly isSaturated: boolean
}

/**
 * One probe: for a short time media and padding together leave at a chosen rate, and the rate at which they arrive is
 * what the link carries at least. Whatever leaves between its start and its end is part of it.
 */
export class ProbeCluster {
  readonly id: number
  readonly targetBps: number
  readonly startUs: number
  readonly endUs: number
  #packets = 0
  #lost = 0
  #bytes = 0
  #lastBurstBytes = 0
  #firstBytes = 0
  #firstSentUs = -1
  #lastSentUs = -1
  #firstArrivalUs = -1
  #lastArrivalUs = -1

  constructor(id: number, targetBps: number, startUs: number, durationUs: number) {
    this.id = id
    this.targetBps = targetBps
    this.startUs = startUs
    this.endUs = startUs + durationUs
  }

  contains(sentUs: number): boolean {
    return sentUs >= this.startUs && sentUs <= this.endUs
  }

  lost(): void {
    this.#lost++
  }

  /** One of its packets arrived; call in the order of sending. */
  arrived(sentUs: number, arrivalUs: number, bytes: number): void {
    if (this.#packets++ === 0) {
      this.#firstSentUs = sentUs
      this.#firstArrivalUs = arrivalUs
      this.#firstBytes = bytes
    }
    this.#bytes += bytes
    this.#lastBurstBytes = sentUs - this.#lastSentUs > BURST_US ? bytes : this.#lastBurstBytes + bytes
    this.#lastSentUs = sentUs
    this.#lastArrivalUs = Math.max(this.#lastArrivalUs, arrivalUs)
  }

  /** What it found, or undefined if too little arrived to tell. */
  result(): ProbeResult | undefined {
    const sent = this.#packets + this.#lost
    if (this.#packets < MIN_PACKETS || this.#packets < sent * MIN_RECEIVED_SHARE) return undefined
    const sendSpanUs = this.#lastSentUs - this.#firstSentUs
    const arrivalSpanUs = this.#lastArrivalUs - this.#firstArrivalUs
    if (sendSpanUs < MIN_SPAN_US || arrivalSpanUs < MIN_SPAN_US) return undefined
    // The last burst's sending and the first packet's arrival lie outside of the spans.
    const measuredBps = ((this.#bytes - this.#lastBurstBytes) * 8e6) / sendSpanUs
    const sendBps = Math.min(measuredBps, this.targetBps)
    const arrivalBps = ((this.#bytes - this.#firstBytes) * 8e6) / arrivalSpanUs
    const isSaturated = arrivalBps < SATURATED_SHARE * sendBps
    const bps = isSaturated ? SATURATED_GAIN * arrivalBps : Math.min(sendBps, arrivalBps)
    return { bps, isSaturated }
  }
}
