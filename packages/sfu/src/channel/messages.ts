/**
 * What the application's process (`src/api/`) and the worker process (`src/worker/`) say to each other, over the
 * child process's IPC channel with structured clone (`serialization: 'advanced'`).
 *
 * The application's side names every entity (it makes the ids), validates options, and does the capability matching;
 * the worker's side owns sockets, packets and time. A request is answered exactly once. Events need no answer.
 */
import type {
  MediaKind,
  RtpCodecsEncodingsMapping,
  RtpEncodingParameters,
  RtpParameters,
  SctpStreamParameters,
} from '@sangam/ortc'
import type { Fingerprint, SrtpSuite } from './dtls-srtp.ts'

export type { Fingerprint, FingerprintAlgorithm, SrtpSuite } from './dtls-srtp.ts'

/** Address to listen on; as in the public API, with defaults filled in. */
export interface ListenInfo {
  readonly protocol: 'udp' | 'tcp'
  readonly ip: string
  readonly announcedAddress?: string
  readonly exposeInternalIp?: boolean
  /** 0: a free port, within `portRange` if given. */
  readonly port: number
  readonly portRange?: { readonly min: number; readonly max: number }
  readonly flags?: { readonly ipv6Only?: boolean; readonly udpReusePort?: boolean }
  readonly sendBufferSize?: number
  readonly recvBufferSize?: number
}

export interface IceParameters {
  readonly usernameFragment: string
  readonly password: string
  readonly iceLite: true
}

/** Host candidate of the server (RFC 8839). */
export interface IceCandidate {
  readonly foundation: string
  readonly priority: number
  /** Deprecated alias of `address`, which clients of the public API still read. */
  readonly ip: string
  readonly address: string
  readonly protocol: 'udp' | 'tcp'
  readonly port: number
  readonly type: 'host'
  readonly tcpType?: 'passive'
}

export type IceState = 'new' | 'connected' | 'completed' | 'disconnected' | 'closed'
export type DtlsState = 'new' | 'connecting' | 'connected' | 'failed' | 'closed'
export type SctpState = 'new' | 'connecting' | 'connected' | 'failed' | 'closed'
export type DtlsRole = 'auto' | 'client' | 'server'

export interface DtlsParameters {
  readonly role: DtlsRole
  readonly fingerprints: readonly Fingerprint[]
}

export interface TransportTuple {
  readonly localAddress: string
  readonly localPort: number
  readonly remoteIp: string
  readonly remotePort: number
  readonly protocol: 'udp' | 'tcp'
}

/** The own end of a transport with ports of its own, and the peer's once it is known. */
export type PlainTuple = Omit<TransportTuple, 'remoteIp' | 'remotePort'> &
  Partial<Pick<TransportTuple, 'remoteIp' | 'remotePort'>>

/** SRTP key of one direction, as SDES gives it (RFC 4568): master key and salt, in Base64. */
export interface SrtpParameters {
  readonly cryptoSuite: SrtpSuite
  readonly keyBase64: string
}

/** Both ends of a PlainTransport or PipeTransport, and the key that it sends with. */
export interface AddressedTransportState {
  readonly tuple: PlainTuple
  /** Where RTCP has a port of its own. */
  readonly rtcpTuple?: PlainTuple
  readonly srtpParameters?: SrtpParameters
}

export interface WebRtcTransportCreation {
  readonly iceParameters: IceParameters
  readonly iceCandidates: readonly IceCandidate[]
  readonly dtlsParameters: DtlsParameters
}

/** An SCTP association of a transport, all in bytes. */
export interface SctpSettings {
  readonly maxSendMessageSize: number
  readonly maxReceiveMessageSize: number
  readonly sendBufferSize: number
  readonly perStreamSendQueueLimit: number
  readonly maxReceiverWindowBufferSize: number
  readonly bufferedAmountLowThreshold: number
}

export type DataType = 'sctp' | 'direct'

export interface ProducerScore {
  readonly encodingIdx: number
  readonly ssrc: number
  readonly rid?: string
  /** 0 (nothing arrives) to 10 (nothing is lost). */
  readonly score: number
}

