import { Dti } from '@sangam/rtp'
import type { LayeredPacket } from './layered-packet.ts'

/**
 * Which packets of one source a receiver gets: it drops the layers above those that are aimed at, and changes them only
 * where the stream lets a decoder follow.
 */
export interface LayerFilter {
  /** Highest layers that pass now. */
  readonly spatialLayer: number
  readonly temporalLayer: number
  /** Whether the layers aimed at can't be reached without a key frame. */
  readonly needsKeyFrame: boolean
  /** Sets the layers to reach. */
  aim(spatialLayer: number, temporalLayer: number): void
  /**
   * Judges the next packet in order.
   * @param isNewPicture whether it is the first one seen of its picture
   */
  accepts(packet: LayeredPacket, isNewPicture: boolean): boolean
  /** Judges a packet that comes late, to fill the number that was kept for it. */
  acceptsLate(packet: LayeredPacket): boolean
  /** Whether an accepted packet is the last of its picture that passes, so that it must carry the marker. */
  endsPicture(packet: LayeredPacket): boolean
}

/**
 * For sources of one spatial layer: VP8, whose descriptor says where a higher temporal layer may be joined (RFC 7741
 * section 4.2, Y), and codecs that tell no layers at all.
 */
export class TemporalFilter implements LayerFilter {
  readonly spatialLayer = 0
  readonly needsKeyFrame = false
  temporalLayer = 0
  #aim = 0

  aim(_spatialLayer: number, temporalLayer: number): void {
    this.#aim = temporalLayer
  }

  accepts(packet: LayeredPacket, isNewPicture: boolean): boolean {
    if (packet.keyFrame) this.temporalLayer = this.#aim
    else if (isNewPicture) {
      if (this.#aim < this.temporalLayer) this.temporalLayer = this.#aim
      // One layer at a time: a picture of layer 2 may depend on one of layer 1 that never passed.
      else if (this.#aim > this.temporalLayer && packet.switchUp) {
        if (packet.temporalLayer === this.temporalLayer + 1) this.temporalLayer++
      }
    }
    return packet.temporalLayer <= this.temporalLayer
  }

  acceptsLate(packet: LayeredPacket): boolean {
    return packet.temporalLayer <= this.temporalLayer
  }

  endsPicture(): boolean {
    return false
  }
}

/** For VP9 with layer indices (RFC 9628): spatial layers in one stream, each picture a row of frames. */
export class Vp9Filter implements LayerFilter {
  spatialLayer = 0
  temporalLayer = 0
  readonly #independent: boolean
  #aimSpatial = 0
  #aimTemporal = 0

  /** @param independent whether spatial layers meet at key frames only, or never (modes `L…_KEY` and `S…`) */
  constructor(independent: boolean) {
    this.#independent = independent
  }

  get needsKeyFrame(): boolean {
    return this.#independent ? this.spatialLayer !== this.#aimSpatial : this.spatialLayer < this.#aimSpatial
  }

  aim(spatialLayer: number, temporalLayer: number): void {
    this.#aimSpatial = spatialLayer
    this.#aimTemporal = temporalLayer
  }

  accepts(packet: LayeredPacket, isNewPicture: boolean): boolean {
    if (packet.keyFrame) {
      this.spatialLayer = this.#aimSpatial
      this.temporalLayer = this.#aimTemporal
    } else if (isNewPicture) this.#adjust(packet)
    // A frame that refers to its own picture only can be joined by whoever has the layer below.
    if (
      packet.startOfFrame &&
      !packet.interPicture &&
      packet.spatialLayer === this.spatialLayer + 1 &&
      packet.spatialLayer <= this.#aimSpatial
    ) {
      this.spatialLayer++
    }
    return this.acceptsLate(packet)
  }

  acceptsLate(packet: LayeredPacket): boolean {
    if (packet.temporalLayer > this.temporalLayer || packet.spatialLayer > this.spatialLayer) return false
    // Where upper layers don't build on lower ones, the lower ones only cost bandwidth.
    const isNeeded = packet.spatialLayer === this.spatialLayer || !packet.notReferenceForUpperLayers
    return isNeeded || !this.#independent
  }

  endsPicture(packet: LayeredPacket): boolean {
    return packet.endOfFrame && packet.spatialLayer === this.spatialLayer
  }

  #adjust(packet: LayeredPacket): void {
    if (this.#aimTemporal < this.temporalLayer) this.temporalLayer = this.#aimTemporal
    // U: no later picture of a higher temporal layer refers to one before this picture.
    else if (packet.switchUp && packet.temporalLayer <= this.temporalLayer)
      this.temporalLayer = this.#aimTemporal
    if (!this.#independent && this.#aimSpatial < this.spatialLayer) this.spatialLayer = this.#aimSpatial
  }
}

/** Frames whose fate is remembered, for others that refer to them. */
const FRAMES = 256
const NO_TARGET = -1

/** For AV1 with a dependency descriptor (AV1 RTP specification, appendix A): picks a decode target. */
export class DependencyFilter implements LayerFilter {
  spatialLayer = 0
  temporalLayer = 0
  readonly #independent: boolean
  #aimSpatial = 0
  #aimTemporal = 0
  #target = NO_TARGET
  #frameNumber = -1
  #passes = true
  /** 1 where the frame with this number (its lower bits) passed. */
  readonly #passed = new Uint8Array(FRAMES)

