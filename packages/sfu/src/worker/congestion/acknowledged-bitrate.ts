/** Resolution of the window. */
const BIN_US = 25_000
/** Bins that the rate is taken over: 400 ms, a dozen video frames (RFC 8698 section 4.2 averages 500 ms, libwebrtc 150). */
const BINS = 16
const CAPACITY = 32

/** How many bits per second arrive at the receiver (draft-ietf-rmcat-gcc-02 section 5.5: R_hat), from acknowledged packets. */
export class AcknowledgedBitrate {
  readonly #bytes = new Float64Array(CAPACITY)
  #newest = -1
  #first = -1

  /** A packet arrived, by the receiver's clock. */
  add(arrivalUs: number, bytes: number): void {
    const bin = Math.floor(arrivalUs / BIN_US)
    if (this.#newest < 0 || bin - this.#newest >= CAPACITY || this.#newest - bin >= CAPACITY) {
      this.#bytes.fill(0)
      this.#first = bin
      this.#newest = bin
    }
    for (; this.#newest < bin; this.#newest++) this.#bytes[(this.#newest + 1) % CAPACITY] = 0
    const at = bin % CAPACITY
    this.#bytes[at] = (this.#bytes[at] as number) + bytes
  }

  /** Bits per second over the last full bins; 0 until half of the window is filled. */
  get bps(): number {
    const bins = Math.min(BINS, this.#newest - this.#first)
    if (bins < BINS / 2) return 0
    let bytes = 0
    for (let i = 1; i <= bins; i++) bytes += this.#bytes[(this.#newest - i) % CAPACITY] as number
    return (bytes * 8e6) / (bins * BIN_US)
  }
}
