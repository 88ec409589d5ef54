/**
 * FORWARD TSN chunk (RFC 3758 section 3.2), the value after the chunk's header:
 *
 *   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *   |                      new cumulative TSN                       |
 *   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *   |           stream id           |    stream sequence number     |  once per ordered stream with skipped messages:
 *   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+  the last sequence number that is skipped
 */

import { readUint16, readUint32, writeUint16, writeUint32 } from '../bytes.ts'
import {
  SCTP_CHUNK_HEADER_BYTES,
  type SctpChunk,
  SctpChunkType,
  writeSctpChunkHeader,
} from './sctp-packet.ts'

const TSN_BYTES = 4
const SKIP_BYTES = 4

/** The new cumulative TSN, 32 bits; -1 if the chunk is too short. */
export function sctpForwardTsn(bytes: Uint8Array, chunk: SctpChunk): number {
  return chunk.valueLength < TSN_BYTES ? -1 : readUint32(bytes, chunk.valueOffset)
}

/** Calls `visit` for each stream that the chunk names. */
export function forEachSctpSkippedStream(
  bytes: Uint8Array,
  chunk: SctpChunk,
  visit: (streamId: number, streamSequence: number) => void,
): void {
  const end = chunk.valueOffset + chunk.valueLength
  for (let at = chunk.valueOffset + TSN_BYTES; at + SKIP_BYTES <= end; at += SKIP_BYTES) {
    visit(readUint16(bytes, at), readUint16(bytes, at + 2))
  }
}

/**
 * Writes a FORWARD TSN with as many streams as fit before `end`.
 * @param skipped stream id to stream sequence number
 * @returns the offset after the chunk
 */
export function writeSctpForwardTsn(
  bytes: Uint8Array,
  offset: number,
  end: number,
  tsn: number,
  skipped: ReadonlyMap<number, number>,
): number {
  const value = offset + SCTP_CHUNK_HEADER_BYTES
  writeUint32(bytes, value, tsn >>> 0)
  let at = value + TSN_BYTES
  for (const [streamId, streamSequence] of skipped) {
    if (at + SKIP_BYTES > end) break
    writeUint16(bytes, at, streamId)
    writeUint16(bytes, at + 2, streamSequence & 0xffff)
    at += SKIP_BYTES
  }
  return writeSctpChunkHeader(bytes, offset, SctpChunkType.forwardTsn, 0, at - value)
}