export interface ConsumerScore {
  readonly score: number
  readonly producerScore: number
  readonly producerScores: readonly number[]
}

export interface ConsumerLayers {
  readonly spatialLayer: number
  readonly temporalLayer?: number
}

export type ProducerType = 'simple' | 'simulcast' | 'svc'
export type ConsumerType = 'simple' | 'simulcast' | 'svc' | 'pipe'
export type LogLevel = 'debug' | 'warn' | 'error' | 'none'

/** One row of `getStats()`; the public API's stat objects, already in their public shape. */
export type Stat = Readonly<Record<string, unknown>> & { readonly type: string; readonly timestamp: number }

/** A trace event of the public API: `{ type, timestamp, direction, info }`. */
export interface TraceEvent {
  readonly type: string
  readonly timestamp: number
  readonly direction: 'in' | 'out'
  readonly info: Readonly<Record<string, unknown>>
}

type Nothing = Readonly<Record<string, never>>
type Dump = Readonly<Record<string, unknown>>

/** Every request: what it carries and what it is answered with. */
export interface Requests {
  'worker.dump': { request: Nothing; response: Dump }
  /** `process.resourceUsage()` of the worker, in the public API's `ru_*` names. */
  'worker.getResourceUsage': { request: Nothing; response: Readonly<Record<string, number>> }
  'worker.updateSettings': {
    request: { readonly logLevel?: LogLevel; readonly logTags?: readonly string[] }
    response: Nothing
  }
  /** Answered, then the process ends by itself with code 0. */
  'worker.close': { request: Nothing; response: Nothing }
  'worker.createWebRtcServer': {
    request: { readonly webRtcServerId: string; readonly listenInfos: readonly ListenInfo[] }
    response: Nothing
  }
  'webRtcServer.close': { request: { readonly webRtcServerId: string }; response: Nothing }
  'webRtcServer.dump': { request: { readonly webRtcServerId: string }; response: Dump }
  'worker.createRouter': { request: { readonly routerId: string }; response: Nothing }
  'router.close': { request: { readonly routerId: string }; response: Nothing }
  'router.dump': { request: { readonly routerId: string }; response: Dump }

