import {
  forEachSctpSkippedStream,
  parseSctpData,
  type SctpChunk,
  SctpData,
  sctpForwardTsn,
  writeSctpSack,
} from '@sangam/rtp'
import { type MessageReceiver, Reassembly } from './reassembly.ts'
import { ReceivedTsns } from './received-tsns.ts'

/** An acknowledgement may wait so long for another packet: RFC 9260 section 6.2 allows 500 ms, and a short wait costs little. */
const SACK_DELAY_MS = 40

/** What a DATA or FORWARD TSN chunk did. `flood`: the peer fills memory with what can't be delivered. */
export type ReceiveResult = 'ok' | 'malformed' | 'no-data' | 'violation' | 'bad-stream' | 'flood'

/** What the receiver starts from, after the handshake. */
export interface ReceiverOptions {
  /** The peer's, 32 bits. */
  readonly initialTsn: number
  readonly streams: number
  readonly windowBytes: number
  readonly maxMessageBytes: number
  readonly receive: MessageReceiver
}

/** The receiving half of an association: what arrived, what to deliver, and when to acknowledge. */
export class Receiver {
  readonly #options: ReceiverOptions
  readonly #tsns: ReceivedTsns
  readonly #reassembly: Reassembly
  readonly #data = new SctpData()
  #packetsToAcknowledge = 0
  #sackNow = false
  #sackAtMs = Number.POSITIVE_INFINITY

  constructor(options: ReceiverOptions) {
    this.#options = options
    this.#tsns = new ReceivedTsns(options.initialTsn)
    this.#reassembly = new Reassembly(options.maxMessageBytes, options.receive)
  }

  get cumulativeTsn(): number {
    return this.#tsns.cumulative
  }

  /** Bytes of messages that are incomplete or out of order, as the window counts them. */
  get heldBytes(): number {
    return this.#reassembly.heldBytes
  }

  get oversizedMessages(): number {
    return this.#reassembly.oversizedMessages
  }

  /** Stream of the last DATA chunk, for an error report. */
  get lastStreamId(): number {
    return this.#data.streamId
  }

  /** TSN of the last DATA chunk, 32 bits. */
  get lastDataTsn(): number {
    return this.#data.tsn
  }

  unwrap(tsn: number): number {
    return this.#tsns.unwrap(tsn)
  }

  /** A DATA chunk. */
  data(bytes: Uint8Array, chunk: SctpChunk): ReceiveResult {
    const data = this.#data
    if (!parseSctpData(bytes, chunk, data)) return 'malformed'
    if (data.payloadLength === 0) return 'no-data'
    const tsn = this.#tsns.unwrap(data.tsn)
    const arrival = this.#tsns.classify(tsn)
    if (data.immediate) this.#sackNow = true
    if (arrival !== 'new') {
      this.#sackNow = true
      if (arrival === 'duplicate') this.#tsns.noteDuplicate(tsn)
      return 'ok'
    }
    const isNext = tsn === this.#tsns.cumulative + 1
    const overfull = this.heldBytes + data.payloadLength - this.#options.windowBytes
    if (overfull > 0 && !isNext) {
      this.#sackNow = true
      return 'ok'
    }
    // What fills the gap must be taken, or nothing would ever be delivered; but not without end.
    if (overfull > this.#options.maxMessageBytes) return 'flood'
    this.#tsns.add(tsn)
    if (!isNext || this.#tsns.hasGaps) this.#sackNow = true
    if (data.streamId >= this.#options.streams) return 'bad-stream'
    return this.#reassembly.add(tsn, data, bytes) ? 'ok' : 'violation'
  }

  /** A FORWARD TSN chunk. */
  forward(bytes: Uint8Array, chunk: SctpChunk): ReceiveResult {
    const wire = sctpForwardTsn(bytes, chunk)
    if (wire < 0) return 'malformed'
    this.#sackNow = true
    const tsn = this.#tsns.unwrap(wire)
    if (tsn <= this.#tsns.cumulative) return 'ok'
    this.#reassembly.skipTo(tsn)
    this.#tsns.skipTo(tsn)
    forEachSctpSkippedStream(bytes, chunk, (streamId, streamSequence) => {
      if (streamId < this.#options.streams) this.#reassembly.skipStream(streamId, streamSequence)
    })
    return 'ok'
  }

  resetStreams(streamIds: readonly number[]): void {
    this.#reassembly.reset(streamIds)
  }

  /** A packet with DATA has been read to its end: every second one is acknowledged at once. */
  endOfPacket(nowMs: number): void {
    if (++this.#packetsToAcknowledge >= 2) this.#sackNow = true
    if (this.#sackAtMs === Number.POSITIVE_INFINITY) this.#sackAtMs = nowMs + SACK_DELAY_MS
  }

  /** Whether a SACK shall leave. */
  isSackDue(nowMs: number): boolean {
    return this.#sackNow || nowMs >= this.#sackAtMs
  }

  /** Whether a SACK could ride along on a packet that leaves anyway. */
  get hasSackWaiting(): boolean {
    return this.#packetsToAcknowledge > 0 || this.#sackNow
  }

  /** Writes a SACK; `sackSent()` follows if it leaves. @returns the offset after it */
  writeSackAt(bytes: Uint8Array, offset: number, end: number): number {
    const windowBytes = Math.max(0, this.#options.windowBytes - this.heldBytes)
    const { cumulative, gaps, duplicates } = this.#tsns
    return writeSctpSack(bytes, offset, end, cumulative, windowBytes, gaps, duplicates)
  }

  sackSent(): void {
    this.#packetsToAcknowledge = 0
    this.#sackNow = false
    this.#sackAtMs = Number.POSITIVE_INFINITY
    this.#tsns.forgetDuplicates()
  }
}
