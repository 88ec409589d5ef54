import type { RtpHeaderExtensionParameters } from '@sangam/ortc'
import {
  equalsTextExtension,
  HeaderExtensionLocator,
  HeaderExtensionUri,
  type RtpHeader,
  readTextExtension,
  type TransportFeedback,
  writeFir,
  writeNack,
  writePli,
} from '@sangam/rtp'
import type { SctpSettings, Stat } from '../../channel/messages.ts'
import { onClockStep } from '../clock-step.ts'
import { TransportCcRecorder } from '../congestion/transport-cc-recorder.ts'
import { AdaptiveConsumer } from '../consumer/adaptive-consumer.ts'
import { Consumer, type ConsumerOptions } from '../consumer/consumer.ts'
import { PipeConsumer } from '../consumer/pipe-consumer.ts'
import type { WorkerContext } from '../context.ts'
import type { DataConsumer } from '../data/data-consumer.ts'
import type { DataProducer } from '../data/data-producer.ts'
import { SctpLink, sessionCarrier } from '../data/sctp-link.ts'
import { ChannelTypeError } from '../errors.ts'
import { EXTENSION_SLOTS, ExtensionSlot, registerExtensions } from '../header-extension-slots.ts'
import { Producer, type ProducerOptions } from '../producer/producer.ts'
import type { ReceiveStream } from '../producer/receive-stream.ts'
import { writeReports } from '../rtcp/reports.ts'
import { Trace, type TransportTraceType } from '../trace.ts'
import { ByteRates, type ByteTotals } from './byte-rates.ts'

/** Without a measured round trip to the publisher, NACKs are repeated after this time. */
const DEFAULT_RTT_MS = 100
const REPORT_INTERVAL_US = 1_000_000
/** A stream without a packet for this long has score 0: longer than any pause of discontinuous transmission (RFC 7587 3.1.3). */
const SILENCE_US = 2_000_000
/** RTCP stays below this, so that SRTCP, UDP and IPv6 fit any path. */
const MAX_RTCP_BYTES = 1200
const NO_SSRC = 0
/** Names in dumps, as the public API has them. */
const RECEIVED_EXTENSIONS = {
  mid: HeaderExtensionUri.mid,
  rid: HeaderExtensionUri.rid,
  rrid: HeaderExtensionUri.repairedRid,
  absSendTime: HeaderExtensionUri.absSendTime,
  transportWideCc01: HeaderExtensionUri.transportSequenceNumber,
} as const

/**
 * What all transports share: the producers that come in through it, the consumers that go out, and the RTCP for both.
 * Subclasses own the way to the peer.
 */
export abstract class Transport {
  readonly id: string
  readonly context: WorkerContext
  /** Small number, unique among the worker's open transports. */
  readonly index: number
  /** The packet port's session; -1 for a DirectTransport. */
  readonly session: number
  /** Whether an AudioSelector decides which voices leave through it. */
  readonly obeysSelection: boolean = false
  readonly producers = new Map<string, Producer>()
  readonly consumers = new Map<string, Consumer>()
  readonly dataProducers = new Map<string, DataProducer>()
  readonly dataConsumers = new Map<string, DataConsumer>()
  /** The SCTP association, where there is one. */
  sctp: SctpLink | undefined
  /** Bytes, of messages to DataConsumers and from DataProducers. */
  maxSendMessageSize = 0
  maxReceiveMessageSize = 0
  /** By SSRC as a signed 32-bit integer (a small integer for the engine); an RTX SSRC leads to the stream that it repairs. */
  readonly streams = new Map<number, ReceiveStream>()
  readonly consumersBySsrc = new Map<number, Consumer>()
  readonly feedback = new TransportCcRecorder()
  maxIncomingBitrateBps = 0
  /** What the peer's REMB last said, bits per second; 0 when it said nothing. */
  rembBps = 0
  rtpBytesReceived = 0
  rtxBytesReceived = 0
  readonly rates = new ByteRates()
  /** Share of the packets of the last second that did not come, 0 to 1; undefined before the first report. */
  rtpPacketLossReceived: number | undefined
  /** Measured round trip to the peer; undefined until one of its reports gave it. */
  measuredRttMs: number | undefined
  /** Local identifiers of the header extensions that tell where a packet belongs, as producers negotiated them. */
  readonly receivedExtensions: Partial<Record<keyof typeof RECEIVED_EXTENSIONS, number>> = {}
  /** What the application asked to be told of, `TransportTrace`. */
  traced = 0
  /** Engine clock minus the peer's NTP clock, microseconds; set by its first sender report and kept. */
  clockOffsetUs: number | undefined
  readonly #locator = new HeaderExtensionLocator(EXTENSION_SLOTS)
  readonly #producersByMid = new Map<string, Producer>()
  #sampledUs: number
  #reportDueUs: number
  /** What consumers sent that are closed by now. */
  readonly #closedSent = { rtp: 0, rtx: 0, probation: 0 }

