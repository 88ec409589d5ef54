import {
  type MediaKind,
  parseScalabilityMode,
  type RtpCodecsEncodingsMapping,
  type RtpParameters,
  type ScalabilityMode,
} from '@sangam/ortc'
import { HeaderExtensionLocator, readVideoOrientation } from '@sangam/rtp'
import type { ProducerScore, ProducerType, Stat } from '../../channel/messages.ts'
import type { Consumer } from '../consumer/consumer.ts'
import { ChannelTypeError } from '../errors.ts'
import { EXTENSION_SLOTS, registerExtensions } from '../header-extension-slots.ts'
import type { OfferedLayer } from '../layers/layer-choice.ts'
import { layerFormatOf } from '../layers/layered-packet.ts'
import type { LevelMeter } from '../observer/level-meter.ts'
import { dumpRtpStream } from '../rtp-stream-dump.ts'
import { tracedTypes } from '../trace.ts'
import type { Transport } from '../transport/transport.ts'
import { type ProducerCodec, readCodecs } from './codecs.ts'
import { ReceiveStream } from './receive-stream.ts'

const NO_CODEC = -1

export interface ProducerOptions {
  readonly id: string
  readonly kind: MediaKind
  readonly rtpParameters: RtpParameters
  readonly rtpMapping: RtpCodecsEncodingsMapping
  readonly keyFrameRequestDelay: number
  readonly paused: boolean
}

/** Something that a client sends: its streams, and who consumes them. */
export class Producer {
  readonly id: string
  readonly kind: MediaKind
  readonly transport: Transport
  readonly rtpParameters: RtpParameters
  readonly keyFrameRequestDelayMs: number
  readonly codecs: readonly ProducerCodec[]
  /** Finds this producer's header extensions in a packet. */
  readonly locator = new HeaderExtensionLocator(EXTENSION_SLOTS)
  readonly streams: ReceiveStream[] = []
  readonly consumers = new Set<Consumer>()
  paused: boolean
  /** Whether an AudioSelector keeps it from WebRTC receivers. */
  isHeldBack = false
  firSequence = 0
  /** Mask of `Trace`. */
  traced = 0
  /** The last video orientation that came (3GPP TS 26.114 section 7.4.5), -1 before the first. */
  orientation = -1
  readonly #rtpMapping: RtpCodecsEncodingsMapping
  readonly #levelMeters = new Set<LevelMeter>()
  /** Index into `codecs` by payload type, `NO_CODEC` where there is none. */
  readonly #codecByPayloadType = new Int8Array(128).fill(NO_CODEC)

  constructor(transport: Transport, options: ProducerOptions) {
    this.id = options.id
    this.kind = options.kind
    this.transport = transport
    this.rtpParameters = options.rtpParameters
    this.#rtpMapping = options.rtpMapping
    this.keyFrameRequestDelayMs = options.keyFrameRequestDelay
    this.paused = options.paused
    const mapped = new Map(options.rtpMapping.codecs.map((c) => [c.payloadType, c.mappedPayloadType]))
    this.codecs = readCodecs(options.rtpParameters, (payloadType) => mapped.get(payloadType) ?? payloadType)
    this.codecs.forEach((codec, index) => {
      this.#codecByPayloadType[codec.payloadType] = index
    })
    registerExtensions(this.locator, options.rtpParameters.headerExtensions ?? [])
    this.#addKnownStreams()
  }

  /** As signalling declared it: several encodings, or one with layers in it that its packets tell. */
  get type(): ProducerType {
    const encodings = this.rtpParameters.encodings ?? []
    if (encodings.length > 1) return 'simulcast'
    const { spatialLayers, temporalLayers } = this.layersOfEncoding(0)
    if (spatialLayers * temporalLayers === 1) return 'simple'
    return layerFormatOf(this.codecOfEncoding(0).mimeType) === 'vp8' ? 'simulcast' : 'svc'
  }

