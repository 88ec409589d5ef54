import type { types } from 'mediasoup-client'
import type { TrackSource } from '../api.ts'

/** How a track is encoded. */
export interface EncodingPlan {
  readonly encodings: types.RtpEncodingParameters[]
  readonly codecOptions: types.ProducerCodecOptions
}

/**
 * One encoding for each source: the receivers all get the same quality. Several encodings (simulcast) belong here
 * when the media engine can choose between them.
 */
export function encodingPlan(source: TrackSource): EncodingPlan {
  switch (source) {
    case 'microphone':
      return { encodings: [], codecOptions: { opusFec: true, opusDtx: true } }
    case 'screenAudio':
      return { encodings: [], codecOptions: { opusStereo: true, opusDtx: false } }
    case 'camera':
      return { encodings: [{ maxBitrate: 1_500_000 }], codecOptions: { videoGoogleStartBitrate: 800 } }
    case 'screen':
      return { encodings: [{ maxBitrate: 2_500_000 }], codecOptions: { videoGoogleStartBitrate: 1_000 } }
  }
}
