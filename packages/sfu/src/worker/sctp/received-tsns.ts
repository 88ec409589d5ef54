/** Gap blocks are relative to the cumulative TSN, with 16 bits. */
const MAX_AHEAD = 0xffff
/** Duplicates that one SACK reports; the rest is not worth the bytes. */
const MAX_DUPLICATES = 16

/** What became of a TSN. */
export type TsnArrival = 'new' | 'duplicate' | 'too-far'

/**
 * Which TSNs arrived: all up to `cumulative`, and ranges beyond it. TSNs are extended: unwrapped once by `unwrap()`,
 * and never wrapped again.
 */
export class ReceivedTsns {
  #cumulative: number
  /** Start and end of each range beyond `cumulative`, ascending, never touching. */
  #gaps: number[] = []
  readonly #duplicates: number[] = []

  /** @param initialTsn the peer's first TSN, 32 bits */
  constructor(initialTsn: number) {
    // One turn up, so that the number before the first is positive too.
    this.#cumulative = initialTsn + 2 ** 32 - 1
  }

  /** Everything up to here has arrived, or was given up by the sender. */
  get cumulative(): number {
    return this.#cumulative
  }

  /** Start and end of each range beyond `cumulative` in turn. */
  get gaps(): readonly number[] {
    return this.#gaps
  }

  get hasGaps(): boolean {
    return this.#gaps.length > 0
  }

  /** The extended number of a 32-bit TSN: the one nearest to `cumulative`. */
  unwrap(tsn: number): number {
    return this.#cumulative + ((tsn - this.#cumulative) | 0)
  }

  /** Tells whether `tsn` is new, without remembering it. */
  classify(tsn: number): TsnArrival {
    if (tsn <= this.#cumulative) return 'duplicate'
    if (tsn - this.#cumulative > MAX_AHEAD) return 'too-far'
    const index = this.#rangeAfter(tsn)
    return index > 0 && (this.#gaps[index - 1] as number) >= tsn ? 'duplicate' : 'new'
  }

  /** Remembers a TSN that `classify` called new. */
  add(tsn: number): void {
    const gaps = this.#gaps
    if (tsn === this.#cumulative + 1) {
      this.#cumulative = tsn
      this.#absorb()
      return
    }
    const index = this.#rangeAfter(tsn)
    const touchesBefore = index > 0 && gaps[index - 1] === tsn - 1
    const touchesAfter = index < gaps.length && gaps[index] === tsn + 1
    if (touchesBefore && touchesAfter) gaps.splice(index - 1, 2)
    else if (touchesBefore) gaps[index - 1] = tsn
    else if (touchesAfter) gaps[index] = tsn
    else gaps.splice(index, 0, tsn, tsn)
  }

  /** The sender gave up everything up to `tsn` (RFC 3758 section 3.6). */
  skipTo(tsn: number): void {
    if (tsn <= this.#cumulative) return
    this.#cumulative = tsn
    this.#absorb()
  }

  noteDuplicate(tsn: number): void {
    if (this.#duplicates.length < MAX_DUPLICATES) this.#duplicates.push(tsn)
  }

  /** Duplicates since they were last forgotten. */
  get duplicates(): readonly number[] {
    return this.#duplicates
  }

  /** A SACK has reported them. */
  forgetDuplicates(): void {
    this.#duplicates.length = 0
  }

  /** Index in `#gaps` of the first range that starts after `tsn`. */
  #rangeAfter(tsn: number): number {
    let low = 0
    let high = this.#gaps.length / 2
    while (low < high) {
      const middle = (low + high) >> 1
      if ((this.#gaps[middle * 2] as number) > tsn) high = middle
      else low = middle + 1
    }
    return low * 2
  }

  /** Takes the ranges into `cumulative` that it has reached. */
  #absorb(): void {
    const gaps = this.#gaps
    let taken = 0
    while (taken < gaps.length && (gaps[taken] as number) <= this.#cumulative + 1) {
      this.#cumulative = Math.max(this.#cumulative, gaps[taken + 1] as number)
      taken += 2
    }
    if (taken > 0) gaps.splice(0, taken)
  }
}