  /** The layers within one encoding: one where its codec does not tell them, whatever was declared. */
  layersOfEncoding(encodingIndex: number): Pick<ScalabilityMode, 'spatialLayers' | 'temporalLayers'> {
    const encodings = this.rtpParameters.encodings ?? []
    const { spatialLayers, temporalLayers } = parseScalabilityMode(encodings[encodingIndex]?.scalabilityMode)
    switch (layerFormatOf(this.codecOfEncoding(encodingIndex).mimeType)) {
      case 'vp8':
        return { spatialLayers: 1, temporalLayers }
      case 'vp9':
      case 'av1':
        // In simulcast the encodings are the spatial layers.
        return { spatialLayers: encodings.length > 1 ? 1 : spatialLayers, temporalLayers }
      default:
        return { spatialLayers: 1, temporalLayers: 1 }
    }
  }

  /** Whether upper spatial layers build on lower ones at key frames only (modes `L…_KEY`), or never (modes `S…`). */
  get hasIndependentLayers(): boolean {
    const mode = this.rtpParameters.encodings?.[0]?.scalabilityMode ?? ''
    return mode.startsWith('S') || mode.includes('_KEY')
  }

  /** What consumers can choose from, by spatial layer. */
  offeredLayers(): OfferedLayer[] {
    const encodings = this.rtpParameters.encodings ?? []
    if (encodings.length <= 1) {
      const { spatialLayers, temporalLayers } = this.layersOfEncoding(0)
      const { layers } = this.streams[0] ?? {}
      const isLive = (layer: number): boolean =>
        layers === undefined ? this.type === 'simple' && this.streams.length > 0 : layers.isLive(layer)
      return Array.from({ length: spatialLayers }, (_, layer) => ({ isLive: isLive(layer), temporalLayers }))
    }
    return encodings.map((_, index) => ({
      isLive: this.#streamOfEncoding(index)?.layers?.isLive(0) === true,
      temporalLayers: this.layersOfEncoding(index).temporalLayers,
    }))
  }

  /** The stream that carries a spatial layer, once it is known. */
  streamOfLayer(spatialLayer: number): ReceiveStream | undefined {
    return (this.rtpParameters.encodings?.length ?? 0) > 1
      ? this.#streamOfEncoding(spatialLayer)
      : this.streams[0]
  }

  /** Time went on: notices layers that died. */
  tick(): void {
    let newestUs = 0
    for (const { layers } of this.streams) {
      if (layers === undefined) return
      newestUs = Math.max(newestUs, layers.newestUs)
    }
    let changed = false
    for (const { layers } of this.streams) if (layers?.expire(newestUs) === true) changed = true
    if (changed) this.layersChanged()
  }

  /** A layer came to life or died: consumers choose anew. */
  layersChanged(): void {
    for (const consumer of this.consumers) consumer.layersOffered()
  }

  /** The codec of a payload type that this producer announced. */
  codec(payloadType: number): ProducerCodec | undefined {
    const index = this.#codecByPayloadType[payloadType]
    return index === undefined || index < 0 ? undefined : this.codecs[index]
  }

  /** The media codec (never RTX) that an encoding uses. */
  codecOfEncoding(encodingIndex: number): ProducerCodec {
    const payloadType = this.rtpParameters.encodings?.[encodingIndex]?.codecPayloadType
    const named = payloadType === undefined ? undefined : this.codec(payloadType)
    const codec = named ?? this.codecs.find((c) => c.aptPayloadType < 0)
    if (codec === undefined) throw new ChannelTypeError('rtpParameters.codecs has no media codec')
    return codec
  }

