import { SCTP_DATA_HEADER_BYTES } from '@sangam/rtp'
import type { OutgoingMessage } from './send-queue.ts'

/** Acknowledged chunks at the front that are kept before the list is cut. */
const COMPACT_AT = 1024

/** One DATA chunk that has left and is not acknowledged cumulatively. */
export interface SentChunk {
  readonly tsn: number
  readonly message: OutgoingMessage
  /** The fragment: `message.payload[from, to)`. */
  readonly from: number
  readonly to: number
  transmissions: number
  /** When it left last. */
  sentMs: number
  /** How often the peer reported later ones while this was missing. */
  reports: number
  /** In a gap block of the last SACK. */
  acked: boolean
  /** Waits to be sent again. */
  lost: boolean
  fastRetransmitted: boolean
  /** Its message was given up. */
  abandoned: boolean
}

/**
 * The chunks between the cumulative TSN and the next one, in order and without holes. TSNs are extended.
 * `begin()` starts a SACK; `ackedBytes` and the `highest…` marks are those of the SACK since.
 */
export class SentChunks {
  /** The next TSN. */
  next: number
  /** Bytes of chunks that are neither acknowledged, lost nor abandoned, headers included. */
  inFlightBytes = 0
  /** Chunks that wait to be sent again; and bytes that have counted as lost so far. */
  lostCount = 0
  lostBytes = 0
  /** When the last of those left that have arrived. */
  newestArrivedMs = Number.NEGATIVE_INFINITY
  ackedBytes = 0
  /** The highest TSN that a gap block names, -1 without one; and the highest that became acknowledged. */
  highestGap = -1
  highestNew = -1
  readonly #chunks: SentChunk[] = []
  #head = 0
  #hasGaps = false
  #nowMs = 0
  #shortestRttMs = Number.POSITIVE_INFINITY

  constructor(firstTsn: number) {
    this.next = firstTsn
  }

  get length(): number {
    return this.#chunks.length - this.#head
  }

  /** Everything up to here is acknowledged. */
  get cumulative(): number {
    return this.next - this.length - 1
  }

  /** Chunk `index` after the cumulative TSN; `index` is below `length`. */
  at(index: number): SentChunk {
    return this.#chunks[this.#head + index] as SentChunk
  }

  /** A new chunk leaves. */
  add(message: OutgoingMessage, from: number, to: number, nowMs: number): SentChunk {
    const chunk: SentChunk = {
      tsn: this.next++,
      message,
      from,
      to,
      transmissions: 1,
      sentMs: nowMs,
      reports: 0,
      acked: false,
      lost: false,
      fastRetransmitted: false,
      abandoned: false,
    }
    this.#chunks.push(chunk)
    this.inFlightBytes += bytesOf(chunk)
    return chunk
  }

  begin(nowMs: number, shortestRttMs: number): void {
    this.#nowMs = nowMs
    this.#shortestRttMs = shortestRttMs
    this.ackedBytes = 0
    this.highestGap = -1
    this.highestNew = -1
  }

  /** Everything up to `tsn`, which is below `next`, arrived. */
  acknowledgeTo(tsn: number): void {
    const count = tsn - this.cumulative
    for (let i = 0; i < count; i++) {
      const chunk = this.at(i)
      if (!chunk.acked) this.#acknowledge(chunk)
    }
    this.#head += count
    if (this.#head < COMPACT_AT || this.#head * 2 < this.#chunks.length) return
    this.#chunks.splice(0, this.#head)
    this.#head = 0
  }

  /** A gap block, both ends included and within what was sent. */
  acknowledge(first: number, last: number): void {
    this.#hasGaps = true
    this.highestGap = last
    const base = this.cumulative + 1
    for (let i = first - base; i <= last - base; i++) {
      const chunk = this.at(i)
      if (!chunk.acked) this.#acknowledge(chunk)
    }
  }

  /** Between two gap blocks: what the peer had reported and no longer holds counts as lost (RFC 9260 section 6.2.1). */
  unacknowledge(first: number, last: number): void {
    if (!this.#hasGaps) return
    const base = this.cumulative + 1
    for (let i = first - base; i <= last - base; i++) {
      const chunk = this.at(i)
      if (!chunk.acked) continue
      chunk.acked = false
      if (chunk.abandoned) continue
      this.inFlightBytes += bytesOf(chunk)
      this.lose(chunk)
    }
  }

  /** The SACK had no gap blocks. */
  forgetGaps(): void {
    if (!this.#hasGaps) return
    this.unacknowledge(this.cumulative + 1, this.next - 1)
    this.#hasGaps = false
  }

  isAcknowledged(tsn: number): boolean {
    return tsn <= this.cumulative || this.at(tsn - this.cumulative - 1).acked
  }

  lose(chunk: SentChunk): void {
    if (chunk.lost || chunk.acked || chunk.abandoned) return
    chunk.lost = true
    this.lostCount++
    this.lostBytes += bytesOf(chunk)
    this.inFlightBytes -= bytesOf(chunk)
  }

  /** The last chunk that is on its way, if its message may be sent again as often as need be. @returns whether there is one */
  loseLast(): boolean {
    for (let i = this.length - 1; i >= 0; i--) {
      const chunk = this.at(i)
      if (chunk.acked || chunk.abandoned || chunk.lost) continue
      if (chunk.message.maxRetransmits >= 0) return false
      this.lose(chunk)
      return true
    }
    return false
  }

  /** The timer ran out: all that is not acknowledged. */
  loseAll(): void {
    for (let i = 0; i < this.length; i++) {
      const chunk = this.at(i)
      chunk.reports = 0
      chunk.fastRetransmitted = false
      this.lose(chunk)
    }
  }

  sentAgain(chunk: SentChunk, nowMs: number): void {
    chunk.lost = false
    chunk.sentMs = nowMs
    chunk.transmissions++
    this.lostCount--
    this.inFlightBytes += bytesOf(chunk)
  }

  abandon(chunk: SentChunk): void {
    if (chunk.abandoned) return
    chunk.abandoned = true
    if (chunk.lost) {
      chunk.lost = false
      this.lostCount--
    } else if (!chunk.acked) {
      this.inFlightBytes -= bytesOf(chunk)
    }
  }

  /** The last TSN of the row of abandoned chunks that follows `tsn`; `tsn` itself if none does. */
  abandonedTo(tsn: number): number {
    let last = Math.max(tsn, this.cumulative)
    while (last + 1 < this.next && this.at(last - this.cumulative).abandoned) last++
    return last
  }

  #acknowledge(chunk: SentChunk): void {
    chunk.acked = true
    this.highestNew = Math.max(this.highestNew, chunk.tsn)
    // Sooner than any round trip it is the answer to an earlier transmission (RFC 8985 section 6.2, step 2).
    const isOfLast = chunk.transmissions === 1 || this.#nowMs - chunk.sentMs >= this.#shortestRttMs
    if (isOfLast) this.newestArrivedMs = Math.max(this.newestArrivedMs, chunk.sentMs)
    if (chunk.abandoned) return
    this.ackedBytes += bytesOf(chunk)
    if (chunk.lost) {
      chunk.lost = false
      this.lostCount--
    } else {
      this.inFlightBytes -= bytesOf(chunk)
    }
  }
}

function bytesOf(chunk: SentChunk): number {
  return SCTP_DATA_HEADER_BYTES + chunk.to - chunk.from
}
