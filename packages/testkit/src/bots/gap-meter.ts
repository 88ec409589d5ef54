/** Measures the longest time without a packet, and when the last one came, for each of several streams. */
export class GapMeter {
  readonly #lastMs = new Map<string, number>()
  readonly #longestMs = new Map<string, number>()

  /** A packet of a stream came. */
  received(stream: string, nowMs: number): void {
    this.#longestMs.set(
      stream,
      Math.max(this.#longestMs.get(stream) ?? 0, nowMs - (this.#lastMs.get(stream) ?? nowMs)),
    )
    this.#lastMs.set(stream, nowMs)
  }

  /** When the last packet of a stream came; undefined: none did. */
  last(stream: string): number | undefined {
    return this.#lastMs.get(stream)
  }

  /** The longest gap of each stream whose name begins so, in milliseconds; those that still last count until now. */
  longest(beginning: string, nowMs: number): number[] {
    return [...this.#longestMs].flatMap(([stream, longestMs]) =>
      stream.startsWith(beginning) ? [Math.max(longestMs, nowMs - (this.#lastMs.get(stream) ?? nowMs))] : [],
    )
  }
}
