/**
 * SACK chunk (RFC 9260 section 3.3.4), the value after the chunk's header:
 *
 *   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *   |                      cumulative TSN ack                       |
 *   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *   |           advertised receiver window credit, bytes            |
 *   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *   |          gap blocks           |        duplicate TSNs         |
 *   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *   | gap start and end, each relative to the cumulative TSN ack …  |
 *   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *   | duplicate TSNs …                                              |
 */

import { readUint16, readUint32, writeUint16, writeUint32 } from '../bytes.ts'
import {
  SCTP_CHUNK_HEADER_BYTES,
  type SctpChunk,
  SctpChunkType,
  writeSctpChunkHeader,
} from './sctp-packet.ts'

const FIXED_BYTES = 12
/** Bytes of a SACK with nothing but its fixed part. */
export const SCTP_SACK_HEADER_BYTES = SCTP_CHUNK_HEADER_BYTES + FIXED_BYTES

/** What a SACK says. Reused: `parseSctpSack` fills it in. */
export class SctpSack {
  cumulativeTsn = 0
  receiveWindowBytes = 0
  gapCount = 0
  duplicateCount = 0
  /** Where the gap blocks start. */
  gapsOffset = 0
}

/** Reads a SACK. @returns false if it is malformed */
export function parseSctpSack(bytes: Uint8Array, chunk: SctpChunk, sack: SctpSack): boolean {
  if (chunk.valueLength < FIXED_BYTES) return false
  const at = chunk.valueOffset
  sack.cumulativeTsn = readUint32(bytes, at)
  sack.receiveWindowBytes = readUint32(bytes, at + 4)
  sack.gapCount = readUint16(bytes, at + 8)
  sack.duplicateCount = readUint16(bytes, at + 10)
  sack.gapsOffset = at + FIXED_BYTES
  return chunk.valueLength >= FIXED_BYTES + (sack.gapCount + sack.duplicateCount) * 4
}

/** First TSN of gap block `index`, relative to the cumulative one. */
export function sctpGapStart(bytes: Uint8Array, sack: SctpSack, index: number): number {
  return readUint16(bytes, sack.gapsOffset + index * 4)
}

/** Last TSN of gap block `index`, relative to the cumulative one. */
export function sctpGapEnd(bytes: Uint8Array, sack: SctpSack, index: number): number {
  return readUint16(bytes, sack.gapsOffset + index * 4 + 2)
}

/**
 * Writes a SACK with as many gap blocks and duplicates as fit before `end`.
 * @param cumulativeTsn extended, as all TSNs here; written modulo 2^32
 * @param gaps start and end of each block in turn, ascending
 * @returns the offset after the chunk
 */
export function writeSctpSack(
  bytes: Uint8Array,
  offset: number,
  end: number,
  cumulativeTsn: number,
  receiveWindowBytes: number,
  gaps: readonly number[],
  duplicates: readonly number[],
): number {
  const fixed = offset + SCTP_CHUNK_HEADER_BYTES
  let at = fixed + FIXED_BYTES
  let gapCount = 0
  for (let i = 0; i + 1 < gaps.length && at + 4 <= end; i += 2, at += 4) {
    const last = gaps[i + 1]! - cumulativeTsn
    if (last > 0xffff) break
    writeUint16(bytes, at, gaps[i]! - cumulativeTsn)
    writeUint16(bytes, at + 2, last)
    gapCount += 1
  }
  let duplicateCount = 0
  for (; duplicateCount < duplicates.length && at + 4 <= end; duplicateCount += 1, at += 4) {
    writeUint32(bytes, at, duplicates[duplicateCount]! >>> 0)
  }
  writeUint32(bytes, fixed, cumulativeTsn >>> 0)
  writeUint32(bytes, fixed + 4, receiveWindowBytes)
  writeUint16(bytes, fixed + 8, gapCount)
  writeUint16(bytes, fixed + 10, duplicateCount)
  return writeSctpChunkHeader(bytes, offset, SctpChunkType.sack, 0, at - fixed)
}
