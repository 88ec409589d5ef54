import { isRtxMimeType, type MediaKind, type RtpEncodingParameters, type RtpParameters } from '@sangam/ortc'
import { RTP_FIXED_HEADER_BYTES } from '@sangam/rtp'
import type { ConsumerLayers, ConsumerScore, ConsumerType, Stat } from '../../channel/messages.ts'
import type { AllocationReason } from '../congestion/bitrate-allocation.ts'
import { type LayerDemand, NO_LAYERS } from '../congestion/layer-allocation.ts'
import { NO_TRANSPORT_CC } from '../congestion/send-records.ts'
import { ChannelTypeError } from '../errors.ts'
import type { LayerGrant } from '../layers/layer-choice.ts'
import { RECORD_WORDS, RecordWord, RING_SLOTS } from '../packet-port/packet-port.ts'
import type { FanoutMember } from '../producer/fanout.ts'
import type { Producer } from '../producer/producer.ts'
import type { ReceiveStream } from '../producer/receive-stream.ts'
import { lossScore } from '../rtcp/loss-score.ts'
import { dumpRtpStream } from '../rtp-stream-dump.ts'
import { type ForwardedPacket, TRACED_PACKETS, tracedTypes, tracePacket } from '../trace.ts'
import type { Transport } from '../transport/transport.ts'
import { outboundStat } from './consumer-stats.ts'
import { RtxStream } from './rtx-stream.ts'
import { extensionBlockBytes, sinkExtensions } from './sink-extensions.ts'
import { createMediaSinks, createRtxSink, FIRST_SEQUENCE_BELOW, NO_SINK } from './sinks.ts'

export interface ConsumerOptions {
  readonly id: string
  readonly kind: MediaKind
  readonly type: ConsumerType
  readonly rtpParameters: RtpParameters
  readonly consumableRtpEncodings: readonly RtpEncodingParameters[]
  readonly paused: boolean
  readonly ignoreDtx: boolean
  readonly preferredLayers?: ConsumerLayers
  /** Which of the producer's streams; 0 unless it is a leg of a pipe. */
  readonly encodingIndex?: number
}

/** Something that a client receives: one producer's stream, under an SSRC and numbering of its own. */
export class Consumer implements FanoutMember {
  readonly id: string
  readonly kind: MediaKind
  readonly type: ConsumerType
  readonly transport: Transport
  readonly producer: Producer
  readonly rtpParameters: RtpParameters
  readonly ssrc: number
  /** 0 where RTX was not negotiated. */
  readonly rtxSsrc: number
  readonly cname: string
  readonly clockRate: number
  readonly ignoreDtx: boolean
  /** Of an outgoing packet's RTP header with its extensions; a dependency descriptor comes on top. */
  readonly headerBytes: number
  paused: boolean
  priority = 1
  /** Why it gets the layers that it gets; undefined where there is nothing to choose. */
  allocationReason: AllocationReason | undefined

  // What the fan-out works with.
  nextSequence: number
  place = -1
  /** Index of the counter of its transport-wide sequence numbers; `NO_TRANSPORT_CC` where its packets bear none. */
  readonly transportIndex: number
  /** Whether its packets bear transport-wide sequence numbers, and so take part in bandwidth estimation. */
  readonly usesTransportCc: boolean
  packetsSent = 0
  bytesSent = 0
  readonly sink: number

  /** On a DirectTransport: first extended number that it got since it last joined, -1 while it waits; and its shift. */
  tapStart = -1
  tapShift = 0

  /** Repeats what is lost, and probes the bandwidth. */
  readonly rtx: RtxStream
  rttMs = 0
  fractionLost = 0
  packetsLost = 0
  /** Of the receiver, as it reported it, RTP ticks. */
  jitterTicks = 0
  /** Mask of `Trace`. */
  traced = 0
  nackCount = 0
  nackPacketCount = 0
  pliCount = 0
  firCount = 0
  score = 10
  bitrateBps = 0
  /** When its last sender report left, microseconds, and whether it told the publisher's own clock. */
  reportedUs = Number.NEGATIVE_INFINITY
  reportedCaptureClock = false
  stream: ReceiveStream | undefined
  readonly #encodingIndex: number
  readonly #consumableRtpEncodings: readonly RtpEncodingParameters[]
  #bytesAtRate = 0
  /** By mapped payload type; the main codec's is `sink`. */
  readonly #sinks: ReadonlyMap<number, number>

