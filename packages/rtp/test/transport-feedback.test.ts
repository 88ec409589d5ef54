import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  MAX_BUILDER_STATUSES,
  NOT_RECEIVED,
  parseRtcpPacket,
  RtcpHeader,
  readTransportFeedback,
  TransportFeedback,
  TransportFeedbackBuilder,
  writeTransportFeedback,
} from '../src/index.ts'
import { golden, toHex } from './golden.ts'

const LOST = NOT_RECEIVED

function read(bytes: Uint8Array): TransportFeedback | undefined {
  const header = new RtcpHeader()
  expect(parseRtcpPacket(bytes, 0, bytes.length, header)).toBe(true)
  const feedback = new TransportFeedback()
  return readTransportFeedback(bytes, header, feedback) ? feedback : undefined
}

function arrivals(feedback: TransportFeedback | undefined): number[] {
  return feedback === undefined ? [] : [...feedback.arrivalTicks.subarray(0, feedback.statusCount)]
}

function feedbackOf(ticks: readonly number[]): TransportFeedback {
  const feedback = new TransportFeedback()
  feedback.reserve(ticks.length)
  feedback.arrivalTicks.set(ticks)
  feedback.statusCount = ticks.length
  return Object.assign(feedback, {
    senderSsrc: 1,
    mediaSsrc: 2,
    baseSequenceNumber: 65535,
    referenceTime: -2,
    feedbackCount: 255,
  })
}

function write(feedback: TransportFeedback): Uint8Array {
  const bytes = new Uint8Array(200_000).fill(0xa5)
  const length = writeTransportFeedback(bytes, 3, feedback)
  expect(bytes[3 + length]).toBe(0xa5)
  return bytes.slice(3, 3 + length)
}

/** A packet with the given chunks and deltas; `words` is its length field. */
function packet(words: string, count: string, rest: string): Uint8Array {
  return golden(`8f cd ${words}  00000001 00000002  ffff ${count}  fffffe ff  ${rest}`)
}

describe('readTransportFeedback()', () => {
  test('reads the fixed fields, the reference time signed', () => {
    expect(read(packet('00 05', '00 01', '20 01 04 00'))).toMatchObject({
      senderSsrc: 1,
      mediaSsrc: 2,
      baseSequenceNumber: 65535,
      referenceTime: -2,
      feedbackCount: 255,
      statusCount: 1,
    })
  })

  // draft-holmer-rmcat-transport-wide-cc-extensions-01 section 3.1.3, first example: 221 not received.
  test('reads a run of 221 lost packets', () => {
    expect(arrivals(read(packet('00 05', '00 dd', '00 dd 00 00')))).toEqual(new Array(221).fill(LOST))
  })

  // Section 3.1.4, first example: 1 lost, 5 received, 3 lost, 3 received, 2 lost.
  test('reads a one-bit vector', () => {
    const feedback = read(packet('00 07', '00 0e', '9f 1c  01 02 03 04 05 06 07 08 00 00'))
    expect(arrivals(feedback)).toEqual([LOST, 1, 3, 6, 10, 15, LOST, LOST, LOST, 21, 28, 36, LOST, LOST])
  })

  // Section 3.1.4, second example: 1 lost, 1 reserved, 3 received, 2 lost.
  test('reads a two-bit vector, a reserved symbol as lost and without delta', () => {
    expect(arrivals(read(packet('00 06', '00 07', 'cd 50  01 02 03 00 00 00')))).toEqual([
      LOST,
      LOST,
      1,
      3,
      6,
      LOST,
      LOST,
    ])
  })

  test('reads large and negative deltas', () => {
    // Two-bit vector: large, small, large.
    expect(arrivals(read(packet('00 06', '00 03', 'e6 00  7f ff ff 80 00 00')))).toEqual([
      32767,
      32767 + 255,
      32767 + 255 - 32768,
    ])
  })

  test('ignores symbols beyond the status count', () => {
    expect(arrivals(read(packet('00 05', '00 01', '3f ff 07 00')))).toEqual([7])
    expect(arrivals(read(packet('00 05', '00 01', 'bf ff 07 00')))).toEqual([7])
  })

  test.each([
    ['chunks end too early', packet('00 04', '00 01', '')],
    ['a chunk of length 0 is followed by nothing', packet('00 05', '00 01', '20 00 20 00')],
    ['half a chunk is there', packet('00 05', '00 01', '1f').slice(0, 21)],
    ['a small delta is missing', packet('00 05', '00 03', '20 03 01 02')],
    ['half a large delta is missing', packet('00 05', '00 01', '40 01 01').slice(0, 20)],
  ])('refuses a message where %s', (_what, bytes) => {
    const message = new Uint8Array(Math.ceil(bytes.length / 4) * 4)
    message.set(bytes)
    message[3] = message.length / 4 - 1
    // Padding hides the last bytes of the body.
    if (bytes.length !== message.length) {
      message[0] = 0xaf
      message[message.length - 1] = message.length - bytes.length
    }
    expect(read(message)).toBeUndefined()
  })

  test('a message without statuses is empty', () => {
    expect(arrivals(read(packet('00 04', '00 00', '')))).toEqual([])
  })
})

