import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import * as rtp from '../src/index.ts'
import { golden, guarded } from './golden.ts'

/** Reads everything that the package can read out of `[offset, offset + length)`. */
type Reader = (bytes: Uint8Array, offset: number, length: number) => void

const readRtp: Reader = (bytes, offset, length) => {
  const header = new rtp.RtpHeader()
  if (!rtp.parseRtpPacket(bytes, offset, length, header)) return
  expect(header.payloadOffset + header.payloadLength + header.paddingLength).toBe(offset + length)
  for (let i = 0; i < header.csrcCount; i += 1) rtp.readCsrc(bytes, offset, i)
  const locator = new rtp.HeaderExtensionLocator(16)
  for (let id = 1; id <= 16; id += 1) locator.register(id, id - 1)
  locator.locate(bytes, header)
  const cursor = new rtp.HeaderExtensionCursor()
  cursor.start(header)
  while (cursor.next(bytes)) {
    expect(cursor.offset + cursor.length).toBeLessThanOrEqual(header.payloadOffset)
    rtp.readTextExtension(bytes, cursor.offset, cursor.length)
    rtp.readAbsCaptureTime(bytes, cursor.offset, cursor.length)
    rtp.parseDependencyDescriptor(bytes, cursor.offset, cursor.length, new rtp.DependencyDescriptor())
  }
}

function readFeedback(bytes: Uint8Array, header: rtp.RtcpHeader): void {
  rtp.readFeedbackSender(bytes, header)
  rtp.readFeedbackMedia(bytes, header)
  rtp.forEachNackedSequenceNumber(bytes, header, () => {})
  for (let i = 0; i < rtp.firEntryCount(header); i += 1) {
    rtp.readFirSsrc(bytes, header, i)
    rtp.readFirCommandNumber(bytes, header, i)
  }
  if (rtp.isRemb(bytes, header)) {
    rtp.readRembBitrateBps(bytes, header)
    for (let i = 0; i < rtp.rembSsrcCount(bytes, header); i += 1) rtp.readRembSsrc(bytes, header, i)
  }
  rtp.readTransportFeedback(bytes, header, new rtp.TransportFeedback())
}

function readReports(bytes: Uint8Array, header: rtp.RtcpHeader): void {
  const block = new rtp.ReportBlock()
  rtp.readSenderReport(bytes, header, new rtp.SenderReport())
  rtp.readReceiverReportSender(bytes, header)
  for (let i = 0; i <= header.count; i += 1) {
    rtp.readSenderReportBlock(bytes, header, i, block)
    rtp.readReceiverReportBlock(bytes, header, i, block)
    rtp.readGoodbyeSsrc(bytes, header, i)
  }
  rtp.readSourceDescriptions(bytes, header)
  rtp.readExtendedReportSender(bytes, header)
  const cursor = new rtp.ExtendedReportCursor()
  cursor.start(header)
  while (cursor.next(bytes)) {
    rtp.readReceiverReferenceTime(bytes, cursor, new rtp.ReceiverReferenceTime())
    rtp.readDelaySinceLastReceiverReport(bytes, cursor, 0, new rtp.DelaySinceLastReceiverReport())
  }
}

/** Each reader is tried on each packet, whatever its type says: a caller's wrong guess must be harmless too. */
const readRtcp: Reader = (bytes, offset, length) => {
  const header = new rtp.RtcpHeader()
  const end = offset + length
  for (let at = offset; rtp.parseRtcpPacket(bytes, at, end, header); at += header.packetLength) {
    readFeedback(bytes, header)
    readReports(bytes, header)
  }
}

const readStun: Reader = (bytes, offset, length) => {
  const message = new rtp.StunMessage()
  if (!rtp.parseStunMessage(bytes, offset, length, message)) return
  rtp.stunUsername(bytes, message)
  rtp.stunXorMappedAddress(bytes, message)
  if (message.iceControlledOffset !== -1) rtp.readStunTieBreaker(bytes, message.iceControlledOffset)
  if (message.iceControllingOffset !== -1) rtp.readStunTieBreaker(bytes, message.iceControllingOffset)
  rtp.verifyStunFingerprint(bytes, message)
  rtp.verifyStunIntegrity(bytes, message, new Uint8Array(4), () => new Uint8Array(20))
}

