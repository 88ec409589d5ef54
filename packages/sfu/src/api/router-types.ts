import type { RouterRtpCodecCapability, RtpCapabilities } from '@sangam/ortc'
import type { ActiveSpeakerObserver, ActiveSpeakerObserverOptions } from './active-speaker-observer-types.ts'
import type { AudioLevelObserver, AudioLevelObserverOptions } from './audio-level-observer-types.ts'
import type { AudioSelector, AudioSelectorOptions } from './audio-selector-types.ts'
import type { Consumer } from './consumer-types.ts'
import type { DataConsumer } from './data-consumer-types.ts'
import type { DataProducer } from './data-producer-types.ts'
import type { DirectTransport, DirectTransportOptions } from './direct-transport-types.ts'
import type { EnhancedEventEmitter } from './enhanced-event-emitter.ts'
import type { AppData } from './option-checks.ts'
import type { PipeTransport, PipeTransportOptions } from './pipe-transport-types.ts'
import type { PlainTransport, PlainTransportOptions } from './plain-transport-types.ts'
import type { Producer } from './producer-types.ts'
import type { RtpObserver } from './rtp-observer-types.ts'
import type { SctpOptions, Transport, TransportListenInfo, TransportListenIp } from './transport-types.ts'
import type { WebRtcTransport, WebRtcTransportOptions } from './webrtc-transport-types.ts'

/** Options of `worker.createRouter()`. */
export type RouterOptions<RouterAppData extends AppData = AppData> = {
  /** Codecs that the router's producers may use, in order of preference. */
  mediaCodecs?: RouterRtpCodecCapability[] | undefined
  appData?: RouterAppData | undefined
}

/** Options of `router.pipeToRouter()`. What concerns the transports counts for the first call between two routers. */
export type PipeToRouterOptions = {
  producerId?: string | undefined
  dataProducerId?: string | undefined
  /** The router to pipe to. */
  router: Router
  /** Whether the producer keeps its id there; two routers of one worker can't both have it. Default true. */
  keepId?: boolean | undefined
  /** Default UDP on 127.0.0.1. */
  listenInfo?: TransportListenInfo | undefined
  /** @deprecated Give `listenInfo`. */
  listenIp?: TransportListenIp | string | undefined
  /** Needed for DataProducers. Default true. */
  enableSctp?: boolean | undefined
  /** Default false. */
  enableRtx?: boolean | undefined
  /** Default false. */
  enableSrtp?: boolean | undefined
} & SctpOptions

/** What `router.pipeToRouter()` made: the consumer in this router, and the producer in the other; of one kind or of the other. */
export type PipeToRouterResult = {
  pipeConsumer?: Consumer
  pipeProducer?: Producer
  pipeDataConsumer?: DataConsumer
  pipeDataProducer?: DataProducer
}

/** The two ends of a pipe, by the ids of the routers that they are in. */
export type PipeTransportPair = { [routerId: string]: PipeTransport }

/** Answer of `router.dump()`. */
export type RouterDump = {
  id: string
  transportIds: string[]
  rtpObserverIds: string[]
  mapProducerIdConsumerIds: { key: string; values: string[] }[]
  mapConsumerIdProducerId: { key: string; value: string }[]
  mapProducerIdObserverIds: { key: string; values: string[] }[]
  mapDataProducerIdDataConsumerIds: { key: string; values: string[] }[]
  mapDataConsumerIdDataProducerId: { key: string; value: string }[]
}

/** Events of a Router. */
export type RouterEvents = { workerclose: [] }

/** Events of a Router's observer. */
export type RouterObserverEvents = {
  close: []
  newtransport: [transport: Transport]
  newrtpobserver: [rtpObserver: RtpObserver]
}
/** Observer of a Router. */
export type RouterObserver = EnhancedEventEmitter<RouterObserverEvents>

/** A place whose producers any of its transports can consume: usually a room. Methods reject with `InvalidStateError` once closed. */
export interface Router<RouterAppData extends AppData = AppData> extends EnhancedEventEmitter<RouterEvents> {
  get id(): string
  get closed(): boolean
  /** What an endpoint needs to know before it produces or consumes. */
  get rtpCapabilities(): RtpCapabilities
  get appData(): RouterAppData
  set appData(appData: RouterAppData)
  get observer(): RouterObserver
  close(): void
  dump(): Promise<RouterDump>
  /** @throws TypeError; Error when a port can't be had */
  createWebRtcTransport<TransportAppData extends AppData = AppData>(
    options: WebRtcTransportOptions<TransportAppData>,
  ): Promise<WebRtcTransport<TransportAppData>>
  /** @throws TypeError */
  createDirectTransport<TransportAppData extends AppData = AppData>(
    options?: DirectTransportOptions<TransportAppData>,
  ): Promise<DirectTransport<TransportAppData>>
  /** @throws TypeError; Error when a port can't be had */
  createPlainTransport<TransportAppData extends AppData = AppData>(
    options: PlainTransportOptions<TransportAppData>,
  ): Promise<PlainTransport<TransportAppData>>
  /** @throws TypeError; Error when a port can't be had */
  createPipeTransport<TransportAppData extends AppData = AppData>(
    options: PipeTransportOptions<TransportAppData>,
  ): Promise<PipeTransport<TransportAppData>>
  /** @throws TypeError */
  createActiveSpeakerObserver<ObserverAppData extends AppData = AppData>(
    options?: ActiveSpeakerObserverOptions<ObserverAppData>,
  ): Promise<ActiveSpeakerObserver<ObserverAppData>>
  /** @throws TypeError */
  createAudioLevelObserver<ObserverAppData extends AppData = AppData>(
    options?: AudioLevelObserverOptions<ObserverAppData>,
  ): Promise<AudioLevelObserver<ObserverAppData>>
  /**
   * Forwards the loudest voices only. Sangam's own, beside the mediasoup v3 API.
   * @throws TypeError
   */
  createAudioSelector<ObserverAppData extends AppData = AppData>(
    options?: AudioSelectorOptions<ObserverAppData>,
  ): Promise<AudioSelector<ObserverAppData>>
  /**
   * Has a producer of this router be consumed in another router, of this or another worker on this machine, through one pair of
   * PipeTransports per pair of routers.
   * Exactly one of `producerId` and `dataProducerId` says what.
   * @throws TypeError, NotFoundError; UnsupportedError for a DataProducer where the pipe was made without `enableSctp`
   */
  pipeToRouter(options: PipeToRouterOptions): Promise<PipeToRouterResult>
  /** Whether an endpoint with these capabilities can consume the producer. False when there is no such producer or they are invalid. */
  canConsume(options: { producerId: string; rtpCapabilities: RtpCapabilities }): boolean
  /** Replaces the codecs, for producers to come; `rtpCapabilities` changes. @throws TypeError, UnsupportedError */
  updateMediaCodecs(mediaCodecs: RouterRtpCodecCapability[]): void
}
