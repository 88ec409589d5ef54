import {
  DependencyFilter,
  type LayerFilter,
  SilenceFilter,
  TemporalFilter,
  Vp9Filter,
} from '../layers/layer-filter.ts'
import { layerFormatOf } from '../layers/layered-packet.ts'
import type { Producer } from '../producer/producer.ts'

/** The filter for one consumer of a producer, by its codec and scalability mode (W3C webrtc-svc section 6). */
export function createLayerFilter(producer: Producer, ignoreDtx: boolean): LayerFilter {
  if (producer.kind === 'audio') return ignoreDtx ? new SilenceFilter() : new TemporalFilter()
  switch (layerFormatOf(producer.codecOfEncoding(0).mimeType)) {
    case 'vp9':
      return new Vp9Filter(producer.hasIndependentLayers)
    case 'av1':
      return new DependencyFilter(producer.hasIndependentLayers)
    default:
      return new TemporalFilter()
  }
}
