/**
 * RTP packet (RFC 3550 section 5.1), with its header extension block (section 5.3.1).
 *
 *    0                   1                   2                   3
 *    0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *   |V=2|P|X|  CC   |M|     PT      |       sequence number         |
 *   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *   |                           timestamp                           |
 *   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *   |           synchronization source (SSRC) identifier            |
 *   +=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+
 *   |            contributing source (CSRC) identifiers, CC of them |
 *   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *   |      defined by profile       |  length in 32-bit words       |  if X
 *   |                   header extension block                      |
 *   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *   |  payload ...                  | padding ...   | padding count |  padding if P
 *   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 */

import { readUint16, readUint32, writeUint16, writeUint32 } from './bytes.ts'
import type { HeaderExtensionElement } from './header-extensions.ts'
import { headerExtensionBlockBytes, writeHeaderExtensionBlock } from './header-extensions.ts'

/** Bytes of the fixed part of the header. */
export const RTP_FIXED_HEADER_BYTES = 12

/** What `parseRtpPacket` fills: one instance is reused for all packets. Offsets count from byte 0 of the given array. */
export class RtpHeader {
  marker = false
  /** 0-127. */
  payloadType = 0
  /** 16 bits, not unwrapped. */
  sequenceNumber = 0
  /** 32 bits, RTP ticks, not unwrapped. */
  timestamp = 0
  ssrc = 0
  csrcCount = 0
  /** The "defined by profile" 16 bits; 0 where the packet has no extension block. */
  extensionProfile = 0
  /** Where the extension block's elements start (after its 4-byte head); 0 without one. */
  extensionOffset = 0
  /** Bytes of the elements, their padding included. */
  extensionLength = 0
  /** Where the payload starts: also the end of the header. */
  payloadOffset = 0
  /** Bytes of payload, padding removed. */
  payloadLength = 0
  /** Bytes of padding, its count byte included; 0 without. */
  paddingLength = 0
}

/**
 * Parses the RTP packet in `bytes[offset, offset + length)` into `header`. Allocates nothing, reads nothing outside.
 * @returns false if it is no well-formed RTP version 2 packet; `header` is then undefined
 */
export function parseRtpPacket(
  bytes: Uint8Array,
  offset: number,
  length: number,
  header: RtpHeader,
): boolean {
  const end = offset + length
  if (length < RTP_FIXED_HEADER_BYTES || offset < 0 || end > bytes.length) return false
  const first = bytes[offset]!
  if (first >> 6 !== 2) return false
  const second = bytes[offset + 1]!
  header.marker = second >= 0x80
  header.payloadType = second & 0x7f
  header.sequenceNumber = readUint16(bytes, offset + 2)
  header.timestamp = readUint32(bytes, offset + 4)
  header.ssrc = readUint32(bytes, offset + 8)
  header.csrcCount = first & 0x0f

  let at = offset + RTP_FIXED_HEADER_BYTES + header.csrcCount * 4
  header.extensionProfile = 0
  header.extensionOffset = 0
  header.extensionLength = 0
  if ((first & 0x10) !== 0) {
    if (at + 4 > end) return false
    header.extensionProfile = readUint16(bytes, at)
    header.extensionLength = readUint16(bytes, at + 2) * 4
    header.extensionOffset = at + 4
    at = header.extensionOffset + header.extensionLength
  }
  if (at > end) return false
  header.payloadOffset = at

  header.paddingLength = 0
  if ((first & 0x20) !== 0) {
    const padding = at < end ? bytes[end - 1]! : 0
    if (padding === 0 || padding > end - at) return false
    header.paddingLength = padding
  }
  header.payloadLength = end - at - header.paddingLength
  return true
}

