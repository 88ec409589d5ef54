import { describe, expect, test } from 'vitest'
import {
  DelaySinceLastReceiverReport,
  ExtendedReportBlock,
  ExtendedReportCursor,
  parseRtcpPacket,
  ReceiverReferenceTime,
  ReportBlock,
  RtcpHeader,
  RtcpType,
  readDelaySinceLastReceiverReport,
  readExtendedReportSender,
  readGoodbyeSsrc,
  readReceiverReferenceTime,
  readReceiverReportBlock,
  readReceiverReportSender,
  readSenderReport,
  readSenderReportBlock,
  readSourceDescriptions,
  SenderReport,
  writeDelaySinceLastReceiverReport,
  writeGoodbye,
  writeReceiverReferenceTime,
  writeReceiverReport,
  writeSenderReport,
  writeSourceDescription,
} from '../src/index.ts'
import { golden, placed, toHex } from './golden.ts'

// All packets are laid out by hand after the figures of RFC 3550 section 6 and RFC 3611 section 4.
const BLOCK_HEX = `
  11 22 33 44       # SSRC reported on
  40 ff ff fe       # fraction lost 64/256, cumulative lost -2
  00 01 ff ff       # highest sequence number: cycle 1, 65535
  00 00 00 10       # jitter
  b7 05 20 00       # LSR
  00 05 40 00       # DLSR
`
const BLOCK: ReportBlock = {
  ssrc: 0x11223344,
  fractionLost: 64,
  cumulativeLost: -2,
  highestSequenceNumber: 0x1ffff,
  jitter: 16,
  lastSenderReport: 0xb7052000,
  delaySinceLastSenderReport: 0x54000,
}
const SENDER_REPORT = golden(`
  81 c8 00 0c       # V=2 RC=1 PT=200 length 12 (13 words)
  de ad be ef       # SSRC of sender
  b4 4d b7 05       # NTP seconds
  20 00 00 00       # NTP fraction
  ff ff ff f0       # RTP timestamp
  00 00 01 00       # packets
  80 00 00 01       # octets
  ${BLOCK_HEX}
`)
const REPORT: SenderReport = {
  ssrc: 0xdeadbeef,
  ntpSeconds: 0xb44db705,
  ntpFraction: 0x20000000,
  rtpTimestamp: 0xfffffff0,
  packetCount: 256,
  octetCount: 0x80000001,
}
const RECEIVER_REPORT = golden(`81 c9 00 07  00 00 00 01  ${BLOCK_HEX}`)
const DESCRIPTION = golden(`
  81 ca 00 03       # SC=1 PT=202, 4 words
  00 00 00 02       # SSRC
  01 05 61 62       # CNAME, 5 bytes: "ab…
  63 64 65 00       # …cde", end
`)
const GOODBYE = golden('82 cb 00 02  00 00 00 07  ff ff ff ff')
const RRTR = golden('80 cf 00 04  00 00 00 09  04 00 00 02  b4 4d b7 05  20 00 00 00')
const DLRR = golden('80 cf 00 05  00 00 00 09  05 00 00 03  00 00 00 01  b7 05 20 00  00 05 40 00')

function parse(bytes: Uint8Array, offset = 0): RtcpHeader {
  const header = new RtcpHeader()
  expect(parseRtcpPacket(bytes, offset, bytes.length, header)).toBe(true)
  return header
}

/** Writes at offset 5 of an array that has exactly the room, then one that lacks a byte. */
function written(length: number, write: (bytes: Uint8Array, offset: number) => number): string {
  const bytes = new Uint8Array(5 + length).fill(0xa5)
  expect(write(bytes, 5)).toBe(length)
  expect(write(new Uint8Array(4 + length), 5)).toBe(0)
  return toHex(bytes.subarray(5))
}

