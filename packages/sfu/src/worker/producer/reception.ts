import { sequenceNumberDelta } from '@sangam/rtp'

/** A jump forward that is still believed to be loss, and one back that is still believed to be reordering (RFC 3550 A.1). */
const MAX_DROPOUT = 3000
const MAX_MISORDER = 1000
/** Extended numbers start one cycle up, so that packets older than the first one stay positive. */
const FIRST_CYCLE = 0x10000

/** A receiver report's figures for one source (RFC 3550 section 6.4.1). */
export interface ReceptionReport {
  /** Lost since the last report, in 1/256. */
  readonly fractionLost: number
  /** Packets since the last report that should have come, and those of them that did not. */
  readonly expected: number
  readonly lost: number
  /** Lost since the beginning; negative when duplicates outnumber losses. */
  readonly totalLost: number
  /** Extended highest sequence number. */
  readonly highestSequence: number
  /** Interarrival jitter in RTP ticks. */
  readonly jitterTicks: number
}

/**
 * Sequence numbers, loss and jitter of one received SSRC: the arithmetic of RFC 3550 appendix A.1, A.3 and A.8,
 * with a restart of the sender's numbering recognized after two packets in a row.
 */
export class Reception {
  readonly #clockRate: number
  /** Extended number of the newest packet, -1 before the first. */
  highest = -1
  packets = 0
  #first = -1
  #suspect = -1
  #jitterTicks = 0
  #lastTransitTicks = 0
  #expectedAtReport = 0
  #packetsAtReport = 0

  constructor(clockRate: number) {
    this.#clockRate = clockRate
  }

  get jitterTicks(): number {
    return this.#jitterTicks
  }

  /** Packets that should have come so far. */
  get expected(): number {
    return this.highest < 0 ? 0 : this.highest - this.#first + 1
  }

  /**
   * A packet came. @returns its extended sequence number, or -1 to drop it because its number makes no sense (yet)
   */
  received(sequenceNumber: number): number {
    if (this.highest < 0) {
      this.#first = FIRST_CYCLE + sequenceNumber
      this.highest = this.#first
      this.packets = 1
      return this.highest
    }
    const delta = sequenceNumberDelta(sequenceNumber, this.highest & 0xffff)
    if (delta > MAX_DROPOUT || delta < -MAX_MISORDER) return this.#jumped(sequenceNumber)
    this.#suspect = -1
    const sequence = this.highest + delta
    if (delta > 0) this.highest = sequence
    this.packets++
    return sequence
  }

  /**
   * The extended number of a packet that came by another way (RTX), without counting it.
   * @returns -1 when nothing was received yet or the number is too far away to be of this stream's present
   */
  repaired(sequenceNumber: number): number {
    if (this.highest < 0) return -1
    const delta = sequenceNumberDelta(sequenceNumber, this.highest & 0xffff)
    return delta > 0 || delta < -MAX_DROPOUT ? -1 : this.highest + delta
  }

  /** Jitter takes in a packet that was sent once (no retransmission) and is new. */
  arrived(timestamp: number, arrivalUs: number): void {
    const transitTicks = Math.round((arrivalUs / 1e6) * this.#clockRate) - timestamp
    if (this.#lastTransitTicks !== 0) {
      const d = Math.abs((transitTicks - this.#lastTransitTicks) | 0)
      // A step of over ten seconds is a new timestamp base, not jitter.
      if (d < this.#clockRate * 10) this.#jitterTicks += (d - this.#jitterTicks) / 16
    }
    this.#lastTransitTicks = transitTicks
  }

  /** The figures for the next report; the fraction counts from the last call. */
  report(): ReceptionReport {
    const expectedNow = this.expected - this.#expectedAtReport
    const lostNow = expectedNow - (this.packets - this.#packetsAtReport)
    this.#expectedAtReport = this.expected
    this.#packetsAtReport = this.packets
    const fractionLost =
      expectedNow <= 0 || lostNow <= 0 ? 0 : Math.min(255, Math.floor((lostNow * 256) / expectedNow))
    return {
      fractionLost,
      expected: expectedNow,
      lost: Math.max(0, lostNow),
      totalLost: this.expected - this.packets,
      highestSequence: this.highest - FIRST_CYCLE,
      jitterTicks: Math.round(this.#jitterTicks),
    }
  }

  #jumped(sequenceNumber: number): number {
    if (sequenceNumber !== this.#suspect) {
      this.#suspect = (sequenceNumber + 1) & 0xffff
      return -1
    }
    // Two in a row: the sender began anew. Its numbers go on above all earlier ones; the gap counts as neither lost nor received.
    this.#suspect = -1
    const restarted = (Math.floor(this.highest / 0x10000) + 1) * 0x10000 + sequenceNumber
    this.#first += restarted - this.highest - 1
    this.highest = restarted
    this.packets++
    return restarted
  }
}
