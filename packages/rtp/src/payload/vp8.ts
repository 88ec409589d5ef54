/**
 * VP8 payload descriptor (RFC 7741 section 4.2) and what follows it in a key frame's first packet (section 4.3,
 * RFC 6386 section 9.1).
 *
 *         0 1 2 3 4 5 6 7
 *        +-+-+-+-+-+-+-+-+
 *        |X|R|N|S|R| PID |
 *        +-+-+-+-+-+-+-+-+
 *   X:   |I|L|T|K| RSV   |
 *        +-+-+-+-+-+-+-+-+
 *   I:   |M| PictureID   |  7 bits, or with M 15 bits in two bytes
 *        +-+-+-+-+-+-+-+-+
 *   L:   |   TL0PICIDX   |
 *        +-+-+-+-+-+-+-+-+
 *   T/K: |TID|Y| KEYIDX  |
 *        +-+-+-+-+-+-+-+-+
 */

import { readUint16, readUint24, writeUint16 } from '../bytes.ts'

/** What `parseVp8Descriptor` fills: one instance is reused. Absent fields are -1 (or false). */
export class Vp8Descriptor {
  /** The frame may be dropped: no other refers to it (N). */
  nonReference = false
  /** The payload starts a partition (S). */
  startOfPartition = false
  /** Partition index, 0-7. */
  partitionId = 0
  /** 7 or 15 bits, or -1. */
  pictureId = -1
  /** Whether the picture id has 15 bits. */
  widePictureId = false
  /** Where the picture id's (first) byte is, or -1. Counts from byte 0 of the array. */
  pictureIdOffset = -1
  /** 8 bits, or -1. */
  tl0PicIdx = -1
  /** Where TL0PICIDX is, or -1. */
  tl0PicIdxOffset = -1
  /** Temporal layer, 0-3, or -1. */
  temporalLayer = -1
  /** The frame depends only on temporal layer 0: a receiver may switch up to this layer here (Y). */
  layerSync = false
  /** 5 bits, or -1. */
  keyIdx = -1
  /** Where the VP8 data starts. */
  dataOffset = 0
  /** Whether this packet is the first of a key frame. */
  keyFrame = false
}

/**
 * Parses the descriptor of the payload in `bytes[offset, offset + length)`.
 * @returns false if it is cut off or nothing follows it; `descriptor` is then undefined
 */
export function parseVp8Descriptor(
  bytes: Uint8Array,
  offset: number,
  length: number,
  descriptor: Vp8Descriptor,
): boolean {
  const end = offset + length
  if (length < 1 || end > bytes.length) return false
  const first = bytes[offset]!
  descriptor.nonReference = (first & 0x20) !== 0
  descriptor.startOfPartition = (first & 0x10) !== 0
  descriptor.partitionId = first & 0x07
  descriptor.pictureId = -1
  descriptor.widePictureId = false
  descriptor.pictureIdOffset = -1
  descriptor.tl0PicIdx = -1
  descriptor.tl0PicIdxOffset = -1
  descriptor.temporalLayer = -1
  descriptor.layerSync = false
  descriptor.keyIdx = -1
  const at = (first & 0x80) === 0 ? offset + 1 : parseExtension(bytes, offset + 1, end, descriptor)
  if (at === -1 || at >= end) return false
  descriptor.dataOffset = at
  // The P bit of the frame tag is 0 in key frames; only the first partition's start has a frame tag.
  descriptor.keyFrame =
    descriptor.startOfPartition && descriptor.partitionId === 0 && (bytes[at]! & 0x01) === 0
  return true
}

/** Returns where the extension ends, or -1 if it is cut off. */
function parseExtension(bytes: Uint8Array, offset: number, end: number, descriptor: Vp8Descriptor): number {
  if (offset >= end) return -1
  const flags = bytes[offset]!
  let at = offset + 1
  if ((flags & 0x80) !== 0) {
    if (at >= end) return -1
    descriptor.pictureIdOffset = at
    descriptor.widePictureId = (bytes[at]! & 0x80) !== 0
    if (descriptor.widePictureId && at + 2 > end) return -1
    descriptor.pictureId = descriptor.widePictureId ? readUint16(bytes, at) & 0x7fff : bytes[at]!
    at += descriptor.widePictureId ? 2 : 1
  }
  if ((flags & 0x40) !== 0) {
    if (at >= end) return -1
    descriptor.tl0PicIdxOffset = at
    descriptor.tl0PicIdx = bytes[at]!
    at += 1
  }
  if ((flags & 0x30) !== 0) {
    if (at >= end) return -1
    const byte = bytes[at]!
    if ((flags & 0x20) !== 0) {
      descriptor.temporalLayer = byte >> 6
      descriptor.layerSync = (byte & 0x20) !== 0
    }
    if ((flags & 0x10) !== 0) descriptor.keyIdx = byte & 0x1f
    at += 1
  }
  return at
}

/**
 * Overwrites picture id and TL0PICIDX in place, where the parsed descriptor has them. A 7-bit picture id keeps its 7 bits.
 */
export function patchVp8Descriptor(
  bytes: Uint8Array,
  descriptor: Vp8Descriptor,
  pictureId: number,
  tl0PicIdx: number,
): void {
  if (descriptor.pictureIdOffset !== -1) {
    if (descriptor.widePictureId)
      writeUint16(bytes, descriptor.pictureIdOffset, 0x8000 | (pictureId & 0x7fff))
    else bytes[descriptor.pictureIdOffset] = pictureId & 0x7f
  }
  if (descriptor.tl0PicIdxOffset !== -1) bytes[descriptor.tl0PicIdxOffset] = tl0PicIdx
}

const START_CODE = 0x9d012a
const KEY_FRAME_HEADER_BYTES = 10

/** A picture's size in pixels. */
export interface PictureSize {
  readonly width: number
  readonly height: number
}

/**
 * The picture size in a key frame's first packet (RFC 6386 section 9.1), given its parsed descriptor and the payload's end.
 * @returns undefined if it is no key frame's first packet or too short
 */
export function vp8KeyFrameSize(
  bytes: Uint8Array,
  end: number,
  descriptor: Vp8Descriptor,
): PictureSize | undefined {
  const at = descriptor.dataOffset
  if (!descriptor.keyFrame || at + KEY_FRAME_HEADER_BYTES > end) return undefined
  if (readUint24(bytes, at + 3) !== START_CODE) return undefined
  // Little-endian, 14 bits each; the upper two bits are a scale.
  return {
    width: bytes[at + 6]! | ((bytes[at + 7]! & 0x3f) << 8),
    height: bytes[at + 8]! | ((bytes[at + 9]! & 0x3f) << 8),
  }
}
