import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  isNewerSequenceNumber,
  isNewerTimestamp,
  SequenceNumberUnwrapper,
  sequenceNumberDelta,
  TimestampUnwrapper,
  timestampDelta,
} from '../src/index.ts'

const BOUNDARIES = [0, 127, 32767, 32768, 65535] as const

describe('sequence numbers', () => {
  test.each(BOUNDARIES)('compare the short way round from %i', (start) => {
    for (const distance of [1, 127, 32767]) {
      const later = (start + distance) & 0xffff
      expect(sequenceNumberDelta(later, start)).toBe(distance)
      expect(sequenceNumberDelta(start, later)).toBe(-distance)
      expect(isNewerSequenceNumber(later, start)).toBe(true)
      expect(isNewerSequenceNumber(start, later)).toBe(false)
    }
    expect(isNewerSequenceNumber(start, start)).toBe(false)
  })

  test('half the circle counts as backwards', () => {
    expect(sequenceNumberDelta(32768, 0)).toBe(-32768)
    expect(sequenceNumberDelta(0, 32768)).toBe(-32768)
  })

  test.each(BOUNDARIES)('an unwrapper that starts at %i follows two rounds without a jump', (start) => {
    const unwrapper = new SequenceNumberUnwrapper()
    for (let extended = start; extended < start + 140_000; extended += 1) {
      if (unwrapper.unwrap(extended & 0xffff) !== extended) expect.fail(`at ${extended}`)
    }
  })

  test('a late packet from before the wrap gets the number of its own round', () => {
    const unwrapper = new SequenceNumberUnwrapper()
    expect([65534, 0, 65535, 1].map((n) => unwrapper.unwrap(n))).toEqual([65534, 65536, 65535, 65537])
  })

  test('a packet older than the first gets a negative number', () => {
    const unwrapper = new SequenceNumberUnwrapper()
    expect([0, 65535].map((n) => unwrapper.unwrap(n))).toEqual([0, -1])
  })

  test('peek() does not move the reference, reset() forgets it', () => {
    const unwrapper = new SequenceNumberUnwrapper()
    expect(unwrapper.peek(9)).toBe(9)
    unwrapper.unwrap(65535)
    expect(unwrapper.peek(10)).toBe(65546)
    expect(unwrapper.unwrap(40_000)).toBe(40_000)
    unwrapper.reset()
    expect(unwrapper.unwrap(3)).toBe(3)
  })

  test('any walk of steps below half a round is followed exactly', () => {
    const steps = fc.array(fc.integer({ min: -32767, max: 32767 }), { maxLength: 50 })
    fc.assert(
      fc.property(fc.nat(65535), steps, (start, walk) => {
        const unwrapper = new SequenceNumberUnwrapper()
        let position = unwrapper.unwrap(start)
        for (const step of walk) {
          position += step
          expect(unwrapper.unwrap(position & 0xffff)).toBe(position)
        }
      }),
    )
  })
})

describe('timestamps', () => {
  test('compare the short way round', () => {
    expect(timestampDelta(0, 0xffffffff)).toBe(1)
    expect(timestampDelta(0x7fffffff, 0)).toBe(0x7fffffff)
    expect(isNewerTimestamp(5, 0xfffffff0)).toBe(true)
    expect(isNewerTimestamp(0xfffffff0, 5)).toBe(false)
  })

  test('unwrap beyond 2^32 and back', () => {
    const unwrapper = new TimestampUnwrapper()
    expect([0xffffffff, 0x10, 0xfffffff0, 0x20].map((n) => unwrapper.unwrap(n))).toEqual([
      0xffffffff, 0x1_0000_0010, 0xfffffff0, 0x1_0000_0020,
    ])
    expect(unwrapper.peek(0x30)).toBe(0x1_0000_0030)
    unwrapper.reset()
    expect(unwrapper.unwrap(7)).toBe(7)
  })
})
