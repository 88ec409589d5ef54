/** Unanswered repetitions after which the peer is gone (RFC 9260 section 16: Association.Max.Retrans). */
const MAX_ERRORS = 10
/** RFC 9260 section 16: HB.interval. */
const HEARTBEAT_INTERVAL_MS = 30_000

/** Whether the peer is still there: what it left unanswered, and heartbeats while there is nothing else to ask (RFC 9260 section 8). */
export class PathHealth {
  #errors = 0
  #heartbeatAtMs = Number.POSITIVE_INFINITY
  #heartbeatSentMs = -1

  /** The association is established. */
  start(nowMs: number): void {
    this.#errors = 0
    this.#heartbeatSentMs = -1
    this.#heartbeatAtMs = nowMs + HEARTBEAT_INTERVAL_MS
  }

  /** The peer acknowledged something new. */
  answered(): void {
    this.#errors = 0
  }

  /** Something stayed unanswered. @returns whether the peer counts as gone */
  unanswered(): boolean {
    return ++this.#errors > MAX_ERRORS
  }

  /** What the clock asks for. @param timeoutMs how long an answer may take */
  due(nowMs: number, timeoutMs: number): 'nothing' | 'heartbeat' | 'gone' {
    if (nowMs < this.#heartbeatAtMs) return 'nothing'
    if (this.#heartbeatSentMs >= 0 && this.unanswered()) return 'gone'
    this.#heartbeatSentMs = nowMs
    this.#heartbeatAtMs = nowMs + HEARTBEAT_INTERVAL_MS + timeoutMs
    return 'heartbeat'
  }

  /** A heartbeat came back. @returns its round trip; undefined if none was under way */
  heartbeatAnswered(nowMs: number): number | undefined {
    if (this.#heartbeatSentMs < 0) return undefined
    const roundTripMs = nowMs - this.#heartbeatSentMs
    this.#heartbeatSentMs = -1
    this.#errors = 0
    return roundTripMs
  }
}
