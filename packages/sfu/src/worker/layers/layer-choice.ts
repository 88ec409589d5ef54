/** A quality of a layered producer, counted from 0. */
export interface LayerPair {
  readonly spatialLayer: number
  readonly temporalLayer: number
}

/** What one spatial layer of a producer offers now. */
export interface OfferedLayer {
  /** Whether packets of it come. */
  readonly isLive: boolean
  /** Temporal layers it has, at least 1. */
  readonly temporalLayers: number
}

/** What an allocator grants: some layers, everything, or nothing at all. */
export type LayerGrant = LayerPair | 'unlimited' | 'none'

/**
 * The layers that a receiver shall get: the highest live spatial layer that neither preference nor grant exceeds, or the
 * lowest live one when there is none so low.
 *
 * The temporal limit belongs to the spatial layer that it was given with: whoever must do with a lower spatial layer
 * gets its full frame rate.
 * @param offered by spatial layer, in ascending order
 * @returns undefined when nothing is granted, or nothing is live
 */
export function chooseLayers(
  offered: readonly OfferedLayer[],
  preferred: LayerPair,
  grant: LayerGrant,
): LayerPair | undefined {
  if (grant === 'none') return undefined
  const limit = grant === 'unlimited' ? preferred : lower(preferred, grant)
  let chosen = offered.findLastIndex((layer, index) => layer.isLive && index <= limit.spatialLayer)
  if (chosen < 0) chosen = offered.findIndex((layer) => layer.isLive)
  const layer = offered[chosen]
  if (layer === undefined) return undefined
  const highest = layer.temporalLayers - 1
  const temporalLayer = chosen === limit.spatialLayer ? Math.min(highest, limit.temporalLayer) : highest
  return { spatialLayer: chosen, temporalLayer }
}

/** The lower of two qualities; of two with the same spatial layer, the lower temporal one. */
function lower(a: LayerPair, b: LayerPair): LayerPair {
  if (a.spatialLayer !== b.spatialLayer) return a.spatialLayer < b.spatialLayer ? a : b
  return a.temporalLayer < b.temporalLayer ? a : b
}
