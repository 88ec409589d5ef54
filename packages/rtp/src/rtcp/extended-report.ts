/**
 * Extended reports (RFC 3611). Of the block types only the two that give a receiver its round-trip time are read and
 * written: receiver reference time (RRTR, section 4.4) and delay since the last one (DLRR, section 4.5).
 *
 *   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *   |V=2|P|reserved |   PT=XR=207   |             length            |
 *   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *   |                              SSRC                             |
 *   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *   |     BT=4      |   reserved    |       block length = 2        |  RRTR
 *   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *   |  NTP timestamp, seconds;  then  fraction                      |
 *   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *   |     BT=5      |   reserved    |  block length = 3 * sub-blocks|  DLRR
 *   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *   |  per sub-block: SSRC of receiver;  LRR;  DLRR                 |
 *   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 */

import { readUint16, readUint32, writeUint16, writeUint32 } from '../bytes.ts'
import type { RtcpHeader } from './rtcp-packet.ts'
import { RTCP_HEADER_BYTES, RtcpType, writeRtcpHeader } from './rtcp-packet.ts'

/** Block types of extended reports that the engine knows. */
export const ExtendedReportBlock = { receiverReferenceTime: 4, delaySinceLastReceiverReport: 5 } as const

const SUB_BLOCK_BYTES = 12

/** Walks the blocks of an extended report: `cursor.start(header); while (cursor.next(bytes)) …`. */
export class ExtendedReportCursor {
  /** A value of `ExtendedReportBlock`, or another. */
  blockType = 0
  /** Where the block's content starts, after its 4-byte head. */
  offset = 0
  /** Bytes of content. */
  length = 0
  #at = 0
  #end = 0

  /** Goes to before the first block. */
  start(header: RtcpHeader): void {
    this.#at = header.bodyOffset + 4
    this.#end = header.bodyOffset + header.bodyLength
  }

  /** Goes to the next block. @returns false at the end, or if the next block is longer than the packet */
  next(bytes: Uint8Array): boolean {
    if (this.#at + 4 > this.#end) return false
    const length = readUint16(bytes, this.#at + 2) * 4
    if (this.#at + 4 + length > this.#end) return false
    this.blockType = bytes[this.#at]!
    this.offset = this.#at + 4
    this.length = length
    this.#at += 4 + length
    return true
  }
}

/** The SSRC of an extended report's sender. @returns -1 if the body is too short */
export function readExtendedReportSender(bytes: Uint8Array, header: RtcpHeader): number {
  return header.bodyLength < 4 ? -1 : readUint32(bytes, header.bodyOffset)
}

/** A receiver's clock, from an RRTR block; reused by readers. */
export class ReceiverReferenceTime {
  ntpSeconds = 0
  ntpFraction = 0
}

/** Reads the RRTR block that `cursor` stands on. @returns false if it is another block or too short */
export function readReceiverReferenceTime(
  bytes: Uint8Array,
  cursor: ExtendedReportCursor,
  time: ReceiverReferenceTime,
): boolean {
  if (cursor.blockType !== ExtendedReportBlock.receiverReferenceTime || cursor.length < 8) return false
  time.ntpSeconds = readUint32(bytes, cursor.offset)
  time.ntpFraction = readUint32(bytes, cursor.offset + 4)
  return true
}

/** One DLRR sub-block; reused by readers, or a literal of the same shape for writers. */
export class DelaySinceLastReceiverReport {
  /** The receiver that sent the RRTR. */
  ssrc = 0
  /** Middle 32 bits of its NTP timestamp. */
  lastReceiverReport = 0
  /** 16.16 seconds since it came. */
  delaySinceLastReceiverReport = 0
}

/** Reads sub-block `index` of the DLRR block that `cursor` stands on. @returns false if there is none */
export function readDelaySinceLastReceiverReport(
  bytes: Uint8Array,
  cursor: ExtendedReportCursor,
  index: number,
  subBlock: DelaySinceLastReceiverReport,
): boolean {
  if (cursor.blockType !== ExtendedReportBlock.delaySinceLastReceiverReport) return false
  if ((index + 1) * SUB_BLOCK_BYTES > cursor.length) return false
  const at = cursor.offset + index * SUB_BLOCK_BYTES
  subBlock.ssrc = readUint32(bytes, at)
  subBlock.lastReceiverReport = readUint32(bytes, at + 4)
  subBlock.delaySinceLastReceiverReport = readUint32(bytes, at + 8)
  return true
}

/** Writes an extended report with one RRTR block at `offset`. @returns 20, or 0 if `bytes` has no room for it */
export function writeReceiverReferenceTime(
  bytes: Uint8Array,
  offset: number,
  senderSsrc: number,
  time: Readonly<ReceiverReferenceTime>,
): number {
  const length = RTCP_HEADER_BYTES + 4 + 4 + 8
  if (offset + length > bytes.length) return 0
  writeRtcpHeader(bytes, offset, 0, RtcpType.extendedReport, length)
  writeUint32(bytes, offset + 4, senderSsrc)
  writeUint32(bytes, offset + 8, (ExtendedReportBlock.receiverReferenceTime << 24) | 2)
  writeUint32(bytes, offset + 12, time.ntpSeconds)
  writeUint32(bytes, offset + 16, time.ntpFraction)
  return length
}

/**
 * Writes an extended report with one DLRR block at `offset`.
 * @returns the bytes written, or 0 if `bytes` has no room for them
 */
export function writeDelaySinceLastReceiverReport(
  bytes: Uint8Array,
  offset: number,
  senderSsrc: number,
  subBlocks: readonly Readonly<DelaySinceLastReceiverReport>[],
): number {
  const length = RTCP_HEADER_BYTES + 4 + 4 + subBlocks.length * SUB_BLOCK_BYTES
  if (offset + length > bytes.length) return 0
  writeRtcpHeader(bytes, offset, 0, RtcpType.extendedReport, length)
  writeUint32(bytes, offset + 4, senderSsrc)
  writeUint16(bytes, offset + 8, ExtendedReportBlock.delaySinceLastReceiverReport << 8)
  writeUint16(bytes, offset + 10, subBlocks.length * 3)
  let at = offset + 12
  for (const subBlock of subBlocks) {
    writeUint32(bytes, at, subBlock.ssrc)
    writeUint32(bytes, at + 4, subBlock.lastReceiverReport)
    writeUint32(bytes, at + 8, subBlock.delaySinceLastReceiverReport)
    at += SUB_BLOCK_BYTES
  }
  return length
}
