/**
 * H.265 payload structures (RFC 7798): single NAL unit (section 4.4.1), aggregation packet (4.4.2) and fragmentation
 * unit (4.4.3), all without DONL (sprop-max-don-diff 0, the only form that browsers send).
 *
 *   NAL unit head                      AP: head (type 48), then size (16 bits) and NAL unit, repeated
 *   +---------------+---------------+
 *   |F|   Type    |  LayerId  | TID |  FU: head (type 49), then
 *   +-------------+-----------------+  |S|E|  FuType   |
 */

import { readUint16 } from '../bytes.ts'

/** NAL unit types (RFC 7798 section 1.1.4, H.265 table 7-1) that the engine tells apart. */
export const H265NalType = {
  firstIrap: 16,
  lastIrap: 23,
  videoParameterSet: 32,
  sequenceParameterSet: 33,
  pictureParameterSet: 34,
  aggregationPacket: 48,
  fragmentationUnit: 49,
} as const

/** What `parseH265Payload` fills: one instance is reused. */
export class H265Payload {
  /** Type of the packet's head: a NAL unit's, or `aggregationPacket`, or `fragmentationUnit`. */
  packetType = 0
  /** Starts a slice of an intra random access point. */
  randomAccessPoint = false
  /** Has a video or sequence parameter set. */
  parameterSet = false
  /** A decoder can start here: a random access point or the parameter sets that precede one in the same frame. */
  keyFrame = false
  /** Starts a NAL unit: false in the middle of a fragmented one. */
  startOfNal = false
  /** Temporal layer, 0-6. */
  temporalLayer = 0
}

/**
 * Looks into the payload in `bytes[offset, offset + length)`.
 * @returns false if it is cut off or one of its lengths is wrong; `payload` is then undefined
 */
export function parseH265Payload(
  bytes: Uint8Array,
  offset: number,
  length: number,
  payload: H265Payload,
): boolean {
  const end = offset + length
  // TID is the temporal layer plus one; 0 is forbidden.
  if (length < 3 || end > bytes.length || (bytes[offset + 1]! & 0x07) === 0) return false
  payload.packetType = (bytes[offset]! >> 1) & 0x3f
  payload.temporalLayer = (bytes[offset + 1]! & 0x07) - 1
  payload.randomAccessPoint = false
  payload.parameterSet = false
  payload.startOfNal = true
  if (payload.packetType === H265NalType.aggregationPacket) {
    if (!parseAggregation(bytes, offset + 2, end, payload)) return false
  } else if (payload.packetType === H265NalType.fragmentationUnit) {
    payload.startOfNal = (bytes[offset + 2]! & 0x80) !== 0
    if (payload.startOfNal) noteNal(bytes[offset + 2]! & 0x3f, payload)
  } else {
    noteNal(payload.packetType, payload)
  }
  payload.keyFrame = payload.randomAccessPoint || payload.parameterSet
  return true
}

function parseAggregation(bytes: Uint8Array, offset: number, end: number, payload: H265Payload): boolean {
  let at = offset
  while (at < end) {
    if (at + 2 > end) return false
    const size = readUint16(bytes, at)
    if (size < 2 || at + 2 + size > end) return false
    noteNal((bytes[at + 2]! >> 1) & 0x3f, payload)
    at += 2 + size
  }
  return at > offset
}

function noteNal(type: number, payload: H265Payload): void {
  if (type >= H265NalType.firstIrap && type <= H265NalType.lastIrap) payload.randomAccessPoint = true
  else if (type === H265NalType.videoParameterSet || type === H265NalType.sequenceParameterSet) {
    payload.parameterSet = true
  }
}
