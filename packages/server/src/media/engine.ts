import type {
  DtlsParameters,
  IceCandidate,
  IceParameters,
  MediaKind,
  RtpCapabilities,
  RtpParameters,
} from '@sangam/protocol'

// What the server needs of a media engine: the part of the mediasoup v3 API that it calls. `@sangam/sfu` has it, and
// so does every other module with that API.

/** Something that emits events by name. Who needs a value checks it. */
export interface EngineEvents {
  on(event: string, listener: (value: unknown) => void): unknown
}

/** A stream that the engine receives. */
export interface EngineProducer extends EngineEvents {
  readonly id: string
  readonly closed: boolean
  readonly paused: boolean
  readonly observer: EngineEvents
  close(): void
  pause(): Promise<void>
  resume(): Promise<void>
}

/** A stream that the engine sends. */
export interface EngineConsumer extends EngineEvents {
  readonly id: string
  readonly producerId: string
  readonly kind: MediaKind
  readonly rtpParameters: RtpParameters
  readonly closed: boolean
  readonly paused: boolean
  readonly producerPaused: boolean
  readonly observer: EngineEvents
  close(): void
  pause(): Promise<void>
  resume(): Promise<void>
  /** Limits the layers of simulcast and SVC; layers that the producer lacks mean its highest ones. */
  setPreferredLayers(layers: { spatialLayer: number; temporalLayer?: number }): Promise<void>
  /** @param priority 1 to 255: who gets bandwidth first */
  setPriority(priority: number): Promise<void>
}

/** Messages that the engine receives. */
export interface EngineDataProducer extends EngineEvents {
  readonly id: string
  readonly closed: boolean
  /** On a direct transport only. `ignoredSubchannel`: not to those who subscribe to it. */
  send(
    message: Buffer,
    ppid?: number,
    subchannels?: number[],
    requiredSubchannel?: number,
    ignoredSubchannel?: number,
  ): void
}

/** Messages that the engine sends. Event `message` on a direct transport: the bytes. */
export interface EngineDataConsumer extends EngineEvents {
  readonly id: string
  readonly sctpStreamParameters?: { readonly streamId: number } | undefined
}

/** What the two kinds of transport do with messages. */
export interface EngineDataTransport {
  produceData(options: {
    sctpStreamParameters?: { streamId: number; ordered: boolean; maxRetransmits: number }
    label: string
  }): Promise<EngineDataProducer>
  consumeData(options: {
    dataProducerId: string
    ordered?: boolean
    maxRetransmits?: number
    subchannels?: number[]
  }): Promise<EngineDataConsumer>
}

/** A transport between a router and this process. It closes with its router. */
export interface EngineDirectTransport extends EngineDataTransport {
  readonly id: string
}

/** A WebRTC transport of the engine. */
export interface EngineTransport extends EngineEvents, EngineDataTransport {
  readonly id: string
  readonly closed: boolean
  readonly iceParameters: IceParameters
  /** RFC 8445 section 6.1.3, as far as an ICE-lite agent knows it. */
  readonly iceState: 'new' | 'connected' | 'completed' | 'disconnected' | 'closed'
  readonly dtlsState: 'new' | 'connecting' | 'connected' | 'failed' | 'closed'
  readonly iceCandidates: readonly IceCandidate[]
  readonly dtlsParameters: DtlsParameters
  /** Undefined unless SCTP was enabled. Older engines name the size differently. */
  readonly sctpParameters?:
    | { readonly port: number; readonly maxReceiveMessageSize?: number; readonly maxMessageSize?: number }
    | undefined
  readonly observer: EngineEvents
  close(): void
  connect(options: { dtlsParameters: DtlsParameters }): Promise<void>
  restartIce(): Promise<IceParameters>
  produce(options: {
    kind: MediaKind
    rtpParameters: RtpParameters
    paused: boolean
    appData: { [key: string]: unknown }
  }): Promise<EngineProducer>
  /** @param options `ignoreDtx`: leave out Opus packets of silence */
  consume(options: {
    producerId: string
    rtpCapabilities: RtpCapabilities
    paused: boolean
    ignoreDtx?: boolean
  }): Promise<EngineConsumer>
  /** Type `bwe`: event `trace` tells the estimate of what the peer's network carries. */
  enableTraceEvent(types: 'bwe'[]): Promise<void>
}

