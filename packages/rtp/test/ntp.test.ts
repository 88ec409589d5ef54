import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  absSendTimeToMicroseconds,
  durationUsToNtpMiddle,
  microsecondsToAbsSendTime,
  microsecondsToNtpFraction,
  microsecondsToNtpMiddle,
  microsecondsToNtpSeconds,
  ntpMiddle,
  ntpMiddleToDurationUs,
  ntpToMicroseconds,
  roundTripTimeUs,
  unixMsToNtpUs,
} from '../src/index.ts'

test('the Unix epoch is NTP second 2208988800 (RFC 868)', () => {
  expect(microsecondsToNtpSeconds(unixMsToNtpUs(0))).toBe(2_208_988_800)
})

test('half a second is half of the fraction', () => {
  expect(microsecondsToNtpFraction(7_500_000)).toBe(0x80000000)
  expect(microsecondsToNtpMiddle(7_500_000)).toBe(0x0007_8000)
})

test('NTP round-trips any microsecond to within one', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2 ** 51 }), (timeUs) => {
      const back = ntpToMicroseconds(microsecondsToNtpSeconds(timeUs), microsecondsToNtpFraction(timeUs))
      const wrapped = timeUs % (2 ** 32 * 1e6)
      expect(Math.abs(back - wrapped)).toBeLessThanOrEqual(1)
    }),
  )
})

// The worked example of RFC 3550 figure 2: A = b710:8000, LSR = b705:2000, DLSR = 0005:4000 give 6.125 s.
test('the round-trip time of RFC 3550 figure 2 comes out', () => {
  expect(ntpMiddle(0xb44db705, 0x20000000)).toBe(0xb7052000)
  expect(roundTripTimeUs(0xb7108000, 0xb7052000, 0x00054000)).toBe(6_125_000)
})

test('a round-trip time is known across the wrap, and unknown without a report or where it is negative', () => {
  expect(roundTripTimeUs(0x0000_8000, 0xffff_8000, 0)).toBe(1_000_000)
  expect(roundTripTimeUs(5, 0, 0)).toBe(-1)
  expect(roundTripTimeUs(0x10000, 0x10000, 0x8000)).toBe(-1)
})

test('durations are clamped to 16.16 seconds', () => {
  expect(durationUsToNtpMiddle(5_250_000)).toBe(0x0005_4000)
  expect(durationUsToNtpMiddle(-1)).toBe(0)
  expect(durationUsToNtpMiddle(1e12)).toBe(0xffffffff)
  expect(ntpMiddleToDurationUs(0x0005_4000)).toBe(5_250_000)
})

test('abs-send-time counts 1/2^18 s and wraps after 64 s', () => {
  expect(microsecondsToAbsSendTime(1_000_000)).toBe(1 << 18)
  expect(microsecondsToAbsSendTime(64_000_000 + 500_000)).toBe(1 << 17)
  expect(microsecondsToAbsSendTime(63_999_999)).toBe(0xffffff)
  expect(absSendTimeToMicroseconds(1 << 17)).toBe(500_000)
})
