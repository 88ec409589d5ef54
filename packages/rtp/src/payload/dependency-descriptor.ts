/**
 * Dependency descriptor header extension (AV1 RTP specification, appendix A), its mandatory part. What may
 * follow, the template structure and a frame's own dependencies, is read by `parseDependencyFrame`.
 *
 *    0                   1                   2
 *    0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3
 *   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *   |S|E| template  |         frame number          |
 *   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *   |T|A|D|F|C| ...   if longer than 3 bytes: structure present, active decode targets present, custom DTIs,
 *   +-+-+-+-+-+-      custom frame diffs, custom chains
 */

import { readUint16 } from '../bytes.ts'

/** Bytes of the mandatory part. */
export const DEPENDENCY_DESCRIPTOR_MANDATORY_BYTES = 3

/** What `parseDependencyDescriptor` fills: one instance is reused. */
export class DependencyDescriptor {
  /** First packet of a frame. */
  startOfFrame = false
  /** Last packet of a frame. */
  endOfFrame = false
  /** 6 bits: which template of the last structure describes this frame. */
  templateId = 0
  /** 16 bits, wraps. */
  frameNumber = 0
  /** A template structure follows: this frame is a key frame, and the templates are new. */
  structurePresent = false
  /** The set of active decode targets follows. */
  activeDecodeTargetsPresent = false
  /** Where the part after the mandatory one starts, or -1. */
  extendedOffset = -1
}

/**
 * Parses the mandatory part of the element in `bytes[offset, offset + length)`, and the two flags behind it.
 * @returns false if it has fewer than 3 bytes; `descriptor` is then undefined
 */
export function parseDependencyDescriptor(
  bytes: Uint8Array,
  offset: number,
  length: number,
  descriptor: DependencyDescriptor,
): boolean {
  if (length < DEPENDENCY_DESCRIPTOR_MANDATORY_BYTES || offset + length > bytes.length) return false
  const first = bytes[offset]!
  descriptor.startOfFrame = (first & 0x80) !== 0
  descriptor.endOfFrame = (first & 0x40) !== 0
  descriptor.templateId = first & 0x3f
  descriptor.frameNumber = readUint16(bytes, offset + 1)
  const extended = length > DEPENDENCY_DESCRIPTOR_MANDATORY_BYTES
  const flags = extended ? bytes[offset + 3]! : 0
  descriptor.extendedOffset = extended ? offset + 3 : -1
  descriptor.structurePresent = (flags & 0x80) !== 0
  descriptor.activeDecodeTargetsPresent = (flags & 0x40) !== 0
  return true
}