  constructor(context: WorkerContext, id: string, index: number, session: number) {
    this.context = context
    this.id = id
    this.index = index
    this.session = session
    // Staggered, so that a thousand transports do not report in the same millisecond.
    this.#sampledUs = context.nowUs() - context.random(REPORT_INTERVAL_US)
    this.#reportDueUs = onClockStep(this.#sampledUs + REPORT_INTERVAL_US)
  }

  /** The peer's REMB (draft-alvestrand-rmcat-remb-03), bits per second. */
  handleRemb(bps: number): void {
    this.rembBps = bps
  }

  /** Something happened that the clock should look at: the next tick is for this transport, too. */
  wake(): void {
    this.context.transportDueUs[this.index] = 0
  }

  /** The peer's transport-cc feedback. Only transports that estimate their bandwidth care. */
  handleTransportFeedback(_feedback: TransportFeedback, _nowUs: number): void {}

  /** Whether a packet of so many bytes of payload may be sent again. Only transports that estimate their bandwidth refuse. */
  takesRepair(_payloadBytes: number, _nowUs: number): boolean {
    return true
  }

  /** Whether media can flow both ways. */
  abstract get isConnected(): boolean
  abstract stats(nowMs: number): Stat[]
  abstract dump(): Readonly<Record<string, unknown>>
  /** Sends the RTCP bytes that `write` puts at its offset; 0 sends nothing. */
  abstract sendRtcp(maxBytes: number, write: (bytes: Uint8Array, offset: number) => number): void

  /** @throws ChannelTypeError when an SSRC or a MID with its RIDs is taken */
  produce(options: ProducerOptions): Producer {
    for (const encoding of options.rtpParameters.encodings ?? []) {
      for (const ssrc of [encoding.ssrc, encoding.rtx?.ssrc]) {
        if (ssrc !== undefined && this.streams.has(ssrc | 0)) {
          throw new ChannelTypeError(`SSRC ${ssrc} is used by another producer of this transport`)
        }
      }
    }
    const { mid } = options.rtpParameters
    if (mid !== undefined && this.#producersByMid.has(mid)) {
      throw new ChannelTypeError(`MID ${mid} is used by another producer of this transport`)
    }
    this.wake()
    const producer = new Producer(this, options)
    this.producers.set(producer.id, producer)
    if (mid !== undefined) this.#producersByMid.set(mid, producer)
    for (const stream of producer.streams) this.#register(stream)
    this.#learnExtensions(options.rtpParameters.headerExtensions ?? [])
    const usesTransportCc = producer.codecs.some((codec) => codec.transportCc)
    if (usesTransportCc) this.feedback.enable()
    return producer
  }

  consume(producer: Producer, options: ConsumerOptions): Consumer {
    this.wake()
    const consumer = new (consumerClass(options))(this, producer, options)
    this.consumers.set(consumer.id, consumer)
    for (const leg of consumer.legs) {
      this.consumersBySsrc.set(leg.ssrc | 0, leg)
      if (leg.rtxSsrc !== NO_SSRC) this.consumersBySsrc.set(leg.rtxSsrc | 0, leg)
    }
    producer.consumers.add(consumer)
    consumer.update()
    return consumer
  }

