/** Resolution of the window. */
const BIN_US = 25_000
/** Bins that the rate is taken over: 400 ms, a dozen video frames (RFC 8698 section 4.2 averages 500 ms, libwebrtc 150). */
const BINS = 16
const CAPACITY = 32
/** Bins of the shorter window that the peak is looked for in: 100 ms, three frames. */
const PEAK_BINS = 4

/** How many bits per second came lately: of what arrives at the receiver it is draft-ietf-rmcat-gcc-02's R_hat (section 5.5). */
export class RecentBitrate {
  readonly #bytes = new Uint32Array(CAPACITY)
  #newest = -1
  #first = -1

  /** A packet came at this time, by the clock of whoever saw it. */
  add(atUs: number, bytes: number): void {
    const bin = Math.floor(atUs / BIN_US)
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
    const bins = this.#bins
    if (bins < BINS / 2) return 0
    let bytes = 0
    for (let i = 1; i <= bins; i++) bytes += this.#bytes[(this.#newest - i) % CAPACITY] as number
    return (bytes * 8e6) / (bins * BIN_US)
  }

  /** The most in any 100 ms of these bins: what the link carried while it had something to carry; 0 as `bps`. */
  get peakBps(): number {
    const bins = this.#bins
    if (bins < BINS / 2) return 0
    let most = 0
    let bytes = 0
    for (let i = 1; i <= bins; i++) {
      bytes += this.#bytes[(this.#newest - i) % CAPACITY] as number
      if (i > PEAK_BINS) bytes -= this.#bytes[(this.#newest - i + PEAK_BINS) % CAPACITY] as number
      most = Math.max(most, bytes)
    }
    return (most * 8e6) / (PEAK_BINS * BIN_US)
  }

  get #bins(): number {
    return Math.min(BINS, this.#newest - this.#first)
  }
}
