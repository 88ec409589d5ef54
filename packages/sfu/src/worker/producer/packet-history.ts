/**
 * The last packets of one received stream, by extended sequence number: what a retransmission to any receiver needs.
 * It holds where the packets are (ids of the packet ring), not the packets, and it is kept once per stream however many
 * receivers there are.
 */
export class PacketHistory {
  readonly #mask: number
  readonly #sequence: Float64Array
  readonly #packetId: Uint32Array
  readonly #timestamp: Uint32Array
  readonly #marker: Uint8Array
  readonly #payloadType: Uint8Array
  readonly #payloadLength: Uint16Array

  /** @param size packets to remember; a power of two */
  constructor(size: number) {
    this.#mask = size - 1
    this.#sequence = new Float64Array(size).fill(-1)
    this.#packetId = new Uint32Array(size)
    this.#timestamp = new Uint32Array(size)
    this.#marker = new Uint8Array(size)
    this.#payloadType = new Uint8Array(size)
    this.#payloadLength = new Uint16Array(size)
  }

  /** @param sequence extended sequence number */
  add(
    sequence: number,
    packetId: number,
    timestamp: number,
    marker: number,
    payloadType: number,
    payloadLength: number,
  ): void {
    const i = sequence & this.#mask
    this.#sequence[i] = sequence
    this.#packetId[i] = packetId
    this.#timestamp[i] = timestamp
    this.#marker[i] = marker
    this.#payloadType[i] = payloadType
    this.#payloadLength[i] = payloadLength
  }

  /** The row of the packet with this extended sequence number, or -1 when it never came or is too old. */
  find(sequence: number): number {
    const i = sequence & this.#mask
    return this.#sequence[i] === sequence ? i : -1
  }

  /** Whether the packet is there already: a duplicate, or a retransmission that crossed the original. */
  has(sequence: number): boolean {
    return this.#sequence[sequence & this.#mask] === sequence
  }

  packetId(row: number): number {
    return this.#packetId[row] as number
  }

  timestamp(row: number): number {
    return this.#timestamp[row] as number
  }

  marker(row: number): number {
    return this.#marker[row] as number
  }

  payloadType(row: number): number {
    return this.#payloadType[row] as number
  }

  /** Bytes of payload. */
  payloadLength(row: number): number {
    return this.#payloadLength[row] as number
  }
}