describe('parseRtcpPacket()', () => {
  test('walks a compound packet and ends with it', () => {
    const compound = new Uint8Array([...SENDER_REPORT, ...DESCRIPTION, ...GOODBYE])
    const bytes = placed(compound, 3)
    const header = new RtcpHeader()
    const types: number[] = []
    for (let at = 3; parseRtcpPacket(bytes, at, 3 + compound.length, header); at += header.packetLength) {
      types.push(header.packetType)
    }
    expect(types).toEqual([RtcpType.senderReport, RtcpType.sourceDescription, RtcpType.goodbye])
  })

  test('removes padding from the body', () => {
    const header = parse(golden('a1 cb 00 02  00 00 00 07  00 00 00 04'))
    expect([header.bodyLength, header.packetLength]).toEqual([4, 12])
  })

  test.each([
    ['shorter than its header', '80 c9 00'],
    ['of version 1', '40 c9 00 01 00000001'],
    ['longer than the data', '80 c9 00 02 00000001'],
    ['with a padding count of 0', 'a0 c9 00 01 00000000'],
    ['with more padding than body', 'a0 c9 00 01 00000005'],
    ['with the padding bit and no body', 'a0 c9 00 00'],
  ])('refuses a packet %s', (_what, hex) => {
    const bytes = golden(hex)
    expect(parseRtcpPacket(bytes, 0, bytes.length, new RtcpHeader())).toBe(false)
  })

  test('refuses an end beyond the array', () => {
    expect(parseRtcpPacket(GOODBYE, 0, GOODBYE.length + 1, new RtcpHeader())).toBe(false)
  })
})

describe('sender report', () => {
  test('reads and writes the golden packet', () => {
    const report = new SenderReport()
    const block = new ReportBlock()
    const header = parse(SENDER_REPORT)
    expect(readSenderReport(SENDER_REPORT, header, report)).toBe(true)
    expect(report).toEqual(REPORT)
    expect(readSenderReportBlock(SENDER_REPORT, header, 0, block)).toBe(true)
    expect(block).toEqual(BLOCK)
    expect(readSenderReportBlock(SENDER_REPORT, header, 1, block)).toBe(false)
    expect(written(52, (bytes, at) => writeSenderReport(bytes, at, REPORT, [BLOCK]))).toBe(
      toHex(SENDER_REPORT),
    )
  })

  test('with fewer blocks than it counts is refused', () => {
    const bytes = SENDER_REPORT.slice()
    bytes[0] = 0x82
    expect(readSenderReport(bytes, parse(bytes), new SenderReport())).toBe(false)
  })
})

describe('receiver report', () => {
  test('reads and writes the golden packet', () => {
    const block = new ReportBlock()
    const header = parse(RECEIVER_REPORT)
    expect(readReceiverReportSender(RECEIVER_REPORT, header)).toBe(1)
    expect(readReceiverReportBlock(RECEIVER_REPORT, header, 0, block)).toBe(true)
    expect(block).toEqual(BLOCK)
    expect(readReceiverReportBlock(RECEIVER_REPORT, header, 1, block)).toBe(false)
    expect(written(32, (bytes, at) => writeReceiverReport(bytes, at, 1, [BLOCK]))).toBe(
      toHex(RECEIVER_REPORT),
    )
  })

  test('without blocks has 8 bytes', () => {
    expect(written(8, (bytes, at) => writeReceiverReport(bytes, at, 1))).toBe('80 c9 00 01 00 00 00 01')
  })

  test('with fewer blocks than it counts has no sender', () => {
    const bytes = golden('81 c9 00 01 00000001')
    expect(readReceiverReportSender(bytes, parse(bytes))).toBe(-1)
    expect(readReceiverReportBlock(bytes, parse(bytes), 0, new ReportBlock())).toBe(false)
  })

  test('writes at most 31 blocks and clamps cumulative loss to 24 signed bits', () => {
    const bytes = new Uint8Array(2000)
    const many = new Array<ReportBlock>(40).fill({ ...BLOCK, cumulativeLost: 2 ** 30 })
    expect(writeReceiverReport(bytes, 0, 1, many)).toBe(8 + 31 * 24)
    const block = new ReportBlock()
    const header = new RtcpHeader()
    parseRtcpPacket(bytes, 0, bytes.length, header)
    expect(readReceiverReportBlock(bytes, header, 30, block)).toBe(true)
    expect(block.cumulativeLost).toBe(0x7fffff)
  })
})

