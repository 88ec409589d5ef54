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
    this.#port.execute(this.#entries, this.#messages)
    this.#entries = 0
    this.#messages = 0
    this.#controlUsed = 0
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
