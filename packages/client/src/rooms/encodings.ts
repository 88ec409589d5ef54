import type { TrackSource } from '../api.ts'
import type { SendEncoding } from '../peer/local-answer.ts'
import type { SendPlan } from '../peer/peer-session.ts'

/** What of a capture decides how it is encoded. */
export interface Capture {
  readonly width?: number
  readonly height?: number
}

type Plan = Omit<SendPlan, 'track'>

/** Bits per second that a picture of so many pixels is worth at 30 frames per second. */
const RATES: readonly (readonly [pixels: number, bps: number])[] = [
  [320 * 180, 150_000],
  [640 * 360, 500_000],
  [960 * 540, 900_000],
  [1280 * 720, 1_500_000],
]
const LARGEST_BPS = 2_500_000
/** Chromium begins at 300 kbit/s otherwise, and takes seconds to sharpen. */
const START_KBPS = { 'x-google-start-bitrate': 800 }
/** Three temporal layers: a receiver's frame rate can be halved twice without asking the sender. */
const SCALABILITY_MODE = 'L1T3'

/**
 * How a track is encoded: pure. A camera is sent in up to three sizes (simulcast), each half as wide as the next, for
 * as many as stay recognizable; only the smallest is encoded until the server wants more. A screen is sent once, sharp:
 * when the network is short it loses frames, not detail.
 */
export function encodingPlan(source: TrackSource, capture: Capture): Plan {
  switch (source) {
    case 'microphone':
      return { encodings: [{}], highestLayer: 0, codecParameters: {} }
    case 'screenAudio':
      return {
        encodings: [{ maxBitrate: 128_000 }],
        highestLayer: 0,
        codecParameters: { stereo: 1, 'sprop-stereo': 1, usedtx: 0, maxaveragebitrate: 128_000 },
      }
    case 'camera':
      return { encodings: cameraEncodings(capture), highestLayer: 0, codecParameters: START_KBPS }
    case 'screen':
      return {
        encodings: [{ maxBitrate: LARGEST_BPS, maxFramerate: 15, scalabilityMode: SCALABILITY_MODE }],
        highestLayer: 0,
        degradation: 'maintain-resolution',
        codecParameters: START_KBPS,
      }
  }
}

function cameraEncodings({ width = 1280, height = 720 }: Capture): readonly SendEncoding[] {
  const longer = Math.max(width, height)
  const scales = longer >= 960 ? [4, 2, 1] : longer >= 480 ? [2, 1] : [1]
  const rids = scales.length > 1 ? ['l', 'm', 'h'].slice(-scales.length) : []
  return scales.map((scaleResolutionDownBy, index) => ({
    ...(rids[index] === undefined ? {} : { rid: rids[index] }),
    scaleResolutionDownBy,
    maxBitrate: rateOf((width * height) / scaleResolutionDownBy ** 2),
    scalabilityMode: SCALABILITY_MODE,
  }))
}

function rateOf(pixels: number): number {
  return RATES.find(([most]) => pixels <= most)?.[1] ?? LARGEST_BPS
}
