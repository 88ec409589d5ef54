/**
 * Gathers the audio levels of one producer's packets between two looks at it. The packet path adds, an observer takes; neither
 * allocates.
 */
export class LevelMeter {
  #sum = 0
  #count = 0

  /** @param level -dBov, 0 (overload) to 127 (silence), as RFC 6464 carries it */
  add(level: number): void {
    this.#sum += level
    this.#count++
  }

  /** Packets since the last `reset()`. */
  get count(): number {
    return this.#count
  }

  /** The mean level since the last `reset()` in dBov, -127 to 0; -127 without a packet. */
  get meanDbov(): number {
    return this.#count === 0 ? -127 : -(this.#sum / this.#count)
  }

  reset(): void {
    this.#sum = 0
    this.#count = 0
  }
}
