import {
  SCTP_DATA_HEADER_BYTES,
  SCTP_HEADER_BYTES,
  SctpDataFlag,
  type SctpSack,
  sctpGapEnd,
  sctpGapStart,
  sctpPadded,
  writeSctpData,
  writeSctpForwardTsn,
} from '@sangam/rtp'
import { CongestionWindow } from './congestion-window.ts'
import type { RetransmissionTimeout } from './retransmission-timeout.ts'
import type { OutgoingMessage, SendQueue } from './send-queue.ts'
import { SentChunks } from './sent-chunks.ts'

/** Reports of a later arrival after which a chunk counts as lost (RFC 9260 section 7.2.4). */
const LOSS_REPORTS = 3
/** How much later than a lost chunk what was acknowledged must have left, as a share of the shortest round trip (RFC 8985 section 6.2). */
const REORDERING_SHARE = 1 / 4
/** RFC 8985 section 7.2: when the end of what was sent stays unanswered for two round trips, it is sent again. */
const PROBE_ROUND_TRIPS = 2
const MIN_PROBE_MS = 50
/** More than this in flight would be memory for a peer that announces any window. */
const MAX_PEER_WINDOW_BYTES = 8 * 1024 * 1024
/** A packet's rest that is smaller is not worth a fragment of a larger message. */
const MIN_FRAGMENT_BYTES = 256
/** The worst case of a FORWARD TSN with its streams leaves room for data. */
const FORWARD_TSN_BYTES = 512

/** What a SACK did. */
export interface SackResult {
  /** The peer acknowledges what was never sent. */
  readonly violation: boolean
  /** The cumulative TSN advanced. */
  readonly advanced: boolean
}

const VIOLATION: SackResult = { violation: true, advanced: false }
const STALE: SackResult = { violation: false, advanced: false }
const ADVANCED: SackResult = { violation: false, advanced: true }

/** What the sender starts from, after the handshake. */
export interface SenderOptions {
  /** 32 bits. */
  readonly initialTsn: number
  readonly peerWindowBytes: number
  readonly maxPacketBytes: number
  /** Whether the peer takes FORWARD TSN (RFC 3758); otherwise every message is reliable. */
  readonly partialReliability: boolean
  readonly queue: SendQueue
  readonly timeout: RetransmissionTimeout
}

/**
 * The sending half of an association: fragments, numbers and sends, keeps what is in flight until it is acknowledged,
 * sends again, and gives up what may be given up. TSNs are extended.
 */
export class Sender {
  readonly queue: SendQueue
  readonly #options: SenderOptions
  readonly #window: CongestionWindow
  readonly #timeout: RetransmissionTimeout
  readonly #sent: SentChunks
  #peerWindowBytes: number
  /** When the retransmission timer (T3-rtx) runs out; Infinity while it stands still. */
  #expiresMs = Number.POSITIVE_INFINITY
  /** The chunk whose round trip is being measured, -1 for none. */
  #measuredTsn = -1
  #measuredFromMs = 0
  /** When the last chunk is sent again to learn what became of it (tail loss probe); Infinity while there is no reason. */
  #probeAtMs = Number.POSITIVE_INFINITY
  /** Once, until something is acknowledged (RFC 8985 section 7.3). */
  #hasProbed = false
  #shortestRttMs = Number.POSITIVE_INFINITY
  /** One packet may leave regardless of the congestion window (RFC 9260 section 7.2.4, step 3). */
  #fastRetransmit = false
  /** Advanced.Peer.Ack.Point of RFC 3758. */
  #advancedTsn: number
  #forwardDue = false
  #forwardedMs = Number.NEGATIVE_INFINITY
  retransmissions = 0
  abandonedMessages = 0

  constructor(options: SenderOptions) {
    this.#options = options
    this.queue = options.queue
    this.#timeout = options.timeout
    this.#window = new CongestionWindow(options.maxPacketBytes - SCTP_HEADER_BYTES)
    // One turn up, so that the number before the first is positive too.
    this.#sent = new SentChunks(options.initialTsn + 2 ** 32)
    this.#advancedTsn = this.#sent.cumulative
    this.#peerWindowBytes = Math.min(options.peerWindowBytes, MAX_PEER_WINDOW_BYTES)
  }

  /** The last TSN that was given away. */
  get lastTsn(): number {
    return this.#sent.next - 1
  }

