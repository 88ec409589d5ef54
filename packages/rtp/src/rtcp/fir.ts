/**
 * Full intra request (RFC 5104 section 4.3.1). The header's media SSRC is 0; FCI, once or more:
 *
 *   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *   |                  SSRC of the media sender asked               |
 *   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *   | command number|    reserved                                   |
 *   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 */

import { readUint32, writeUint32 } from '../bytes.ts'
import { FEEDBACK_HEADER_BYTES, FEEDBACK_SSRC_BYTES, writeFeedbackHeader } from './feedback.ts'
import type { RtcpHeader } from './rtcp-packet.ts'
import { PayloadFeedbackFormat, RtcpType } from './rtcp-packet.ts'

const ENTRY_BYTES = 8

/** How many requests the message has. */
export function firEntryCount(header: RtcpHeader): number {
  return Math.max(0, header.bodyLength - FEEDBACK_SSRC_BYTES) >> 3
}

/** The SSRC asked by request `index`, which is below `firEntryCount`. */
export function readFirSsrc(bytes: Uint8Array, header: RtcpHeader, index: number): number {
  return readUint32(bytes, header.bodyOffset + FEEDBACK_SSRC_BYTES + index * ENTRY_BYTES)
}

/** The command number (0-255) of request `index`: one that equals the last is a repetition of it. */
export function readFirCommandNumber(bytes: Uint8Array, header: RtcpHeader, index: number): number {
  return bytes[header.bodyOffset + FEEDBACK_SSRC_BYTES + index * ENTRY_BYTES + 4]!
}

/** Writes a full intra request to one sender at `offset`. @returns 20, or 0 if `bytes` has no room for it */
export function writeFir(
  bytes: Uint8Array,
  offset: number,
  senderSsrc: number,
  mediaSsrc: number,
  commandNumber: number,
): number {
  const length = FEEDBACK_HEADER_BYTES + ENTRY_BYTES
  if (offset + length > bytes.length) return 0
  writeFeedbackHeader(
    bytes,
    offset,
    PayloadFeedbackFormat.fir,
    RtcpType.payloadFeedback,
    length,
    senderSsrc,
    0,
  )
  writeUint32(bytes, offset + FEEDBACK_HEADER_BYTES, mediaSsrc)
  writeUint32(bytes, offset + FEEDBACK_HEADER_BYTES + 4, (commandNumber & 0xff) << 24)
  return length
}
