/** A request that brought no key frame within this time is sent again. */
const ANSWER_TIMEOUT_MS = 1000
/** Least time between two requests, whatever anybody wishes: one receiver must not cost the others their bandwidth. */
const MIN_INTERVAL_MS = 250
const MAX_TRIES = 3

/**
 * Turns many receivers' wishes for a key frame into few requests to the sender: while one is under way further wishes
 * join it, and after a key frame the next request waits `delayMs` at least. Key frames are ten times a picture's size;
 * a storm of requests would cost everybody the bandwidth that it means to mend.
 */
export class KeyFrameRequester {
  readonly #delayMs: number
  #pendingSinceMs = -1
  #sentAtMs = Number.NEGATIVE_INFINITY
  #tries = 0

  /** @param delayMs least time between two requests, as `keyFrameRequestDelay` of the producer asks for */
  constructor(delayMs: number) {
    this.#delayMs = delayMs
  }

  /** Somebody needs a key frame. @returns whether to send a request now */
  wanted(nowMs: number): boolean {
    if (this.#pendingSinceMs < 0) {
      this.#pendingSinceMs = nowMs
      this.#tries = 0
    }
    return this.#trySend(nowMs)
  }

  /** A key frame came: everybody who waited has it. */
  received(): void {
    this.#pendingSinceMs = -1
  }

  /** Time went on. @returns whether to send a request now */
  tick(nowMs: number): boolean {
    return this.#pendingSinceMs >= 0 && this.#trySend(nowMs)
  }

  #trySend(nowMs: number): boolean {
    if (this.#tries >= MAX_TRIES) {
      this.#pendingSinceMs = -1
      return false
    }
    const waitMs = Math.max(this.#delayMs, this.#tries === 0 ? MIN_INTERVAL_MS : ANSWER_TIMEOUT_MS)
    if (nowMs - this.#sentAtMs < waitMs) return false
    this.#sentAtMs = nowMs
    this.#tries++
    return true
  }
}
