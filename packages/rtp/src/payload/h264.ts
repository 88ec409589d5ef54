/**
 * H.264 payload structures (RFC 6184): single NAL unit (section 5.6), STAP-A (5.7.1) and FU-A (5.8).
 *
 *   NAL unit head        STAP-A                               FU-A
 *   +-+-+-+-+-+-+-+-+    +--------+---------+-------+---      +--------+-+-+-+-+-+-+-+-+---
 *   |F|NRI|  Type   |    | head   | size    | NAL   | ...     | head   |S|E|R|  Type   | ...
 *   +-+-+-+-+-+-+-+-+    | type 24| 16 bits | unit  |         | type 28| FU header     |
 */

import { readUint16 } from '../bytes.ts'

/** NAL unit types (RFC 6184 table 1, H.264 table 7-1) that the engine tells apart. */
export const H264NalType = {
  nonIdrSlice: 1,
  idrSlice: 5,
  sequenceParameterSet: 7,
  pictureParameterSet: 8,
  stapA: 24,
  fuA: 28,
} as const

/** What `parseH264Payload` fills: one instance is reused. */
export class H264Payload {
  /** Type of the packet's first byte: a NAL unit's, or `stapA`, or `fuA`. */
  packetType = 0
  /** Starts an IDR slice. */
  idr = false
  /** Has a sequence parameter set. */
  sequenceParameterSet = false
  /** A decoder can start here: an IDR slice or the parameter sets that precede one in the same frame. */
  keyFrame = false
  /** Starts a NAL unit: false in the middle of a fragmented one. */
  startOfNal = false
}

/**
 * Looks into the payload in `bytes[offset, offset + length)`.
 * @returns false if it is empty or one of its lengths is wrong; `payload` is then undefined
 */
export function parseH264Payload(
  bytes: Uint8Array,
  offset: number,
  length: number,
  payload: H264Payload,
): boolean {
  const end = offset + length
  if (length < 1 || end > bytes.length) return false
  payload.packetType = bytes[offset]! & 0x1f
  payload.idr = false
  payload.sequenceParameterSet = false
  payload.startOfNal = true
  if (payload.packetType === H264NalType.stapA) {
    if (!parseStapA(bytes, offset + 1, end, payload)) return false
  } else if (payload.packetType === H264NalType.fuA) {
    if (length < 2) return false
    const head = bytes[offset + 1]!
    payload.startOfNal = (head & 0x80) !== 0
    if (payload.startOfNal) noteNal(head & 0x1f, payload)
  } else {
    noteNal(payload.packetType, payload)
  }
  payload.keyFrame = payload.idr || payload.sequenceParameterSet
  return true
}

function parseStapA(bytes: Uint8Array, offset: number, end: number, payload: H264Payload): boolean {
  let at = offset
  while (at < end) {
    if (at + 2 > end) return false
    const size = readUint16(bytes, at)
    if (size === 0 || at + 2 + size > end) return false
    noteNal(bytes[at + 2]! & 0x1f, payload)
    at += 2 + size
  }
  return at > offset
}

function noteNal(type: number, payload: H264Payload): void {
  if (type === H264NalType.idrSlice) payload.idr = true
  else if (type === H264NalType.sequenceParameterSet) payload.sequenceParameterSet = true
}
