import { describe, expect, test } from 'vitest'
import { FrameBoundaries } from './frame-boundaries.ts'

const head = Buffer.from('GET /socket.io/ HTTP/1.1\r\nUpgrade: websocket\r\n\r\n')
/** A frame as RFC 6455 has it: masked from a client, its length in 7, 16 or 64 bits. */
const frame = (length: number, { masked }: { readonly masked: boolean }): Buffer => {
  const mask = masked ? 0x80 : 0
  const header = Buffer.alloc(length < 126 ? 2 : length < 65_536 ? 4 : 10)
  header[0] = 0x81
  if (length < 126) header[1] = mask | length
  else if (length < 65_536) {
    header[1] = mask | 126
    header.writeUInt16BE(length, 2)
  } else {
    header[1] = mask | 127
    header.writeBigUInt64BE(BigInt(length), 2)
  }
  // 13 and 10 in the payload: no empty line is looked for there.
  return Buffer.concat([header, Buffer.alloc(masked ? 4 : 0), Buffer.alloc(length, '\r\n')])
}

describe('the boundaries of frames', () => {
  test.each([true, false])('are found in any pieces, after the header of HTTP (masked: %s)', (masked) => {
    const frames = [0, 1, 125, 126, 127, 65_535, 65_536].map((length) => frame(length, { masked }))
    const bytes = Buffer.concat([head, ...frames])
    const expected = frames.map((_, index) =>
      frames.slice(0, index + 1).reduce((sum, { length }) => sum + length, head.length),
    )
    for (const pieceBytes of [1, 2, 7, 1000, bytes.length]) {
      const boundaries = new FrameBoundaries()
      const found: number[] = []
      for (let from = 0; from < bytes.length; from += pieceBytes) {
        const ends = boundaries.endsIn(bytes.subarray(from, from + pieceBytes))
        found.push(...ends.map((end) => from + end))
      }
      expect(found).toEqual(expected)
    }
  })

  test('the header of HTTP alone holds none, whatever lines it has', () => {
    const boundaries = new FrameBoundaries()
    expect(boundaries.endsIn(Buffer.from('HTTP/1.1 101 Switching\r\n\rX: y\r\n\r'))).toEqual([])
    expect(boundaries.endsIn(Buffer.from('\n'))).toEqual([])
    expect(boundaries.endsIn(Buffer.from([0x8a, 0x00]))).toEqual([2])
  })
})
