/** Before the first measurement (RFC 9260 section 16). */
const INITIAL_MS = 1000
/**
 * RFC 9260 recommends 1 s; a lost last message of a chat would stand still for so long. Twice the 200 ms for which a
 * receiver may hold an acknowledgement back is as safe.
 */
const MIN_MS = 400
/** RFC 9260 recommends 60 s; a person has left by then. */
const MAX_MS = 10_000
const ALPHA = 1 / 8
const BETA = 1 / 4

/** The retransmission timeout, from measured round trips (RFC 9260 section 6.3.1). */
export class RetransmissionTimeout {
  #ms = INITIAL_MS
  #smoothedMs = 0
  #variationMs = 0
  #measured = false

  get ms(): number {
    return this.#ms
  }

  /** The smoothed round trip, 0 before the first measurement. */
  get smoothedRttMs(): number {
    return this.#smoothedMs
  }

  measured(rttMs: number): void {
    if (this.#measured) {
      this.#variationMs = (1 - BETA) * this.#variationMs + BETA * Math.abs(this.#smoothedMs - rttMs)
      this.#smoothedMs = (1 - ALPHA) * this.#smoothedMs + ALPHA * rttMs
    } else {
      this.#measured = true
      this.#smoothedMs = rttMs
      this.#variationMs = rttMs / 2
    }
    this.#ms = Math.min(MAX_MS, Math.max(MIN_MS, this.#smoothedMs + 4 * this.#variationMs))
  }

  /** A timer ran out: the next one runs twice as long. */
  backOff(): void {
    this.#ms = Math.min(MAX_MS, this.#ms * 2)
  }
}