  removeConsumer(consumer: Consumer): void {
    consumer.close()
    for (const leg of consumer.legs) addSent(this.#closedSent, leg)
    this.consumers.delete(consumer.id)
    for (const leg of consumer.legs) {
      this.consumersBySsrc.delete(leg.ssrc | 0)
      this.consumersBySsrc.delete(leg.rtxSsrc | 0)
    }
  }

  /** Forgets the producer; its consumers are the caller's to close. */
  removeProducer(producer: Producer): void {
    this.producers.delete(producer.id)
    for (const stream of producer.streams) {
      this.streams.delete(stream.ssrc | 0)
      this.streams.delete(stream.rtxSsrc | 0)
    }
    const { mid } = producer.rtpParameters
    if (mid !== undefined) this.#producersByMid.delete(mid)
  }

  /**
   * Finds the stream of an SSRC that no signalling named, by MID and RID (RFC 8843 section 9.2, RFC 8852). The number
   * of streams stays bounded: each encoding takes one SSRC, and one more for its RTX.
   */
  identify(bytes: Uint8Array, header: RtpHeader): ReceiveStream | undefined {
    this.#locator.locate(bytes, header)
    const { offsets, lengths } = this.#locator
    const text = (slot: number): string | undefined =>
      offsets[slot] === 0
        ? undefined
        : readTextExtension(bytes, offsets[slot] as number, lengths[slot] as number)
    const mid = text(ExtensionSlot.mid)
    const producer = mid === undefined ? undefined : this.#producersByMid.get(mid)
    const codec = producer?.codec(header.payloadType)
    if (producer === undefined || codec === undefined) return undefined
    const isRtx = codec.aptPayloadType >= 0
    const slot = isRtx ? ExtensionSlot.repairedRid : ExtensionSlot.rid
    const encodings = producer.rtpParameters.encodings ?? []
    const index = encodings.findIndex(({ rid }) =>
      rid === undefined
        ? encodings.length === 1
        : offsets[slot] !== 0 &&
          equalsTextExtension(bytes, offsets[slot] as number, lengths[slot] as number, rid),
    )
    if (index < 0) return undefined
    const known = producer.streams.find((stream) => stream.encodingIndex === index)
    if (isRtx) {
      if (known === undefined || known.rtxSsrc !== NO_SSRC) return undefined
      known.rtxSsrc = header.ssrc
      this.streams.set(header.ssrc | 0, known)
      return known
    }
    if (known !== undefined) return undefined
    const stream = producer.addStream(index, header.ssrc, NO_SSRC, encodings[index]?.rid)
    this.#register(stream)
    return stream
  }

  /** Somebody needs a key frame of a stream that comes in here; many wishes become one request. */
  requestKeyFrame(stream: ReceiveStream): void {
    if (!this.isConnected || stream.producer.paused) return
    if (stream.keyFrames?.wanted(this.context.nowUs() / 1000) === true) this.#sendKeyFrameRequest(stream)
  }

  /** The way to the peer opened or closed. */
  connectionChanged(): void {
    this.wake()
    for (const consumer of this.consumers.values()) consumer.update()
    if (!this.isConnected) return
    for (const producer of this.producers.values()) {
      for (const stream of producer.streams) if (stream.fanout.hasWaiting) this.requestKeyFrame(stream)
    }
  }

  /** Asks for what is missing, now. */
  sendNacks(stream: ReceiveStream, nowMs: number): void {
    const missing = stream.nack?.due(nowMs, this.measuredRttMs ?? DEFAULT_RTT_MS) ?? []
    if (missing.length === 0) return
    stream.nackCount++
    stream.nackPacketCount += missing.length
    if ((stream.producer.traced & Trace.nack) !== 0)
      stream.producer.trace('nack', 'out', { ssrc: stream.ssrc, sequenceNumbers: missing.map(to16Bits) })
    this.sendRtcp(MAX_RTCP_BYTES, (bytes, offset) => writeNack(bytes, offset, NO_SSRC, stream.ssrc, missing))
  }

  /** Gives the transport an SCTP association, which waits for its `connect()`. */
  protected openSctp(settings: SctpSettings, isDtls: boolean): void {
    this.sctp = new SctpLink(this.context, this.id, sessionCarrier(this, isDtls), settings)
    this.maxSendMessageSize = settings.maxSendMessageSize
    this.maxReceiveMessageSize = settings.maxReceiveMessageSize
  }

  /** Ends the association; its last words leave before the way is closed. */
  protected closeSctp(): void {
    if (this.sctp === undefined) return
    this.sctp.close()
    this.context.plan.flush()
  }

  /** Everything that came in and went out so far. */
  totals(): ByteTotals {
    const sent = { ...this.#closedSent }
    for (const consumer of this.consumers.values()) for (const leg of consumer.legs) addSent(sent, leg)
    const { received, sent: sentBytes } = this.bytesOnTheWire(sent.rtp)
    return {
      received,
      sent: sentBytes,
      rtpReceived: this.rtpBytesReceived,
      rtpSent: sent.rtp,
      rtxReceived: this.rtxBytesReceived,
      rtxSent: sent.rtx,
      probationSent: sent.probation,
    }
  }

  /** @param rtpSent bytes of RTP that were sent, all there is to know where there is no network */
  protected bytesOnTheWire(_rtpSent: number): { received: number; sent: number } {
    const { receivedBytes, sentBytes } = this.context.port.sessionStats(this.session)
    return { received: receivedBytes, sent: sentBytes }
  }

  /** A report of the peer gave the round trip to it. */
  handleRoundTrip(rttMs: number): void {
    this.measuredRttMs = rttMs
  }

  /** Tells the application something that it asked for. */
  trace(type: TransportTraceType, info: Readonly<Record<string, unknown>>): void {
    const { context, id } = this
    context.emit('transport.trace', id, { type, timestamp: context.unixMs(), direction: 'out', info })
  }

  /** Time went on. @returns when the next tick should be, microseconds: `nowUs` for as soon as there is one */
  tick(nowUs: number): number {
    this.sctp?.tick(nowUs)
    const isTended = this.producers.size > 0 && this.isConnected
    if (isTended) this.#tendStreams(nowUs)
    if (nowUs >= this.#reportDueUs) {
      const elapsedMs = (nowUs - this.#sampledUs) / 1000
      this.#sampledUs = nowUs
      this.#reportDueUs = onClockStep(nowUs + REPORT_INTERVAL_US)
      this.everySecond(nowUs, elapsedMs)
    }
    const isImpatient = this.sctp?.association.needsClock === true
    return isTended || isImpatient ? nowUs : this.#reportDueUs
  }

  /** What is due once a second. */
  protected everySecond(nowUs: number, elapsedMs: number): void {
    if (!this.isConnected) return
    this.#sample(elapsedMs)
    this.rtpPacketLossReceived = writeReports(this, nowUs)
    this.#score(nowUs)
  }

  #tendStreams(nowUs: number): void {
    const nowMs = nowUs / 1000
    for (const producer of this.producers.values()) {
      if (producer.paused) continue
      producer.tick()
      for (const stream of producer.streams) {
        this.sendNacks(stream, nowMs)
        if (stream.keyFrames?.tick(nowMs) === true) this.#sendKeyFrameRequest(stream)
      }
    }
    if (this.feedback.isDue(nowUs)) {
      this.sendRtcp(MAX_RTCP_BYTES, (bytes, offset) =>
        this.feedback.write(bytes, offset, MAX_RTCP_BYTES, nowUs),
      )
    }
  }

  #score(nowUs: number): void {
    for (const producer of this.producers.values()) {
      let changed = false
      for (const stream of producer.streams) {
        const isSilent = !producer.paused && nowUs - stream.lastPacketUs > SILENCE_US
        if (stream.rate(isSilent)) changed = true
      }
      if (changed) this.context.emit('producer.score', producer.id, { scores: producer.scores() })
    }
  }

  #sample(elapsedMs: number): void {
    for (const producer of this.producers.values())
      for (const stream of producer.streams) stream.sample(elapsedMs)
    for (const consumer of this.consumers.values()) consumer.sample(elapsedMs)
    this.rates.sample(this.totals(), elapsedMs)
  }

