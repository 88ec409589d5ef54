/** Rounds whose fastest counts: long enough for a round that was held up, short enough for a path that became slower. */
const ROUNDS = 4
/** A shortest round trip that is older may be that of another path. */
const ROUND_TRIP_AGE_MS = 10_000

/** What a path delivers: its rate, measured over whole round trips, and its shortest round trip. */
export class DeliveryRate {
  /** Bytes per millisecond of the last rounds, in turn. */
  readonly #rounds = new Float64Array(ROUNDS)
  #round = 0
  #startMs = Number.NaN
  #bytes = 0
  #roundTripMs = Number.POSITIVE_INFINITY
  #lastRoundTripMs = Number.POSITIVE_INFINITY
  #shortestAtMs = 0

  /** What is on its way without a queue: the fastest of the last rounds times the shortest round trip. 0: not known yet. */
  get bytesInFlight(): number {
    const fastest = Math.max(...this.#rounds)
    return fastest === 0 ? 0 : fastest * this.#roundTripMs
  }

  /** The shortest round trip, Infinity before the first. */
  get shortestRoundTripMs(): number {
    return this.#roundTripMs
  }

  measured(roundTripMs: number, nowMs: number): void {
    this.#lastRoundTripMs = roundTripMs
    if (roundTripMs > this.#roundTripMs && nowMs - this.#shortestAtMs < ROUND_TRIP_AGE_MS) return
    this.#roundTripMs = roundTripMs
    this.#shortestAtMs = nowMs
  }

  delivered(bytes: number, nowMs: number): void {
    // The bytes that a round starts with were delivered before it.
    if (Number.isNaN(this.#startMs)) {
      this.#startMs = nowMs
      return
    }
    this.#bytes += bytes
    const elapsedMs = nowMs - this.#startMs
    if (elapsedMs <= 0 || elapsedMs < this.#lastRoundTripMs) return
    this.#rounds[this.#round] = this.#bytes / elapsedMs
    this.#round = (this.#round + 1) % ROUNDS
    this.#startMs = nowMs
    this.#bytes = 0
  }
}