const readPayloads: Reader = (bytes, offset, length) => {
  const vp8 = new rtp.Vp8Descriptor()
  if (rtp.parseVp8Descriptor(bytes, offset, length, vp8)) rtp.vp8KeyFrameSize(bytes, offset + length, vp8)
  const vp9 = new rtp.Vp9Descriptor()
  if (rtp.parseVp9Descriptor(bytes, offset, length, vp9)) {
    for (let layer = 0; layer < 9; layer += 1) rtp.vp9LayerSize(bytes, vp9, layer)
  }
  rtp.parseH264Payload(bytes, offset, length, new rtp.H264Payload())
  rtp.parseH265Payload(bytes, offset, length, new rtp.H265Payload())
  rtp.parseAv1AggregationHeader(bytes, offset, length, new rtp.Av1AggregationHeader())
  rtp.parseDependencyDescriptor(bytes, offset, length, new rtp.DependencyDescriptor())
  rtp.opusDurationUs(bytes, offset, length)
}

/** Well-formed beginnings, so that random bytes get past the first checks. */
const SEEDS: Record<string, { reader: Reader; seeds: string[] }> = {
  RTP: {
    reader: readRtp,
    seeds: [
      'b2e0ffff fffffffe deadbeef 00000001 80000002 bede0001 10aa0000 01020300 00000005',
      '90600001 00000002 00000003 10000003 0100020 1b1001304 c1c2c3c4 ff',
    ],
  },
  RTCP: {
    reader: readRtcp,
    seeds: [
      '81c8000c deadbeef b44db705 20000000 fffffff0 00000100 80000001 11223344 40fffffe 0001ffff 10 000000 b7052000 00054000',
      '81ca0003 00000002 01056162 63646500 82cb0002 00000007 ffffffff',
      '81cd0003 00000001 00000002 fffe8005 84ce0004 00000001 00000000 fffffffe ff000000',
      '8fce0006 00000001 00000000 52454d42 0207d090 00000007 ffffffff',
      '8fcd0007 00000001 00000002 ffff000e fffffeff 9f1c0102 03040506 07080000',
      '80cf0005 00000009 05000003 00000001 b7052000 00054000',
    ],
  },
  STUN: {
    reader: readStun,
    seeds: [
      `00010058 2112a442 b7e7a701 bc34d686 fa87dfae 80220010 5354554e 20746573 7420636c 69656e74 00240004 6e0001ff
       80290008 932ff9b1 51263b36 00060009 6576746a 3a683676 59202020 00080014 9aeaa70c bfd8cb56 781ef2b5 b2d3f249
       c1b571a2 80280004 e57a3bcf`,
      `0101003c 2112a442 b7e7a701 bc34d686 fa87dfae 8022000b 74657374 20766563 746f7220 00200008 0001a147 e112a643
       00080014 2b91f599 fd9e90c3 8c7489f9 2af9ba53 f06be7d7 80280004 c07d4c96`,
    ],
  },
  payloads: {
    reader: readPayloads,
    seeds: [
      '90f0ffff 807f1002 009d012a 80026841',
      'aaffff00 07380140 00b40280 01680200 34018249',
      '78000267 42000168',
      '60010002 42010002 4401',
      'fb03',
    ],
  },
}

/** A seed with some bytes overwritten, cut or extended; or plain noise. */
function inputs(seeds: readonly string[]): fc.Arbitrary<Uint8Array> {
  const edits = fc.array(fc.tuple(fc.nat(200), fc.nat(255)), { maxLength: 6 })
  const mutated = fc
    .tuple(fc.constantFrom(...seeds), edits, fc.option(fc.nat(200)), fc.uint8Array({ maxLength: 8 }))
    .map(([seed, changes, cut, tail]) => {
      const bytes = Uint8Array.from([...golden(seed), ...tail])
      for (const [at, value] of changes) if (at < bytes.length) bytes[at] = value
      return cut === null ? bytes : bytes.slice(0, cut)
    })
  return fc.oneof(mutated, fc.uint8Array({ maxLength: 120 }))
}

describe.each(Object.entries(SEEDS))('%s: malformed input', (_name, { reader, seeds }) => {
  test('never throws, and is never read outside of its range', () => {
    fc.assert(
      fc.property(inputs(seeds), fc.nat(9), (packet, offset) => {
        const bytes = new Uint8Array(offset + packet.length + 20).fill(0xff)
        bytes.set(packet, offset)
        reader(guarded(bytes, offset, packet.length), offset, packet.length)
      }),
      { numRuns: 3000 },
    )
  })

  test('the seeds themselves are read within their range', () => {
    for (const seed of seeds) {
      const bytes = golden(seed)
      reader(guarded(bytes, 0, bytes.length), 0, bytes.length)
    }
  })
})

test('the guard of these tests throws on a read outside', () => {
  const bytes = guarded(new Uint8Array(10), 2, 4)
  expect(() => bytes[1]).toThrow(RangeError)
  expect(() => bytes[6]).toThrow(RangeError)
  expect(() => bytes.subarray(2, 7)).toThrow(RangeError)
  expect(bytes[2]).toBe(0)
})
