import { DeliveryRate } from './delivery-rate.ts'

/** Packets that may leave before anything is acknowledged (RFC 6928). */
const INITIAL_PACKETS = 10
const MIN_PACKETS = 4
/** In one recovery, a larger share of the window lost than this is congestion, however fast the rest arrived. */
const HEAVY_LOSS_SHARE = 1 / 8
const MIN_HEAVY_LOSS_PACKETS = 3

/**
 * Congestion control of one path, in bytes of DATA chunks: slow start and congestion avoidance as RFC 9260 section 7.2 has
 * them, but a loss sets the window to what the path has delivered in its shortest round trip, instead of to half (as TCP Westwood+
 * does: Grieco and Mascolo, "Performance evaluation and comparison of Westwood+, New Reno, and Vegas TCP congestion control",
 * ACM CCR 34(2), 2004). Where packets get lost without a queue that is nearly all of the window; where a queue has overflowed it is
 * the window without the queue. Never below half, and half where much was lost: so never more cautious than RFC 9260.
 */
export class CongestionWindow {
  readonly #packetBytes: number
  readonly #rate = new DeliveryRate()
  #bytes: number
  #slowStartThreshold = Number.POSITIVE_INFINITY
  #partialBytes = 0
  /** Fast recovery ends when this TSN is acknowledged; -1 outside of it. */
  #recoverTsn = -1
  /** What the window was when the recovery began, and what was lost since. */
  #lostFromBytes = 0
  #lostBytes = 0

  /** @param packetBytes DATA that one packet takes (PMDCS) */
  constructor(packetBytes: number) {
    this.#packetBytes = packetBytes
    this.#bytes = INITIAL_PACKETS * packetBytes
  }

  get bytes(): number {
    return this.#bytes
  }

  get inFastRecovery(): boolean {
    return this.#recoverTsn >= 0
  }

  /** Infinity before the first measurement. */
  get shortestRoundTripMs(): number {
    return this.#rate.shortestRoundTripMs
  }

  /** A SACK acknowledged so many bytes, wherever they lie. */
  delivered(bytes: number, nowMs: number): void {
    this.#rate.delivered(bytes, nowMs)
  }

  /** A round trip was measured. */
  measured(roundTripMs: number, nowMs: number): void {
    this.#rate.measured(roundTripMs, nowMs)
  }

  /** The cumulative TSN advanced. @param wasFull whether the window limited what was sent before */
  acknowledged(cumulativeTsn: number, bytes: number, wasFull: boolean, nothingLeft: boolean): void {
    const grows = wasFull && !this.inFastRecovery
    if (this.#bytes <= this.#slowStartThreshold) {
      if (grows) this.#bytes += Math.min(bytes, 2 * this.#packetBytes)
    } else {
      this.#partialBytes += bytes
      if (grows && this.#partialBytes >= this.#bytes) {
        this.#partialBytes -= this.#bytes
        this.#bytes += this.#packetBytes
      }
    }
    if (nothingLeft) this.#partialBytes = 0
    if (this.#recoverTsn >= 0 && cumulativeTsn >= this.#recoverTsn) this.#recoverTsn = -1
  }

  /** A loss was seen (section 7.2.4). @param highestTsn the last that was sent */
  lost(bytes: number, highestTsn: number): void {
    if (!this.inFastRecovery) {
      this.#recoverTsn = highestTsn
      this.#lostFromBytes = this.#bytes
      this.#lostBytes = 0
      this.#reduceTo(this.#rate.bytesInFlight)
    }
    this.#lostBytes += bytes
    const heavy = Math.max(MIN_HEAVY_LOSS_PACKETS * this.#packetBytes, HEAVY_LOSS_SHARE * this.#lostFromBytes)
    if (this.#lostBytes > heavy) this.#reduceTo(0)
  }

  /** The retransmission timer ran out (section 7.2.3): starts again with one packet. */
  timedOut(): void {
    this.#lostFromBytes = this.#bytes
    this.#reduceTo(0)
    this.#bytes = this.#packetBytes
    this.#recoverTsn = -1
  }

  /** Between half of what the window was and all that it is. */
  #reduceTo(bytes: number): void {
    const least = Math.max(Math.floor(this.#lostFromBytes / 2), MIN_PACKETS * this.#packetBytes)
    this.#slowStartThreshold = Math.max(least, Math.min(Math.floor(bytes), this.#bytes))
    this.#bytes = this.#slowStartThreshold
    this.#partialBytes = 0
  }
}
