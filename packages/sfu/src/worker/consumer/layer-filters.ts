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
  const mode = producer.rtpParameters.encodings?.[0]?.scalabilityMode ?? ''
  // In modes L…_KEY upper layers build on lower ones at key frames only, in modes S… never.
  const independent = mode.startsWith('S') || mode.includes('_KEY')
  switch (layerFormatOf(producer.codecOfEncoding(0).mimeType)) {
    case 'vp9':
      return new Vp9Filter(independent)
    case 'av1':
      return new DependencyFilter(independent)
    default:
      return new TemporalFilter()
  }
}
