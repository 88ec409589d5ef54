/**
 * VP9 payload descriptor (RFC 9628 section 4.2).
 *
 *         0 1 2 3 4 5 6 7
 *        +-+-+-+-+-+-+-+-+
 *        |I|P|L|F|B|E|V|Z|
 *        +-+-+-+-+-+-+-+-+
 *   I:   |M| picture id  |  7 bits, or with M 15 bits in two bytes
 *        +-+-+-+-+-+-+-+-+
 *   L:   | TID |U| SID |D|
 *        +-+-+-+-+-+-+-+-+
 *        |   TL0PICIDX   |  with L, unless F
 *        +-+-+-+-+-+-+-+-+
 *   P,F: |   P_DIFF    |N|  up to 3 times, while N
 *        +-+-+-+-+-+-+-+-+
 *   V:   | scalability structure: |N_S(3)|Y|G|- - -|; with Y width and height (16 bits each) of N_S + 1 layers;
 *        with G N_G (8 bits) and per picture |TID(3)|U|R(2)|- -| and R times P_DIFF (8 bits)
 */

import { readUint16 } from '../bytes.ts'
import type { PictureSize } from './vp8.ts'

const MAX_REFERENCES = 3

/** What `parseVp9Descriptor` fills: one instance is reused. Absent fields are -1 (or false). */
export class Vp9Descriptor {
  /** Depends on an earlier picture (P). */
  interPicture = false
  /** Flexible mode (F): references are given per picture. */
  flexibleMode = false
  /** First packet of a layer's frame (B). */
  startOfFrame = false
  /** Last packet of a layer's frame (E). */
  endOfFrame = false
  /** No upper spatial layer of a later picture refers to this one (Z). */
  notReferenceForUpperLayers = false
  /** 7 or 15 bits, or -1. */
  pictureId = -1
  widePictureId = false
  /** Where the picture id's (first) byte is, or -1. */
  pictureIdOffset = -1
  /** 0-7, or -1 without layer indices. */
  temporalLayer = -1
  /** A receiver may switch up to higher temporal layers from this picture on (U). */
  switchingUp = false
  /** 0-7, or -1 without layer indices. */
  spatialLayer = -1
  /** Depends on the lower spatial layer of the same picture (D). */
  interLayer = false
  /** 8 bits, or -1. */
  tl0PicIdx = -1
  /** Where the scalability structure starts, or -1. */
  structureOffset = -1
  /** Spatial layers that the scalability structure declares, or -1. */
  spatialLayers = -1
  /** Whether the scalability structure gives each layer's size (Y). */
  hasSizes = false
  /** Where the VP9 data starts. */
  dataOffset = 0
  /** Whether this packet is the first of a key frame: of the lowest spatial layer, without reference to another picture. */
  keyFrame = false
}

function reset(descriptor: Vp9Descriptor): void {
  descriptor.pictureId = -1
  descriptor.widePictureId = false
  descriptor.pictureIdOffset = -1
  descriptor.temporalLayer = -1
  descriptor.switchingUp = false
  descriptor.spatialLayer = -1
  descriptor.interLayer = false
  descriptor.tl0PicIdx = -1
  descriptor.structureOffset = -1
  descriptor.spatialLayers = -1
  descriptor.hasSizes = false
}

/**
 * Parses the descriptor of the payload in `bytes[offset, offset + length)`.
 * @returns false if it is cut off or nothing follows it; `descriptor` is then undefined
 */
export function parseVp9Descriptor(
  bytes: Uint8Array,
  offset: number,
  length: number,
  descriptor: Vp9Descriptor,
): boolean {
  const end = offset + length
  if (length < 1 || end > bytes.length) return false
  const first = bytes[offset]!
  reset(descriptor)
  descriptor.interPicture = (first & 0x40) !== 0
  descriptor.flexibleMode = (first & 0x10) !== 0
  descriptor.startOfFrame = (first & 0x08) !== 0
  descriptor.endOfFrame = (first & 0x04) !== 0
  descriptor.notReferenceForUpperLayers = (first & 0x01) !== 0
  let at = offset + 1
  if ((first & 0x80) !== 0) at = parsePictureId(bytes, at, end, descriptor)
  if (at !== -1 && (first & 0x20) !== 0) at = parseLayerIndices(bytes, at, end, descriptor)
  if (at !== -1 && descriptor.interPicture && descriptor.flexibleMode) at = skipReferences(bytes, at, end)
  if (at !== -1 && (first & 0x02) !== 0) at = parseStructure(bytes, at, end, descriptor)
  if (at === -1 || at >= end) return false
  descriptor.dataOffset = at
  descriptor.keyFrame =
    descriptor.startOfFrame &&
    !descriptor.interPicture &&
    descriptor.spatialLayer <= 0 &&
    !descriptor.interLayer
  return true
}

/** These return where their field ends, or -1 if it is cut off. */
function parsePictureId(bytes: Uint8Array, at: number, end: number, descriptor: Vp9Descriptor): number {
  if (at >= end) return -1
  descriptor.pictureIdOffset = at
  descriptor.widePictureId = (bytes[at]! & 0x80) !== 0
  if (!descriptor.widePictureId) {
    descriptor.pictureId = bytes[at]!
    return at + 1
  }
  if (at + 2 > end) return -1
  descriptor.pictureId = readUint16(bytes, at) & 0x7fff
  return at + 2
}

function parseLayerIndices(bytes: Uint8Array, at: number, end: number, descriptor: Vp9Descriptor): number {
  if (at >= end) return -1
  const byte = bytes[at]!
  descriptor.temporalLayer = byte >> 5
  descriptor.switchingUp = (byte & 0x10) !== 0
  descriptor.spatialLayer = (byte >> 1) & 0x07
  descriptor.interLayer = (byte & 0x01) !== 0
  if (descriptor.flexibleMode) return at + 1
  if (at + 1 >= end) return -1
  descriptor.tl0PicIdx = bytes[at + 1]!
  return at + 2
}

function skipReferences(bytes: Uint8Array, offset: number, end: number): number {
  for (let i = 0; i < MAX_REFERENCES; i += 1) {
    if (offset + i >= end) return -1
    if ((bytes[offset + i]! & 0x01) === 0) return offset + i + 1
  }
  // A fourth reference does not exist: the third has N = 0.
  return -1
}

function parseStructure(bytes: Uint8Array, offset: number, end: number, descriptor: Vp9Descriptor): number {
  if (offset >= end) return -1
  const head = bytes[offset]!
  descriptor.structureOffset = offset
  descriptor.spatialLayers = (head >> 5) + 1
  descriptor.hasSizes = (head & 0x10) !== 0
  let at = offset + 1 + (descriptor.hasSizes ? descriptor.spatialLayers * 4 : 0)
  if (at > end) return -1
  if ((head & 0x08) === 0) return at
  if (at >= end) return -1
  const pictures = bytes[at]!
  at += 1
  for (let i = 0; i < pictures; i += 1) {
    if (at >= end) return -1
    at += 1 + ((bytes[at]! >> 2) & 0x03)
  }
  return at > end ? -1 : at
}

/**
 * The size that a parsed descriptor's scalability structure gives for spatial layer `layer` (from 0).
 * @returns undefined if it gives none
 */
export function vp9LayerSize(
  bytes: Uint8Array,
  descriptor: Vp9Descriptor,
  layer: number,
): PictureSize | undefined {
  if (!descriptor.hasSizes || layer < 0 || layer >= descriptor.spatialLayers) return undefined
  const at = descriptor.structureOffset + 1 + layer * 4
  return { width: readUint16(bytes, at), height: readUint16(bytes, at + 2) }
}