  /** Adds the stream of an encoding whose SSRC became known; the transport has checked that nobody else has it. */
  addStream(encodingIndex: number, ssrc: number, rtxSsrc: number, rid: string | undefined): ReceiveStream {
    const stream = new ReceiveStream(this, encodingIndex, ssrc, rtxSsrc, rid)
    stream.levelMeters.push(...this.#levelMeters)
    this.streams.push(stream)
    for (const consumer of this.consumers) consumer.streamAppeared(stream)
    return stream
  }

  /** Has the audio levels of this producer's packets go to `meter` as well. */
  addLevelMeter(meter: LevelMeter): void {
    this.#levelMeters.add(meter)
    for (const stream of this.streams) stream.levelMeters.push(meter)
  }

  removeLevelMeter(meter: LevelMeter): void {
    this.#levelMeters.delete(meter)
    for (const { levelMeters } of this.streams) levelMeters.splice(levelMeters.indexOf(meter), 1)
  }

  pause(): void {
    if (this.paused) return
    this.paused = true
    for (const stream of this.streams) {
      stream.suspendAll()
      stream.nack?.reset()
    }
    for (const consumer of this.consumers) consumer.producerPausedChanged(true)
  }

  resume(): void {
    if (!this.paused) return
    this.paused = false
    for (const consumer of this.consumers) consumer.producerPausedChanged(false)
    for (const stream of this.streams) if (stream.fanout.hasWaiting) this.transport.requestKeyFrame(stream)
  }

  /** Keeps it from WebRTC receivers, or no longer. They go on with continuous numbers, as after a pause. */
  holdBack(isHeldBack: boolean): void {
    if (this.isHeldBack === isHeldBack) return
    this.isHeldBack = isHeldBack
    for (const consumer of this.consumers) if (consumer.transport.obeysSelection) consumer.update()
  }

  scores(): ProducerScore[] {
    return this.streams.map((stream) => ({
      encodingIdx: stream.encodingIndex,
      ssrc: stream.ssrc,
      ...(stream.rid === undefined ? {} : { rid: stream.rid }),
      score: stream.score,
    }))
  }

  trace(type: string, direction: 'in' | 'out', info: Readonly<Record<string, unknown>>): void {
    const { context } = this.transport
    context.emit('producer.trace', this.id, { type, timestamp: context.unixMs(), direction, info })
  }

  /** The camera turned: tells the application, which decides what to make of it. */
  orientationChanged(bytes: Uint8Array, offset: number): void {
    this.orientation = bytes[offset] as number
    this.transport.context.emit('producer.videoOrientation', this.id, readVideoOrientation(bytes, offset))
  }

  stats(nowMs: number): Stat[] {
    const { measuredRttMs } = this.transport
    return this.streams.map((stream) => {
      const codec = this.codecOfEncoding(stream.encodingIndex)
      return {
        type: 'inbound-rtp',
        timestamp: nowMs,
        ssrc: stream.ssrc,
        ...(stream.rtxSsrc === 0 ? {} : { rtxSsrc: stream.rtxSsrc }),
        ...(stream.rid === undefined ? {} : { rid: stream.rid }),
        kind: this.kind,
        mimeType: codec.mimeType,
        packetsLost: Math.max(0, stream.reception.expected - stream.reception.packets),
        fractionLost: stream.fractionLost,
        jitter: Math.round(stream.reception.jitterTicks),
        packetsDiscarded: stream.packetsDiscarded,
        packetsRetransmitted: stream.rtxReception?.packets ?? 0,
        packetsRepaired: stream.packetsRepaired,
        nackCount: stream.nackCount,
        nackPacketCount: stream.nackPacketCount,
        pliCount: stream.pliCount,
        firCount: stream.firCount,
        packetCount: stream.reception.packets,
        byteCount: stream.bytesReceived,
        bitrate: stream.bitrateBps,
        bitrateByLayer: stream.layers?.bitrateByLayer() ?? {},
        ...(measuredRttMs === undefined ? {} : { roundTripTime: measuredRttMs }),
        ...(stream.rtxReception === undefined ? {} : { rtxPacketsDiscarded: stream.rtxPacketsDiscarded }),
        score: stream.score,
      }
    })
  }

  dump(): Readonly<Record<string, unknown>> {
    return {
      id: this.id,
      kind: this.kind,
      type: this.type,
      paused: this.paused,
      rtpParameters: this.rtpParameters,
      rtpMapping: this.#rtpMapping,
      rtpStreams: this.streams.map((stream) =>
        dumpRtpStream({
          parameters: this.rtpParameters,
          encodingIdx: stream.encodingIndex,
          ssrc: stream.ssrc,
          rtxSsrc: stream.rtxSsrc,
          rid: stream.rid,
          ...this.layersOfEncoding(stream.encodingIndex),
          score: stream.score,
        }),
      ),
      traceEventTypes: tracedTypes(this.traced),
      consumerIds: [...this.consumers].map((consumer) => consumer.id),
    }
  }

  #streamOfEncoding(encodingIndex: number): ReceiveStream | undefined {
    return this.streams.find((stream) => stream.encodingIndex === encodingIndex)
  }

  #addKnownStreams(): void {
    this.rtpParameters.encodings?.forEach((encoding, index) => {
      if (encoding.ssrc !== undefined)
        this.addStream(index, encoding.ssrc, encoding.rtx?.ssrc ?? 0, encoding.rid)
    })
  }
}