/** What `writeRtpPacket` writes. */
export interface RtpPacketFields {
  readonly payloadType: number
  readonly sequenceNumber: number
  readonly timestamp: number
  readonly ssrc: number
  readonly marker?: boolean
  /** At most 15. */
  readonly csrcs?: readonly number[]
  /** Written in the one-byte form where every element fits it, else in the two-byte form (RFC 8285). */
  readonly headerExtensions?: readonly HeaderExtensionElement[]
  readonly payload?: Uint8Array
  /** Bytes of padding, its count byte included: 0 (none) to 255. */
  readonly paddingLength?: number
}

/** Bytes that `writeRtpPacket` will fill for these fields. */
export function rtpPacketBytes(fields: RtpPacketFields): number {
  return (
    RTP_FIXED_HEADER_BYTES +
    4 * (fields.csrcs?.length ?? 0) +
    headerExtensionBlockBytes(fields.headerExtensions ?? []) +
    (fields.payload?.length ?? 0) +
    (fields.paddingLength ?? 0)
  )
}

/**
 * Writes an RTP packet at `offset`.
 * @returns the bytes written, or 0 if `bytes` has no room for them
 */
export function writeRtpPacket(bytes: Uint8Array, offset: number, fields: RtpPacketFields): number {
  const length = rtpPacketBytes(fields)
  if (offset + length > bytes.length) return 0
  const csrcs = fields.csrcs ?? []
  const extensions = fields.headerExtensions ?? []
  const padding = fields.paddingLength ?? 0
  bytes[offset] = 0x80 | (padding > 0 ? 0x20 : 0) | (extensions.length > 0 ? 0x10 : 0) | csrcs.length
  bytes[offset + 1] = (fields.marker === true ? 0x80 : 0) | fields.payloadType
  writeUint16(bytes, offset + 2, fields.sequenceNumber)
  writeUint32(bytes, offset + 4, fields.timestamp)
  writeUint32(bytes, offset + 8, fields.ssrc)
  let at = offset + RTP_FIXED_HEADER_BYTES
  for (const csrc of csrcs) {
    writeUint32(bytes, at, csrc)
    at += 4
  }
  at += writeHeaderExtensionBlock(bytes, at, extensions)
  if (fields.payload !== undefined) {
    bytes.set(fields.payload, at)
    at += fields.payload.length
  }
  if (padding > 0) {
    bytes.fill(0, at, at + padding - 1)
    bytes[at + padding - 1] = padding
  }
  return length
}

/** The `index`-th CSRC of a parsed packet that starts at `packetOffset`; `index` is below `header.csrcCount`. */
export function readCsrc(bytes: Uint8Array, packetOffset: number, index: number): number {
  return readUint32(bytes, packetOffset + RTP_FIXED_HEADER_BYTES + 4 * index)
}

/** Overwrites the payload type of the packet at `packetOffset`, keeping the marker bit. */
export function setRtpPayloadType(bytes: Uint8Array, packetOffset: number, payloadType: number): void {
  bytes[packetOffset + 1] = (bytes[packetOffset + 1]! & 0x80) | payloadType
}

/** Overwrites the marker bit of the packet at `packetOffset`. */
export function setRtpMarker(bytes: Uint8Array, packetOffset: number, marker: boolean): void {
  bytes[packetOffset + 1] = (bytes[packetOffset + 1]! & 0x7f) | (marker ? 0x80 : 0)
}

/** Overwrites the sequence number (its lower 16 bits) of the packet at `packetOffset`. */
export function setRtpSequenceNumber(bytes: Uint8Array, packetOffset: number, sequenceNumber: number): void {
  writeUint16(bytes, packetOffset + 2, sequenceNumber)
}

/** Overwrites the timestamp (its lower 32 bits) of the packet at `packetOffset`. */
export function setRtpTimestamp(bytes: Uint8Array, packetOffset: number, timestamp: number): void {
  writeUint32(bytes, packetOffset + 4, timestamp)
}

/** Overwrites the SSRC of the packet at `packetOffset`. */
export function setRtpSsrc(bytes: Uint8Array, packetOffset: number, ssrc: number): void {
  writeUint32(bytes, packetOffset + 8, ssrc)
}
