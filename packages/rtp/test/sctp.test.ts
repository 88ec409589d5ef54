import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  crc32c,
  dataChannelOpen,
  forEachSctpSkippedStream,
  nextSctpChunk,
  parseDataChannelOpen,
  parseSctpData,
  parseSctpInit,
  parseSctpReConfig,
  parseSctpSack,
  SCTP_HEADER_BYTES,
  SctpChunk,
  SctpData,
  SctpDataFlag,
  type SctpReConfig,
  SctpSack,
  sctpChecksumIsRight,
  sctpChecksumIsZero,
  sctpForwardTsn,
  sctpGapEnd,
  sctpGapStart,
  writeSctpChecksum,
  writeSctpData,
  writeSctpForwardTsn,
  writeSctpHeader,
  writeSctpInit,
  writeSctpReConfig,
  writeSctpSack,
} from '../src/index.ts'

const ascii = (text: string): Uint8Array => new TextEncoder().encode(text)
const counting = Uint8Array.from({ length: 32 }, (_, i) => i)
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

function chunkOf(bytes: Uint8Array, end: number): SctpChunk {
  const chunk = new SctpChunk()
  expect(nextSctpChunk(bytes, 0, end, chunk)).toBe(end)
  return chunk
}

test.each([
  // RFC 3720 appendix B.4; the last is the catalogue's check value of CRC-32C.
  ['32 zeros', new Uint8Array(32), 0x8a9136aa],
  ['32 ones', new Uint8Array(32).fill(0xff), 0x62a8ab43],
  ['counting up', counting, 0x46dd794e],
  ['counting down', counting.toReversed(), 0x113fdb5c],
  ['123456789', ascii('123456789'), 0xe3069283],
])('CRC-32C of %s', (_name, bytes, expected) => {
  expect(crc32c(bytes, 0, bytes.length)).toBe(expected)
})

describe('packets', () => {
  test('a header with one DATA chunk, byte for byte', () => {
    const bytes = new Uint8Array(64)
    writeSctpHeader(bytes, 0, 5000, 5001, 0x01020304)
    const flags = SctpDataFlag.begin | SctpDataFlag.end
    const end = writeSctpData(
      bytes,
      SCTP_HEADER_BYTES,
      flags,
      2 ** 32 + 7,
      3,
      65537,
      51,
      ascii('hello'),
      0,
      5,
    )
    expect(hex(bytes.subarray(0, end))).toBe(
      '13881389' + // ports
        '01020304' + // verification tag
        '00000000' + // checksum, not written yet
        '00030015' + // DATA, B and E, 21 bytes
        '00000007' + // TSN, modulo 2^32
        '00030001' + // stream 3, sequence number modulo 2^16
        '00000033' + // PPID 51
        '68656c6c6f000000', // the payload and its padding
    )
    expect(sctpChecksumIsZero(bytes, 0)).toBe(true)
    expect(sctpChecksumIsRight(bytes, 0, end)).toBe(false)
    writeSctpChecksum(bytes, 0, end)
    expect(sctpChecksumIsZero(bytes, 0)).toBe(false)
    expect(sctpChecksumIsRight(bytes, 0, end)).toBe(true)
    bytes[20] = 1
    expect(sctpChecksumIsRight(bytes, 0, end)).toBe(false)
  })

  test('a chunk that is shorter than its header or longer than the packet ends the reading', () => {
    const chunk = new SctpChunk()
    for (const length of [0, 3, 9, 65535]) {
      expect(nextSctpChunk(Uint8Array.of(0, 0, length >> 8, length, 1, 2, 3, 4), 0, 8, chunk)).toBe(-1)
    }
    expect(nextSctpChunk(Uint8Array.of(0, 0, 0), 0, 3, chunk)).toBe(-1)
  })
})

