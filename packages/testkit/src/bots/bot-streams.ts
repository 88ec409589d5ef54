import type { RtpParameters } from '@sangam/ortc'
import { HeaderExtensionUri } from '@sangam/rtp'
import type { MediaPeer } from '../media-peer.ts'

const AUDIO_LEVEL_ID = 10
const OPUS_PAYLOAD_TYPE = 111
const VP8_PAYLOAD_TYPE = 96
const AUDIO_TICKS = 960
const AUDIO_BYTES = 80
const SPEECH_DBOV = -60
/** With DTX one packet of so many is sent. */
const DTX_PACKETS = 20
const VIDEO_FPS = 25
const VIDEO_TICKS = 90_000 / VIDEO_FPS
const MAX_PAYLOAD_BYTES = 1100
/** Key frames are this many times larger. */
const KEY_FRAME_FACTOR = 3
/** Where a VP8 payload has the time of sending and the layer: after the descriptor and the frame header (RFC 7741 section 4). */
export const STAMP_OFFSET = 16
export const STAMP_BYTES = 9

/** Bits per second of the simulcast layers, the lowest first. */
export const LAYER_BPS = [150_000, 500_000, 1_500_000] as const
/** How often a microphone sends. */
export const AUDIO_INTERVAL_MS = 20
/** How often a camera sends. */
export const VIDEO_INTERVAL_MS = 1000 / VIDEO_FPS

let nextSsrc = 100_000

/** A microphone: a packet every 20 ms, of a level that can be changed. */
export class BotMicrophone {
  readonly rtpParameters: RtpParameters
  /** dBov, -127 to 0. */
  levelDbov = -70
  /** Whether silence (below -60 dBov) is sent as it is with DTX: a packet of one byte every 400 ms (RFC 7587 section 3.1.3). */
  usesDtx = false
  packets = 0
  readonly #ssrc = nextSsrc++
  readonly #payload = new Uint8Array(AUDIO_BYTES).fill(0x55)
  #peer: MediaPeer | undefined
  #sink = -1
  #sequence = 1000
  #ticks = 0

  constructor() {
    this.rtpParameters = {
      codecs: [{ mimeType: 'audio/opus', payloadType: OPUS_PAYLOAD_TYPE, clockRate: 48_000, channels: 2 }],
      headerExtensions: [{ uri: HeaderExtensionUri.audioLevel, id: AUDIO_LEVEL_ID }],
      encodings: [{ ssrc: this.#ssrc }],
      rtcp: { cname: `bot-${this.#ssrc}` },
    }
  }

  /** Sends through this peer from now on. */
  open(peer: MediaPeer): void {
    this.#peer = peer
    this.#sink = peer.openStream(this.#ssrc, OPUS_PAYLOAD_TYPE, [{ type: 'audioLevel', id: AUDIO_LEVEL_ID }])
  }

  send(): void {
    this.#ticks += AUDIO_TICKS
    const isSilence = this.usesDtx && this.levelDbov < SPEECH_DBOV
    if (isSilence && this.#ticks % (DTX_PACKETS * AUDIO_TICKS) !== 0) return
    this.#peer?.send(
      this.#sink,
      this.#sequence++,
      this.#ticks >>> 0,
      isSilence ? this.#payload.subarray(0, 1) : this.#payload,
      false,
      0,
      -Math.round(this.levelDbov),
    )
    this.packets++
  }
}

/** One simulcast layer of a camera. */
class Layer {
  readonly ssrc = nextSsrc++
  readonly rtxSsrc = nextSsrc++
  readonly index: number
  sink = -1
  sequence = 1000
  wantsKeyFrame = true

  constructor(index: number) {
    this.index = index
  }
}

/** A camera with simulcast: VP8 packets of the right sizes, each with its layer and time of sending in it. */
export class BotCamera {
  readonly rtpParameters: RtpParameters
  /** The highest layer that is sent; -1: none. */
  wantedLayer: number
  readonly packetsByLayer: number[]
  readonly #layers: Layer[]
  readonly #payload = new Uint8Array(MAX_PAYLOAD_BYTES)
  readonly #view = new DataView(this.#payload.buffer)
  #peer: MediaPeer | undefined
  #ticks = 0

  /** @param layers 1 to 3 */
  constructor(layers = 3) {
    this.#layers = Array.from({ length: layers }, (_, index) => new Layer(index))
    this.wantedLayer = layers - 1
    this.packetsByLayer = this.#layers.map(() => 0)
    this.rtpParameters = {
      codecs: [
        {
          mimeType: 'video/VP8',
          payloadType: VP8_PAYLOAD_TYPE,
          clockRate: 90_000,
          rtcpFeedback: [{ type: 'nack' }, { type: 'nack', parameter: 'pli' }],
        },
        { mimeType: 'video/rtx', payloadType: 97, clockRate: 90_000, parameters: { apt: VP8_PAYLOAD_TYPE } },
      ],
      encodings: this.#layers.map(({ ssrc, rtxSsrc, index }) => ({
        ssrc,
        rtx: { ssrc: rtxSsrc },
        scaleResolutionDownBy: 2 ** (layers - 1 - index),
      })),
      rtcp: { cname: `bot-${this.#layers[0]?.ssrc}` },
    }
  }

  open(peer: MediaPeer): void {
    this.#peer = peer
    for (const layer of this.#layers) {
      layer.sink = peer.openStream(layer.ssrc, VP8_PAYLOAD_TYPE)
      layer.wantsKeyFrame = true
    }
  }

  /** A receiver of a layer needs a key frame (PLI). */
  requestKeyFrame(ssrc: number): void {
    for (const layer of this.#layers) if (layer.ssrc === ssrc) layer.wantsKeyFrame = true
  }

  /** Sends one picture of each wanted layer. @param nowMs by the clock that receivers compare with */
  send(nowMs: number): void {
    this.#ticks += VIDEO_TICKS
    for (const layer of this.#layers) {
      if (layer.index <= this.wantedLayer) this.#sendPicture(layer, nowMs)
      else layer.wantsKeyFrame = true
    }
  }

  #sendPicture(layer: Layer, nowMs: number): void {
    const factor = layer.wantsKeyFrame ? KEY_FRAME_FACTOR : 1
    const bytes = (factor * (LAYER_BPS[layer.index] as number)) / 8 / VIDEO_FPS
    const packets = Math.max(1, Math.ceil(bytes / MAX_PAYLOAD_BYTES))
    for (let i = 0; i < packets; i++) {
      // Descriptor: S in the first packet; then the frame header, whose lowest bit is 0 in a key frame.
      this.#payload[0] = i === 0 ? 0x10 : 0x00
      this.#payload.set(
        [layer.wantsKeyFrame ? 0x10 : 0x11, 0x02, 0x00, 0x9d, 0x01, 0x2a, 0x40, 0x01, 0xf0, 0x00],
        1,
      )
      this.#payload[STAMP_OFFSET] = layer.index
      this.#view.setFloat64(STAMP_OFFSET + 1, nowMs)
      const length = Math.max(STAMP_OFFSET + STAMP_BYTES, Math.round(bytes / packets))
      const payload = this.#payload.subarray(0, length)
      this.#peer?.send(layer.sink, layer.sequence++, this.#ticks >>> 0, payload, i === packets - 1)
      this.packetsByLayer[layer.index] = (this.packetsByLayer[layer.index] ?? 0) + 1
    }
    layer.wantsKeyFrame = false
  }
}
