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
const VIDEO_CLOCK_RATE = 90_000
const MAX_PAYLOAD_BYTES = 1100
/** Key frames are this many times larger. */
const KEY_FRAME_FACTOR = 3
/** Bytes of the VP8 payload descriptor: 15 bits of picture id, TL0PICIDX, temporal layer (RFC 7741 section 4.2). */
const DESCRIPTOR_BYTES = 6
/** Where a VP8 payload has the time of sending and the layer: after the descriptor and a key frame's header (sections 4.2 and 4.3). */
export const STAMP_OFFSET = DESCRIPTOR_BYTES + 10
export const STAMP_BYTES = 9
/** The pictures of L1T3 by turns: temporal layer, whether all that it builds on is in the base layer, and its size beside the mean. */
const PATTERN = [
  { temporalLayer: 0, isSync: false, size: 1.6 },
  { temporalLayer: 2, isSync: true, size: 0.8 },
  { temporalLayer: 1, isSync: true, size: 0.8 },
  { temporalLayer: 2, isSync: false, size: 0.8 },
] as const
type Place = (typeof PATTERN)[number]

/** Whether a payload that a camera sent belongs to a key frame: the lowest bit of the frame header is 0. */
export const isKeyFrameAt = (bytes: Uint8Array, payload: number): boolean =>
  ((bytes[payload + DESCRIPTOR_BYTES] ?? 1) & 1) === 0

/** Bits per second of the simulcast layers, the lowest first. */
export const LAYER_BPS = [150_000, 500_000, 1_500_000] as const
/** How often a microphone sends. */
export const AUDIO_INTERVAL_MS = 20
/** How often a camera sends. */
export const VIDEO_INTERVAL_MS = 40