  'router.createWebRtcTransport': {
    request: {
      readonly routerId: string
      readonly transportId: string
      /** Either a server's port or own ones. */
      readonly webRtcServerId?: string
      readonly listenInfos?: readonly ListenInfo[]
      readonly enableUdp: boolean
      readonly enableTcp: boolean
      readonly preferUdp: boolean
      readonly preferTcp: boolean
      /** 0 switches consent checks off. */
      readonly iceConsentTimeoutSeconds: number
      readonly initialAvailableOutgoingBitrate: number
      /** Without it there is no SCTP. */
      readonly sctp?: SctpSettings
    }
    response: WebRtcTransportCreation
  }
  'router.createPlainTransport': {
    request: {
      readonly routerId: string
      readonly transportId: string
      readonly listenInfo: ListenInfo
      /** Given exactly where `rtcpMux` is off. */
      readonly rtcpListenInfo?: ListenInfo
      readonly comedia: boolean
      /** Absent: without SRTP. */
      readonly srtpCryptoSuite?: SrtpSuite
      /** Without it there is no SCTP. */
      readonly sctp?: SctpSettings
    }
    response: AddressedTransportState
  }
  'router.createPipeTransport': {
    request: {
      readonly routerId: string
      readonly transportId: string
      readonly listenInfo: ListenInfo
      readonly enableRtx: boolean
      readonly enableSrtp: boolean
      /** Without it there is no SCTP. */
      readonly sctp?: SctpSettings
    }
    response: AddressedTransportState
  }
  'router.createActiveSpeakerObserver': {
    request: { readonly routerId: string; readonly rtpObserverId: string; readonly intervalMs: number }
    response: Nothing
  }
  'router.createAudioLevelObserver': {
    request: {
      readonly routerId: string
      readonly rtpObserverId: string
      readonly maxEntries: number
      /** dBov, -127 to 0. */
      readonly thresholdDbov: number
      readonly intervalMs: number
    }
    response: Nothing
  }
  'router.createAudioSelector': {
    request: { readonly routerId: string; readonly rtpObserverId: string; readonly maxVoices: number }
    response: Nothing
  }
  'rtpObserver.close': { request: { readonly rtpObserverId: string }; response: Nothing }
  'rtpObserver.pause': { request: { readonly rtpObserverId: string }; response: Nothing }
  'rtpObserver.resume': { request: { readonly rtpObserverId: string }; response: Nothing }
  'rtpObserver.addProducer': {
    request: {
      readonly rtpObserverId: string
      readonly producerId: string
      /** Of an AudioSelector: producers of one voice share its place. */
      readonly voiceId?: string | undefined
    }
    response: Nothing
  }
  'rtpObserver.removeProducer': {
    request: { readonly rtpObserverId: string; readonly producerId: string }
    response: Nothing
  }
  'router.createDirectTransport': {
    request: {
      readonly routerId: string
      readonly transportId: string
      /** Bytes, of messages to DataConsumers and from DataProducers. */
      readonly maxSendMessageSize?: number
      readonly maxReceiveMessageSize?: number
    }
    response: Nothing
  }
  'transport.close': { request: { readonly transportId: string }; response: Nothing }
  'transport.dump': { request: { readonly transportId: string }; response: Dump }
  'transport.getStats': { request: { readonly transportId: string }; response: readonly Stat[] }
  'transport.connectWebRtc': {
    request: { readonly transportId: string; readonly dtlsParameters: DtlsParameters }
    /** The role that the transport itself plays from now on. */
    response: { readonly dtlsLocalRole: 'client' | 'server' }
  }
  /** Of a PlainTransport or PipeTransport. What is missing was not given, or comes from the first packet (comedia). */
  'transport.connectAddressed': {
    request: {
      readonly transportId: string
      readonly ip?: string
      readonly port?: number
      readonly rtcpPort?: number
      readonly srtpParameters?: SrtpParameters
    }
    response: AddressedTransportState
  }
  'transport.restartIce': {
    request: { readonly transportId: string }
    response: { readonly iceParameters: IceParameters }
  }
  /** Bits per second; 0 removes the limit. */
  'transport.setMaxIncomingBitrate': {
    request: { readonly transportId: string; readonly bitrate: number }
    response: Nothing
  }
  'transport.setMaxOutgoingBitrate': {
    request: { readonly transportId: string; readonly bitrate: number }
    response: Nothing
  }
  'transport.setMinOutgoingBitrate': {
    request: { readonly transportId: string; readonly bitrate: number }
    response: Nothing
  }
  'transport.enableTraceEvent': {
    request: { readonly transportId: string; readonly types: readonly string[] }
    response: Nothing
  }

  'transport.produce': {
    request: {
      readonly transportId: string
      readonly producerId: string
      readonly kind: MediaKind
      readonly rtpParameters: RtpParameters
      readonly rtpMapping: RtpCodecsEncodingsMapping
      readonly keyFrameRequestDelay: number
      readonly paused: boolean
    }
    response: { readonly type: ProducerType }
  }
  'producer.close': { request: { readonly producerId: string }; response: Nothing }
  'producer.pause': { request: { readonly producerId: string }; response: Nothing }
  'producer.resume': { request: { readonly producerId: string }; response: Nothing }
  'producer.dump': { request: { readonly producerId: string }; response: Dump }
  'producer.getStats': { request: { readonly producerId: string }; response: readonly Stat[] }
  'producer.enableTraceEvent': {
    request: { readonly producerId: string; readonly types: readonly string[] }
    response: Nothing
  }

