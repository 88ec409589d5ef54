import { DependencyStructure } from '@sangam/rtp'
import type { LayeredPacket, LayerFormat } from '../layers/layered-packet.ts'

const MAX_SPATIAL_LAYERS = 4
const MAX_TEMPORAL_LAYERS = 8
/**
 * A layer is dead when pictures of other layers came for this many of its own picture intervals, and for this long at
 * least, without one of it: short enough that a receiver's picture hardly stops, longer than jitter.
 */
const DEAD_AFTER_INTERVALS = 5
const MIN_DEAD_US = 150_000
const MAX_DEAD_US = 2_000_000
const INTERVAL_GAIN = 1 / 8
const FIRST_INTERVAL_US = 33_333

/** What comes in of each layer of one received stream: whether it is alive, and its rate. */
export class LayerReception {
  readonly format: LayerFormat
  /** Layers that signalling declared, at least 1 each. */
  readonly spatialLayers: number
  readonly temporalLayers: number
  readonly #independent: boolean
  /** AV1: the templates that frames refer to. */
  readonly structure: DependencyStructure | undefined
  /** One bit per spatial layer. */
  #live = 0
  #newestUs = 0
  readonly #lastUs = new Float64Array(MAX_SPATIAL_LAYERS)
  readonly #lastTimestamp = new Uint32Array(MAX_SPATIAL_LAYERS)
  readonly #intervalUs = new Float64Array(MAX_SPATIAL_LAYERS).fill(FIRST_INTERVAL_US)
  readonly #bytes = new Float64Array(MAX_SPATIAL_LAYERS * MAX_TEMPORAL_LAYERS)
  readonly #bitrateBps = new Float64Array(MAX_SPATIAL_LAYERS * MAX_TEMPORAL_LAYERS)

  /** @param independent whether who gets a spatial layer does without the lower ones (modes `L…_KEY` and `S…`) */
  constructor(format: LayerFormat, spatialLayers: number, temporalLayers: number, independent: boolean) {
    this.format = format
    this.#independent = independent
    this.spatialLayers = Math.min(spatialLayers, MAX_SPATIAL_LAYERS)
    this.temporalLayers = Math.min(temporalLayers, MAX_TEMPORAL_LAYERS)
    this.structure = format === 'av1' ? new DependencyStructure() : undefined
  }

  /** When the newest packet of any layer came. */
  get newestUs(): number {
    return this.#newestUs
  }

  isLive(spatialLayer: number): boolean {
    return (this.#live & (1 << spatialLayer)) !== 0
  }

  /** A packet came. @returns whether a layer began to live by it */
  received(packet: LayeredPacket): boolean {
    const { arrivalUs, timestamp } = packet
    const before = this.#live
    const spatial = Math.min(packet.spatialLayer, this.spatialLayers - 1)
    const temporal = Math.min(packet.temporalLayer, MAX_TEMPORAL_LAYERS - 1)
    const slot = spatial * MAX_TEMPORAL_LAYERS + temporal
    this.#bytes[slot] = (this.#bytes[slot] as number) + packet.payloadLength
    this.#newestUs = arrivalUs
    if (before === 0) {
      // Layers of one stream begin together; those that were declared and don't come are dead soon enough.
      this.#live = (1 << this.spatialLayers) - 1
      this.#lastUs.fill(arrivalUs)
    }
    this.#live |= 1 << spatial
    if (timestamp !== this.#lastTimestamp[spatial]) {
      const interval = this.#intervalUs[spatial] as number
      const gapUs = Math.min(arrivalUs - (this.#lastUs[spatial] as number), MAX_DEAD_US)
      if (before !== 0) this.#intervalUs[spatial] = interval + (gapUs - interval) * INTERVAL_GAIN
      this.#lastTimestamp[spatial] = timestamp
    }
    this.#lastUs[spatial] = arrivalUs
    return this.#live !== before
  }

  /**
   * Time went on.
   * @param newestUs when the newest packet of any stream of the producer came: while nothing comes at all, nobody is dead
   * @returns whether a layer died
   */
  expire(newestUs: number): boolean {
    const before = this.#live
    for (let spatial = 0; spatial < this.spatialLayers; spatial++) {
      const limitUs = (this.#intervalUs[spatial] as number) * DEAD_AFTER_INTERVALS
      const silentUs = newestUs - (this.#lastUs[spatial] as number)
      if (silentUs > Math.min(Math.max(limitUs, MIN_DEAD_US), MAX_DEAD_US)) this.#live &= ~(1 << spatial)
    }
    return this.#live !== before
  }

  /** Rates, once per second. */
  sample(elapsedMs: number): void {
    for (let slot = 0; slot < this.#bytes.length; slot++) {
      this.#bitrateBps[slot] = Math.round(((this.#bytes[slot] as number) * 8000) / elapsedMs)
      this.#bytes[slot] = 0
    }
  }

  /** Bits per second in the last second of everything that a receiver of these layers gets of this stream. */
  bitrateBps(spatialLayer: number, temporalLayer: number): number {
    let sum = 0
    const lowest = this.#independent ? spatialLayer : 0
    for (let spatial = lowest; spatial <= spatialLayer && spatial < MAX_SPATIAL_LAYERS; spatial++) {
      for (let temporal = 0; temporal <= temporalLayer && temporal < MAX_TEMPORAL_LAYERS; temporal++) {
        sum += this.#bitrateBps[spatial * MAX_TEMPORAL_LAYERS + temporal] as number
      }
    }
    return sum
  }

  /** The same for each declared layer, as statistics show it: keys are `spatial.temporal`. */
  bitrateByLayer(): Record<string, number> {
    const rates: Record<string, number> = {}
    for (let spatial = 0; spatial < this.spatialLayers; spatial++) {
      for (let temporal = 0; temporal < this.temporalLayers; temporal++) {
        rates[`${spatial}.${temporal}`] = this.bitrateBps(spatial, temporal)
      }
    }
    return rates
  }
}