describe('writeTransportFeedback()', () => {
  test('writes a run of small deltas', () => {
    expect(toHex(write(feedbackOf([4, 4, 6])))).toBe(
      toHex(packet('00 06', '00 03', '20 03 04 00 02 00 00 00')),
    )
  })

  test('writes a one-bit vector where losses alternate', () => {
    const ticks = [0, LOST, 1, LOST, 2, LOST, 3, LOST, 4, LOST, 5, LOST, 6, LOST]
    expect(toHex(write(feedbackOf(ticks)))).toBe(
      toHex(packet('00 07', '00 0e', 'aa aa 00 01 01 01 01 01 01 00 00 00')),
    )
  })

  test('writes a two-bit vector where a delta is negative', () => {
    expect(toHex(write(feedbackOf([3, 2, 2, LOST, 4])))).toBe(
      // small, large (-1), small, lost, small; padded with lost
      toHex(packet('00 06', '00 05', 'd9 10 03 ff ff 00 02 00')),
    )
  })

  test('refuses a delta beyond 16 bits, no statuses, and too little room', () => {
    const bytes = new Uint8Array(100)
    expect(writeTransportFeedback(bytes, 0, feedbackOf([0, 32768]))).toBe(0)
    expect(writeTransportFeedback(bytes, 0, feedbackOf([]))).toBe(0)
    expect(writeTransportFeedback(bytes, 100 - 23, feedbackOf([1, 2]))).toBe(0)
    expect(writeTransportFeedback(bytes, 100 - 24, feedbackOf([1, 2]))).toBe(24)
  })

  test.each([1, 6, 7, 8, 13, 14, 15, 8190, 8191, 8192, 65535])('%i lost packets round-trip', (count) => {
    expect(arrivals(read(write(feedbackOf(new Array(count).fill(LOST)))))).toEqual(
      new Array(count).fill(LOST),
    )
  })

  test('what it writes reads back the same', () => {
    const delta = fc.oneof(
      { weight: 4, arbitrary: fc.integer({ min: 0, max: 255 }) },
      { weight: 3, arbitrary: fc.constant(undefined) },
      { weight: 1, arbitrary: fc.integer({ min: -32768, max: 32767 }) },
    )
    fc.assert(
      fc.property(fc.array(delta, { minLength: 1, maxLength: 300 }), (deltas) => {
        let at = 0
        const ticks = deltas.map((step) => {
          at += step ?? 0
          return step === undefined ? LOST : at
        })
        const feedback = feedbackOf(ticks)
        const back = read(write(feedback))
        expect(arrivals(back)).toEqual(ticks)
        expect(back).toMatchObject({ baseSequenceNumber: 65535, referenceTime: -2, feedbackCount: 255 })
      }),
    )
  })
})

describe('TransportFeedbackBuilder', () => {
  test('fills gaps with lost packets and counts from the 64 ms step of the first arrival', () => {
    const builder = new TransportFeedbackBuilder()
    builder.start(65535, 640_500, 7)
    expect(builder.add(65535, 640_500)).toBe(true)
    expect(builder.add(65538, 641_000)).toBe(true)
    expect(builder.feedback).toMatchObject({ baseSequenceNumber: 65535, referenceTime: 10, feedbackCount: 7 })
    expect(arrivals(builder.feedback)).toEqual([2, LOST, LOST, 4])
  })

  test('refuses what the message cannot hold', () => {
    const builder = new TransportFeedbackBuilder()
    builder.start(100, 0, 0)
    expect(builder.add(99, 0)).toBe(false)
    expect(builder.add(100, 0)).toBe(true)
    expect(builder.add(100, 0)).toBe(false)
    expect(builder.add(101, 9_000_000)).toBe(false)
    expect(builder.add(100 + MAX_BUILDER_STATUSES, 0)).toBe(false)
    expect(builder.add(99 + MAX_BUILDER_STATUSES, 8_000_000)).toBe(true)
    expect(builder.feedback.statusCount).toBe(MAX_BUILDER_STATUSES)
  })

  test('a full message stays below 1200 bytes', () => {
    const builder = new TransportFeedbackBuilder()
    builder.start(0, 0, 0)
    for (let i = 0; i < MAX_BUILDER_STATUSES; i += 1) builder.add(i, i * 100_000)
    expect(write(builder.feedback).length).toBeLessThanOrEqual(1200)
  })

  test('the reference time wraps at 24 bits and keeps its sign', () => {
    const builder = new TransportFeedbackBuilder()
    builder.start(0, (2 ** 24 + 2 ** 23) * 64_000, 0)
    expect(builder.feedback.referenceTime).toBe(-(2 ** 23))
    builder.start(0, (2 ** 24 + 5) * 64_000, 256)
    expect([builder.feedback.referenceTime, builder.feedback.feedbackCount]).toEqual([5, 0])
  })

  test('starting again after a long message counts from the new reference time', () => {
    const builder = new TransportFeedbackBuilder()
    builder.start(0, 0, 0)
    expect(builder.add(0, 8_000_000) && builder.add(1, 16_000_000)).toBe(true)
    builder.start(2, 16_064_000, 1)
    expect(builder.add(2, 16_064_250)).toBe(true)
    expect(arrivals(builder.feedback)).toEqual([1])
  })

  test('starting again forgets the message before', () => {
    const builder = new TransportFeedbackBuilder()
    builder.start(0, 0, 0)
    builder.add(0, 5000)
    builder.start(10, 64_000, 1)
    builder.add(11, 64_250)
    expect(arrivals(read(write(builder.feedback)))).toEqual([LOST, 1])
  })
})