describe('source description', () => {
  test('reads and writes the golden packet', () => {
    expect(readSourceDescriptions(DESCRIPTION, parse(DESCRIPTION))).toEqual([{ ssrc: 2, cname: 'abcde' }])
    expect(written(16, (bytes, at) => writeSourceDescription(bytes, at, { ssrc: 2, cname: 'abcde' }))).toBe(
      toHex(DESCRIPTION),
    )
  })

  test.each([0, 1, 2, 3, 4, 254, 255])('a CNAME of %i bytes round-trips', (length) => {
    const bytes = new Uint8Array(300)
    const description = { ssrc: 0xffffffff, cname: 'x'.repeat(length) }
    const size = writeSourceDescription(bytes, 0, description)
    expect(size % 4).toBe(0)
    const header = new RtcpHeader()
    expect(parseRtcpPacket(bytes, 0, size, header)).toBe(true)
    expect(readSourceDescriptions(bytes, header)).toEqual([description])
  })

  test('reads the second chunk, and skips other items', () => {
    const bytes = golden(`
      82 ca 00 06
      00 00 00 01  02 01 41 01 01 62 00 00   # NAME "A", CNAME "b"
      00 00 00 02  01 02 63 64 00 00 00 00   # CNAME "cd"
    `)
    expect(readSourceDescriptions(bytes, parse(bytes))).toEqual([
      { ssrc: 1, cname: 'b' },
      { ssrc: 2, cname: 'cd' },
    ])
  })

  test('an item longer than the packet ends the reading', () => {
    const bytes = golden('81 ca 00 02  00 00 00 01  01 09 61 62')
    expect(readSourceDescriptions(bytes, parse(bytes))).toEqual([])
  })

  test('refuses a CNAME of 256 bytes', () => {
    const description = { ssrc: 1, cname: 'x'.repeat(256) }
    expect(() => writeSourceDescription(new Uint8Array(400), 0, description)).toThrow(RangeError)
  })
})

test('goodbye reads and writes the golden packet', () => {
  const header = parse(GOODBYE)
  expect([0, 1, 2].map((i) => readGoodbyeSsrc(GOODBYE, header, i))).toEqual([7, 0xffffffff, -1])
  expect(written(12, (bytes, at) => writeGoodbye(bytes, at, [7, 0xffffffff]))).toBe(toHex(GOODBYE))
})

describe('extended report', () => {
  test('reads and writes a receiver reference time', () => {
    const cursor = new ExtendedReportCursor()
    const time = new ReceiverReferenceTime()
    const header = parse(RRTR)
    expect(readExtendedReportSender(RRTR, header)).toBe(9)
    cursor.start(header)
    expect(cursor.next(RRTR)).toBe(true)
    expect(cursor.blockType).toBe(ExtendedReportBlock.receiverReferenceTime)
    expect(readReceiverReferenceTime(RRTR, cursor, time)).toBe(true)
    expect(time).toEqual({ ntpSeconds: 0xb44db705, ntpFraction: 0x20000000 })
    expect(readDelaySinceLastReceiverReport(RRTR, cursor, 0, new DelaySinceLastReceiverReport())).toBe(false)
    expect(cursor.next(RRTR)).toBe(false)
    expect(written(20, (bytes, at) => writeReceiverReferenceTime(bytes, at, 9, time))).toBe(toHex(RRTR))
  })

  test('reads and writes the delay since the last receiver report', () => {
    const cursor = new ExtendedReportCursor()
    const subBlock = new DelaySinceLastReceiverReport()
    cursor.start(parse(DLRR))
    expect(cursor.next(DLRR)).toBe(true)
    expect(readDelaySinceLastReceiverReport(DLRR, cursor, 0, subBlock)).toBe(true)
    expect(subBlock).toEqual({
      ssrc: 1,
      lastReceiverReport: 0xb7052000,
      delaySinceLastReceiverReport: 0x54000,
    })
    expect(readDelaySinceLastReceiverReport(DLRR, cursor, 1, subBlock)).toBe(false)
    expect(written(24, (bytes, at) => writeDelaySinceLastReceiverReport(bytes, at, 9, [subBlock]))).toBe(
      toHex(DLRR),
    )
  })

  test('a block longer than the packet ends the walk', () => {
    const bytes = golden('80 cf 00 02  00 00 00 09  04 00 00 02')
    const cursor = new ExtendedReportCursor()
    cursor.start(parse(bytes))
    expect(cursor.next(bytes)).toBe(false)
  })
})
