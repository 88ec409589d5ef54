/**
 * Receiver report (RFC 3550 section 6.4.2).
 *
 *   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *   |V=2|P|    RC   |   PT=RR=201   |             length            |
 *   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *   |                     SSRC of packet sender                     |
 *   +=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+
 *   |  RC report blocks (report-block.ts), profile-specific rest    |
 */

import { readUint32, writeUint32 } from '../bytes.ts'
import type { ReportBlock } from './report-block.ts'
import { MAX_REPORT_BLOCKS, REPORT_BLOCK_BYTES, readReportBlock, writeReportBlock } from './report-block.ts'
import type { RtcpHeader } from './rtcp-packet.ts'
import { RTCP_HEADER_BYTES, RtcpType, writeRtcpHeader } from './rtcp-packet.ts'

const SENDER_SSRC_BYTES = 4

/** The SSRC of a receiver report's sender. @returns -1 if the body is too short for it and for its report blocks */
export function readReceiverReportSender(bytes: Uint8Array, header: RtcpHeader): number {
  if (header.bodyLength < SENDER_SSRC_BYTES + header.count * REPORT_BLOCK_BYTES) return -1
  return readUint32(bytes, header.bodyOffset)
}

/** Reads report block `index` (from 0) of a receiver report. @returns false if there is none */
export function readReceiverReportBlock(
  bytes: Uint8Array,
  header: RtcpHeader,
  index: number,
  block: ReportBlock,
): boolean {
  const at = SENDER_SSRC_BYTES + index * REPORT_BLOCK_BYTES
  if (index >= header.count || at + REPORT_BLOCK_BYTES > header.bodyLength) return false
  readReportBlock(bytes, header.bodyOffset + at, block)
  return true
}

/**
 * Writes a receiver report at `offset`, with at most 31 report blocks; none makes the empty report that starts a
 * compound packet.
 * @returns the bytes written, or 0 if `bytes` has no room for them
 */
export function writeReceiverReport(
  bytes: Uint8Array,
  offset: number,
  senderSsrc: number,
  blocks: readonly Readonly<ReportBlock>[] = [],
): number {
  const count = Math.min(blocks.length, MAX_REPORT_BLOCKS)
  const length = RTCP_HEADER_BYTES + SENDER_SSRC_BYTES + count * REPORT_BLOCK_BYTES
  if (offset + length > bytes.length) return 0
  writeRtcpHeader(bytes, offset, count, RtcpType.receiverReport, length)
  writeUint32(bytes, offset + 4, senderSsrc)
  for (let i = 0; i < count; i += 1) {
    writeReportBlock(bytes, offset + 8 + i * REPORT_BLOCK_BYTES, blocks[i]!)
  }
  return length
}
