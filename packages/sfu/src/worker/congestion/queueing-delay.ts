/** The shortest delay is looked for within this time (RFC 8698 section 5.1.1 and RFC 6817 do alike): clocks drift, routes change. */
const PART_US = 10_000_000
const PARTS = 3
const SMOOTHING = 0.3

/** How much longer than the shortest lately a packet was under way: the queue before the bottleneck, in milliseconds. */
export class QueueingDelay {
  ms = 0
  /** The shortest difference of arrival and departure (of two clocks) in the current and the last parts. */
  readonly #shortestUs = new Float64Array(PARTS).fill(Number.POSITIVE_INFINITY)
  #part = -1

  add(sentUs: number, arrivalUs: number, nowUs: number): void {
    const part = Math.floor(nowUs / PART_US)
    if (part !== this.#part) {
      this.#part = part
      this.#shortestUs[part % PARTS] = Number.POSITIVE_INFINITY
    }
    const delayUs = arrivalUs - sentUs
    const at = part % PARTS
    this.#shortestUs[at] = Math.min(this.#shortestUs[at] as number, delayUs)
    let shortestUs = Number.POSITIVE_INFINITY
    for (let i = 0; i < PARTS; i++) shortestUs = Math.min(shortestUs, this.#shortestUs[i] as number)
    this.ms += SMOOTHING * ((delayUs - shortestUs) / 1000 - this.ms)
  }

  /** Nothing waits any more. */
  drained(): void {
    this.ms = 0
  }
}