  'transport.consume': {
    request: {
      readonly transportId: string
      readonly consumerId: string
      readonly producerId: string
      readonly kind: MediaKind
      readonly rtpParameters: RtpParameters
      readonly type: ConsumerType
      readonly consumableRtpEncodings: readonly RtpEncodingParameters[]
      readonly paused: boolean
      readonly preferredLayers?: ConsumerLayers
      readonly ignoreDtx: boolean
    }
    response: {
      readonly paused: boolean
      readonly producerPaused: boolean
      readonly score: ConsumerScore
      readonly preferredLayers?: ConsumerLayers
    }
  }
  'consumer.close': { request: { readonly consumerId: string }; response: Nothing }
  'consumer.pause': { request: { readonly consumerId: string }; response: Nothing }
  'consumer.resume': { request: { readonly consumerId: string }; response: Nothing }
  'consumer.dump': { request: { readonly consumerId: string }; response: Dump }
  'consumer.getStats': { request: { readonly consumerId: string }; response: readonly Stat[] }
  'consumer.requestKeyFrame': { request: { readonly consumerId: string }; response: Nothing }
  'consumer.setPreferredLayers': {
    request: { readonly consumerId: string; readonly preferredLayers: ConsumerLayers }
    response: { readonly preferredLayers?: ConsumerLayers }
  }
  'consumer.setPriority': {
    request: { readonly consumerId: string; readonly priority: number }
    response: Nothing
  }
  'consumer.enableTraceEvent': {
    request: { readonly consumerId: string; readonly types: readonly string[] }
    response: Nothing
  }

  'transport.produceData': {
    request: {
      readonly transportId: string
      readonly dataProducerId: string
      readonly type: DataType
      /** With type 'sctp'. */
      readonly sctpStreamParameters?: SctpStreamParameters
      readonly label: string
      readonly protocol: string
      readonly paused: boolean
    }
    response: Nothing
  }
  'dataProducer.close': { request: { readonly dataProducerId: string }; response: Nothing }
  'dataProducer.pause': { request: { readonly dataProducerId: string }; response: Nothing }
  'dataProducer.resume': { request: { readonly dataProducerId: string }; response: Nothing }
  'dataProducer.dump': { request: { readonly dataProducerId: string }; response: Dump }
  'dataProducer.getStats': { request: { readonly dataProducerId: string }; response: readonly Stat[] }

  'transport.consumeData': {
    request: {
      readonly transportId: string
      readonly dataConsumerId: string
      readonly dataProducerId: string
      readonly type: DataType
      /** With type 'sctp'. */
      readonly sctpStreamParameters?: SctpStreamParameters
      readonly label: string
      readonly protocol: string
      readonly paused: boolean
      readonly subchannels: readonly number[]
    }
    response: { readonly paused: boolean; readonly dataProducerPaused: boolean }
  }
  'dataConsumer.close': { request: { readonly dataConsumerId: string }; response: Nothing }
  'dataConsumer.pause': { request: { readonly dataConsumerId: string }; response: Nothing }
  'dataConsumer.resume': { request: { readonly dataConsumerId: string }; response: Nothing }
  'dataConsumer.dump': { request: { readonly dataConsumerId: string }; response: Dump }
  'dataConsumer.getStats': { request: { readonly dataConsumerId: string }; response: readonly Stat[] }
  'dataConsumer.getBufferedAmount': {
    request: { readonly dataConsumerId: string }
    response: { readonly bufferedAmount: number }
  }
  'dataConsumer.setBufferedAmountLowThreshold': {
    request: { readonly dataConsumerId: string; readonly threshold: number }
    response: Nothing
  }
  /** Answered with the buffered amount after it. */
  'dataConsumer.send': {
    request: { readonly dataConsumerId: string; readonly message: Uint8Array; readonly ppid: number }
    response: { readonly bufferedAmount: number }
  }
  /** Answered with all that it is subscribed to from then on. */
  'dataConsumer.setSubchannels': {
    request: { readonly dataConsumerId: string; readonly subchannels: readonly number[] }
    response: { readonly subchannels: readonly number[] }
  }
  'dataConsumer.addSubchannel': {
    request: { readonly dataConsumerId: string; readonly subchannel: number }
    response: { readonly subchannels: readonly number[] }
  }
  'dataConsumer.removeSubchannel': {
    request: { readonly dataConsumerId: string; readonly subchannel: number }
    response: { readonly subchannels: readonly number[] }
  }
}
export type RequestMethod = keyof Requests

