import {
  type Allocation,
  type AllocationReason,
  type AllocationRequest,
  type AvailableLayer,
  allocateBitrate,
  type LayerChoice,
} from './bitrate-allocation.ts'

/** What a consumer with layers is granted: some of them, or nothing. */
export type GrantedLayers = { readonly spatialLayer: number; readonly temporalLayer: number } | 'none'

/** What a consumer could get, and wants of it. */
export interface LayerDemand {
  /** The layers that its producer sends now, lowest first, with what each costs; empty where there is no choice. */
  readonly layers: readonly AvailableLayer[]
  readonly preferred?: LayerChoice
}

/** The demand of a stream without layers. */
export const NO_LAYERS: LayerDemand = { layers: [] }

/** What the allocation asks of a consumer, and tells it. */
export interface LayeredConsumer {
  readonly id: string
  readonly priority: number
  readonly wanted: boolean
  /** Whether its packets are among those that transport-cc feedback tells about. */
  readonly usesTransportCc: boolean
  readonly bitrateBps: number
  layerDemand(): LayerDemand
  setTargetLayers(grant: GrantedLayers): void
  /** Why it got what it got. */
  allocationReason: AllocationReason | undefined
}

const NOTHING: readonly Allocation[] = []
/** Headers, tag, UDP and IP on top of the payload, for packets of about 1000 bytes. */
const OVERHEAD = 1.07

/**
 * Shares a transport's estimate among its consumers and tells them. Remembers what each has, for the hysteresis; what
 * can't be chosen (audio, streams without layers) is taken off first, if the estimate counts it.
 */
export class LayerAllocation {
  #current = new Map<string, LayerChoice>()

  /**
   * @param availableBps what may be spent
   * @param excludes what `availableBps` leaves out: an estimate from transport-cc is what the path has left beside all that
   * doesn't take part in it
   * @returns what each consumer with layers got, in the order of `consumers`
   */
  apply(
    consumers: Iterable<LayeredConsumer>,
    availableBps: number,
    excludes: 'nothing' | 'withoutTransportCc' = 'nothing',
  ): readonly Allocation[] {
    const layered: LayeredConsumer[] = []
    const requests: AllocationRequest[] = []
    let leftBps = availableBps
    for (const consumer of consumers) {
      if (!consumer.wanted) continue
      const demand = consumer.layerDemand()
      if (demand.layers.length === 0) {
        if (excludes === 'nothing' || consumer.usesTransportCc) leftBps -= consumer.bitrateBps * OVERHEAD
        continue
      }
      layered.push(consumer)
      requests.push(this.#request(consumer, demand))
    }
    if (layered.length === 0 && this.#current.size === 0) return NOTHING
    const allocations = allocateBitrate(requests, Math.max(0, leftBps))
    this.#tell(layered, allocations)
    return allocations
  }

  #request(consumer: LayeredConsumer, { layers, preferred }: LayerDemand): AllocationRequest {
    const current = this.#current.get(consumer.id)
    return {
      consumerId: consumer.id,
      priority: consumer.priority,
      layers: layers.map((layer) => ({ ...layer, bitrateBps: layer.bitrateBps * OVERHEAD })),
      ...(current === undefined ? {} : { current }),
      ...(preferred === undefined ? {} : { preferred }),
    }
  }

  #tell(consumers: readonly LayeredConsumer[], allocations: readonly Allocation[]): void {
    const before = this.#current
    this.#current = new Map()
    for (const [i, { consumerId, target, reason }] of allocations.entries()) {
      const consumer = consumers[i] as LayeredConsumer
      const old = before.get(consumerId)
      const isSame = old?.spatial === target?.spatial && old?.temporal === target?.temporal
      // The first time it is told in any case: until then it takes whatever it prefers.
      if (!isSame || consumer.allocationReason === undefined) {
        consumer.setTargetLayers(
          target === undefined ? 'none' : { spatialLayer: target.spatial, temporalLayer: target.temporal },
        )
      }
      consumer.allocationReason = reason
      if (target !== undefined) this.#current.set(consumerId, target)
    }
  }
}
