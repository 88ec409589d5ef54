/**
 * RTCP common header and the walk over a compound packet (RFC 3550 section 6.1, reduced size: RFC 5506).
 *
 *    0                   1                   2                   3
 *    0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *   |V=2|P| RC/FMT  |       PT      |  length in 32-bit words - 1   |
 *   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *   |  body ...                                     | padding count |  padding if P
 *   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 */

import { readUint16, writeUint16 } from '../bytes.ts'

/** Packet types (RFC 3550 section 12.1, RFC 3611, RFC 4585). */
export const RtcpType = {
  senderReport: 200,
  receiverReport: 201,
  sourceDescription: 202,
  goodbye: 203,
  applicationDefined: 204,
  transportFeedback: 205,
  payloadFeedback: 206,
  extendedReport: 207,
} as const

/** FMT values of `RtcpType.transportFeedback`. */
export const TransportFeedbackFormat = {
  /** Generic NACK (RFC 4585 section 6.2.1). */
  nack: 1,
  /** Transport-wide congestion control (draft-holmer-rmcat-transport-wide-cc-extensions-01 section 3.1). */
  transportCc: 15,
} as const

/** FMT values of `RtcpType.payloadFeedback`. */
export const PayloadFeedbackFormat = {
  /** Picture loss indication (RFC 4585 section 6.3.1). */
  pli: 1,
  /** Full intra request (RFC 5104 section 4.3.1). */
  fir: 4,
  /** Application layer feedback (RFC 4585 section 6.4), REMB among it. */
  applicationLayer: 15,
} as const

/** Bytes of the common header. */
export const RTCP_HEADER_BYTES = 4

/** What `parseRtcpPacket` fills: one instance is reused. Offsets count from byte 0 of the given array. */
export class RtcpHeader {
  /** Reception or source count, or the feedback format: the five bits after the padding bit. */
  count = 0
  /** A value of `RtcpType`, or another. */
  packetType = 0
  /** Where the packet starts. */
  packetOffset = 0
  /** Bytes of the packet, header and padding included: add it to go to the next. */
  packetLength = 0
  /** Where the body (after the common header) starts. */
  bodyOffset = 0
  /** Bytes of body, padding removed. */
  bodyLength = 0
}

/**
 * Parses the first RTCP packet in `bytes[offset, end)` and checks that it lies within. A walk over a compound packet is
 * `for (let at = offset; parseRtcpPacket(bytes, at, end, header); at += header.packetLength)`.
 * @returns false at the end, or if the packet is malformed: nothing after it can be trusted
 */
export function parseRtcpPacket(bytes: Uint8Array, offset: number, end: number, header: RtcpHeader): boolean {
  if (offset < 0 || offset + RTCP_HEADER_BYTES > end || end > bytes.length) return false
  const first = bytes[offset]!
  if (first >> 6 !== 2) return false
  const packetLength = (readUint16(bytes, offset + 2) + 1) * 4
  if (offset + packetLength > end) return false
  let bodyLength = packetLength - RTCP_HEADER_BYTES
  if ((first & 0x20) !== 0) {
    const padding = bytes[offset + packetLength - 1]!
    if (bodyLength === 0 || padding === 0 || padding > bodyLength) return false
    bodyLength -= padding
  }
  header.count = first & 0x1f
  header.packetType = bytes[offset + 1]!
  header.packetOffset = offset
  header.packetLength = packetLength
  header.bodyOffset = offset + RTCP_HEADER_BYTES
  header.bodyLength = bodyLength
  return true
}

/**
 * Writes the common header at `offset` for a packet of `packetLength` bytes in all, a multiple of 4, without padding.
 */
export function writeRtcpHeader(
  bytes: Uint8Array,
  offset: number,
  count: number,
  packetType: number,
  packetLength: number,
): void {
  bytes[offset] = 0x80 | count
  bytes[offset + 1] = packetType
  writeUint16(bytes, offset + 2, packetLength / 4 - 1)
}
