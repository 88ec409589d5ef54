/** When to ask again, and when to stop asking. */
const MAX_MISSING = 512
const MAX_GAP = 1000
const MAX_TRIES = 10
/** Asking more often than this can't help: the answer to the last request is still under way. */
const MIN_RETRY_MS = 20
/** Packets older than this behind the newest are played out or given up by any receiver. */
const MAX_AGE_PACKETS = 2000
/** Parameter sets may come in packets of their own before the one that is recognized as the key frame's start. */
const KEY_FRAME_HEAD_PACKETS = 8

interface Missing {
  readonly sequence: number
  sentAtMs: number
  tries: number
}

/**
 * Decides which packets of a received stream to ask for again (generic NACK, RFC 4585 section 6.2.1). A gap is asked for
 * at once, then again after a round trip with growing distance, until the packet comes, a key frame makes it
 * useless, or ten requests went unanswered. When too much is missing it gives up and wants a key frame instead.
 */
export class NackGenerator {
  #highest = -1
  readonly #missing = new Map<number, Missing>()
  #lastKeyFrame = -1

  /**
   * A packet came.
   * @param sequence extended sequence number
   * @param isKeyFrame whether it starts a picture that needs no earlier one
   * @returns false when too much is missing and only a key frame helps
   */
  received(sequence: number, isKeyFrame: boolean): boolean {
    if (this.#highest < 0) {
      this.#highest = sequence
      if (isKeyFrame) this.#lastKeyFrame = sequence
      return true
    }
    if (isKeyFrame && sequence > this.#lastKeyFrame) this.#lastKeyFrame = sequence
    if (sequence <= this.#highest) {
      if (this.#missing.size > 0) this.#missing.delete(sequence)
      return true
    }
    const first = this.#highest + 1
    this.#highest = sequence
    if (first === sequence) return true
    return this.#addGap(first, sequence)
  }

  /** How many packets are being asked for. */
  get missing(): number {
    return this.#missing.size
  }

  /**
   * The extended sequence numbers to ask for now, in ascending order; empty when there is nothing to ask.
   * @param rttMs round-trip time to the sender
   */
  due(nowMs: number, rttMs: number): number[] {
    if (this.#missing.size === 0) return []
    const due: number[] = []
    for (const missing of this.#missing.values()) {
      if (this.#isUseless(missing)) {
        this.#missing.delete(missing.sequence)
        continue
      }
      const waitMs = missing.tries === 0 ? 0 : Math.max(MIN_RETRY_MS, rttMs * Math.min(missing.tries, 4))
      if (nowMs - missing.sentAtMs < waitMs) continue
      missing.tries++
      missing.sentAtMs = nowMs
      due.push(missing.sequence)
    }
    return due
  }

  /** Forgets everything: the stream was paused or starts anew. */
  reset(): void {
    this.#highest = -1
    this.#lastKeyFrame = -1
    this.#missing.clear()
  }

  #addGap(first: number, end: number): boolean {
    if (end - first > MAX_GAP || this.#missing.size + (end - first) > MAX_MISSING) {
      this.#missing.clear()
      return false
    }
    for (let sequence = first; sequence < end; sequence++) {
      this.#missing.set(sequence, { sequence, sentAtMs: Number.NEGATIVE_INFINITY, tries: 0 })
    }
    return true
  }

  #isUseless(missing: Missing): boolean {
    return (
      missing.tries >= MAX_TRIES ||
      missing.sequence < this.#lastKeyFrame - KEY_FRAME_HEAD_PACKETS ||
      this.#highest - missing.sequence > MAX_AGE_PACKETS
    )
  }
}
