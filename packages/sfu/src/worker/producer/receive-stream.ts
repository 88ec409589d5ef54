import type { Consumer } from '../consumer/consumer.ts'
import { layerFormatOf } from '../layers/layered-packet.ts'
import type { LevelMeter } from '../observer/level-meter.ts'
import { lossScore } from '../rtcp/loss-score.ts'
import { AdaptiveFanout } from './adaptive-fanout.ts'
import type { ProducerCodec } from './codecs.ts'
import { Fanout } from './fanout.ts'
import { KeyFrameRequester } from './key-frame-requester.ts'
import { LayerReception } from './layer-reception.ts'
import { NackGenerator } from './nack-generator.ts'
import { PacketHistory } from './packet-history.ts'
import type { Producer } from './producer.ts'
import { Reception } from './reception.ts'

const VIDEO_HISTORY_PACKETS = 2048
const AUDIO_HISTORY_PACKETS = 256

/** The publisher's clock against the engine's, as its last sender report says (RFC 3550 section 6.4.1). */
export interface SenderClock {
  /** NTP time of the report by the publisher's clock, microseconds. */
  readonly ntpUs: number
  /** Middle 32 bits of the same, as receiver reports echo it. */
  readonly ntpMiddle: number
  readonly rtpTimestamp: number
  /** When it came, by the engine's monotonic clock. */
  readonly arrivalUs: number
}

/**
 * One RTP stream that a producer receives: one SSRC, the RTX stream that repairs it, and the receivers it is forwarded to.
 * A simulcast producer has one per layer.
 */
export class ReceiveStream {
  readonly producer: Producer
  readonly encodingIndex: number
  /** Its place in `producer.streams`. */
  readonly index: number
  readonly ssrc: number
  readonly rid: string | undefined
  /** SSRC of the RTX stream; 0 until known. */
  rtxSsrc: number
  readonly clockRate: number
  readonly reception: Reception
  rtxReception: Reception | undefined
  readonly history: PacketHistory
  /** Absent when NACK was not negotiated. */
  readonly nack: NackGenerator | undefined
  /** Video only. */
  readonly keyFrames: KeyFrameRequester | undefined
  readonly codec: ProducerCodec
  readonly fanout: Fanout<Consumer>
  /** Receivers that decide about each packet for themselves. */
  readonly adaptive = new AdaptiveFanout()
  /** Absent where the producer's type is `simple`. */
  readonly layers: LayerReception | undefined
  /** Consumers of DirectTransports: they get packets through the channel. */
  readonly taps = new Set<Consumer>()
  /** Consumers, other than the adaptive ones, that trace what goes out to them. */
  readonly tracing = new Set<Consumer>()
  /** Where the audio levels of its packets go: one per RtpObserver that watches the producer. */
  readonly levelMeters: LevelMeter[] = []
  /** Extended sequence number of the newest packet that was forwarded, -1 before. */
  highestForwarded = -1
  senderClock: SenderClock | undefined

  bytesReceived = 0
  packetsDiscarded = 0
  packetsRepaired = 0
  /** RTX packets that repaired nothing: padding, or of packets that were there already. */
  rtxPacketsDiscarded = 0
  nackCount = 0
  nackPacketCount = 0
  pliCount = 0
  firCount = 0
  lastPacketUs = -1
  lastTimestamp = 0
  fractionLost = 0
  score = 10
  bitrateBps = 0
  #bytesAtRate = 0

  constructor(
    producer: Producer,
    encodingIndex: number,
    ssrc: number,
    rtxSsrc: number,
    rid: string | undefined,
  ) {
    const codec = producer.codecOfEncoding(encodingIndex)
    this.producer = producer
    this.codec = codec
    this.encodingIndex = encodingIndex
    this.index = producer.streams.length
    this.ssrc = ssrc
    this.rtxSsrc = rtxSsrc
    this.rid = rid
    this.clockRate = codec.clockRate
    this.reception = new Reception(codec.clockRate)
    const isVideo = producer.kind === 'video'
    this.history = new PacketHistory(isVideo ? VIDEO_HISTORY_PACKETS : AUDIO_HISTORY_PACKETS)
    this.nack = codec.nack ? new NackGenerator() : undefined
    this.keyFrames = isVideo ? new KeyFrameRequester(producer.keyFrameRequestDelayMs) : undefined
    const { spatialLayers, temporalLayers } = producer.layersOfEncoding(encodingIndex)
    this.layers =
      producer.type === 'simple'
        ? undefined
        : new LayerReception(
            layerFormatOf(codec.mimeType),
            spatialLayers,
            temporalLayers,
            producer.hasIndependentLayers,
          )
    this.fanout = new Fanout(producer.transport.context.transportSequences)
  }

  /** Newest extended sequence number that came. */
  get highestSequence(): number {
    return this.reception.highest
  }

  /** A packet of the RTX stream came, repairing something or only probing. */
  countRepairPacket(sequenceNumber: number): void {
    this.rtxReception ??= new Reception(this.clockRate)
    this.rtxReception.received(sequenceNumber)
  }

  /** Rates and score, once per second. */
  sample(elapsedMs: number): void {
    this.bitrateBps = Math.round(((this.bytesReceived - this.#bytesAtRate) * 8000) / elapsedMs)
    this.#bytesAtRate = this.bytesReceived
    this.layers?.sample(elapsedMs)
  }

  /** The last second's loss as a score: 10 at none, 0 when nothing came at all. @returns whether it changed */
  rate(isSilent: boolean): boolean {
    const score = isSilent ? 0 : lossScore(this.fractionLost)
    const changed = score !== this.score
    this.score = score
    return changed
  }

  /** Everybody who receives it, or waits to, starts anew at the next packet that one can start with. */
  suspendAll(): void {
    this.fanout.suspendAll(this.highestForwarded)
  }
}
