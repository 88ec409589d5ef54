import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  parseRtpPacket,
  RtpHeader,
  type RtpPacketFields,
  readCsrc,
  rtpPacketBytes,
  setRtpMarker,
  setRtpPayloadType,
  setRtpSequenceNumber,
  setRtpSsrc,
  setRtpTimestamp,
  writeRtpPacket,
} from '../src/index.ts'
import { golden, placed, toHex } from './golden.ts'

// Laid out by hand after RFC 3550 sections 5.1 and 5.3.1.
const FULL = golden(`
  b2                # V=2 P=1 X=1 CC=2
  e0                # M=1 PT=96
  ff ff             # sequence number 65535
  ff ff ff fe       # timestamp
  de ad be ef       # SSRC
  00 00 00 01       # CSRC
  80 00 00 02       # CSRC
  be de 00 01       # one-byte extensions, one word
  10 aa 00 00       # id 1, one byte; padding
  01 02 03          # payload
  00 00 00 00 05    # padding of 5
`)

const FULL_FIELDS: RtpPacketFields = {
  marker: true,
  payloadType: 96,
  sequenceNumber: 65535,
  timestamp: 0xfffffffe,
  ssrc: 0xdeadbeef,
  csrcs: [1, 0x80000002],
  headerExtensions: [{ id: 1, data: golden('aa') }],
  payload: golden('01 02 03'),
  paddingLength: 5,
}

function parse(bytes: Uint8Array, offset = 0, length = bytes.length): RtpHeader | undefined {
  const header = new RtpHeader()
  return parseRtpPacket(bytes, offset, length, header) ? header : undefined
}

describe('parseRtpPacket()', () => {
  test('reads every field of a packet with CSRCs, extensions and padding, at any offset', () => {
    const header = parse(placed(FULL, 7), 7, FULL.length)
    expect(header).toMatchObject({
      marker: true,
      payloadType: 96,
      sequenceNumber: 65535,
      timestamp: 0xfffffffe,
      ssrc: 0xdeadbeef,
      csrcCount: 2,
      extensionProfile: 0xbede,
      extensionOffset: 7 + 24,
      extensionLength: 4,
      payloadOffset: 7 + 28,
      payloadLength: 3,
      paddingLength: 5,
    })
    expect(readCsrc(placed(FULL, 7), 7, 1)).toBe(0x80000002)
  })

  test('overwrites what an earlier packet left in a reused header', () => {
    const header = new RtpHeader()
    parseRtpPacket(FULL, 0, FULL.length, header)
    const plain = golden('80 00 00 01 00 00 00 02 00 00 00 03')
    expect(parseRtpPacket(plain, 0, plain.length, header)).toBe(true)
    expect(header).toEqual(
      Object.assign(new RtpHeader(), { sequenceNumber: 1, timestamp: 2, ssrc: 3, payloadOffset: 12 }),
    )
  })

  test('takes a packet that consists of padding only', () => {
    const header = parse(golden('a0 60 00 01 00000002 00000003 00 02'))
    expect(header).toMatchObject({ payloadLength: 0, paddingLength: 2 })
  })

  test.each([
    ['shorter than the fixed header', '80 60 00 01 00000002 000000'],
    ['of version 1', '40 60 00 01 00000002 00000003'],
    ['whose CSRCs are cut off', '81 60 00 01 00000002 00000003 000000'],
    ['whose extension head is cut off', '90 60 00 01 00000002 00000003 bede00'],
    ['whose extension block is longer than the packet', '90 60 00 01 00000002 00000003 bede0002 00000000'],
    ['with a padding count of 0', 'a0 60 00 01 00000002 00000003 01 00'],
    ['with more padding than there is after the header', 'a0 60 00 01 00000002 00000003 01 03'],
    ['with the padding bit and nothing after the header', 'a0 60 00 01 00000002 00000003'],
  ])('refuses a packet %s', (_what, hex) => {
    expect(parse(golden(hex))).toBeUndefined()
  })

  test('refuses a length that reaches beyond the array', () => {
    expect(parse(FULL, 0, FULL.length + 1)).toBeUndefined()
    expect(parse(FULL, -1, 20)).toBeUndefined()
  })
})

describe('writeRtpPacket()', () => {
  test('writes the golden packet byte for byte', () => {
    const bytes = new Uint8Array(100)
    expect(writeRtpPacket(bytes, 3, FULL_FIELDS)).toBe(FULL.length)
    expect(toHex(bytes.subarray(3, 3 + FULL.length))).toBe(toHex(FULL))
    expect(rtpPacketBytes(FULL_FIELDS)).toBe(FULL.length)
  })

  test('writes nothing where there is no room', () => {
    const bytes = new Uint8Array(FULL.length)
    expect(writeRtpPacket(bytes, 1, FULL_FIELDS)).toBe(0)
    expect(bytes).toEqual(new Uint8Array(FULL.length))
  })

  test('what it writes parses to the same fields', () => {
    const uint32 = fc.integer({ min: 0, max: 0xffffffff })
    const boundary = fc.oneof(fc.constantFrom(0, 127, 32767, 65535), fc.integer({ min: 0, max: 65535 }))
    const fields = fc.record({
      marker: fc.boolean(),
      payloadType: fc.integer({ min: 0, max: 127 }),
      sequenceNumber: boundary,
      timestamp: uint32,
      ssrc: uint32,
      csrcs: fc.array(uint32, { maxLength: 15 }),
      headerExtensions: fc.array(
        fc.record({
          id: fc.integer({ min: 1, max: 255 }).filter((id) => id !== 15),
          data: fc.uint8Array({ maxLength: 40 }),
        }),
        { maxLength: 6 },
      ),
      payload: fc.uint8Array({ maxLength: 60 }),
      paddingLength: fc.integer({ min: 0, max: 255 }),
    })
    fc.assert(
      fc.property(fields, fc.nat(20), (packet, offset) => {
        const bytes = new Uint8Array(2000).fill(0xff)
        const length = writeRtpPacket(bytes, offset, packet)
        const header = parse(bytes, offset, length)
        expect(header).toMatchObject({
          marker: packet.marker,
          payloadType: packet.payloadType,
          sequenceNumber: packet.sequenceNumber,
          timestamp: packet.timestamp,
          ssrc: packet.ssrc,
          csrcCount: packet.csrcs.length,
          paddingLength: packet.paddingLength,
          payloadLength: packet.payload.length,
        })
        const start = header?.payloadOffset ?? 0
        expect(bytes.slice(start, start + packet.payload.length)).toEqual(packet.payload)
        expect(packet.csrcs.map((_, i) => readCsrc(bytes, offset, i))).toEqual(packet.csrcs)
      }),
    )
  })
})

test('the setters change their own field only', () => {
  const bytes = placed(FULL, 4)
  setRtpMarker(bytes, 4, false)
  setRtpPayloadType(bytes, 4, 127)
  setRtpSequenceNumber(bytes, 4, 0x1_0007)
  setRtpTimestamp(bytes, 4, 0x1_0000_0009)
  setRtpSsrc(bytes, 4, 0x80000001)
  const expected = new Uint8Array(100)
  const length = writeRtpPacket(expected, 0, {
    ...FULL_FIELDS,
    marker: false,
    payloadType: 127,
    sequenceNumber: 7,
    timestamp: 9,
    ssrc: 0x80000001,
  })
  expect(toHex(bytes)).toBe(toHex(placed(expected.subarray(0, length), 4)))
  setRtpMarker(bytes, 4, true)
  expect(bytes[5]).toBe(0xff)
})
