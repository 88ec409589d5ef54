import type { MediaKind, RtpCodecsEncodingsMapping, RtpParameters } from '@sangam/ortc'
import type { EnhancedEventEmitter } from './enhanced-event-emitter.ts'
import type { AppData } from './option-checks.ts'
import type { RtpStreamDump } from './rtp-stream-dump-types.ts'
import type { RtpStreamRecvStats } from './rtp-stream-stats-types.ts'

/** Options of `transport.produce()`. */
export type ProducerOptions<ProducerAppData extends AppData = AppData> = {
  /** An id to take over, when a stream is piped from another router. */
  id?: string | undefined
  kind: MediaKind
  /** What the endpoint sends. */
  rtpParameters: RtpParameters
  /** Default false. */
  paused?: boolean | undefined
  /** Video: milliseconds between two key frame requests to the endpoint. Default 0. */
  keyFrameRequestDelay?: number | undefined
  /** Accepted for the sake of applications that set it; a pipe of this engine keeps the gaps in its numbers without it. */
  enableMediasoupPacketIdHeaderExtension?: boolean | undefined
  appData?: ProducerAppData | undefined
}

/** How a producer's stream is layered: not at all, as several streams, or within one stream. */
export type ProducerType = 'simple' | 'simulcast' | 'svc'

/** How well one of the producer's streams arrives: 0 (nothing does) to 10 (nothing is lost). */
export type ProducerScore = { encodingIdx: number; ssrc: number; rid?: string; score: number }

/** How the sender holds its camera (3GPP TS 26.114); `rotation` is 0, 90, 180 or 270 degrees. */
export type ProducerVideoOrientation = { camera: boolean; flip: boolean; rotation: number }

/** Answer of `producer.dump()`. */
export type ProducerDump = {
  id: string
  kind: string
  type: ProducerType
  rtpParameters: RtpParameters
  /** How payload types and SSRCs are called at the router. */
  rtpMapping: RtpCodecsEncodingsMapping
  /** The streams that came, or that signalling named. */
  rtpStreams: RtpStreamDump[]
  traceEventTypes: string[]
  paused: boolean
  consumerIds: string[]
}

/** One row of `producer.getStats()`. */
export type ProducerStat = RtpStreamRecvStats

/** What a producer can trace. */
export type ProducerTraceEventType = 'rtp' | 'keyframe' | 'nack' | 'pli' | 'fir' | 'sr'

/** A traced event of a producer. `timestamp` in milliseconds. */
export type ProducerTraceEventData = {
  type: ProducerTraceEventType
  timestamp: number
  direction: 'in' | 'out'
  info: Record<string, unknown>
}

type MediaEvents = {
  score: [score: ProducerScore[]]
  videoorientationchange: [orientation: ProducerVideoOrientation]
  trace: [trace: ProducerTraceEventData]
}
/** Events of a Producer. */
export type ProducerEvents = MediaEvents & { transportclose: [] }
/** Events of a Producer's observer. */
export type ProducerObserverEvents = MediaEvents & { close: []; pause: []; resume: [] }
/** Observer of a Producer. */
export type ProducerObserver = EnhancedEventEmitter<ProducerObserverEvents>

/** A stream that enters the router. Methods reject with `InvalidStateError` once closed. */
export interface Producer<ProducerAppData extends AppData = AppData>
  extends EnhancedEventEmitter<ProducerEvents> {
  get id(): string
  get closed(): boolean
  get kind(): MediaKind
  get rtpParameters(): RtpParameters
  get type(): ProducerType
  /** What consumers of any router codec set are derived from. */
  get consumableRtpParameters(): RtpParameters
  get paused(): boolean
  get score(): ProducerScore[]
  get appData(): ProducerAppData
  set appData(appData: ProducerAppData)
  get observer(): ProducerObserver
  close(): void
  dump(): Promise<ProducerDump>
  getStats(): Promise<ProducerStat[]>
  /** Stops the stream for all consumers; each emits `producerpause`. */
  pause(): Promise<void>
  /** Lets it flow again; each consumer emits `producerresume`. */
  resume(): Promise<void>
  /** Replaces what is traced; nothing without an argument. @throws TypeError */
  enableTraceEvent(types?: ProducerTraceEventType[]): Promise<void>
  /** Hands an RTP packet to the router. @throws TypeError; UnsupportedError off a DirectTransport; InvalidStateError when closed */
  send(rtpPacket: Buffer): void
}
