/**
 * RTP sequence numbers (16 bits) and timestamps (32 bits) wrap (RFC 3550 section 5.1). They are unwrapped once, at the
 * edge; everything inside works on the extended number, a safe integer that never wraps.
 */

/**
 * Signed distance from sequence number `from` to `to`, the short way round: -32768 to 32767.
 * Exactly half the circle counts as backwards (RFC 1982 leaves it open).
 */
export function sequenceNumberDelta(to: number, from: number): number {
  return ((to - from) << 16) >> 16
}

/** Whether sequence number `a` comes after `b`, the short way round (RFC 1982). */
export function isNewerSequenceNumber(a: number, b: number): boolean {
  return sequenceNumberDelta(a, b) > 0
}

/** Signed distance from timestamp `from` to `to`, the short way round: -2^31 to 2^31-1, in RTP ticks. */
export function timestampDelta(to: number, from: number): number {
  return (to - from) | 0
}

/** Whether timestamp `a` comes after `b`, the short way round. */
export function isNewerTimestamp(a: number, b: number): boolean {
  return timestampDelta(a, b) > 0
}

/**
 * Extends 16-bit sequence numbers. The first one stands for itself; each later one becomes the extended number nearest to
 * the one before it. A number older than the first may so become negative; `& 0xffff` gives the wire's number in any case.
 */
export class SequenceNumberUnwrapper {
  #last = 0
  #started = false

  /** Extends `sequenceNumber` (0-65535) and moves the reference to it. */
  unwrap(sequenceNumber: number): number {
    this.#last = this.peek(sequenceNumber)
    this.#started = true
    return this.#last
  }

  /** Extends `sequenceNumber` without moving the reference. */
  peek(sequenceNumber: number): number {
    if (!this.#started) return sequenceNumber
    return this.#last + sequenceNumberDelta(sequenceNumber, this.#last)
  }

  /** Forgets everything: the next number is a first one. */
  reset(): void {
    this.#last = 0
    this.#started = false
  }
}

/** Extends 32-bit RTP timestamps the way `SequenceNumberUnwrapper` extends sequence numbers. */
export class TimestampUnwrapper {
  #last = 0
  #started = false

  /** Extends `timestamp` (0 to 2^32-1, RTP ticks) and moves the reference to it. */
  unwrap(timestamp: number): number {
    this.#last = this.peek(timestamp)
    this.#started = true
    return this.#last
  }

  /** Extends `timestamp` without moving the reference. */
  peek(timestamp: number): number {
    if (!this.#started) return timestamp
    return this.#last + timestampDelta(timestamp, this.#last)
  }

  /** Forgets everything: the next timestamp is a first one. */
  reset(): void {
    this.#last = 0
    this.#started = false
  }
}
