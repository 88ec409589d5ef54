/**
 * Generic NACK (RFC 4585 section 6.2.1). FCI, once or more:
 *
 *    0                   1                   2                   3
 *    0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *   |            PID                |             BLP               |
 *   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *
 * PID is a lost sequence number; bit i of BLP (0 is the least significant) says that PID + i + 1 is lost too.
 */

import { readUint16, writeUint16 } from '../bytes.ts'
import { FEEDBACK_HEADER_BYTES, FEEDBACK_SSRC_BYTES, writeFeedbackHeader } from './feedback.ts'
import type { RtcpHeader } from './rtcp-packet.ts'
import { RtcpType, TransportFeedbackFormat } from './rtcp-packet.ts'

/** How many PID/BLP pairs a NACK has. */
export function nackPairCount(header: RtcpHeader): number {
  return Math.max(0, header.bodyLength - FEEDBACK_SSRC_BYTES) >> 2
}

/** PID of pair `index`, which is below `nackPairCount`. */
export function readNackPid(bytes: Uint8Array, header: RtcpHeader, index: number): number {
  return readUint16(bytes, header.bodyOffset + FEEDBACK_SSRC_BYTES + index * 4)
}

/** BLP of pair `index`, which is below `nackPairCount`. */
export function readNackBlp(bytes: Uint8Array, header: RtcpHeader, index: number): number {
  return readUint16(bytes, header.bodyOffset + FEEDBACK_SSRC_BYTES + index * 4 + 2)
}

/** Calls `visit` with each lost sequence number (16 bits), in the order of the message. */
export function forEachNackedSequenceNumber(
  bytes: Uint8Array,
  header: RtcpHeader,
  visit: (sequenceNumber: number) => void,
): void {
  const pairs = nackPairCount(header)
  for (let i = 0; i < pairs; i += 1) {
    const pid = readNackPid(bytes, header, i)
    visit(pid)
    for (let blp = readNackBlp(bytes, header, i), next = pid + 1; blp !== 0; blp >>= 1, next += 1) {
      if ((blp & 1) !== 0) visit(next & 0xffff)
    }
  }
}

/**
 * Writes a NACK at `offset` for the first `count` of `sequenceNumbers`, packing neighbours into one pair. They are in
 * ascending order, the wrap included (65535 before 0); extended ones will do.
 * @returns the bytes written, or 0 if `bytes` has no room for them or `count` is 0
 */
export function writeNack(
  bytes: Uint8Array,
  offset: number,
  senderSsrc: number,
  mediaSsrc: number,
  sequenceNumbers: ArrayLike<number>,
  count: number = sequenceNumbers.length,
): number {
  if (count === 0) return 0
  let at = offset + FEEDBACK_HEADER_BYTES
  let i = 0
  while (i < count) {
    const pid = sequenceNumbers[i]! & 0xffff
    let blp = 0
    for (i += 1; i < count; i += 1) {
      const distance = (sequenceNumbers[i]! - pid) & 0xffff
      if (distance > 16) break
      if (distance > 0) blp |= 1 << (distance - 1)
    }
    if (at + 4 > bytes.length) return 0
    writeUint16(bytes, at, pid)
    writeUint16(bytes, at + 2, blp)
    at += 4
  }
  const format = TransportFeedbackFormat.nack
  writeFeedbackHeader(bytes, offset, format, RtcpType.transportFeedback, at - offset, senderSsrc, mediaSsrc)
  return at - offset
}
