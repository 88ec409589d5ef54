import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  firEntryCount,
  forEachNackedSequenceNumber,
  isRemb,
  nackPairCount,
  parseRtcpPacket,
  RtcpHeader,
  readFeedbackMedia,
  readFeedbackSender,
  readFirCommandNumber,
  readFirSsrc,
  readNackBlp,
  readNackPid,
  readRembBitrateBps,
  readRembSsrc,
  rembSsrcCount,
  writeFir,
  writeNack,
  writePli,
  writeRemb,
} from '../src/index.ts'
import { golden, toHex } from './golden.ts'

function parse(bytes: Uint8Array): RtcpHeader {
  const header = new RtcpHeader()
  expect(parseRtcpPacket(bytes, 0, bytes.length, header)).toBe(true)
  return header
}

function nacked(bytes: Uint8Array): number[] {
  const numbers: number[] = []
  forEachNackedSequenceNumber(bytes, parse(bytes), (sequenceNumber) => numbers.push(sequenceNumber))
  return numbers
}

function written(write: (bytes: Uint8Array, offset: number) => number): Uint8Array {
  const bytes = new Uint8Array(1500).fill(0xa5)
  const length = write(bytes, 9)
  expect(write(new Uint8Array(8 + length), 9)).toBe(0)
  expect(bytes[9 + length]).toBe(0xa5)
  return bytes.slice(9, 9 + length)
}

// RFC 4585 section 6.2.1: PID 65534 and, by bits 0, 2 and 15 of BLP, 65535, 1 and 14.
const NACK = golden('81 cd 00 03  00 00 00 01  00 00 00 02  ff fe 80 05')

describe('generic NACK', () => {
  test('reads and writes the golden packet across the wrap', () => {
    expect(nacked(NACK)).toEqual([65534, 65535, 1, 14])
    const header = parse(NACK)
    expect([readFeedbackSender(NACK, header), readFeedbackMedia(NACK, header)]).toEqual([1, 2])
    expect([nackPairCount(header), readNackPid(NACK, header, 0), readNackBlp(NACK, header, 0)]).toEqual([
      1, 65534, 0x8005,
    ])
    expect(toHex(written((bytes, at) => writeNack(bytes, at, 1, 2, [65534, 65535, 1, 14])))).toBe(toHex(NACK))
  })

  test('a distance of 16 fits one pair, 17 needs a second', () => {
    expect(nackPairCount(parse(written((bytes, at) => writeNack(bytes, at, 1, 2, [5, 21]))))).toBe(1)
    expect(nackPairCount(parse(written((bytes, at) => writeNack(bytes, at, 1, 2, [5, 22]))))).toBe(2)
  })

  test('writes the first numbers of a longer array, and nothing for none', () => {
    const bytes = new Uint8Array(100)
    const length = writeNack(bytes, 0, 1, 2, Uint16Array.of(3, 4, 5), 2)
    expect(nacked(bytes.slice(0, length))).toEqual([3, 4])
    expect(writeNack(bytes, 0, 1, 2, [])).toBe(0)
  })

  test.each([0, 127, 32767, 65535])('any ascending loss from %i round-trips', (start) => {
    const gaps = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 100 })
    fc.assert(
      fc.property(gaps, (steps) => {
        let at = start
        const extended = steps.map((step) => {
          at += step
          return at
        })
        const packet = written((bytes, offset) => writeNack(bytes, offset, 1, 2, extended))
        expect(nacked(packet)).toEqual(extended.map((n) => n & 0xffff))
      }),
    )
  })

  test('a NACK without FCI names no packet', () => {
    expect(nacked(golden('81 cd 00 01  00 00 00 01'))).toEqual([])
    const header = parse(golden('81 cd 00 01  00 00 00 01'))
    expect([readFeedbackSender(NACK, header), readFeedbackMedia(NACK, header)]).toEqual([-1, -1])
  })
})

// RFC 4585 section 6.3.1.
test('picture loss indication writes the golden packet', () => {
  const pli = written((bytes, at) => writePli(bytes, at, 1, 0xfffffffe))
  expect(toHex(pli)).toBe('81 ce 00 02 00 00 00 01 ff ff ff fe')
  expect(readFeedbackMedia(pli, parse(pli))).toBe(0xfffffffe)
})

// RFC 5104 section 4.3.1.1.
test('full intra request reads and writes the golden packet', () => {
  const fir = written((bytes, at) => writeFir(bytes, at, 1, 0xfffffffe, 0x1ff))
  expect(toHex(fir)).toBe('84 ce 00 04 00 00 00 01 00 00 00 00 ff ff ff fe ff 00 00 00')
  const header = parse(fir)
  expect(firEntryCount(header)).toBe(1)
  expect([readFirSsrc(fir, header, 0), readFirCommandNumber(fir, header, 0)]).toEqual([0xfffffffe, 255])
})

// draft-alvestrand-rmcat-remb-03 section 2.2.
const REMB = golden(`
  8f ce 00 06       # FMT=15 PT=206
  00 00 00 01       # sender
  00 00 00 00       # media source, always 0
  52 45 4d 42       # "REMB"
  02 07 d0 90       # 2 SSRCs, exponent 1, mantissa 0x3d090 = 250000
  00 00 00 07
  ff ff ff ff
`)

describe('REMB', () => {
  test('reads and writes the golden packet', () => {
    const header = parse(REMB)
    expect(isRemb(REMB, header)).toBe(true)
    expect(readRembBitrateBps(REMB, header)).toBe(500_000)
    expect(rembSsrcCount(REMB, header)).toBe(2)
    expect([readRembSsrc(REMB, header, 0), readRembSsrc(REMB, header, 1)]).toEqual([7, 0xffffffff])
    expect(toHex(written((bytes, at) => writeRemb(bytes, at, 1, 500_000, [7, 0xffffffff])))).toBe(toHex(REMB))
  })

  test('that counts more SSRCs than it has is none', () => {
    const bytes = REMB.slice()
    bytes[16] = 3
    expect(isRemb(bytes, parse(bytes))).toBe(false)
  })

  test('needs its identifier and its format', () => {
    const other = REMB.slice()
    other[12] = 0x53
    expect(isRemb(other, parse(other))).toBe(false)
    const pli = written((bytes, at) => writePli(bytes, at, 1, 2))
    expect(isRemb(pli, parse(pli))).toBe(false)
  })

  test('keeps a bitrate exactly up to 2^18 - 1, and within 2^-17 above', () => {
    fc.assert(
      fc.property(fc.oneof(fc.nat(0x3ffff), fc.integer({ min: 0, max: 2 ** 50 })), (bitrateBps) => {
        const packet = written((bytes, at) => writeRemb(bytes, at, 1, bitrateBps, []))
        const read = readRembBitrateBps(packet, parse(packet))
        expect(read).toBeLessThanOrEqual(bitrateBps)
        expect(read).toBeGreaterThanOrEqual(bitrateBps <= 0x3ffff ? bitrateBps : bitrateBps * (1 - 2 ** -17))
      }),
    )
  })
})