  #sendKeyFrameRequest(stream: ReceiveStream): void {
    const { producer } = stream
    const codec = producer.codecOfEncoding(stream.encodingIndex)
    if (codec.pli || !codec.fir) {
      stream.pliCount++
      if ((producer.traced & Trace.pli) !== 0) producer.trace('pli', 'out', { ssrc: stream.ssrc })
      this.sendRtcp(MAX_RTCP_BYTES, (bytes, offset) => writePli(bytes, offset, NO_SSRC, stream.ssrc))
      return
    }
    stream.firCount++
    if ((producer.traced & Trace.fir) !== 0) producer.trace('fir', 'out', { ssrc: stream.ssrc })
    producer.firSequence = (producer.firSequence + 1) & 0xff
    this.sendRtcp(MAX_RTCP_BYTES, (bytes, offset) =>
      writeFir(bytes, offset, NO_SSRC, stream.ssrc, producer.firSequence),
    )
  }

  #register(stream: ReceiveStream): void {
    this.streams.set(stream.ssrc | 0, stream)
    if (stream.rtxSsrc !== NO_SSRC) this.streams.set(stream.rtxSsrc | 0, stream)
  }

  #learnExtensions(extensions: readonly RtpHeaderExtensionParameters[]): void {
    registerExtensions(this.#locator, extensions)
    for (const [name, uri] of Object.entries(RECEIVED_EXTENSIONS)) {
      const id = extensions.find((extension) => extension.uri === uri)?.id
      if (id !== undefined) this.receivedExtensions[name as keyof typeof RECEIVED_EXTENSIONS] = id
    }
  }
}

function addSent(sum: { rtp: number; rtx: number; probation: number }, leg: Consumer): void {
  sum.rtp += leg.rtpBytesSent
  sum.rtx += leg.rtx.bytesSent
  sum.probation += leg.rtx.probationBytesSent
}

function to16Bits(sequence: number): number {
  return sequence & 0xffff
}

/** Which kind of consumer does what is asked for. */
function consumerClass({ type, ignoreDtx }: ConsumerOptions): typeof Consumer {
  if (type === 'pipe') return PipeConsumer
  return type !== 'simple' || ignoreDtx ? AdaptiveConsumer : Consumer
}
