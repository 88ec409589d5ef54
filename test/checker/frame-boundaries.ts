/**
 * Finds where the frames of one direction of a WebSocket connection end, in bytes that come in any pieces. Before them
 * comes the HTTP request or response, up to its empty line.
 *
 *      0               1               2               3
 *     +-+-------+-------+-+-------------+-------------------------------+
 *     |F|  RSV  | opcode|M|  length     |  extended length (16 or 64)   |
 *     +-+-------+-------+-+-------------+-------------------------------+
 *     |  masking key (32), when M is set  |  payload …                  |
 *     +-----------------------------------+-----------------------------+
 *
 * RFC 6455, section 5.2.
 */
export class FrameBoundaries {
  /** How many bytes of the empty line, `\r\n\r\n`, were seen; undefined: the frames have begun. */
  #emptyLine: number | undefined = 0
  #header: number[] = []
  #payloadLeft: number | undefined

  /** Offsets in `chunk` right after each frame that ends in it. */
  endsIn(chunk: Uint8Array): number[] {
    const ends: number[] = []
    let at = 0
    while (at < chunk.length) {
      if (this.#payloadLeft !== undefined) {
        const taken = Math.min(this.#payloadLeft, chunk.length - at)
        at += taken
        this.#payloadLeft -= taken
      } else {
        this.#takeByte(chunk[at] ?? 0)
        at += 1
      }
      if (this.#payloadLeft === 0) {
        ends.push(at)
        this.#payloadLeft = undefined
      }
    }
    return ends
  }

  #takeByte(byte: number): void {
    if (this.#emptyLine !== undefined) {
      const expected = this.#emptyLine % 2 === 0 ? 13 : 10
      this.#emptyLine = byte === expected ? this.#emptyLine + 1 : byte === 13 ? 1 : 0
      if (this.#emptyLine === 4) this.#emptyLine = undefined
      return
    }
    this.#header.push(byte)
    const [, second = 0] = this.#header
    if (this.#header.length < 2) return
    const short = second & 0x7f
    const lengthBytes = short === 126 ? 2 : short === 127 ? 8 : 0
    const headerBytes = 2 + lengthBytes + ((second & 0x80) === 0 ? 0 : 4)
    if (this.#header.length < headerBytes) return
    const extended = this.#header.slice(2, 2 + lengthBytes)
    this.#payloadLeft = lengthBytes === 0 ? short : extended.reduce((length, part) => length * 256 + part, 0)
    this.#header = []
  }
}