describe('chunks', () => {
  test('DATA', () => {
    const bytes = new Uint8Array(64)
    const flags = SctpDataFlag.unordered | SctpDataFlag.begin | SctpDataFlag.immediate
    const end = writeSctpData(bytes, 0, flags, 0xffffffff, 65534, 65535, 53, counting, 4, 9)
    const data = new SctpData()
    expect(parseSctpData(bytes, chunkOf(bytes, end), data)).toBe(true)
    expect(data).toMatchObject({
      tsn: 0xffffffff,
      streamId: 65534,
      streamSequence: 65535,
      ppid: 53,
      begin: true,
      end: false,
      unordered: true,
      immediate: true,
      payloadLength: 5,
    })
    expect(bytes[data.payloadOffset]).toBe(4)
  })

  test('INIT and INIT ACK with every parameter', () => {
    const init = {
      initiateTag: 0xdeadbeef,
      receiveWindowBytes: 5_242_880,
      outboundStreams: 65535,
      inboundStreams: 1024,
      initialTsn: 0xfffffffe,
      forwardTsn: true,
      reConfig: true,
      zeroChecksum: true,
      unrecognized: [],
    }
    const bytes = new Uint8Array(256)
    for (const given of [init, { ...init, cookie: counting }]) {
      const end = writeSctpInit(bytes, 0, given)
      const chunk = chunkOf(bytes, end)
      expect(chunk.type).toBe('cookie' in given ? 2 : 1)
      expect(parseSctpInit(bytes, chunk.valueOffset, chunk.valueLength)).toEqual(given)
    }
  })

  test('parameters that are not known: the type says whether to go on and whether to report', () => {
    const bytes = new Uint8Array(256)
    for (const [type, goesOn, reports] of [
      [0x3fff, false, false],
      [0x7fff, false, true],
      [0xbfff, true, false],
      [0xffff, true, true],
    ] as const) {
      bytes.fill(0)
      bytes.set([type >> 8, type & 0xff, 0, 6, 1, 2], 16)
      bytes.set([0xc0, 0, 0, 4], 24)
      const init = parseSctpInit(bytes, 0, 28)
      expect(init?.forwardTsn).toBe(goesOn)
      expect(init?.unrecognized.map(hex)).toEqual(reports ? [`${type.toString(16)}00060102`] : [])
    }
  })

  test('SACK, with as many blocks as fit', () => {
    const bytes = new Uint8Array(64)
    const cumulative = 2 ** 32 + 0xfffffff0
    const gaps = [cumulative + 2, cumulative + 2, cumulative + 20, cumulative + 0xffff]
    const sack = new SctpSack()
    const end = writeSctpSack(bytes, 0, 64, cumulative, 1234, gaps, [cumulative])
    expect(parseSctpSack(bytes, chunkOf(bytes, end), sack)).toBe(true)
    expect(sack).toMatchObject({
      cumulativeTsn: 0xfffffff0,
      receiveWindowBytes: 1234,
      gapCount: 2,
      duplicateCount: 1,
    })
    expect([0, 1].map((i) => [sctpGapStart(bytes, sack, i), sctpGapEnd(bytes, sack, i)])).toEqual([
      [2, 2],
      [20, 0xffff],
    ])
    const short = writeSctpSack(bytes, 0, 20, cumulative, 1234, gaps, [cumulative])
    expect(short).toBe(20)
    expect(parseSctpSack(bytes, chunkOf(bytes, short), sack)).toBe(true)
    expect(sack).toMatchObject({ gapCount: 1, duplicateCount: 0 })
    // A count that the chunk is too short for.
    bytes[13] = 9
    expect(parseSctpSack(bytes, chunkOf(bytes, short), sack)).toBe(false)
  })

  test('FORWARD TSN', () => {
    const bytes = new Uint8Array(64)
    const skipped = new Map([
      [1, 65536 + 5],
      [65534, 0],
    ])
    const end = writeSctpForwardTsn(bytes, 0, 64, 2 ** 32 + 9, skipped)
    const chunk = chunkOf(bytes, end)
    expect(sctpForwardTsn(bytes, chunk)).toBe(9)
    const seen: number[][] = []
    forEachSctpSkippedStream(bytes, chunk, (...skip) => seen.push(skip))
    expect(seen).toEqual([
      [1, 5],
      [65534, 0],
    ])
  })

  test.each<Exclude<SctpReConfig, { type: 'other' }>>([
    {
      type: 'outgoingReset',
      requestNumber: 1,
      responseNumber: 0xffffffff,
      lastTsn: 77,
      streamIds: [1, 2, 3],
    },
    { type: 'outgoingReset', requestNumber: 1, responseNumber: 2, lastTsn: 77, streamIds: [] },
    { type: 'incomingReset', requestNumber: 0xfffffffe, streamIds: [65534] },
    { type: 'response', responseNumber: 5, result: 1 },
  ])('RE-CONFIG $type', (parameter) => {
    const bytes = new Uint8Array(64)
    const end = writeSctpReConfig(bytes, 0, parameter)
    expect(parseSctpReConfig(bytes, chunkOf(bytes, end))).toEqual([parameter])
  })

  test('any bytes parse to something or nothing', () => {
    const chunk = new SctpChunk()
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        for (let at = 0; at >= 0 && at < bytes.length; ) {
          at = nextSctpChunk(bytes, at, bytes.length, chunk)
          if (at < 0) break
          parseSctpData(bytes, chunk, new SctpData())
          parseSctpSack(bytes, chunk, new SctpSack())
          parseSctpInit(bytes, chunk.valueOffset, chunk.valueLength)
          parseSctpReConfig(bytes, chunk)
          sctpForwardTsn(bytes, chunk)
        }
        parseSctpInit(bytes, 0, bytes.length)
        parseDataChannelOpen(bytes)
      }),
      { numRuns: 5000 },
    )
  })
})

describe('DATA_CHANNEL_OPEN', () => {
  test('byte for byte', () => {
    const open = { ordered: false, maxRetransmits: 3, priority: 256, label: 'ünits', protocol: 'p' }
    const message = dataChannelOpen(open)
    // Type 3, unordered with retransmissions (0x81), priority, reliability, lengths of label and protocol.
    expect(hex(message)).toBe(`038101000000000300060001${hex(ascii('ünits'))}70`)
    expect(parseDataChannelOpen(message)).toEqual(open)
    expect(parseDataChannelOpen(message.subarray(0, -1))).toBeUndefined()
    expect(parseDataChannelOpen(Uint8Array.of(2))).toBeUndefined()
  })
})
