/**
 * Picture loss indication (RFC 4585 section 6.3.1): a feedback message without FCI. It asks for a key frame of the
 * media source; `readFeedbackMedia` tells which.
 */

import { FEEDBACK_HEADER_BYTES, writeFeedbackHeader } from './feedback.ts'
import { PayloadFeedbackFormat, RtcpType } from './rtcp-packet.ts'

/** Bytes of a picture loss indication. */
export const PLI_BYTES = FEEDBACK_HEADER_BYTES

/** Writes a picture loss indication at `offset`. @returns 12, or 0 if `bytes` has no room for it */
export function writePli(bytes: Uint8Array, offset: number, senderSsrc: number, mediaSsrc: number): number {
  if (offset + PLI_BYTES > bytes.length) return 0
  const format = PayloadFeedbackFormat.pli
  writeFeedbackHeader(bytes, offset, format, RtcpType.payloadFeedback, PLI_BYTES, senderSsrc, mediaSsrc)
  return PLI_BYTES
}
