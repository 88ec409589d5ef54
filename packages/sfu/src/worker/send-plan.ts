import { SEND_RECORD_WORDS, SEND_RECORDS, SendRecord, SendRecords } from './congestion/send-records.ts'
import { MAX_TRANSPORTS } from './context.ts'
import {
  ADDRESS_BYTES,
  CONTROL_BYTES,
  CONTROL_CAPACITY,
  CONTROL_WORDS,
  ControlKind,
  ControlWord,
  type PacketPort,
  PLAN_CAPACITY,
  PLAN_WORDS,
  PlanFlag,
  PlanWord,
  RECORD_WORDS,
  RecordWord,
  RING_SLOTS,
  SINK_PLACE_MASK,
} from './packet-port/packet-port.ts'

/**
 * What the engine wants sent, collected until `flush()`: RTP as entries of the packet port's plan, everything else as
 * control messages. When an array is full it is flushed by itself, so that a writer never has to look.
 *
 * RTP writers take the next entry with `reserve()` and fill in the words themselves: on the packet path a call with
 * eight arguments per receiver would cost more than the writing.
 */
export class SendPlan {
  readonly words: Uint32Array
  readonly controlBytes: Uint8Array
  /** What left when, for the transports' bandwidth estimation. Filled by `flush()`. */
  readonly sendRecords = new SendRecords(MAX_TRANSPORTS)
  readonly #port: PacketPort
  readonly #control: Uint32Array
  #entries = 0
  #messages = 0
  #controlUsed = 0

  constructor(port: PacketPort) {
    this.#port = port
    this.words = port.plan
    this.#control = port.control
    this.controlBytes = port.controlBytes
  }

  /** The index of the next entry's first word in `words`. The caller writes all `PLAN_WORDS` words at once. */
  reserve(): number {
    if (this.#entries === PLAN_CAPACITY) this.flush()
    return this.#entries++ * PLAN_WORDS
  }

  /**
   * Room for a control message of at most `maxBytes` bytes: the offset in `controlBytes` to write at. `commitRtcp` or
   * `commitApplicationData` follows, with the length that was really written; without one nothing is sent.
   */
  controlSpace(maxBytes: number): number {
    if (this.#messages === CONTROL_CAPACITY || this.#controlUsed + maxBytes > CONTROL_BYTES) this.flush()
    return this.#controlUsed
  }

  /** Sends the `length` bytes written at the last `controlSpace()` to `session`, as SRTCP. */
  commitRtcp(session: number, length: number): void {
    this.#commit(ControlKind.rtcp, session, length)
  }

  /** Sends the `length` bytes written at the last `controlSpace()` to `session`, as DTLS application data. */
  commitApplicationData(session: number, length: number): void {
    this.#commit(ControlKind.applicationData, session, length)
  }

  /** Sends a datagram as it is to the address whose `ADDRESS_BYTES` bytes start at `addressOffset` of `addresses`. */
  sendRaw(addresses: Uint8Array, addressOffset: number, datagram: Uint8Array): void {
    const at = this.controlSpace(ADDRESS_BYTES + datagram.length)
    for (let i = 0; i < ADDRESS_BYTES; i++) this.controlBytes[at + i] = addresses[addressOffset + i] ?? 0
    this.controlBytes.set(datagram, at + ADDRESS_BYTES)
    this.#commit(ControlKind.raw, 0, ADDRESS_BYTES + datagram.length)
  }

  /** Hands everything to the packet port. Cheap when there is nothing. */
  flush(): void {
    if (this.#entries === 0 && this.#messages === 0) return
    this.#record()
    this.#port.execute(this.#entries, this.#messages)
    this.#entries = 0
    this.#messages = 0
    this.#controlUsed = 0
  }

  /** Remembers what is about to leave through sinks that carry transport-wide sequence numbers. */
  #record(): void {
    if (this.#entries === 0) return
    const { words } = this
    const { records } = this.#port
    this.sendRecords.setNow(this.#port.nowUs())
    const { words: sent, sinkSlabs, nowUs } = this.sendRecords
    const end = this.#entries * PLAN_WORDS
    for (let at = 0; at < end; at += PLAN_WORDS) {
      const slab = sinkSlabs[(words[at + PlanWord.sink] as number) & SINK_PLACE_MASK] as number
      // Neither 0 nor, for a sink beyond the array, undefined.
      if (!(slab > 0)) continue
      const flags = words[at + PlanWord.flags] as number
      const slot = (words[at + PlanWord.packetId] as number) & (RING_SLOTS - 1)
      const bytes =
        (flags & PlanFlag.padding) === 0
          ? (records[slot * RECORD_WORDS + RecordWord.payloadLength] as number)
          : (words[at + PlanWord.extra] as number) & 0xff
      const record = slab + ((flags >>> 16) & (SEND_RECORDS - 1)) * SEND_RECORD_WORDS
      sent[record + SendRecord.sentUs] = nowUs
      sent[record + SendRecord.bytes] = (flags & 0xffff0000) | bytes
    }
  }

  #commit(kind: number, session: number, length: number): void {
    const at = this.#messages++ * CONTROL_WORDS
    this.#control[at + ControlWord.kind] = kind
    this.#control[at + ControlWord.session] = session
    this.#control[at + ControlWord.offset] = this.#controlUsed
    this.#control[at + ControlWord.length] = length
    this.#controlUsed += length
  }
}
