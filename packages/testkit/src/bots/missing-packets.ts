/** Until a round trip was measured (libwebrtc's NACK module begins with the same). */
const FIRST_RTT_MS = 100
const SMOOTHING = 0.2
/** Requests for one packet (libwebrtc: 10). */
const MOST_REQUESTS = 10

interface Request {
  askedMs: number
  times: number
}

/** What a receiver asked its sender to send again (NACK, RFC 4585 section 6.2.1), and when it asks again. Sequence numbers are extended. */
export class MissingPackets {
  readonly #requests = new Map<number, Request>()
  #rttMs = FIRST_RTT_MS

  /** It is asked for now. */
  asked(sequence: number, nowMs: number): void {
    this.#requests.set(sequence, { askedMs: nowMs, times: 1 })
  }

  /** It came. A first request that was answered tells the round trip. */
  arrived(sequence: number, isRetransmission: boolean, nowMs: number): void {
    const request = this.#requests.get(sequence)
    if (request === undefined) return
    this.#requests.delete(sequence)
    if (isRetransmission && request.times === 1)
      this.#rttMs += SMOOTHING * (nowMs - request.askedMs - this.#rttMs)
  }

  /** Nothing before this one is waited for any more. */
  forgetBefore(sequence: number): void {
    for (const missing of this.#requests.keys()) if (missing < sequence) this.#requests.delete(missing)
  }

  /** Those that were asked for more than a round trip ago; they count as asked again. */
  overdue(nowMs: number): number[] {
    const again: number[] = []
    for (const [sequence, request] of this.#requests) {
      if (nowMs - request.askedMs < 1.2 * this.#rttMs || request.times === MOST_REQUESTS) continue
      request.askedMs = nowMs
      request.times++
      again.push(sequence)
    }
    return again
  }
}
