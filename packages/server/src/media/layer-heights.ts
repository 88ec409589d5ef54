import type { MediaKind, RtpParameters } from '@sangam/protocol'

/** What cameras and screens are captured at, unless somebody says otherwise. */
const captureHeight = 720

/**
 * Pixels of each spatial layer's picture, the lowest first, as far as signalling tells: by `scaleResolutionDownBy` of the
 * encodings, or else by halves (WebRTC section 5.2, addTransceiver). One entry where receivers can't choose; none for sound.
 */
export const layerHeightsOf = (kind: MediaKind, { encodings = [] }: RtpParameters): readonly number[] => {
  if (kind === 'audio') return []
  if (encodings.length <= 1) {
    const spatialLayers = Number(/^[LS]([1-9])T[1-9]/.exec(encodings[0]?.scalabilityMode ?? '')?.[1] ?? 1)
    return Array.from(
      { length: spatialLayers },
      (_, layer) => captureHeight / 2 ** (spatialLayers - 1 - layer),
    )
  }
  return encodings.map(
    ({ scaleResolutionDownBy }, layer) =>
      captureHeight / (scaleResolutionDownBy ?? 2 ** (encodings.length - 1 - layer)),
  )
}
