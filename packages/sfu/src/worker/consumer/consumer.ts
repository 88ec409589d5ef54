import type { MediaKind, RtpEncodingParameters, RtpParameters } from '@sangam/ortc'
import type { ConsumerLayers, ConsumerScore, ConsumerType, Stat } from '../../channel/messages.ts'
import type { AllocationReason } from '../congestion/bitrate-allocation.ts'
import { type LayerDemand, NO_LAYERS } from '../congestion/layer-allocation.ts'
import { NO_TRANSPORT_CC } from '../congestion/send-records.ts'
import { ChannelTypeError } from '../errors.ts'
import type { LayerGrant } from '../layers/layer-choice.ts'
import { PlanFlag, PlanWord } from '../packet-port/packet-port.ts'
import type { FanoutMember } from '../producer/fanout.ts'
import type { Producer } from '../producer/producer.ts'
import type { ReceiveStream } from '../producer/receive-stream.ts'
import { lossScore } from '../rtcp/loss-score.ts'
import type { Transport } from '../transport/transport.ts'
import { RetransmissionGuard } from './retransmission-guard.ts'
import { sinkExtensions } from './sink-extensions.ts'

const NO_SINK = -1
/** The most padding that a packet may have (RFC 3550 section 5.1). */
const PADDING_BYTES = 255
/** Outgoing numbers start below 2^15, so that the first packets' loss leaves no doubt about the rollover (RFC 3711 3.3.1). */
const FIRST_SEQUENCE_BELOW = 0x7fff

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

  nextRtxSequence: number
  rttMs = 0
  fractionLost = 0
  packetsLost = 0
  packetsRetransmitted = 0
  nackCount = 0
  nackPacketCount = 0
  pliCount = 0
  firCount = 0
  score = 10
  bitrateBps = 0
  stream: ReceiveStream | undefined
  readonly #encodingIndex: number
  #bytesAtRate = 0
  readonly #rtxSink: number
  /** By mapped payload type; the main codec's is `sink`. */
  readonly #sinks = new Map<number, number>()
  readonly #guard = new RetransmissionGuard()

  constructor(transport: Transport, producer: Producer, options: ConsumerOptions) {
    this.id = options.id
    this.kind = options.kind
    this.type = options.type
    this.transport = transport
    this.producer = producer
    this.rtpParameters = options.rtpParameters
    this.paused = options.paused
    this.ignoreDtx = options.ignoreDtx
    const encoding = options.rtpParameters.encodings?.[0]
    const codec = options.rtpParameters.codecs.find((c) => !c.mimeType.toLowerCase().endsWith('/rtx'))
    if (encoding?.ssrc === undefined) throw new ChannelTypeError('rtpParameters.encodings[0].ssrc is missing')
    if (codec === undefined) throw new ChannelTypeError('rtpParameters.codecs has no media codec')
    this.ssrc = encoding.ssrc
    this.rtxSsrc = encoding.rtx?.ssrc ?? 0
    this.cname = options.rtpParameters.rtcp?.cname ?? ''
    this.clockRate = codec.clockRate
    this.usesTransportCc = sinkExtensions(options.rtpParameters).some(
      ({ type }) => type === 'transportSequenceNumber',
    )
    this.transportIndex = this.usesTransportCc ? transport.index : NO_TRANSPORT_CC
    this.nextSequence = transport.context.random(FIRST_SEQUENCE_BELOW) + 1
    this.nextRtxSequence = transport.context.random(FIRST_SEQUENCE_BELOW) + 1
    this.sink = this.#createSinks()
    this.#rtxSink = this.#createRtxSink()
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

  /** Whether packets shall flow: neither side paused, and the way is open. */
  get wanted(): boolean {
    return !this.paused && !this.producer.paused && this.transport.isConnected
  }

  /** Joins or leaves the stream's fan-out, after anything changed that `wanted` depends on. */
  update(): void {
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
    if (stream === undefined || this.place < 0 || this.#rtxSink === NO_SINK) return false
    const shift = stream.fanout.shift(this)
    const newest = stream.highestForwarded + shift
    const outgoing = newest + (((sequenceNumber - newest) << 16) >> 16)
    const incoming = outgoing - shift
    if (incoming < stream.fanout.firstSequence(this)) return false
    const row = stream.history.find(incoming)
    if (row < 0 || !this.mayRetransmit(outgoing, nowUs)) return false
    const { history } = stream
    const marker = history.marker(row) !== 0
    this.sendRetransmission(history.packetId(row), outgoing, history.timestamp(row), marker, -1)
    return true
  }

  /** Whether to answer a request for an extended number now. */
  protected mayRetransmit(outgoing: number, nowUs: number): boolean {
    return this.#rtxSink !== NO_SINK && this.#guard.allows(outgoing, nowUs, this.rttMs)
  }

  /** @param vp8Patch `PlanWord.vp8Patch`, or -1 where the payload stays as it is */
  protected sendRetransmission(
    packetId: number,
    outgoing: number,
    timestamp: number,
    marker: boolean,
    vp8Patch: number,
  ): void {
    const flags = PlanFlag.rtx | (marker ? PlanFlag.marker : 0) | (vp8Patch < 0 ? 0 : PlanFlag.vp8Patch)
    this.#writeRtx(packetId, timestamp, flags, Math.max(0, vp8Patch), outgoing & 0xffff)
    this.packetsRetransmitted++
  }

  /**
   * Sends something that a receiver ignores but acknowledges, to probe the path: a recent packet again as RTX, or
   * padding on the RTX stream where there is none.
   * @param index which of the recent packets, 0 for the newest
   * @returns bytes of payload, 0 where RTX was not negotiated
   */
  sendProbe(index: number): number {
    if (this.#rtxSink === NO_SINK || !this.usesTransportCc) return 0
    const { stream } = this
    const row =
      stream === undefined || this.place < 0 ? -1 : stream.history.find(stream.highestForwarded - index)
    const isRtx = row >= 0 && stream !== undefined && stream.history.payloadLength(row) > PADDING_BYTES
    if (!isRtx) {
      this.#writeRtx(0, stream?.lastTimestamp ?? 0, PlanFlag.padding, 0, PADDING_BYTES)
      return PADDING_BYTES
    }
    const { history } = stream
    const outgoing = stream.highestForwarded - index + stream.fanout.shift(this)
    const flags = PlanFlag.rtx | (history.marker(row) === 0 ? 0 : PlanFlag.marker)
    this.#writeRtx(history.packetId(row), history.timestamp(row), flags, 0, outgoing & 0xffff)
    return history.payloadLength(row)
  }

  /** Writes the next packet of the RTX stream. `vp8Patch` and `extra` are the plan's words of these names. */
  #writeRtx(packetId: number, timestamp: number, flags: number, vp8Patch: number, extra: number): void {
    const { plan, transportSequences } = this.transport.context
    const at = plan.reserve()
    const transportSequence = transportSequences[this.transportIndex] as number
    transportSequences[this.transportIndex] = transportSequence + 1
    plan.words[at + PlanWord.sink] = this.#rtxSink
    plan.words[at + PlanWord.packetId] = packetId
    plan.words[at + PlanWord.sequenceNumber] = this.nextRtxSequence++
    plan.words[at + PlanWord.timestamp] = timestamp
    plan.words[at + PlanWord.flags] = (transportSequence << 16) | flags
    plan.words[at + PlanWord.vp8Patch] = vp8Patch
    plan.words[at + PlanWord.extra] = extra
    plan.words[at + PlanWord.reserved] = 0
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
    this.producer.consumers.delete(this)
    const { port } = this.transport.context
    for (const sink of new Set([this.sink, this.#rtxSink, ...this.#sinks.values()])) {
      if (sink === NO_SINK) continue
      this.transport.context.plan.sendRecords.release(sink)
      port.closeSink(sink)
    }
  }

  /** Rates, once per second. */
  sample(elapsedMs: number): void {
    this.stream?.fanout.settle(this)
    this.bitrateBps = Math.round(((this.bytesSent - this.#bytesAtRate) * 8000) / elapsedMs)
    this.#bytesAtRate = this.bytesSent
  }

  currentScore(): ConsumerScore {
    const { streams, rtpParameters } = this.producer
    const producerScores = (rtpParameters.encodings ?? []).map(
      (_, index) => streams.find((stream) => stream.encodingIndex === index)?.score ?? 0,
    )
    return { score: this.score, producerScore: this.stream?.score ?? 0, producerScores }
  }

  stats(nowMs: number): Stat[] {
    this.stream?.fanout.settle(this)
    const outbound: Stat = {
      type: 'outbound-rtp',
      timestamp: nowMs,
      ssrc: this.ssrc,
      ...(this.rtxSsrc === 0 ? {} : { rtxSsrc: this.rtxSsrc }),
      kind: this.kind,
      mimeType: this.rtpParameters.codecs[0]?.mimeType ?? '',
      packetsLost: this.packetsLost,
      fractionLost: this.fractionLost,
      packetsDiscarded: 0,
      packetsRetransmitted: this.packetsRetransmitted,
      packetsRepaired: 0,
      nackCount: this.nackCount,
      nackPacketCount: this.nackPacketCount,
      pliCount: this.pliCount,
      firCount: this.firCount,
      packetCount: this.packetsSent,
      byteCount: this.bytesSent,
      bitrate: this.bitrateBps,
      roundTripTime: this.rttMs,
      score: this.score,
      ...(this.allocationReason === undefined ? {} : { allocationReason: this.allocationReason }),
    }
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
      ...(this.preferredLayers === undefined
        ? {}
        : { preferredLayers: this.preferredLayers, currentLayers: this.currentLayers }),
      priority: this.priority,
      rtpParameters: this.rtpParameters,
      rtpStream: { ssrc: this.ssrc, rtxSsrc: this.rtxSsrc, score: this.score },
    }
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
    for (const sink of new Set([this.sink, this.#rtxSink, ...this.#sinks.values()]))
      if (sink !== NO_SINK) sendRecords.assign(sink, this.transport.index)
  }

  #createSinks(): number {
    const { session, context } = this.transport
    if (session < 0) return NO_SINK
    const headerExtensions = sinkExtensions(this.rtpParameters)
    for (const codec of this.rtpParameters.codecs) {
      if (codec.mimeType.toLowerCase().endsWith('/rtx')) continue
      const { payloadType } = codec
      this.#sinks.set(
        payloadType,
        context.port.createSink({ session, ssrc: this.ssrc, payloadType, headerExtensions }),
      )
    }
    return [...this.#sinks.values()][0] ?? NO_SINK
  }

  #createRtxSink(): number {
    const { session, context } = this.transport
    const codec = this.rtpParameters.codecs.find((c) => c.mimeType.toLowerCase().endsWith('/rtx'))
    if (session < 0 || codec === undefined || this.rtxSsrc === 0) return NO_SINK
    const headerExtensions = sinkExtensions(this.rtpParameters)
    return context.port.createSink({
      session,
      ssrc: this.rtxSsrc,
      payloadType: codec.payloadType,
      headerExtensions,
    })
  }
}
