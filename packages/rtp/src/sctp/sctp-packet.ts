/**
 * SCTP packets (RFC 9260 section 3): a common header, then chunks that each start on a multiple of four bytes.
 *
 *    0                   1                   2                   3
 *    0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *   |          source port          |       destination port        |
 *   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *   |                       verification tag                        |
 *   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *   |                           checksum                            |
 *   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *   |  chunk type   |     flags     |  length, header included      |
 *   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *
 * The checksum is CRC-32C over the packet with zeros in its place, least significant byte first. Where both ends know
 * that a lower layer protects the packet (DTLS), it may be 0 (RFC 9653).
 */

import { readUint16, readUint32, writeUint16, writeUint32 } from '../bytes.ts'
import { crc32cState } from './crc32c.ts'

/** Bytes of the common header. */
export const SCTP_HEADER_BYTES = 12
/** Bytes of a chunk's or parameter's type, flags and length. */
export const SCTP_CHUNK_HEADER_BYTES = 4
const CHECKSUM_OFFSET = 8
const ZEROS = new Uint8Array(4)

/** Chunk types (RFC 9260 section 3.2, RFC 3758, RFC 6525). */
export const SctpChunkType = {
  data: 0,
  init: 1,
  initAck: 2,
  sack: 3,
  heartbeat: 4,
  heartbeatAck: 5,
  abort: 6,
  shutdown: 7,
  shutdownAck: 8,
  error: 9,
  cookieEcho: 10,
  cookieAck: 11,
  shutdownComplete: 14,
  reConfig: 130,
  forwardTsn: 192,
} as const

/** Where a chunk stands. Reused: `nextSctpChunk` fills it in. */
export class SctpChunk {
  type = 0
  flags = 0
  /** First byte after the chunk's header. */
  valueOffset = 0
  /** Bytes of the value, without padding. */
  valueLength = 0
}

/** The header's fields, read in place. */
export const sctpSourcePort = (bytes: Uint8Array, offset: number): number => readUint16(bytes, offset)
/** The header's destination port. */
export const sctpDestinationPort = (bytes: Uint8Array, offset: number): number =>
  readUint16(bytes, offset + 2)
/** The header's verification tag. */
export const sctpVerificationTag = (bytes: Uint8Array, offset: number): number =>
  readUint32(bytes, offset + 4)

/** Rounds up to the next multiple of four: what a chunk or parameter of so many bytes takes up. */
export function sctpPadded(bytes: number): number {
  return (bytes + 3) & ~3
}

/** Whether the checksum of a packet of at least a header's length is left out: 0, as RFC 9653 allows. */
export function sctpChecksumIsZero(bytes: Uint8Array, offset: number): boolean {
  return readUint32(bytes, offset + CHECKSUM_OFFSET) === 0
}

/** Whether the checksum of a packet of at least a header's length is right. */
export function sctpChecksumIsRight(bytes: Uint8Array, offset: number, length: number): boolean {
  return readChecksum(bytes, offset + CHECKSUM_OFFSET) === checksum(bytes, offset, length)
}

/** Writes the common header, the checksum 0. */
export function writeSctpHeader(
  bytes: Uint8Array,
  offset: number,
  sourcePort: number,
  destinationPort: number,
  verificationTag: number,
): void {
  writeUint16(bytes, offset, sourcePort)
  writeUint16(bytes, offset + 2, destinationPort)
  writeUint32(bytes, offset + 4, verificationTag)
  writeUint32(bytes, offset + CHECKSUM_OFFSET, 0)
}

/** Writes the checksum of a complete packet. */
export function writeSctpChecksum(bytes: Uint8Array, offset: number, length: number): void {
  const value = checksum(bytes, offset, length)
  const at = offset + CHECKSUM_OFFSET
  bytes[at] = value
  bytes[at + 1] = value >>> 8
  bytes[at + 2] = value >>> 16
  bytes[at + 3] = value >>> 24
}

/**
 * Reads the chunk at `offset` of a packet that ends at `end`.
 * @returns the offset of the next one (`end` or beyond it after the last), or -1 if there is no whole chunk
 */
export function nextSctpChunk(bytes: Uint8Array, offset: number, end: number, chunk: SctpChunk): number {
  if (offset + SCTP_CHUNK_HEADER_BYTES > end) return -1
  const length = readUint16(bytes, offset + 2)
  if (length < SCTP_CHUNK_HEADER_BYTES || offset + length > end) return -1
  chunk.type = bytes[offset]!
  chunk.flags = bytes[offset + 1]!
  chunk.valueOffset = offset + SCTP_CHUNK_HEADER_BYTES
  chunk.valueLength = length - SCTP_CHUNK_HEADER_BYTES
  return offset + sctpPadded(length)
}

/** Writes a chunk's header and its padding around a value of `valueLength` bytes. @returns the offset after the chunk */
export function writeSctpChunkHeader(
  bytes: Uint8Array,
  offset: number,
  type: number,
  flags: number,
  valueLength: number,
): number {
  const length = SCTP_CHUNK_HEADER_BYTES + valueLength
  bytes[offset] = type
  bytes[offset + 1] = flags
  writeUint16(bytes, offset + 2, length)
  const end = offset + sctpPadded(length)
  for (let at = offset + length; at < end; at += 1) bytes[at] = 0
  return end
}

function readChecksum(bytes: Uint8Array, at: number): number {
  return (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)) >>> 0
}

function checksum(bytes: Uint8Array, offset: number, length: number): number {
  let state = crc32cState(0xffffffff, bytes, offset, offset + CHECKSUM_OFFSET)
  state = crc32cState(state, ZEROS, 0, ZEROS.length)
  state = crc32cState(state, bytes, offset + SCTP_HEADER_BYTES, offset + length)
  return ~state >>> 0
}