  /** @param independent whether spatial layers meet at key frames only, or never (modes `L…_KEY` and `S…`) */
  constructor(independent: boolean) {
    this.#independent = independent
  }

  get needsKeyFrame(): boolean {
    return this.#independent ? this.spatialLayer !== this.#aimSpatial : this.spatialLayer < this.#aimSpatial
  }

  aim(spatialLayer: number, temporalLayer: number): void {
    this.#aimSpatial = spatialLayer
    this.#aimTemporal = temporalLayer
  }

  accepts(packet: LayeredPacket): boolean {
    const { dependencies, structure } = packet
    // Without a descriptor nothing tells the layers apart: all of them, or no picture.
    if (dependencies === undefined || structure === undefined) return true
    if (packet.frameNumber === this.#frameNumber && !packet.keyFrame) return this.#passes
    this.#advanceTo(packet.frameNumber)
    const aim = this.#findTarget(packet)
    if (packet.keyFrame) {
      this.#passed.fill(0)
      this.#enter(aim, packet)
    } else if (aim !== this.#target && this.#mayEnter(aim, packet)) this.#enter(aim, packet)
    this.#passes = this.#target !== NO_TARGET && dependencies.dti[this.#target] !== Dti.notPresent
    this.#passed[packet.frameNumber & (FRAMES - 1)] = this.#passes ? 1 : 0
    return this.#passes
  }

  acceptsLate(packet: LayeredPacket): boolean {
    const { dependencies } = packet
    if (dependencies === undefined || this.#target === NO_TARGET) return true
    return dependencies.dti[this.#target] !== Dti.notPresent
  }

  endsPicture(packet: LayeredPacket): boolean {
    return packet.dependencies !== undefined && packet.endOfFrame && packet.spatialLayer === this.spatialLayer
  }

  /** The decode target with the highest layers that are not above the aim. */
  #findTarget({ structure }: LayeredPacket): number {
    if (structure === undefined) return NO_TARGET
    let best = NO_TARGET
    let bestRank = -1
    let lowest = 0
    for (let target = 0; target < structure.decodeTargetCount; target++) {
      const spatial = structure.targetSpatialLayer[target] as number
      const temporal = structure.targetTemporalLayer[target] as number
      const rank = spatial * 8 + temporal
      if (
        rank <
        (structure.targetSpatialLayer[lowest] as number) * 8 +
          (structure.targetTemporalLayer[lowest] as number)
      )
        lowest = target
      if (spatial > this.#aimSpatial || temporal > this.#aimTemporal || rank <= bestRank) continue
      best = target
      bestRank = rank
    }
    return best === NO_TARGET ? lowest : best
  }

  /** A switch indication holds for whoever can decode its frame: all that the frame refers to must have passed. */
  #mayEnter(target: number, { dependencies, frameNumber }: LayeredPacket): boolean {
    if (dependencies === undefined || dependencies.dti[target] !== Dti.switchPoint) return false
    for (let i = 0; i < dependencies.diffCount; i++) {
      const referred = frameNumber - (dependencies.diff[i] as number)
      if (this.#passed[referred & (FRAMES - 1)] === 0) return false
    }
    return true
  }

  #enter(target: number, { structure }: LayeredPacket): void {
    this.#target = target
    if (structure === undefined || target === NO_TARGET) return
    this.spatialLayer = structure.targetSpatialLayer[target] as number
    this.temporalLayer = structure.targetTemporalLayer[target] as number
  }

  #advanceTo(frameNumber: number): void {
    const steps = this.#frameNumber < 0 ? 0 : (frameNumber - this.#frameNumber) & 0xffff
    if (steps >= FRAMES) this.#passed.fill(0)
    else for (let i = 1; i < steps; i++) this.#passed[(this.#frameNumber + i) & (FRAMES - 1)] = 0
    this.#frameNumber = frameNumber
  }
}

/** For Opus with `ignoreDtx`: leaves out the packets of silence (RFC 7587 section 3.1.3). */
export class SilenceFilter implements LayerFilter {
  readonly spatialLayer = 0
  readonly temporalLayer = 0
  readonly needsKeyFrame = false

  aim(): void {}

  accepts(packet: LayeredPacket): boolean {
    return !packet.discontinuous
  }

  acceptsLate(packet: LayeredPacket): boolean {
    return !packet.discontinuous
  }

  endsPicture(): boolean {
    return false
  }
}
