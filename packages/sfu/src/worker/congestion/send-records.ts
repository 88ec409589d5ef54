import { SINK_PLACE_MASK } from '../packet-port/packet-port.ts'

/** Packets per transport whose sending is remembered; a power of two. At 10 Mbit/s and 1100 bytes that is 0.9 s. */
export const SEND_RECORDS = 1024
/** Words of one record, see `SendRecord`. */
export const SEND_RECORD_WORDS = 2
/** No transport has this index: the counter of whoever doesn't take part in transport-cc, which would else leave holes. */
export const NO_TRANSPORT_CC = 0
const NO_SLAB = 0
const FIRST_SLABS = 4
/** A cache line more than the records need: slabs a power of two apart would all compete for the same lines of the cache. */
const SLAB_WORDS = SEND_RECORDS * SEND_RECORD_WORDS + 16
const FIRST_SINKS = 64

/** Words of one record. */
export const SendRecord = {
  /** When it left: the lower 32 bits of the engine's microseconds. */
  sentUs: 0,
  /** Upper 16 bits: its transport-wide sequence number; lower 16: bytes of payload, 0 once acknowledged. */
  bytes: 1,
} as const

/**
 * When each transport-wide sequence number left, and how large it was, for all transports of a worker: one slab of
 * `SEND_RECORDS` records per transport that negotiated transport-cc, all in one typed array, so that a pass over the
 * send plan fills it without touching an object.
 */
export class SendRecords {
  /** All slabs. Replaced when it grows: read it anew for every batch. */
  words = new Uint32Array(FIRST_SLABS * SLAB_WORDS)
  /** First word of each transport's slab, by `Transport.index`; slab 0 belongs to nobody. */
  readonly slabs: Int32Array
  /** First word of the slab that a sink's packets are recorded in, by the sink's place; `NO_SLAB` where they are not. Grows too. */
  sinkSlabs = new Int32Array(FIRST_SINKS)
  /** Lower 32 bits of the time of the records that are written now, microseconds. */
  nowUs = 0
  readonly #free: number[] = []
  #used = 1

  /** @param capacity transports that there may be */
  constructor(capacity: number) {
    this.slabs = new Int32Array(capacity)
  }

  /** The time that all records written from now on get. */
  setNow(nowUs: number): void {
    this.nowUs = nowUs >>> 0
  }

  /** Gives a transport its slab; without effect if it has one. */
  open(transportIndex: number): void {
    if (this.slabs[transportIndex] !== NO_SLAB) return
    const slab = this.#free.pop() ?? this.#used++
    if ((slab + 1) * SLAB_WORDS > this.words.length) {
      const grown = new Uint32Array(this.words.length * 2)
      grown.set(this.words)
      this.words = grown
    }
    this.words.fill(0, slab * SLAB_WORDS, (slab + 1) * SLAB_WORDS)
    this.slabs[transportIndex] = slab * SLAB_WORDS
  }

  /** From now on the sink's packets are recorded as the transport's. */
  assign(sink: number, transportIndex: number): void {
    const place = sink & SINK_PLACE_MASK
    if (place >= this.sinkSlabs.length) {
      const grown = new Int32Array(Math.max(place + 1, this.sinkSlabs.length * 2))
      grown.set(this.sinkSlabs)
      this.sinkSlabs = grown
    }
    this.sinkSlabs[place] = this.slabs[transportIndex] ?? NO_SLAB
  }

  /** The sink is closed; its number may come again. */
  release(sink: number): void {
    const place = sink & SINK_PLACE_MASK
    if (place < this.sinkSlabs.length) this.sinkSlabs[place] = NO_SLAB
  }

  /** Takes the slab back, after the sinks were released. */
  close(transportIndex: number): void {
    const at = this.slabs[transportIndex] ?? NO_SLAB
    if (at === NO_SLAB) return
    this.#free.push(at / SLAB_WORDS)
    this.slabs[transportIndex] = NO_SLAB
  }

  /** Remembers one packet. */
  write(transportIndex: number, sequence: number, bytes: number): void {
    const at = (this.slabs[transportIndex] as number) + (sequence & (SEND_RECORDS - 1)) * SEND_RECORD_WORDS
    this.words[at + SendRecord.sentUs] = this.nowUs
    this.words[at + SendRecord.bytes] = (sequence << 16) | bytes
  }
}

/** One transport's view of the records: what the estimator asks. Sequence numbers have 16 bits and wrap. */
export class SendHistory {
  readonly #records: SendRecords
  readonly #transportSequences: Uint16Array
  readonly #transportIndex: number
  readonly #overheadBytes: number

  /** @param overheadBytes what a packet is larger on the wire than its payload */
  constructor(
    records: SendRecords,
    transportSequences: Uint16Array,
    transportIndex: number,
    overheadBytes: number,
  ) {
    this.#records = records
    this.#transportSequences = transportSequences
    this.#transportIndex = transportIndex
    this.#overheadBytes = overheadBytes
  }

  /** The number that the next packet will get. */
  get next(): number {
    return this.#transportSequences[this.#transportIndex] as number
  }

  /** Whether the number was used: those that wait in the send plan are not yet. */
  has(sequence: number): boolean {
    const word = this.#records.words[this.#at(sequence) + SendRecord.bytes] as number
    return word >>> 16 === (sequence & 0xffff)
  }

  /** Bytes on the wire of a packet that was sent and not acknowledged; 0 if it is unknown, too old or acknowledged. */
  bytes(sequence: number): number {
    const word = this.#records.words[this.#at(sequence) + SendRecord.bytes] as number
    const payload = word & 0xffff
    return word >>> 16 !== (sequence & 0xffff) || payload === 0 ? 0 : payload + this.#overheadBytes
  }

  /** When a packet left that `has()` knows. Good for 71 minutes. */
  sentUs(sequence: number, nowUs: number): number {
    const low = this.#records.words[this.#at(sequence) + SendRecord.sentUs] as number
    return nowUs - (((nowUs >>> 0) - low) >>> 0)
  }

  /** It arrived: a second acknowledgement counts no more. */
  acknowledge(sequence: number): void {
    this.#records.words[this.#at(sequence) + SendRecord.bytes] = (sequence & 0xffff) << 16
  }

  #at(sequence: number): number {
    const slab = this.#records.slabs[this.#transportIndex] as number
    return slab + (sequence & (SEND_RECORDS - 1)) * SEND_RECORD_WORDS
  }
}