  get congestionWindowBytes(): number {
    return this.#window.bytes
  }

  get inFlightBytes(): number {
    return this.#sent.inFlightBytes
  }

  /** Whether everything that was given to the queue has arrived. */
  get isDrained(): boolean {
    return this.queue.messages === 0 && this.#sent.length === 0
  }

  /** Whether a retransmission is overdue. */
  isExpired(nowMs: number): boolean {
    return nowMs >= this.#expiresMs || nowMs >= this.#probeAtMs
  }

  /** A timer ran out (RFC 9260 section 6.3.3). @returns false if it only probed: a closed window, or the end of what was sent */
  expired(nowMs: number): boolean {
    this.#probeAtMs = Number.POSITIVE_INFINITY
    if (nowMs < this.#expiresMs) {
      this.#hasProbed = true
      this.#fastRetransmit = this.#sent.loseLast()
      return false
    }
    const probing = this.#peerWindowBytes === 0 && this.#sent.length <= 1
    this.#window.timedOut()
    this.#timeout.backOff()
    this.#measuredTsn = -1
    this.#sent.loseAll()
    this.#abandonOverdue(nowMs)
    if (this.#advancedTsn > this.#sent.cumulative) this.#forwardDue = true
    this.#expiresMs = this.#hasOutstanding ? nowMs + this.#timeout.ms : Number.POSITIVE_INFINITY
    return !probing
  }

  /** Takes a SACK (RFC 9260 section 6.2.1). */
  acknowledged(bytes: Uint8Array, sack: SctpSack, nowMs: number): SackResult {
    const sent = this.#sent
    const cumulative = sent.cumulative + ((sack.cumulativeTsn - sent.cumulative) | 0)
    if (cumulative < sent.cumulative) return STALE
    if (cumulative >= sent.next) return VIOLATION
    const wasFull = sent.inFlightBytes + this.#maxFragmentBytes >= this.#window.bytes
    const advanced = cumulative > sent.cumulative
    sent.begin(nowMs, this.#shortestRttMs)
    sent.acknowledgeTo(cumulative)
    if (sack.gapCount > 0) this.#readGaps(bytes, sack)
    else sent.forgetGaps()
    this.#measure(nowMs)
    this.#window.delivered(sent.ackedBytes, nowMs)
    if (advanced) this.#window.acknowledged(cumulative, sent.ackedBytes, wasFull, sent.length === 0)
    this.#countReports(advanced)
    this.#peerWindowBytes = Math.max(
      0,
      Math.min(sack.receiveWindowBytes, MAX_PEER_WINDOW_BYTES) - sent.inFlightBytes,
    )
    this.#abandonOverdue(nowMs)
    this.#forwardAgain(nowMs)
    if (!this.#hasOutstanding) this.#expiresMs = Number.POSITIVE_INFINITY
    else if (advanced) this.#expiresMs = nowMs + this.#timeout.ms
    if (sent.ackedBytes > 0) {
      this.#hasProbed = false
      this.#armProbe(nowMs)
    }
    return advanced ? ADVANCED : STALE
  }

  /**
   * Fills a packet with what may leave now.
   * @returns the offset after the last chunk; `offset` if there is nothing
   */
  fill(bytes: Uint8Array, offset: number, end: number, nowMs: number): number {
    let at = offset
    if (this.#forwardDue && end - at >= FORWARD_TSN_BYTES) {
      at = this.#writeForwardTsn(bytes, at, nowMs)
    }
    at = this.#fillWithRetransmissions(bytes, at, end, nowMs)
    at = this.#fillWithNew(bytes, at, end, nowMs)
    this.#fastRetransmit = false
    if (at > offset) this.#armProbe(nowMs)
    if (at > offset && this.#expiresMs === Number.POSITIVE_INFINITY)
      this.#expiresMs = nowMs + this.#timeout.ms
    return at
  }

  get #hasOutstanding(): boolean {
    return this.#sent.length > 0
  }

  get #maxFragmentBytes(): number {
    return this.#options.maxPacketBytes - SCTP_HEADER_BYTES - SCTP_DATA_HEADER_BYTES
  }

  #fillWithRetransmissions(bytes: Uint8Array, offset: number, end: number, nowMs: number): number {
    const sent = this.#sent
    let at = offset
    if (sent.lostCount === 0) return at
    for (let i = 0; i < sent.length && sent.lostCount > 0; i++) {
      const chunk = sent.at(i)
      if (!chunk.lost) continue
      if (at + sctpPadded(SCTP_DATA_HEADER_BYTES + chunk.to - chunk.from) > end) break
      if (sent.inFlightBytes >= this.#window.bytes && !this.#fastRetransmit) break
      at = this.#write(bytes, at, chunk.tsn, chunk.message, chunk.from, chunk.to)
      if (chunk.tsn === this.#measuredTsn) this.#measuredTsn = -1
      sent.sentAgain(chunk, nowMs)
      this.retransmissions++
      // RFC 9260 section 6.3.2, rule R4: the earliest chunk left again.
      if (i === 0) this.#expiresMs = nowMs + this.#timeout.ms
    }
    return at
  }

  #fillWithNew(bytes: Uint8Array, offset: number, end: number, nowMs: number): number {
    const sent = this.#sent
    let at = offset
    while (sent.lostCount === 0 && sent.inFlightBytes < this.#window.bytes) {
      const message = this.queue.next(nowMs)
      if (message === undefined) break
      if (message.expiresMs <= nowMs && message.sentBytes > 0 && this.#options.partialReliability) {
        this.#abandon(message)
        continue
      }
      const length = this.#fragmentBytes(message, end - at - SCTP_DATA_HEADER_BYTES)
      if (length === 0 || (length > this.#peerWindowBytes && sent.inFlightBytes > 0)) break
      const from = message.sentBytes
      const chunk = sent.add(message, from, from + length, nowMs)
      at = this.#write(bytes, at, chunk.tsn, message, from, from + length)
      this.#peerWindowBytes = Math.max(0, this.#peerWindowBytes - length)
      this.queue.took(message, length)
      if (this.#measuredTsn < 0) {
        this.#measuredTsn = chunk.tsn
        this.#measuredFromMs = nowMs
      }
    }
    return at
  }

  /** Bytes of the message's next fragment in a packet with this much room; 0: it waits for the next packet. */
  #fragmentBytes(message: OutgoingMessage, roomBytes: number): number {
    const remaining = message.payload.length - message.sentBytes
    const room = roomBytes & ~3
    if (remaining <= room) return remaining
    if (remaining <= this.#maxFragmentBytes || room < MIN_FRAGMENT_BYTES) return 0
    return Math.min(room, this.#maxFragmentBytes)
  }

  #write(
    bytes: Uint8Array,
    at: number,
    tsn: number,
    message: OutgoingMessage,
    from: number,
    to: number,
  ): number {
    const { payload, stream, ppid, streamSequence } = message
    // The peer shall not hold back the acknowledgement of what nothing follows (RFC 7053).
    const isLast = to === payload.length && this.queue.isLast(message)
    const flags =
      (isLast ? SctpDataFlag.immediate : 0) |
      (from === 0 ? SctpDataFlag.begin : 0) |
      (to === payload.length ? SctpDataFlag.end : 0) |
      (message.unordered ? SctpDataFlag.unordered : 0)
    return writeSctpData(bytes, at, flags, tsn, stream.id, streamSequence, ppid, payload, from, to)
  }

  /** Each block in turn; blocks that overlap or go back end the reading, so that no SACK costs more than the flight. */
  #readGaps(bytes: Uint8Array, sack: SctpSack): void {
    const base = this.#sent.cumulative
    let last = base
    for (let i = 0; i < sack.gapCount; i++) {
      const start = base + sctpGapStart(bytes, sack, i)
      const end = base + sctpGapEnd(bytes, sack, i)
      if (start <= last || end < start || end >= this.#sent.next) break
      this.#sent.unacknowledge(last + 1, start - 1)
      this.#sent.acknowledge(start, end)
      last = end
    }
    this.#sent.unacknowledge(last + 1, this.#sent.next - 1)
  }

  #measure(nowMs: number): void {
    if (this.#measuredTsn < 0 || !this.#sent.isAcknowledged(this.#measuredTsn)) return
    const roundTripMs = nowMs - this.#measuredFromMs
    this.#timeout.measured(roundTripMs)
    this.#window.measured(roundTripMs, nowMs)
    this.#shortestRttMs = this.#window.shortestRoundTripMs
    this.#measuredTsn = -1
  }

  /**
   * A chunk is lost when the peer has reported three times that it lacks it while later ones came (RFC 9260 section 7.2.4; HTNA:
   * only those before the highest that is newly acknowledged are reported), or when something that left clearly later has come (RFC 8985):
   * that finds what was lost a second time.
   */
  #countReports(advanced: boolean): void {
    const sent = this.#sent
    const { highestGap, highestNew } = sent
    const before = advanced && this.#window.inFastRecovery ? highestGap : Math.min(highestNew, highestGap)
    const overtakenBeforeMs = sent.newestArrivedMs - this.#shortestRttMs * REORDERING_SHARE
    const lostBefore = sent.lostBytes
    for (let i = 0; i < sent.length; i++) {
      const chunk = sent.at(i)
      if (chunk.tsn >= before) break
      if (chunk.acked || chunk.abandoned || chunk.lost) continue
      const isOvertaken = chunk.sentMs < overtakenBeforeMs
      if (!isOvertaken && (chunk.fastRetransmitted || ++chunk.reports < LOSS_REPORTS)) continue
      sent.lose(chunk)
      chunk.fastRetransmitted = true
    }
    const lostBytes = sent.lostBytes - lostBefore
    if (lostBytes === 0) return
    if (!this.#window.inFastRecovery) this.#fastRetransmit = true
    this.#window.lost(lostBytes, this.lastTsn)
  }

  #armProbe(nowMs: number): void {
    const { smoothedRttMs } = this.#timeout
    const isWorthIt =
      smoothedRttMs > 0 && !this.#hasProbed && this.#hasOutstanding && this.#sent.lostCount === 0
    this.#probeAtMs = isWorthIt
      ? nowMs + Math.max(MIN_PROBE_MS, PROBE_ROUND_TRIPS * smoothedRttMs)
      : Number.POSITIVE_INFINITY
  }

  /** Gives up messages whose lost fragments may not be sent again (RFC 3758 section 3.5, RFC 7496). */
  #abandonOverdue(nowMs: number): void {
    const sent = this.#sent
    if (!this.#options.partialReliability || sent.lostCount === 0) return
    for (let i = 0; i < sent.length; i++) {
      const { message, lost, transmissions } = sent.at(i)
      if (!lost) continue
      const isSpent = message.maxRetransmits >= 0 && transmissions > message.maxRetransmits
      if (isSpent || message.expiresMs <= nowMs) this.#abandon(message)
    }
    this.#advance()
  }

  #abandon(message: OutgoingMessage): void {
    message.abandoned = true
    this.abandonedMessages++
    const sent = this.#sent
    for (let i = 0; i < sent.length; i++) {
      const chunk = sent.at(i)
      if (chunk.message === message) sent.abandon(chunk)
    }
    // The peer holds the beginning: a number that is never sent lets it be skipped with the rest.
    if (this.queue.abandon(message)) sent.abandon(sent.add(message, 0, 0, 0))
    this.#advance()
  }

  #advance(): void {
    const advanced = this.#sent.abandonedTo(this.#advancedTsn)
    if (advanced === this.#advancedTsn) return
    this.#advancedTsn = advanced
    this.#forwardDue = true
  }

  /** A FORWARD TSN may be lost: while the peer does not know, it is told again, once per round trip. */
  #forwardAgain(nowMs: number): void {
    this.#advancedTsn = Math.max(this.#advancedTsn, this.#sent.cumulative)
    this.#advance()
    if (this.#advancedTsn === this.#sent.cumulative) this.#forwardDue = false
    else if (nowMs - this.#forwardedMs > this.#timeout.smoothedRttMs) this.#forwardDue = true
  }

  #writeForwardTsn(bytes: Uint8Array, at: number, nowMs: number): number {
    this.#forwardDue = false
    this.#forwardedMs = nowMs
    const skipped = new Map<number, number>()
    for (let i = 0; i < this.#sent.length; i++) {
      const { tsn, message } = this.#sent.at(i)
      if (tsn > this.#advancedTsn) break
      if (!message.unordered) skipped.set(message.stream.id, message.streamSequence)
    }
    return writeSctpForwardTsn(bytes, at, at + FORWARD_TSN_BYTES, this.#advancedTsn, skipped)
  }
}
