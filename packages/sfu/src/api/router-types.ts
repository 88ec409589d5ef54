import type { RouterRtpCodecCapability, RtpCapabilities } from '@sangam/ortc'
import type { DirectTransport, DirectTransportOptions } from './direct-transport-types.ts'
import type { EnhancedEventEmitter } from './enhanced-event-emitter.ts'
import type { AppData } from './option-checks.ts'
import type { Transport } from './transport-types.ts'
import type { WebRtcTransport, WebRtcTransportOptions } from './webrtc-transport-types.ts'

/** Options of `worker.createRouter()`. */
export type RouterOptions<RouterAppData extends AppData = AppData> = {
  /** Codecs that the router's producers may use, in order of preference. */
  mediaCodecs?: RouterRtpCodecCapability[] | undefined
  appData?: RouterAppData | undefined
}

/** Answer of `router.dump()`. */
export type RouterDump = {
  id: string
  transportIds: string[]
  mapProducerIdConsumerIds: { key: string; values: string[] }[]
  mapConsumerIdProducerId: { key: string; value: string }[]
  mapDataProducerIdDataConsumerIds: { key: string; values: string[] }[]
  mapDataConsumerIdDataProducerId: { key: string; value: string }[]
} & Record<string, unknown>

/** Events of a Router. */
export type RouterEvents = { workerclose: [] }

/** Events of a Router's observer. */
export type RouterObserverEvents = { close: []; newtransport: [transport: Transport] }
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
  /** @throws UnsupportedError: not built yet */
  createPlainTransport(options: unknown): Promise<never>
  /** @throws UnsupportedError: not built yet */
  createPipeTransport(options: unknown): Promise<never>
  /** @throws UnsupportedError: not built yet */
  createActiveSpeakerObserver(options?: unknown): Promise<never>
  /** @throws UnsupportedError: not built yet */
  createAudioLevelObserver(options?: unknown): Promise<never>
  /** @throws UnsupportedError: not built yet */
  pipeToRouter(options: unknown): Promise<never>
  /** Whether an endpoint with these capabilities can consume the producer. False when there is no such producer or they are invalid. */
  canConsume(options: { producerId: string; rtpCapabilities: RtpCapabilities }): boolean
  /** Replaces the codecs, for producers to come; `rtpCapabilities` changes. @throws TypeError, UnsupportedError */
  updateMediaCodecs(mediaCodecs: RouterRtpCodecCapability[]): void
}
