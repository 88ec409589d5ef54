/** Congestion control of one path (RFC 9260 section 7.2), in bytes of DATA chunks. */
export class CongestionWindow {
  readonly #packetBytes: number
  #bytes: number
  #slowStartThreshold = Number.POSITIVE_INFINITY
  #partialBytes = 0
  /** Fast recovery ends when this TSN is acknowledged; -1 outside of it. */
  #recoverTsn = -1

  /** @param packetBytes DATA that one packet takes (PMDCS) */
  constructor(packetBytes: number) {
    this.#packetBytes = packetBytes
    this.#bytes = Math.min(4 * packetBytes, Math.max(2 * packetBytes, 4404))
  }

  get bytes(): number {
    return this.#bytes
  }

  get inFastRecovery(): boolean {
    return this.#recoverTsn >= 0
  }

  /** The cumulative TSN advanced. @param wasFull whether the window limited what was sent before */
  acknowledged(cumulativeTsn: number, bytes: number, wasFull: boolean, nothingLeft: boolean): void {
    const grows = wasFull && !this.inFastRecovery
    if (this.#bytes <= this.#slowStartThreshold) {
      if (grows) this.#bytes += Math.min(bytes, this.#packetBytes)
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

  /** A loss was seen by gap reports (section 7.2.4): halves, once per recovery. @param highestTsn the last that was sent */
  lost(highestTsn: number): void {
    if (this.inFastRecovery) return
    this.#halve()
    this.#bytes = this.#slowStartThreshold
    this.#recoverTsn = highestTsn
  }

  /** The retransmission timer ran out (section 7.2.3): starts again with one packet. */
  timedOut(): void {
    this.#halve()
    this.#bytes = this.#packetBytes
    this.#recoverTsn = -1
  }

  #halve(): void {
    this.#slowStartThreshold = Math.max(Math.floor(this.#bytes / 2), 4 * this.#packetBytes)
    this.#partialBytes = 0
  }
}