  constructor(transport: Transport, producer: Producer, options: ConsumerOptions) {
    this.id = options.id
    this.kind = options.kind
    this.type = options.type
    this.transport = transport
    this.producer = producer
    this.rtpParameters = options.rtpParameters
    this.paused = options.paused
    this.ignoreDtx = options.ignoreDtx
    this.#consumableRtpEncodings = options.consumableRtpEncodings
    const encoding = options.rtpParameters.encodings?.[0]
    const codec = options.rtpParameters.codecs.find(({ mimeType }) => !isRtxMimeType(mimeType))
    if (encoding?.ssrc === undefined) throw new ChannelTypeError('rtpParameters.encodings[0].ssrc is missing')
    if (codec === undefined) throw new ChannelTypeError('rtpParameters.codecs has no media codec')
    this.ssrc = encoding.ssrc
    this.rtxSsrc = encoding.rtx?.ssrc ?? 0
    this.cname = options.rtpParameters.rtcp?.cname ?? ''
    this.clockRate = codec.clockRate
    const extensions = sinkExtensions(options.rtpParameters)
    this.headerBytes = RTP_FIXED_HEADER_BYTES + extensionBlockBytes(extensions)
    this.usesTransportCc = extensions.some(({ type }) => type === 'transportSequenceNumber')
    this.transportIndex = this.usesTransportCc ? transport.index : NO_TRANSPORT_CC
    this.nextSequence = transport.context.random(FIRST_SEQUENCE_BELOW) + 1
    this.#sinks = createMediaSinks(transport, options.rtpParameters, this.ssrc, extensions)
    this.sink = [...this.#sinks.values()][0] ?? NO_SINK
    this.rtx = new RtxStream(this, createRtxSink(transport, options.rtpParameters, this.rtxSsrc, extensions))
    this.#encodingIndex = options.encodingIndex ?? 0
    this.stream = producer.streams.find((stream) => stream.encodingIndex === this.#encodingIndex)
    if (this.usesTransportCc) this.#recordSends()
  }

  /** The outgoing streams, each with an SSRC of its own: this one. A pipe has one per encoding. */
  get legs(): readonly Consumer[] {
    return [this]
  }

  /** Whether packets flow: it has had something to start with. */
  get isSending(): boolean {
    return this.place >= 0
  }

  /** What is added to its stream's RTP timestamps, in ticks. */
  get timestampShift(): number {
    return 0
  }

  /** Undefined where there are no layers to choose from. */
  get preferredLayers(): ConsumerLayers | undefined {
    return undefined
  }

  get currentLayers(): ConsumerLayers | undefined {
    return undefined
  }

  /** @returns the layers that it prefers from now on: the nearest that the producer has */
  setPreferredLayers(_layers: ConsumerLayers): ConsumerLayers | undefined {
    return undefined
  }

  /** What an allocator of bandwidth grants it, beside what it prefers; a simple stream has nothing to choose from. */
  setTargetLayers(_grant: LayerGrant): void {}

  /** A layer of the producer came to life or died. */
  layersOffered(): void {}

  /** Whether packets shall flow: neither side paused, not held back by a selection, and the way is open. */
  get wanted(): boolean {
    const { producer, transport } = this
    if (this.paused || producer.paused || !transport.isConnected) return false
    return !(producer.isHeldBack && transport.obeysSelection)
  }

  /** Joins or leaves the stream's fan-out, after anything changed that `wanted` depends on. */
  update(): void {
    this.transport.wake()
    const stream = this.stream
    if (stream === undefined) return
    if (!this.wanted) {
      this.leave()
      return
    }
    if (this.transport.session < 0) stream.taps.add(this)
    else stream.fanout.join(this)
    if (this.kind === 'video') this.producer.transport.requestKeyFrame(stream)
  }

  /** The producer's stream became known after this consumer was made. */
  streamAppeared(stream: ReceiveStream): void {
    if (this.stream !== undefined || stream.encodingIndex !== this.#encodingIndex) return
    this.stream = stream
    this.updateTracing()
    this.update()
  }

  pause(): void {
    if (this.paused) return
    this.paused = true
    this.update()
  }

  resume(): void {
    if (!this.paused) return
    this.paused = false
    this.update()
  }

  producerPausedChanged(paused: boolean): void {
    this.update()
    this.transport.context.emit(paused ? 'consumer.producerPaused' : 'consumer.producerResumed', this.id, {})
  }

  /** What an allocation of bandwidth may choose from: nothing, of a stream without layers. */
  layerDemand(): LayerDemand {
    return NO_LAYERS
  }

  /** The sink of a payload type other than the main one, or -1 if this consumer did not negotiate it. */
  sinkOf(mappedPayloadType: number): number {
    return this.#sinks.get(mappedPayloadType) ?? NO_SINK
  }

  requestKeyFrame(): void {
    if (this.stream !== undefined && this.wanted) this.producer.transport.requestKeyFrame(this.stream)
  }

  /**
   * The receiver lacks a packet (RFC 4585 section 6.2.1): sends it again, as RTX (RFC 4588). Without RTX it can't be had:
   * the same SRTP index with other header bytes would use an AES-GCM nonce twice.
   * @param sequenceNumber 16 bits, as the receiver knows it
   * @returns whether it was sent
   */
  retransmit(sequenceNumber: number, nowUs: number): boolean {
    const stream = this.stream
    if (stream === undefined || this.place < 0 || this.rtx.sink === NO_SINK) return false
    const shift = stream.fanout.shift(this)
    const newest = stream.highestForwarded + shift
    const outgoing = newest + (((sequenceNumber - newest) << 16) >> 16)
    const incoming = outgoing - shift
    if (incoming < stream.fanout.firstSequence(this)) return false
    const row = stream.history.find(incoming)
    const { history } = stream
    if (row < 0 || !this.rtx.mayRepeat(outgoing, history.packetId(row), nowUs)) return false
    const marker = history.marker(row) !== 0
    this.rtx.repeat(history.packetId(row), outgoing, history.timestamp(row), marker, -1)
    return true
  }

  /** A receiver report came: the score follows the share of packets that was lost, 10 at none and 0 at all. */
  reported(): void {
    const score = lossScore(this.fractionLost)
    if (score === this.score) return
    this.score = score
    this.transport.context.emit('consumer.score', this.id, { score: this.currentScore() })
  }

  close(): void {
    this.leave()
    this.stream?.tracing.delete(this)
    this.producer.consumers.delete(this)
    const { port } = this.transport.context
    for (const sink of this.#openSinks) {
      this.transport.context.plan.sendRecords.release(sink)
      port.closeSink(sink)
    }
  }

  /** Rates, once per second. */
  sample(elapsedMs: number): void {
    const bytes = this.rtpBytesSent
    this.bitrateBps = Math.round(((bytes - this.#bytesAtRate) * 8000) / elapsedMs)
    this.#bytesAtRate = bytes
  }

  /** Bytes of whole RTP packets that were sent for the first time. */
  get rtpBytesSent(): number {
    this.stream?.fanout.settle(this)
    return this.bytesSent + this.packetsSent * this.headerBytes
  }

  /** Replaces what is traced of it. */
  setTraced(mask: number): void {
    for (const leg of this.legs) {
      leg.traced = mask
      leg.updateTracing()
    }
  }

  trace(type: string, direction: 'in' | 'out', info: Readonly<Record<string, unknown>>): void {
    const { context } = this.transport
    context.emit('consumer.trace', this.traceTarget, { type, timestamp: context.unixMs(), direction, info })
  }

  /** In whose name it traces. */
  protected get traceTarget(): string {
    return this.id
  }

  /** A packet of the stream goes out to it, with everybody else's: called where `stream.tracing` has it. */
  traceForwarded(packet: ForwardedPacket): void {
    const { stream } = this
    if (stream === undefined) return
    const isDirect = this.transport.session < 0
    const first = isDirect ? this.tapStart : this.place < 0 ? -1 : stream.fanout.firstSequence(this)
    if (first < 0 || packet.sequence < first) return
    const shift = isDirect ? this.tapShift : stream.fanout.shift(this)
    this.tracePacket(packet, packet.sequence + shift, packet.timestamp)
  }

  /** Traces one packet as it goes out. */
  protected tracePacket(packet: ForwardedPacket, outgoing: number, timestamp: number): void {
    const { mid } = this.rtpParameters
    tracePacket(
      this.traced,
      {
        payloadType: packet.payloadType,
        sequenceNumber: outgoing & 0xffff,
        timestamp,
        marker: packet.marker,
        ssrc: this.ssrc,
        isKeyFrame: packet.isKeyFrame,
        size: this.headerBytes + packet.payloadBytes,
        payloadSize: packet.payloadBytes,
        spatialLayer: packet.spatialLayer,
        temporalLayer: packet.temporalLayer,
        ...(mid === undefined ? {} : { mid }),
      },
      false,
      (type, info) => this.trace(type, 'out', info),
    )
  }

  /** Has the stream show it packets while it traces them. */
  protected updateTracing(): void {
    if (this.stream === undefined) return
    if ((this.traced & TRACED_PACKETS) === 0) this.stream.tracing.delete(this)
    else this.stream.tracing.add(this)
  }

  /** Of a packet that is, or was, in the packet ring. */
  payloadBytes(packetId: number): number {
    const { records } = this.transport.context.port
    return records[(packetId & (RING_SLOTS - 1)) * RECORD_WORDS + RecordWord.payloadLength] as number
  }

  currentScore(): ConsumerScore {
    const { streams, rtpParameters } = this.producer
    const producerScores = (rtpParameters.encodings ?? []).map(
      (_, index) => streams.find((stream) => stream.encodingIndex === index)?.score ?? 0,
    )
    return { score: this.score, producerScore: this.stream?.score ?? 0, producerScores }
  }

  stats(nowMs: number): Stat[] {
    const outbound = outboundStat(this, nowMs)
    const inbound = this.producer.stats(nowMs).find((row) => row.ssrc === this.stream?.ssrc)
    return inbound === undefined ? [outbound] : [outbound, inbound]
  }

  dump(): Readonly<Record<string, unknown>> {
    return {
      id: this.id,
      producerId: this.producer.id,
      kind: this.kind,
      type: this.type,
      paused: this.paused,
      producerPaused: this.producer.paused,
      priority: this.priority,
      rtpParameters: this.rtpParameters,
      consumableRtpEncodings: this.#consumableRtpEncodings,
      supportedCodecPayloadTypes: this.rtpParameters.codecs
        .filter(({ mimeType }) => !isRtxMimeType(mimeType))
        .map(({ payloadType }) => payloadType),
      traceEventTypes: tracedTypes(this.traced),
      rtpStream: this.dumpStream(),
    }
  }

  /** Its outgoing stream, as dumps show it. */
  dumpStream(): Readonly<Record<string, unknown>> {
    const { spatialLayers, temporalLayers } = this.producer.layersOfEncoding(this.#encodingIndex)
    return dumpRtpStream({
      parameters: this.rtpParameters,
      encodingIdx: this.#encodingIndex,
      ssrc: this.ssrc,
      rtxSsrc: this.rtxSsrc,
      spatialLayers: Math.max(
        spatialLayers,
        this.type === 'simulcast' ? this.producer.offeredLayers().length : 1,
      ),
      temporalLayers,
      score: this.score,
    })
  }

  /** Packets stop. */
  protected leave(): void {
    const { stream } = this
    if (stream === undefined) return
    stream.fanout.leave(this, stream.highestForwarded)
    stream.taps.delete(this)
    this.tapStart = -1
  }

  #recordSends(): void {
    const { sendRecords } = this.transport.context.plan
    sendRecords.open(this.transport.index)
    for (const sink of this.#openSinks) sendRecords.assign(sink, this.transport.index)
  }

  /** All sinks that it has at the port. */
  get #openSinks(): ReadonlySet<number> {
    const sinks = new Set([this.sink, this.rtx.sink, ...this.#sinks.values()])
    sinks.delete(NO_SINK)
    return sinks
  }
}
