/**
 * Receiver estimated maximum bitrate (draft-alvestrand-rmcat-remb-03 section 2), an application layer feedback message.
 *
 *   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *   |V=2|P| FMT=15  |   PT=206      |             length            |
 *   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *   |                  SSRC of packet sender                        |
 *   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *   |                  SSRC of media source: 0                      |
 *   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *   |  'R'              'E'              'M'              'B'       |
 *   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *   |  Num SSRC     | exponent  |  mantissa (18 bits)               |
 *   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *   |  Num SSRC times: SSRC that the limit applies to               |
 */

import { readUint32, writeUint32 } from '../bytes.ts'
import { FEEDBACK_HEADER_BYTES, FEEDBACK_SSRC_BYTES, writeFeedbackHeader } from './feedback.ts'
import type { RtcpHeader } from './rtcp-packet.ts'
import { PayloadFeedbackFormat, RtcpType } from './rtcp-packet.ts'

/** "REMB" in ASCII. */
const IDENTIFIER = 0x52454d42
const MAX_MANTISSA = 0x3ffff

/** Whether an application layer feedback message (PT 206, FMT 15) is a REMB whose SSRC list lies within its body. */
export function isRemb(bytes: Uint8Array, header: RtcpHeader): boolean {
  if (header.packetType !== RtcpType.payloadFeedback) return false
  if (header.count !== PayloadFeedbackFormat.applicationLayer) return false
  const fci = header.bodyOffset + FEEDBACK_SSRC_BYTES
  if (header.bodyLength < FEEDBACK_SSRC_BYTES + 8 || readUint32(bytes, fci) !== IDENTIFIER) return false
  return header.bodyLength >= FEEDBACK_SSRC_BYTES + 8 + bytes[fci + 4]! * 4
}

/** The bitrate of a REMB, bits per second. A 6-bit exponent reaches above 2^53: such values are inexact. */
export function readRembBitrateBps(bytes: Uint8Array, header: RtcpHeader): number {
  const word = readUint32(bytes, header.bodyOffset + FEEDBACK_SSRC_BYTES + 4)
  return (word & MAX_MANTISSA) * 2 ** ((word >>> 18) & 0x3f)
}

/** How many SSRCs a REMB lists. */
export function rembSsrcCount(bytes: Uint8Array, header: RtcpHeader): number {
  return bytes[header.bodyOffset + FEEDBACK_SSRC_BYTES + 4]!
}

/** SSRC `index` of a REMB, which is below `rembSsrcCount`. */
export function readRembSsrc(bytes: Uint8Array, header: RtcpHeader, index: number): number {
  return readUint32(bytes, header.bodyOffset + FEEDBACK_SSRC_BYTES + 8 + index * 4)
}

/**
 * Writes a REMB at `offset`, for at most 255 SSRCs. The bitrate is rounded down to 18 significant bits.
 * @returns the bytes written, or 0 if `bytes` has no room for them
 */
export function writeRemb(
  bytes: Uint8Array,
  offset: number,
  senderSsrc: number,
  bitrateBps: number,
  ssrcs: readonly number[],
): number {
  const count = Math.min(ssrcs.length, 255)
  const length = FEEDBACK_HEADER_BYTES + 8 + count * 4
  if (offset + length > bytes.length) return 0
  let mantissa = Math.floor(Math.max(0, bitrateBps))
  let exponent = 0
  while (mantissa > MAX_MANTISSA && exponent < 63) {
    mantissa = Math.floor(mantissa / 2)
    exponent += 1
  }
  const format = PayloadFeedbackFormat.applicationLayer
  writeFeedbackHeader(bytes, offset, format, RtcpType.payloadFeedback, length, senderSsrc, 0)
  writeUint32(bytes, offset + 12, IDENTIFIER)
  writeUint32(bytes, offset + 16, (count << 24) | (exponent << 18) | Math.min(mantissa, MAX_MANTISSA))
  for (let i = 0; i < count; i += 1) writeUint32(bytes, offset + 20 + i * 4, ssrcs[i]!)
  return length
}
