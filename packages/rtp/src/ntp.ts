/**
 * Fixed-point times of RTP and RTCP.
 *
 *   NTP timestamp, 64 bits (RFC 3550 section 4): seconds since 1900-01-01 | fraction, 32.32
 *   its middle 32 bits (LSR, DLSR, LRR, DLRR):                              16.16, wraps after 18.2 hours
 *   abs-send-time, 24 bits:                                                 6.18, wraps after 64 seconds
 *
 * Microseconds here count from an origin that the caller chooses (a monotonic clock will do: receivers only compare
 * times of one sender), or from 1970 where the name says `Unix`.
 */

/** Seconds from 1900-01-01 (NTP) to 1970-01-01 (Unix). */
export const NTP_UNIX_OFFSET_SECONDS = 2_208_988_800

const TWO_32 = 0x1_0000_0000

/** The seconds half (upper 32 bits, modulo 2^32) of the NTP timestamp of a time in microseconds. */
export function microsecondsToNtpSeconds(timeUs: number): number {
  return Math.floor(timeUs / 1e6) % TWO_32
}

/** The fraction half (lower 32 bits, units of 2^-32 s) of the NTP timestamp of a time in microseconds. */
export function microsecondsToNtpFraction(timeUs: number): number {
  const withinSecondUs = timeUs - Math.floor(timeUs / 1e6) * 1e6
  return Math.floor((withinSecondUs * TWO_32) / 1e6)
}

/** Microseconds of an NTP timestamp's two halves, rounded to whole microseconds. */
export function ntpToMicroseconds(seconds: number, fraction: number): number {
  return seconds * 1e6 + Math.round((fraction * 1e6) / TWO_32)
}

/** The middle 32 bits (16.16 seconds) of an NTP timestamp's two halves: the LSR field (RFC 3550 section 6.4.1). */
export function ntpMiddle(seconds: number, fraction: number): number {
  return (((seconds & 0xffff) << 16) | (fraction >>> 16)) >>> 0
}

/** The middle 32 bits (16.16 seconds) of the NTP timestamp of a time in microseconds. */
export function microsecondsToNtpMiddle(timeUs: number): number {
  return ntpMiddle(microsecondsToNtpSeconds(timeUs), microsecondsToNtpFraction(timeUs))
}

/** A duration in microseconds (0 to 65535 s; clamped) as 16.16 seconds: the DLSR field (RFC 3550 section 6.4.1). */
export function durationUsToNtpMiddle(durationUs: number): number {
  const units = Math.round((durationUs * 65536) / 1e6)
  return units <= 0 ? 0 : Math.min(units, 0xffffffff)
}

/** Microseconds of a 16.16 duration. */
export function ntpMiddleToDurationUs(middle: number): number {
  return Math.round((middle * 1e6) / 65536)
}

/**
 * Round-trip time from a report block (RFC 3550 section 6.4.1: A - LSR - DLSR), all three 16.16 seconds modulo 2^32.
 * @returns microseconds, or -1 if the block answers no sender report (LSR 0) or the difference is negative
 */
export function roundTripTimeUs(nowMiddle: number, lastSr: number, delaySinceLastSr: number): number {
  if (lastSr === 0) return -1
  const units = (nowMiddle - lastSr - delaySinceLastSr) | 0
  return units < 0 ? -1 : ntpMiddleToDurationUs(units)
}

/** A time in microseconds as abs-send-time: 24 bits, 6.18 seconds. */
export function microsecondsToAbsSendTime(timeUs: number): number {
  const within64sUs = timeUs - Math.floor(timeUs / 64e6) * 64e6
  return Math.floor((within64sUs * 262144) / 1e6) & 0xffffff
}

/** Microseconds (0 to 64 s) of a 24-bit abs-send-time. */
export function absSendTimeToMicroseconds(absSendTime: number): number {
  return Math.round((absSendTime * 1e6) / 262144)
}

/** A Unix time in milliseconds as microseconds since 1900, the origin that RFC 3550 gives for wall-clock NTP timestamps. */
export function unixMsToNtpUs(unixMs: number): number {
  return (unixMs + NTP_UNIX_OFFSET_SECONDS * 1000) * 1000
}
