/**
 * Reception report block (RFC 3550 section 6.4.1), the part that sender and receiver reports share.
 *
 *   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *   |                 SSRC of the source reported on                |
 *   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *   | fraction lost |  cumulative number of packets lost (signed)   |
 *   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *   |  cycles                       |  highest sequence number      |
 *   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *   |                      interarrival jitter                      |
 *   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *   |                  last sender report (LSR)                     |
 *   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *   |            delay since last sender report (DLSR)              |
 *   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 */

import { readUint24, readUint32, writeUint24, writeUint32 } from '../bytes.ts'

/** Bytes of one report block. */
export const REPORT_BLOCK_BYTES = 24

/** Report blocks that one sender or receiver report can hold. */
export const MAX_REPORT_BLOCKS = 31

/** One report block; reused by readers, or a literal of the same shape for writers. */
export class ReportBlock {
  ssrc = 0
  /** Packets lost since the last report, in 1/256 of those expected: 0-255. */
  fractionLost = 0
  /** Packets lost in all; negative where duplicates outnumber losses. Clamped to 24 signed bits when written. */
  cumulativeLost = 0
  /** Highest sequence number received, extended: cycles in the upper 16 bits. */
  highestSequenceNumber = 0
  /** RTP ticks. */
  jitter = 0
  /** Middle 32 bits of the last sender report's NTP timestamp; 0 if none came. */
  lastSenderReport = 0
  /** 16.16 seconds since it came; 0 if none came. */
  delaySinceLastSenderReport = 0
}

/** Reads the 24 bytes at `offset`. */
export function readReportBlock(bytes: Uint8Array, offset: number, block: ReportBlock): void {
  block.ssrc = readUint32(bytes, offset)
  block.fractionLost = bytes[offset + 4]!
  block.cumulativeLost = (readUint24(bytes, offset + 5) << 8) >> 8
  block.highestSequenceNumber = readUint32(bytes, offset + 8)
  block.jitter = readUint32(bytes, offset + 12)
  block.lastSenderReport = readUint32(bytes, offset + 16)
  block.delaySinceLastSenderReport = readUint32(bytes, offset + 20)
}

/** Writes 24 bytes at `offset`. */
export function writeReportBlock(bytes: Uint8Array, offset: number, block: Readonly<ReportBlock>): void {
  writeUint32(bytes, offset, block.ssrc)
  bytes[offset + 4] = block.fractionLost
  writeUint24(bytes, offset + 5, Math.max(-0x800000, Math.min(0x7fffff, block.cumulativeLost)))
  writeUint32(bytes, offset + 8, block.highestSequenceNumber)
  writeUint32(bytes, offset + 12, block.jitter)
  writeUint32(bytes, offset + 16, block.lastSenderReport)
  writeUint32(bytes, offset + 20, block.delaySinceLastSenderReport)
}
