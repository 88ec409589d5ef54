/**
 * DATA chunk (RFC 9260 section 3.3.1), the value after the chunk's header:
 *
 *   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *   |                              TSN                              |
 *   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *   |           stream id           |    stream sequence number     |
 *   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *   |                  payload protocol identifier                  |
 *   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *   |                        user data …                            |
 *
 * Flags: E (last fragment) 1, B (first fragment) 2, U (unordered) 4, I (acknowledge at once) 8.
 */

import { readUint16, readUint32, writeUint16, writeUint32 } from '../bytes.ts'
import {
  SCTP_CHUNK_HEADER_BYTES,
  type SctpChunk,
  SctpChunkType,
  writeSctpChunkHeader,
} from './sctp-packet.ts'

/** Bytes of a DATA chunk before its user data. */
export const SCTP_DATA_HEADER_BYTES = 16
const FIELDS_BYTES = SCTP_DATA_HEADER_BYTES - SCTP_CHUNK_HEADER_BYTES

/** Flags of a DATA chunk. */
export const SctpDataFlag = { end: 1, begin: 2, unordered: 4, immediate: 8 } as const

/** What a DATA chunk says. Reused: `parseSctpData` fills it in. */
export class SctpData {
  tsn = 0
  streamId = 0
  streamSequence = 0
  ppid = 0
  begin = false
  end = false
  unordered = false
  immediate = false
  payloadOffset = 0
  payloadLength = 0
}

/** Reads a DATA chunk. @returns false if it is too short; a chunk without user data is well-formed here */
export function parseSctpData(bytes: Uint8Array, chunk: SctpChunk, data: SctpData): boolean {
  if (chunk.valueLength < FIELDS_BYTES) return false
  const at = chunk.valueOffset
  data.tsn = readUint32(bytes, at)
  data.streamId = readUint16(bytes, at + 4)
  data.streamSequence = readUint16(bytes, at + 6)
  data.ppid = readUint32(bytes, at + 8)
  data.end = (chunk.flags & SctpDataFlag.end) !== 0
  data.begin = (chunk.flags & SctpDataFlag.begin) !== 0
  data.unordered = (chunk.flags & SctpDataFlag.unordered) !== 0
  data.immediate = (chunk.flags & SctpDataFlag.immediate) !== 0
  data.payloadOffset = at + FIELDS_BYTES
  data.payloadLength = chunk.valueLength - FIELDS_BYTES
  return true
}

/**
 * Writes a DATA chunk with `payload[from, to)`.
 * @param flags bits of `SctpDataFlag`
 * @param tsn taken modulo 2^32
 * @param streamSequence taken modulo 2^16
 * @returns the offset after the chunk and its padding; the caller has made sure that it fits
 */
export function writeSctpData(
  bytes: Uint8Array,
  offset: number,
  flags: number,
  tsn: number,
  streamId: number,
  streamSequence: number,
  ppid: number,
  payload: Uint8Array,
  from: number,
  to: number,
): number {
  const at = offset + SCTP_CHUNK_HEADER_BYTES
  writeUint32(bytes, at, tsn >>> 0)
  writeUint16(bytes, at + 4, streamId)
  writeUint16(bytes, at + 6, streamSequence & 0xffff)
  writeUint32(bytes, at + 8, ppid)
  bytes.set(payload.subarray(from, to), at + FIELDS_BYTES)
  return writeSctpChunkHeader(bytes, offset, SctpChunkType.data, flags, FIELDS_BYTES + to - from)
}