/** Something of a router that listens to audio producers. */
export interface EngineRtpObserver extends EngineEvents {
  readonly id: string
  readonly closed: boolean
  close(): void
  /** @param options.voiceId for an AudioSelector: whose voice it is; engines without one ignore it */
  addProducer(options: { producerId: string; voiceId?: string }): Promise<void>
}

/** A place whose producers any of its transports can consume. */
export interface EngineRouter extends EngineEvents {
  readonly id: string
  readonly closed: boolean
  readonly rtpCapabilities: RtpCapabilities
  close(): void
  createDirectTransport(): Promise<EngineDirectTransport>
  createWebRtcTransport(options: {
    webRtcServer: EngineWebRtcServer
    enableSctp?: boolean
    /** Bits per second. */
    initialAvailableOutgoingBitrate?: number
  }): Promise<EngineTransport>
  /** Copies a producer to a router of another worker of this machine, under the same id. */
  pipeToRouter(options: {
    producerId: string
    router: EngineRouter
    enableRtx?: boolean
  }): Promise<{ readonly pipeProducer?: EngineProducer | undefined }>
  createActiveSpeakerObserver(options?: { interval?: number }): Promise<EngineRtpObserver>
  createAudioLevelObserver(options: {
    maxEntries: number
    threshold: number
    interval: number
  }): Promise<EngineRtpObserver>
  /** Of `@sangam/sfu` alone: the engine itself forwards the loudest voices only. */
  createAudioSelector?: ((options: { maxVoices: number }) => Promise<EngineRtpObserver>) | undefined
}

/** The port of a worker that all its transports share. */
export interface EngineWebRtcServer {
  readonly id: string
}

/** Where a WebRTC server listens, and what it tells peers. */
export type EngineListenInfo = {
  readonly protocol: 'udp' | 'tcp'
  readonly ip: string
  readonly port?: number
  readonly announcedAddress?: string
  readonly exposeInternalIp?: boolean
}

/** A codec that rooms use. */
export type EngineCodec = {
  readonly kind: MediaKind
  readonly mimeType: string
  readonly clockRate: number
  readonly channels?: number
  readonly parameters?: { readonly [name: string]: string | number }
}

/** A media process. */
export interface EngineWorker extends EngineEvents {
  readonly pid: number
  readonly closed: boolean
  close(): void
  createWebRtcServer(options: { listenInfos: readonly EngineListenInfo[] }): Promise<EngineWebRtcServer>
  createRouter(options: { mediaCodecs: readonly EngineCodec[] }): Promise<EngineRouter>
  getResourceUsage(): Promise<{ readonly ru_utime: number; readonly ru_stime: number }>
  /** Whatever the engine tells of its insides; `packetPort` and `packetPath` hold counters by name, where it has them. */
  dump(): Promise<object>
}

/** A media engine with the mediasoup v3 API. */
export interface Engine {
  createWorker(settings: { logLevel: 'debug' | 'warn' | 'error' | 'none' }): Promise<EngineWorker>
}

const isEngine = (module: unknown): module is Engine =>
  typeof module === 'object' &&
  module !== null &&
  'createWorker' in module &&
  typeof module.createWorker === 'function'

/**
 * Takes a module as the engine.
 * @throws TypeError when it has no `createWorker()`
 */
export const engineOf = (module: unknown): Engine => {
  if (!isEngine(module)) throw new TypeError('the engine module has no createWorker()')
  return module
}
