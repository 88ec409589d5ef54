/**
 * What all feedback messages share (RFC 4585 section 6.1).
 *
 *   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *   |V=2|P|   FMT   |  PT=205, 206  |          length               |
 *   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *   |                  SSRC of packet sender                        |
 *   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *   |                  SSRC of media source                         |
 *   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *   :            Feedback control information (FCI)                 :
 */

import { readUint32, writeUint32 } from '../bytes.ts'
import type { RtcpHeader } from './rtcp-packet.ts'
import { RTCP_HEADER_BYTES, writeRtcpHeader } from './rtcp-packet.ts'

/** Bytes of the two SSRCs before the FCI. */
export const FEEDBACK_SSRC_BYTES = 8

/** Bytes before the FCI: common header and the two SSRCs. */
export const FEEDBACK_HEADER_BYTES = RTCP_HEADER_BYTES + FEEDBACK_SSRC_BYTES

/** The SSRC of a feedback message's sender. @returns -1 if the body is too short for both SSRCs */
export function readFeedbackSender(bytes: Uint8Array, header: RtcpHeader): number {
  return header.bodyLength < FEEDBACK_SSRC_BYTES ? -1 : readUint32(bytes, header.bodyOffset)
}

/** The SSRC of the media source that a feedback message is about. @returns -1 if the body is too short for both SSRCs */
export function readFeedbackMedia(bytes: Uint8Array, header: RtcpHeader): number {
  return header.bodyLength < FEEDBACK_SSRC_BYTES ? -1 : readUint32(bytes, header.bodyOffset + 4)
}

/** Writes header and SSRCs of a feedback message of `packetLength` bytes in all; the caller writes the FCI. */
export function writeFeedbackHeader(
  bytes: Uint8Array,
  offset: number,
  format: number,
  packetType: number,
  packetLength: number,
  senderSsrc: number,
  mediaSsrc: number,
): void {
  writeRtcpHeader(bytes, offset, format, packetType, packetLength)
  writeUint32(bytes, offset + 4, senderSsrc)
  writeUint32(bytes, offset + 8, mediaSsrc)
}