/** Worker to application, unasked. `target` is the id of the entity that the event is about. */
export interface WorkerEvents {
  /** The packet port is open and requests may come. Target ''. */
  'worker.running': { readonly pid: number }
  'worker.log': { readonly level: 'debug' | 'warn' | 'error'; readonly text: string }
  'transport.iceState': { readonly iceState: IceState }
  'transport.iceSelectedTuple': { readonly tuple: TransportTuple | undefined }
  'transport.dtlsState': {
    readonly dtlsState: DtlsState
    readonly remoteCertificate?: string
    readonly srtpSuite?: SrtpSuite
  }
  /** A PlainTransport learnt its peer's address (comedia). */
  'transport.tuple': { readonly tuple: PlainTuple }
  'transport.rtcpTuple': { readonly tuple: PlainTuple }
  'transport.trace': TraceEvent
  /** RTCP that a DirectTransport's consumers and producers would send. */
  'transport.rtcp': { readonly packet: Uint8Array }
  'producer.score': { readonly scores: readonly ProducerScore[] }
  'producer.videoOrientation': { readonly camera: boolean; readonly flip: boolean; readonly rotation: number }
  'producer.trace': TraceEvent
  /** The worker closed the consumer because its producer closed. */
  'consumer.producerClosed': Nothing
  'consumer.producerPaused': Nothing
  'consumer.producerResumed': Nothing
  'consumer.score': { readonly score: ConsumerScore }
  'consumer.layers': { readonly layers: ConsumerLayers | undefined }
  'consumer.trace': TraceEvent
  'rtpObserver.dominantSpeaker': { readonly producerId: string }
  /** The loudest first. */
  'rtpObserver.volumes': {
    readonly volumes: readonly { readonly producerId: string; readonly volume: number }[]
  }
  'rtpObserver.silence': Nothing
  /** Of an AudioSelector: the voices that are forwarded from now on. */
  'rtpObserver.voices': { readonly producerIds: readonly string[] }
  /** An RTP packet for a consumer on a DirectTransport. */
  'consumer.rtp': { readonly packet: Uint8Array }
  'transport.sctpState': {
    readonly sctpState: SctpState
    /** With 'connected'. */
    readonly negotiated?: { readonly outboundStreams: number; readonly inboundStreams: number }
  }
  /** The worker closed the DataConsumer because its DataProducer closed. */
  'dataConsumer.dataProducerClosed': Nothing
  'dataConsumer.dataProducerPaused': Nothing
  'dataConsumer.dataProducerResumed': Nothing
  /** A message for a DataConsumer on a DirectTransport. */
  'dataConsumer.message': { readonly message: Uint8Array; readonly ppid: number }
  /** A message was dropped: the send buffer has no room for it. */
  'dataConsumer.sctpSendBufferFull': Nothing
  'dataConsumer.bufferedAmountLow': { readonly bufferedAmount: number }
}
export type WorkerEventName = keyof WorkerEvents

/** Application to worker, without an answer. */
export interface ApplicationEvents {
  /** RTP of a producer on a DirectTransport. */
  'producer.send': { readonly packet: Uint8Array }
  /** RTCP into a DirectTransport. */
  'transport.sendRtcp': { readonly packet: Uint8Array }
  /** A message of a DataProducer on a DirectTransport. */
  'dataProducer.send': {
    readonly message: Uint8Array
    readonly ppid: number
    readonly subchannels: readonly number[]
    readonly requiredSubchannel?: number
    readonly ignoredSubchannel?: number
  }
}
export type ApplicationEventName = keyof ApplicationEvents

/** An error that crosses the channel; `name` is the class that the public API rejects with. */
export interface ChannelError {
  readonly name: 'TypeError' | 'UnsupportedError' | 'InvalidStateError' | 'Error'
  readonly message: string
}

/** The frames themselves. */
export type ToWorker =
  | { readonly id: number; readonly method: RequestMethod; readonly data: unknown }
  | { readonly event: ApplicationEventName; readonly target: string; readonly data: unknown }
export type ToApplication =
  | { readonly id: number; readonly ok: true; readonly data: unknown }
  | { readonly id: number; readonly ok: false; readonly error: ChannelError }
  | { readonly event: WorkerEventName; readonly target: string; readonly data: unknown }
