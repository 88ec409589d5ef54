/**
 * Sender report (RFC 3550 section 6.4.1).
 *
 *   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *   |V=2|P|    RC   |   PT=SR=200   |             length            |
 *   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *   |                         SSRC of sender                        |
 *   +=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+
 *   |            NTP timestamp, seconds                             |
 *   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *   |            NTP timestamp, fraction                            |
 *   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *   |                         RTP timestamp                         |
 *   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *   |                     sender's packet count                     |
 *   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *   |                      sender's octet count                     |
 *   +=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+
 *   |  RC report blocks (report-block.ts), profile-specific rest    |
 */

import { readUint32, writeUint32 } from '../bytes.ts'
import type { ReportBlock } from './report-block.ts'
import { MAX_REPORT_BLOCKS, REPORT_BLOCK_BYTES, readReportBlock, writeReportBlock } from './report-block.ts'
import type { RtcpHeader } from './rtcp-packet.ts'
import { RTCP_HEADER_BYTES, RtcpType, writeRtcpHeader } from './rtcp-packet.ts'

const SENDER_INFO_BYTES = 24

/** What a sender tells about its stream; reused by readers, or a literal of the same shape for writers. */
export class SenderReport {
  ssrc = 0
  /** NTP timestamp of the report, upper half. */
  ntpSeconds = 0
  /** NTP timestamp of the report, lower half. */
  ntpFraction = 0
  /** The RTP timestamp of the same moment. */
  rtpTimestamp = 0
  packetCount = 0
  /** Payload bytes, without headers and padding. */
  octetCount = 0
}

/** Reads a sender report's own part. @returns false if the body is too short for it and for its report blocks */
export function readSenderReport(bytes: Uint8Array, header: RtcpHeader, report: SenderReport): boolean {
  const at = header.bodyOffset
  if (header.bodyLength < SENDER_INFO_BYTES + header.count * REPORT_BLOCK_BYTES) return false
  report.ssrc = readUint32(bytes, at)
  report.ntpSeconds = readUint32(bytes, at + 4)
  report.ntpFraction = readUint32(bytes, at + 8)
  report.rtpTimestamp = readUint32(bytes, at + 12)
  report.packetCount = readUint32(bytes, at + 16)
  report.octetCount = readUint32(bytes, at + 20)
  return true
}

/** Reads report block `index` (from 0) of a sender report. @returns false if there is none */
export function readSenderReportBlock(
  bytes: Uint8Array,
  header: RtcpHeader,
  index: number,
  block: ReportBlock,
): boolean {
  const at = SENDER_INFO_BYTES + index * REPORT_BLOCK_BYTES
  if (index >= header.count || at + REPORT_BLOCK_BYTES > header.bodyLength) return false
  readReportBlock(bytes, header.bodyOffset + at, block)
  return true
}

/**
 * Writes a sender report at `offset`, with at most 31 report blocks.
 * @returns the bytes written, or 0 if `bytes` has no room for them
 */
export function writeSenderReport(
  bytes: Uint8Array,
  offset: number,
  report: Readonly<SenderReport>,
  blocks: readonly Readonly<ReportBlock>[] = [],
): number {
  const count = Math.min(blocks.length, MAX_REPORT_BLOCKS)
  const length = RTCP_HEADER_BYTES + SENDER_INFO_BYTES + count * REPORT_BLOCK_BYTES
  if (offset + length > bytes.length) return 0
  writeRtcpHeader(bytes, offset, count, RtcpType.senderReport, length)
  writeUint32(bytes, offset + 4, report.ssrc)
  writeUint32(bytes, offset + 8, report.ntpSeconds)
  writeUint32(bytes, offset + 12, report.ntpFraction)
  writeUint32(bytes, offset + 16, report.rtpTimestamp)
  writeUint32(bytes, offset + 20, report.packetCount)
  writeUint32(bytes, offset + 24, report.octetCount)
  for (let i = 0; i < count; i += 1) {
    writeReportBlock(bytes, offset + 28 + i * REPORT_BLOCK_BYTES, blocks[i]!)
  }
  return length
}
