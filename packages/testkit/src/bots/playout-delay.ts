const WINDOW_MS = 10_000
/** Longer a picture is not held back. */
const MOST_MS = 400

/**
 * When a receiver shows its pictures: each as long after it was taken as the slowest of the last ten seconds needed to be complete, so that
 * a repair, a round trip later, is not seen. What libwebrtc's jitter buffer aims at, without its statistics.
 */
export class PlayoutDelay {
  /** Of the last ten seconds, the slowest first; a picture that a later one outlasts is left out. */
  readonly #slowest: { readonly completeMs: number; readonly delayMs: number }[] = []

  /**
   * @param takenMs when the picture was taken, by the receiver's clock
   * @param completeMs when its last packet came
   * @returns when it is shown
   */
  picture(takenMs: number, completeMs: number): number {
    while ((this.#slowest[0]?.completeMs ?? completeMs) < completeMs - WINDOW_MS) this.#slowest.shift()
    const heldMs = Math.min(MOST_MS, this.#slowest[0]?.delayMs ?? 0)
    const delayMs = completeMs - takenMs
    while ((this.#slowest.at(-1)?.delayMs ?? Number.POSITIVE_INFINITY) <= delayMs) this.#slowest.pop()
    this.#slowest.push({ completeMs, delayMs })
    return Math.max(completeMs, takenMs + heldMs)
  }
}