/** What a camera sends. */
export interface CameraOptions {
  /** Bits per second of each simulcast layer, the lowest first; 1 to 3. Default {@link LAYER_BPS}. */
  readonly layerBps?: readonly number[]
  /** Pictures per second, a divisor of 25. Default 25. */
  readonly fps?: number
}

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
  /** Sinks by peer: two while it moves. */
  readonly #sinks = new Map<MediaPeer, number>()
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

  /** Sends through this peer from now on, too. */
  open(peer: MediaPeer): void {
    const sink = peer.openStream(this.#ssrc, OPUS_PAYLOAD_TYPE, [{ type: 'audioLevel', id: AUDIO_LEVEL_ID }])
    this.#sinks.set(peer, sink)
  }

  /** Sends through this peer no more. */
  leave(peer: MediaPeer): void {
    this.#sinks.delete(peer)
  }

  send(): void {
    this.#ticks += AUDIO_TICKS
    const isSilence = this.usesDtx && this.levelDbov < SPEECH_DBOV
    if (isSilence && this.#ticks % (DTX_PACKETS * AUDIO_TICKS) !== 0) return
    const payload = isSilence ? this.#payload.subarray(0, 1) : this.#payload
    const level = -Math.round(this.levelDbov)
    for (const [peer, sink] of this.#sinks)
      peer.send(sink, this.#sequence, this.#ticks >>> 0, payload, false, 0, level)
    this.#sequence++
    this.packets++
  }
}

/** One simulcast layer of a camera. */
class Layer {
  readonly ssrc = nextSsrc++
  readonly rtxSsrc = nextSsrc++
  readonly index: number
  readonly bps: number
  /** By peer. */
  readonly sinks = new Map<MediaPeer, number>()
  sequence = 1000
  wantsKeyFrame = true
  pictureId = 0
  basePictures = 0
  /** Since the last key frame. */
  pictures = 0

  constructor(index: number, bps: number) {
    this.index = index
    this.bps = bps
  }
}

/**
 * A camera with simulcast, three temporal layers in each: VP8 packets of the right sizes (40, 20 and 40 % of a layer's bits, as
 * libvpx shares them), each with its layer and time of sending in it.
 */
export class BotCamera {
  readonly rtpParameters: RtpParameters
  /** The highest layer that is sent; -1: none. */
  wantedLayer: number
  readonly packetsByLayer: number[]
  readonly #layers: Layer[]
  readonly #payload = new Uint8Array(MAX_PAYLOAD_BYTES)
  readonly #view = new DataView(this.#payload.buffer)
  readonly #fps: number
  #ticks = 0
  #turns = 0

  constructor({ layerBps = LAYER_BPS, fps = 1000 / VIDEO_INTERVAL_MS }: CameraOptions = {}) {
    this.#fps = fps
    this.#layers = layerBps.map((bps, index) => new Layer(index, bps))
    this.wantedLayer = layerBps.length - 1
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
        scaleResolutionDownBy: 2 ** (layerBps.length - 1 - index),
        scalabilityMode: 'L1T3',
      })),
      rtcp: { cname: `bot-${this.#layers[0]?.ssrc}` },
    }
  }

  /** Sends through this peer from now on, too. */
  open(peer: MediaPeer): void {
    for (const layer of this.#layers) {
      layer.sinks.set(peer, peer.openStream(layer.ssrc, VP8_PAYLOAD_TYPE))
      layer.wantsKeyFrame = true
    }
  }

  /** Sends through this peer no more. */
  leave(peer: MediaPeer): void {
    for (const { sinks } of this.#layers) sinks.delete(peer)
  }

  /** A receiver of a layer needs a key frame (PLI). */
  requestKeyFrame(ssrc: number): void {
    for (const layer of this.#layers) if (layer.ssrc === ssrc) layer.wantsKeyFrame = true
  }

  /** Called every {@link VIDEO_INTERVAL_MS}: sends one picture of each wanted layer, when it is time. @param nowMs by the clock that receivers compare with */
  send(nowMs: number): void {
    if (this.#turns++ % (1000 / VIDEO_INTERVAL_MS / this.#fps) !== 0) return
    this.#ticks += VIDEO_CLOCK_RATE / this.#fps
    for (const layer of this.#layers) {
      if (layer.index <= this.wantedLayer) this.#sendPicture(layer, nowMs)
      else layer.wantsKeyFrame = true
    }
  }

  #sendPicture(layer: Layer, nowMs: number): void {
    // The pattern begins anew with each key frame.
    if (layer.wantsKeyFrame) layer.pictures = 0
    const place = PATTERN[layer.pictures % PATTERN.length] as Place
    if (place.temporalLayer === 0) layer.basePictures++
    const factor = layer.wantsKeyFrame ? KEY_FRAME_FACTOR : place.size
    const bytes = (factor * layer.bps) / 8 / this.#fps
    const packets = Math.max(1, Math.ceil(bytes / MAX_PAYLOAD_BYTES))
    for (let i = 0; i < packets; i++) {
      this.#writeHeaders(layer, place, i === 0)
      this.#payload[STAMP_OFFSET] = layer.index
      this.#view.setFloat64(STAMP_OFFSET + 1, nowMs)
      const length = Math.max(STAMP_OFFSET + STAMP_BYTES, Math.round(bytes / packets))
      const payload = this.#payload.subarray(0, length)
      for (const [peer, sink] of layer.sinks)
        peer.send(sink, layer.sequence, this.#ticks >>> 0, payload, i === packets - 1)
      layer.sequence++
      this.packetsByLayer[layer.index] = (this.packetsByLayer[layer.index] ?? 0) + 1
    }
    layer.pictures++
    layer.pictureId++
    layer.wantsKeyFrame = false
  }

  /** The payload descriptor, then a key frame's header: its lowest bit is 0 in a key frame. */
  #writeHeaders(
    { pictureId, basePictures, pictures, wantsKeyFrame }: Layer,
    place: Place,
    isFirst: boolean,
  ): void {
    this.#payload.set([
      isFirst ? 0x90 : 0x80,
      0xe0,
      0x80 | ((pictureId >> 8) & 0x7f),
      pictureId & 0xff,
      basePictures & 0xff,
      (place.temporalLayer << 6) | (place.isSync || pictures === 0 ? 0x20 : 0),
    ])
    this.#payload.set([wantsKeyFrame ? 0x10 : 0x11, 0x02, 0x00, 0x9d, 0x01, 0x2a, 0x40, 0x01, 0xf0, 0x00], 6)
  }
}
