/** Random numbers that a seed repeats exactly (mulberry32: a 32-bit counter through a multiply-xorshift mix). */
export class SeededRandom {
  #state: number

  constructor(seed: number) {
    this.#state = seed >>> 0
  }

  /** From 0 up to, but not including, 1. */
  uniform(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0
    let mixed = this.#state
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }

  /** Normally distributed around 0 with deviation 1 (Box and Muller, 1958). */
  gaussian(): number {
    const radius = Math.sqrt(-2 * Math.log(1 - this.uniform()))
    return radius * Math.cos(2 * Math.PI * this.uniform())
  }

  /** Distributed after Laplace around 0 with this scale, the mean of the absolute deviation. */
  laplace(scale: number): number {
    const uniform = this.uniform() - 0.5
    return -scale * Math.sign(uniform) * Math.log(1 - 2 * Math.abs(uniform))
  }

  /** Exponentially distributed with this mean: the time between independent events. */
  exponential(mean: number): number {
    return -mean * Math.log(1 - this.uniform())
  }
}
