import type { MediaKind, RtpCapabilities, RtpEncodingParameters, RtpParameters } from '@sangam/ortc'
import type { EnhancedEventEmitter } from './enhanced-event-emitter.ts'
import type { AppData } from './option-checks.ts'
import type { RtpStreamDump } from './rtp-stream-dump-types.ts'
import type { RtpStreamRecvStats, RtpStreamSendStats } from './rtp-stream-stats-types.ts'

/** Options of `transport.consume()`. */
export type ConsumerOptions<ConsumerAppData extends AppData = AppData> = {
  producerId: string
  /** What the endpoint can receive. */
  rtpCapabilities: RtpCapabilities
  /** Default false. Video is best begun paused, and resumed once the endpoint is ready: else the first key frame may come too early. */
  paused?: boolean | undefined
  /** Default: a number that counts up on the transport. */
  mid?: string | undefined
  /** Default: the highest. */
  preferredLayers?: ConsumerLayers | undefined
  /** Answer NACKs of the endpoint, where codec and endpoint support it. Default true for video, false for audio. */
  enableRtx?: boolean | undefined
  /** Opus: leave out silent (DTX) packets. Default false. */
  ignoreDtx?: boolean | undefined
  /** Take all of the producer's streams as they are. Default false. */
  pipe?: boolean | undefined
  appData?: ConsumerAppData | undefined
}

/** How a consumer picks from its producer's layers; `pipe` takes all streams. */
export type ConsumerType = 'simple' | 'simulcast' | 'svc' | 'pipe'

/** 0 (nothing arrives) to 10 (nothing is lost): of the sent stream, of the producer's selected stream, of each of its streams. */
export type ConsumerScore = { score: number; producerScore: number; producerScores: number[] }

/** Layers, counted from 0. */
export type ConsumerLayers = { spatialLayer: number; temporalLayer?: number | undefined }

/** Answer of `consumer.dump()`, by the consumer's type. */
export type ConsumerDump = SimpleConsumerDump | SimulcastConsumerDump | SvcConsumerDump | PipeConsumerDump

/** What `consumer.dump()` says of every consumer. */
export type BaseConsumerDump = {
  id: string
  producerId: string
  kind: MediaKind
  rtpParameters: RtpParameters
  consumableRtpEncodings?: RtpEncodingParameters[]
  supportedCodecPayloadTypes: number[]
  traceEventTypes: string[]
  paused: boolean
  producerPaused: boolean
  priority: number
}

/** Of a consumer of one stream without layers. */
export type SimpleConsumerDump = BaseConsumerDump & { type: string; rtpStream: RtpStreamDump }

/** Of a consumer that chooses among layers; -1 where there is none. */
export type SimulcastConsumerDump = BaseConsumerDump & {
  type: string
  rtpStream: RtpStreamDump
  preferredSpatialLayer: number
  targetSpatialLayer: number
  currentSpatialLayer: number
  preferredTemporalLayer: number
  targetTemporalLayer: number
  currentTemporalLayer: number
}

/** Of a consumer that chooses among the layers of one stream. */
export type SvcConsumerDump = SimulcastConsumerDump

/** Of a consumer that takes all streams. */
export type PipeConsumerDump = BaseConsumerDump & { type: string; rtpStreams: RtpStreamDump[] }

/** One row of `consumer.getStats()`: of the stream it sends; beside it stands a row of the stream its producer receives. */
export type ConsumerStat = RtpStreamSendStats

/** What a consumer can trace. */
export type ConsumerTraceEventType = 'rtp' | 'keyframe' | 'nack' | 'pli' | 'fir'

/** A traced event of a consumer. `timestamp` in milliseconds. */
export type ConsumerTraceEventData = {
  type: ConsumerTraceEventType
  timestamp: number
  direction: 'in' | 'out'
  info: Record<string, unknown>
}

type MediaEvents = {
  score: [score: ConsumerScore]
  /** Undefined: none at present. */
  layerschange: [layers?: ConsumerLayers]
  trace: [trace: ConsumerTraceEventData]
}
/** Events of a Consumer. `rtp`: a packet, on a DirectTransport. */
export type ConsumerEvents = MediaEvents & {
  transportclose: []
  producerclose: []
  producerpause: []
  producerresume: []
  rtp: [packet: Buffer]
}
/** Events of a Consumer's observer; `pause` and `resume` tell whether packets may flow, whichever side paused. */
export type ConsumerObserverEvents = MediaEvents & { close: []; pause: []; resume: [] }
/** Observer of a Consumer. */
export type ConsumerObserver = EnhancedEventEmitter<ConsumerObserverEvents>

/** A stream that leaves the router. Methods reject with `InvalidStateError` once closed. */
export interface Consumer<ConsumerAppData extends AppData = AppData>
  extends EnhancedEventEmitter<ConsumerEvents> {
  get id(): string
  get producerId(): string
  get closed(): boolean
  get kind(): MediaKind
  /** What the endpoint needs to receive it. */
  get rtpParameters(): RtpParameters
  get type(): ConsumerType
  get paused(): boolean
  get producerPaused(): boolean
  /** 1 (default) to 255: who gets layers first when the bandwidth is short. */
  get priority(): number
  get score(): ConsumerScore
  get preferredLayers(): ConsumerLayers | undefined
  get currentLayers(): ConsumerLayers | undefined
  get appData(): ConsumerAppData
  set appData(appData: ConsumerAppData)
  get observer(): ConsumerObserver
  close(): void
  dump(): Promise<ConsumerDump>
  getStats(): Promise<(RtpStreamSendStats | RtpStreamRecvStats)[]>
  pause(): Promise<void>
  /** Lets it flow (again); video begins with a key frame that is asked for. */
  resume(): Promise<void>
  /** @throws TypeError */
  setPreferredLayers(layers: ConsumerLayers): Promise<void>
  /** 1 to 255. @throws TypeError */
  setPriority(priority: number): Promise<void>
  /** Back to 1. */
  unsetPriority(): Promise<void>
  requestKeyFrame(): Promise<void>
  /** Replaces what is traced; nothing without an argument. @throws TypeError */
  enableTraceEvent(types?: ConsumerTraceEventType[]): Promise<void>
}
