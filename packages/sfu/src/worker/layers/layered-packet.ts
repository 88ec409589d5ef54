import {
  Av1AggregationHeader,
  DependencyDescriptor,
  DependencyFrame,
  type DependencyStructure,
  isOpusDtx,
  parseAv1AggregationHeader,
  parseDependencyDescriptor,
  parseDependencyFrame,
  parseVp8Descriptor,
  parseVp9Descriptor,
  Vp8Descriptor,
  Vp9Descriptor,
} from '@sangam/rtp'

/** How a codec tells its layers. `none`: it does not, all of a stream is one layer. */
export type LayerFormat = 'vp8' | 'vp9' | 'av1' | 'opus' | 'none'

/** The format that a codec's packets tell their layers in; `mimeType` in any case. */
export function layerFormatOf(mimeType: string): LayerFormat {
  switch (mimeType.toLowerCase()) {
    case 'video/vp8':
      return 'vp8'
    case 'video/vp9':
      return 'vp9'
    case 'video/av1':
      return 'av1'
    case 'audio/opus':
      return 'opus'
    default:
      return 'none'
  }
}

/**
 * One received packet as those who choose among layers see it. A single instance is filled anew for each packet, once,
 * whatever the number of receivers.
 */
export class LayeredPacket {
  packetId = 0
  /** Extended sequence number. */
  sequence = 0
  timestamp = 0
  marker = false
  arrivalUs = 0
  payloadLength = 0
  /** -1, or the mapped payload type where it is not the stream's main one (DTMF, comfort noise). */
  otherPayloadType = -1

  /** First packet of a picture that needs no earlier one. */
  keyFrame = false
  spatialLayer = 0
  temporalLayer = 0
  /** First and last packet of one spatial layer's frame. */
  startOfFrame = false
  endOfFrame = false
  /** VP8: Y of RFC 7741 section 4.2. VP9: U of RFC 9628 section 4.2. */
  switchUp = false
  /** VP9: depends on an earlier picture (P). */
  interPicture = false
  /** VP9: no upper layer of this picture needs this frame (Z). */
  notReferenceForUpperLayers = false
  /** VP8: 7 or 15 bits, -1 where absent. */
  pictureId = -1
  /** VP8: 8 bits, -1 where absent. */
  tl0PicIdx = -1
  /** Opus: silence that was encoded as a packet of one or two bytes. */
  discontinuous = false
  /** AV1: what the frame depends on; absent where the packet has no (understood) dependency descriptor. */
  dependencies: DependencyFrame | undefined
  structure: DependencyStructure | undefined
  /** AV1: 16 bits, wraps. */
  frameNumber = 0

  reset(): void {
    this.keyFrame = false
    this.spatialLayer = 0
    this.temporalLayer = 0
    this.startOfFrame = false
    this.endOfFrame = false
    this.switchUp = false
    this.interPicture = false
    this.notReferenceForUpperLayers = false
    this.pictureId = -1
    this.tl0PicIdx = -1
    this.discontinuous = false
    this.dependencies = undefined
    this.structure = undefined
  }
}

const vp8 = new Vp8Descriptor()
const vp9 = new Vp9Descriptor()
const aggregation = new Av1AggregationHeader()
const descriptor = new DependencyDescriptor()
const frame = new DependencyFrame()

/**
 * Reads a payload's layers into `packet`, after `packet.reset()`. A payload that is malformed counts as one of the lowest
 * layer: the receiver's decoder is to judge it.
 * @param descriptorOffset of the dependency descriptor in `bytes`, 0 where the packet has none
 * @param structure of the stream; replaced when the descriptor brings a new one
 */
export function readLayers(
  format: LayerFormat,
  bytes: Uint8Array,
  offset: number,
  length: number,
  descriptorOffset: number,
  descriptorLength: number,
  structure: DependencyStructure | undefined,
  packet: LayeredPacket,
): void {
  if (format === 'vp8') readVp8(bytes, offset, length, packet)
  else if (format === 'vp9') readVp9(bytes, offset, length, packet)
  else if (format === 'opus') packet.discontinuous = isOpusDtx(length)
  else if (format === 'av1') {
    packet.keyFrame =
      parseAv1AggregationHeader(bytes, offset, length, aggregation) && aggregation.newCodedVideoSequence
    if (structure !== undefined && descriptorOffset !== 0) {
      readDependencies(bytes, descriptorOffset, descriptorLength, structure, packet)
    }
  }
}

function readVp8(bytes: Uint8Array, offset: number, length: number, packet: LayeredPacket): void {
  if (!parseVp8Descriptor(bytes, offset, length, vp8)) return
  packet.keyFrame = vp8.keyFrame
  packet.temporalLayer = Math.max(0, vp8.temporalLayer)
  packet.startOfFrame = vp8.startOfPartition && vp8.partitionId === 0
  packet.switchUp = vp8.layerSync
  packet.pictureId = vp8.pictureId
  packet.tl0PicIdx = vp8.tl0PicIdx
}

function readVp9(bytes: Uint8Array, offset: number, length: number, packet: LayeredPacket): void {
  if (!parseVp9Descriptor(bytes, offset, length, vp9)) return
  packet.keyFrame = vp9.keyFrame
  packet.temporalLayer = Math.max(0, vp9.temporalLayer)
  packet.spatialLayer = Math.max(0, vp9.spatialLayer)
  packet.startOfFrame = vp9.startOfFrame
  packet.endOfFrame = vp9.endOfFrame
  packet.switchUp = vp9.switchingUp
  packet.interPicture = vp9.interPicture
  packet.notReferenceForUpperLayers = vp9.notReferenceForUpperLayers
}

function readDependencies(
  bytes: Uint8Array,
  offset: number,
  length: number,
  structure: DependencyStructure,
  packet: LayeredPacket,
): void {
  if (!parseDependencyDescriptor(bytes, offset, length, descriptor)) return
  if (!parseDependencyFrame(bytes, offset, length, descriptor, structure, frame)) return
  packet.startOfFrame = descriptor.startOfFrame
  packet.endOfFrame = descriptor.endOfFrame
  packet.frameNumber = descriptor.frameNumber
  packet.spatialLayer = frame.spatialLayer
  packet.temporalLayer = frame.temporalLayer
  packet.dependencies = frame
  packet.structure = structure
}
