import type { MediaKind, RtpCodecsEncodingsMapping, RtpParameters } from '@sangam/ortc'
import { HeaderExtensionLocator } from '@sangam/rtp'
import type { ProducerScore, ProducerType, Stat } from '../../channel/messages.ts'
import type { Consumer } from '../consumer/consumer.ts'
import { ChannelTypeError } from '../errors.ts'
import { EXTENSION_SLOTS, registerExtensions } from '../header-extension-slots.ts'
import type { LevelMeter } from '../observer/level-meter.ts'
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
  firSequence = 0
  readonly #levelMeters = new Set<LevelMeter>()
  /** Index into `codecs` by payload type, `NO_CODEC` where there is none. */
  readonly #codecByPayloadType = new Int8Array(128).fill(NO_CODEC)

  constructor(transport: Transport, options: ProducerOptions) {
    this.id = options.id
    this.kind = options.kind
    this.transport = transport
    this.rtpParameters = options.rtpParameters
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

  get type(): ProducerType {
    return (this.rtpParameters.encodings?.length ?? 0) > 1 ? 'simulcast' : 'simple'
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

  scores(): ProducerScore[] {
    return this.streams.map((stream) => ({
      encodingIdx: stream.encodingIndex,
      ssrc: stream.ssrc,
      ...(stream.rid === undefined ? {} : { rid: stream.rid }),
      score: stream.score,
    }))
  }

  stats(nowMs: number): Stat[] {
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
        bitrateByLayer: {},
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
      rtpStreams: this.streams.map((stream) => ({
        ssrc: stream.ssrc,
        rtxSsrc: stream.rtxSsrc,
        score: stream.score,
      })),
      consumerIds: [...this.consumers].map((consumer) => consumer.id),
    }
  }

  #addKnownStreams(): void {
    this.rtpParameters.encodings?.forEach((encoding, index) => {
      if (encoding.ssrc !== undefined)
        this.addStream(index, encoding.ssrc, encoding.rtx?.ssrc ?? 0, encoding.rid)
    })
  }
}
