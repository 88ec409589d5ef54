const SLOTS = 64
/** Holds while no round trip was measured, and against a receiver that asks all the time. */
const MIN_INTERVAL_MS = 10

/**
 * Keeps a receiver that asks twice within one round trip from getting a packet twice: the first answer is still under
 * way. Remembers the last answers only, in a small table.
 */
export class RetransmissionGuard {
  #sequence: Int32Array | undefined
  #sentUs: Float64Array | undefined

  /** Whether to answer a request for `sequence` now; if so it counts as answered. */
  allows(sequence: number, nowUs: number, rttMs: number): boolean {
    this.#sequence ??= new Int32Array(SLOTS).fill(-1)
    this.#sentUs ??= new Float64Array(SLOTS)
    const slot = sequence & (SLOTS - 1)
    const isRecent = nowUs - (this.#sentUs[slot] as number) < Math.max(MIN_INTERVAL_MS, rttMs) * 1000
    if (this.#sequence[slot] === (sequence | 0) && isRecent) return false
    this.#sequence[slot] = sequence
    this.#sentUs[slot] = nowUs
    return true
  }
}
