/** Packets per transport whose sending is remembered; a power of two. At 10 Mbit/s and 1100 bytes that is 1.8 s. */
export const SEND_RECORDS = 2048
/** Words of one record, see `SendRecord`. */
export const SEND_RECORD_WORDS = 2
/** Index of the counter and the slab of whoever doesn't take part in transport-cc: written, never read. */
export const NO_TRANSPORT_CC = 0
const FIRST_SLABS = 4

/** Words of one record. */
export const SendRecord = {
  /** When it left: the lower 32 bits of the engine's microseconds. */
  sentUs: 0,
  /** Upper 16 bits: its transport-wide sequence number; lower 16: bytes of payload, 0 once acknowledged. */
  bytes: 1,
} as const

/**
 * When each transport-wide sequence number left, and how large it was, for all transports of a worker: one slab of
 * `SEND_RECORDS` records per transport that negotiated transport-cc, all in one typed array, so that the loop which
 * writes the send plan can fill it without touching an object.
 */
export class SendRecords {
  /** All slabs. Replaced when it grows: read it anew for every packet. */
  words = new Uint32Array(FIRST_SLABS * SEND_RECORDS * SEND_RECORD_WORDS)
  /** First word of each transport's slab, by `Transport.index`; slab 0 belongs to nobody. */
  readonly slabs: Int32Array
  /** Lower 32 bits of the time of the current batch or tick, microseconds. */
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
    if (this.slabs[transportIndex] !== 0) return
    const slab = this.#free.pop() ?? this.#used++
    const slabWords = SEND_RECORDS * SEND_RECORD_WORDS
    if ((slab + 1) * slabWords > this.words.length) {
      const grown = new Uint32Array(this.words.length * 2)
      grown.set(this.words)
      this.words = grown
    }
    this.words.fill(0, slab * slabWords, (slab + 1) * slabWords)
    this.slabs[transportIndex] = slab * slabWords
  }

  /** Takes the slab back. */
  close(transportIndex: number): void {
    const at = this.slabs[transportIndex] ?? 0
    if (at === 0) return
    this.#free.push(at / (SEND_RECORDS * SEND_RECORD_WORDS))
    this.slabs[transportIndex] = 0
  }

  /** Remembers one packet. The fan-out does the same inline. */
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

  /** Bytes on the wire of a packet that was sent and not acknowledged; 0 if it is unknown, too old or acknowledged. */
  bytes(sequence: number): number {
    const word = this.#records.words[this.#at(sequence) + SendRecord.bytes] as number
    const payload = word & 0xffff
    return word >>> 16 !== (sequence & 0xffff) || payload === 0 ? 0 : payload + this.#overheadBytes
  }

  /** When a packet left whose `bytes()` are not 0. Good for 71 minutes. */
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
