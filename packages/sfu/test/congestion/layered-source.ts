import type { SeededRandom, VirtualTime } from '@sangam/testkit/network'
import {
  type AvailableLayer,
  allocateBitrate,
  type LayerChoice,
} from '../../src/worker/congestion/bitrate-allocation.ts'

/** What a receiver watches: so many simulcast streams, each with layers of these rates (RTP payload and headers). */
export interface LayeredMedia {
  readonly streams: number
  readonly layersBps: readonly number[]
}

const FRAMES_PER_SECOND = 30
const FRAME_DEVIATION = 0.2
/** A switch to another layer begins with a key frame, which is this many times as large as others. */
const KEY_FRAME_FACTOR = 5
const KEY_FRAME_LAG_US = 100_000
const PACKET_BYTES = 1200
const SPREAD_US = 10_000
const ALLOCATION_US = 200_000

/**
 * What a router sends to one receiver: it can't ask an encoder for a rate, only choose among the layers that publishers
 * send, and it chooses with the engine's own allocation. So it often sends much less than the estimate, and at times nothing.
 */
export class LayeredSource {
  isPaused = false
  readonly #time: VirtualTime
  readonly #random: SeededRandom
  readonly #media: LayeredMedia
  readonly #targetBps: () => number
  readonly #emit: (bytes: number) => void
  readonly #current: (LayerChoice | undefined)[]
  /** From when on each stream's present layer flows: its key frame comes then. */
  readonly #keyFrameUs: number[]

  constructor(
    time: VirtualTime,
    random: SeededRandom,
    media: LayeredMedia,
    targetBps: () => number,
    emit: (bytes: number) => void,
  ) {
    this.#time = time
    this.#random = random
    this.#media = media
    this.#targetBps = targetBps
    this.#emit = emit
    this.#current = Array.from({ length: media.streams }, () => undefined)
    this.#keyFrameUs = Array.from({ length: media.streams }, () => 0)
  }

  start(): void {
    this.#time.every(ALLOCATION_US, () => this.#allocate())
    for (let stream = 0; stream < this.#media.streams; stream++) {
      const phaseUs = (this.#random.uniform() * 1e6) / FRAMES_PER_SECOND
      this.#time.after(phaseUs, () => this.#time.every(1e6 / FRAMES_PER_SECOND, () => this.#frame(stream)))
    }
  }

  #allocate(): void {
    const granted = grants(this.#media, this.#targetBps(), this.#current)
    for (const [stream, { target }] of granted.entries()) {
      if (target !== undefined && target.spatial !== this.#current[stream]?.spatial)
        this.#keyFrameUs[stream] = this.#time.nowUs + KEY_FRAME_LAG_US
      this.#current[stream] = target
    }
  }

  #frame(stream: number): void {
    const layer = this.#current[stream]
    const keyFrameUs = this.#keyFrameUs[stream] as number
    if (this.isPaused || layer === undefined || this.#time.nowUs < keyFrameUs) return
    const isKeyFrame = keyFrameUs > 0
    this.#keyFrameUs[stream] = 0
    const deviation = 1 + FRAME_DEVIATION * Math.max(-2, Math.min(2, this.#random.gaussian()))
    const layerBps = this.#media.layersBps[layer.spatial] as number
    const factor = deviation * (isKeyFrame ? KEY_FRAME_FACTOR : 1)
    const frameBytes = Math.max(100, Math.round((layerBps / 8 / FRAMES_PER_SECOND) * factor))
    const packets = Math.ceil(frameBytes / PACKET_BYTES)
    for (let i = 0; i < packets; i++)
      this.#time.after((i * SPREAD_US) / packets, () => this.#emit(Math.ceil(frameBytes / packets)))
  }
}

/** What of `media` fits `availableBps` at most, bits per second. */
export function fittingBps(media: LayeredMedia, availableBps: number): number {
  return grants(media, availableBps, []).reduce((sum, { bitrateBps }) => sum + bitrateBps, 0)
}

function grants(media: LayeredMedia, availableBps: number, current: readonly (LayerChoice | undefined)[]) {
  const layers: AvailableLayer[] = media.layersBps.map((bitrateBps, spatial) => ({
    spatial,
    temporal: 0,
    bitrateBps,
  }))
  const requests = Array.from({ length: media.streams }, (_, i) => {
    const has = current[i]
    return { consumerId: `${i}`, priority: 1, layers, ...(has === undefined ? {} : { current: has }) }
  })
  return allocateBitrate(requests, availableBps)
}
