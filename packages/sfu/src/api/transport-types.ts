import type { Consumer, ConsumerOptions } from './consumer-types.ts'
import type { DataConsumer, DataConsumerOptions } from './data-consumer-types.ts'
import type { DataProducer, DataProducerOptions } from './data-producer-types.ts'
import type { EnhancedEventEmitter } from './enhanced-event-emitter.ts'
import type { AppData } from './option-checks.ts'
import type { Producer, ProducerOptions } from './producer-types.ts'

/** Kind of a transport. */
export type TransportType = 'webrtc' | 'plain' | 'pipe' | 'direct'

/** Network protocol below a transport. */
export type TransportProtocol = 'udp' | 'tcp'

/** Ports to choose from, both ends included. */
export type TransportPortRange = { min: number; max: number }

/** Flags of a socket. `udpReusePort` lets several sockets bind to one port. */
export type TransportSocketFlags = { ipv6Only?: boolean | undefined; udpReusePort?: boolean | undefined }

/** Where to listen. */
export type TransportListenInfo = {
  protocol: TransportProtocol
  /** Numeric IPv4 or IPv6 address of this machine. */
  ip: string
  /** Address or host name that is told to the peers instead of `ip`. */
  announcedAddress?: string | undefined
  /** @deprecated Give `announcedAddress`. */
  announcedIp?: string | undefined
  /** With `announcedAddress`: whether `ip` is told to the peers as well. */
  exposeInternalIp?: boolean | undefined
  /** 0, or none: a free one. */
  port?: number | undefined
  /** Outranks `port`. */
  portRange?: TransportPortRange | undefined
  flags?: TransportSocketFlags | undefined
  /** Bytes. */
  sendBufferSize?: number | undefined
  /** Bytes. */
  recvBufferSize?: number | undefined
}

/**
 * A bare address to listen on.
 * @deprecated Give a TransportListenInfo.
 */
export type TransportListenIp = { ip: string; announcedIp?: string | undefined }

/** The two ends that a transport speaks between. */
export type TransportTuple = {
  /** @deprecated Read `localAddress`. */
  localIp: string
  localAddress: string
  localPort: number
  remoteIp?: string
  remotePort?: number
  protocol: TransportProtocol
}

/** State of an SCTP association. */
export type SctpState = 'new' | 'connecting' | 'connected' | 'failed' | 'closed'

/** What `enableSctp` goes with, on every transport that has it; all in bytes. */
export type SctpOptions = {
  /** Of messages to DataConsumers. Default 262144. */
  maxSendMessageSize?: number | undefined
  /** Of messages from DataProducers; longer ones are dropped. Default 262144. */
  maxReceiveMessageSize?: number | undefined
  /** What may wait to be sent, over all DataConsumers. Default 2000000. */
  sctpSendBufferSize?: number | undefined
  /** What may wait to be sent of one DataConsumer. Default 2000000. */
  sctpPerStreamSendQueueLimit?: number | undefined
  /** What may be held of incomplete messages; more than the longest. Default 5242880. */
  sctpMaxReceiverWindowBufferSize?: number | undefined
  /** Where `bufferedamountlow` is emitted until a DataConsumer says otherwise. Default 1024. */
  sctpDefaultStreamBufferedAmountLowThreshold?: number | undefined
}

/** The engine's end of an SCTP association. Sizes in bytes. */
export type SctpParameters = {
  port: number
  /** Of messages to DataConsumers. */
  maxSendMessageSize: number
  /** Of messages from DataProducers. */
  maxReceiveMessageSize: number
  sendBufferSize: number
  perStreamSendQueueLimit: number
  maxReceiverWindowBufferSize: number
  /** Whether it carries WebRTC data channels. */
  isDataChannel: boolean
  /** Streams outwards that are offered. */
  OS: number
  /** Streams inwards that are accepted at most. */
  MIS: number
  /** The same as `maxReceiveMessageSize`: what the endpoint may send. */
  maxMessageSize: number
}

/** What the two ends of an SCTP association agreed on. */
export type SctpNegotiatedCapabilities = {
  negotiatedMaxOutboundStreams: number
  negotiatedMaxInboundStreams: number
}

/** Which producer (by id) a received packet is for: by SSRC, MID or RID. */
export type RtpListenerDump = {
  ssrcTable: { key: number; value: string }[]
  midTable: { key: string; value: string }[]
  ridTable: { key: string; value: string }[]
}

/** Which DataProducer (by id) an incoming SCTP stream is for. */
export type SctpListenerDump = { streamIdTable: { key: number; value: string }[] }

/** Local identifiers of the header extensions that tell where a received packet belongs. */
export type RecvRtpHeaderExtensions = {
  mid?: number
  rid?: number
  rrid?: number
  absSendTime?: number
  transportWideCc01?: number
}

/** What a dump of any transport holds. */
export type BaseTransportDump = {
  id: string
  producerIds: string[]
  consumerIds: string[]
  mapSsrcConsumerId: { key: number; value: string }[]
  mapRtxSsrcConsumerId: { key: number; value: string }[]
  recvRtpHeaderExtensions: RecvRtpHeaderExtensions
  rtpListener: RtpListenerDump
  maxSendMessageSize: number
  maxReceiveMessageSize: number
  dataProducerIds: string[]
  dataConsumerIds: string[]
  sctpParameters?: SctpParameters
  sctpState?: SctpState
  sctpNegotiatedCapabilities?: SctpNegotiatedCapabilities
  sctpListener?: SctpListenerDump
  traceEventTypes?: string[]
}

/** What the statistics of any transport hold. Bitrates in bits per second, losses as a fraction of 1, `timestamp` in milliseconds. */
export type BaseTransportStats = {
  transportId: string
  timestamp: number
  sctpState?: SctpState
  bytesReceived: number
  recvBitrate: number
  bytesSent: number
  sendBitrate: number
  rtpBytesReceived: number
  rtpRecvBitrate: number
  rtpBytesSent: number
  rtpSendBitrate: number
  rtxBytesReceived: number
  rtxRecvBitrate: number
  rtxBytesSent: number
  rtxSendBitrate: number
  probationBytesSent: number
  probationSendBitrate: number
  availableOutgoingBitrate?: number
  availableIncomingBitrate?: number
  maxIncomingBitrate?: number
  maxOutgoingBitrate?: number
  minOutgoingBitrate?: number
  rtpPacketLossReceived?: number
  rtpPacketLossSent?: number
}

/** What a transport can trace: probation packets, bandwidth estimates. */
export type TransportTraceEventType = 'probation' | 'bwe'

/** A traced event of a transport. `timestamp` in milliseconds. */
export type TransportTraceEventData = {
  type: TransportTraceEventType
  timestamp: number
  direction: 'in' | 'out'
  info: unknown
}

/** Events of any transport. `listenserverclose`: its WebRtcServer was closed. */
export type TransportEvents = {
  routerclose: []
  listenserverclose: []
  trace: [trace: TransportTraceEventData]
}

/** Events of any transport's observer. */
export type TransportObserverEvents = {
  close: []
  newproducer: [producer: Producer]
  newconsumer: [consumer: Consumer]
  newdataproducer: [dataProducer: DataProducer]
  newdataconsumer: [dataConsumer: DataConsumer]
  trace: [trace: TransportTraceEventData]
}
/** Observer of any transport. */
export type TransportObserver = EnhancedEventEmitter<TransportObserverEvents>

/** A way between one endpoint and its router. Methods reject with `InvalidStateError` once closed. */
export interface Transport<
  TransportAppData extends AppData = AppData,
  Events extends TransportEvents = TransportEvents,
  Observer extends TransportObserver = TransportObserver,
> extends EnhancedEventEmitter<Events> {
  get id(): string
  get closed(): boolean
  get type(): TransportType
  get appData(): TransportAppData
  set appData(appData: TransportAppData)
  get observer(): Observer
  close(): void
  dump(): Promise<unknown>
  getStats(): Promise<unknown[]>
  /** Gives the transport what it needs to know of its peer. */
  connect(parameters: unknown): Promise<void>
  /** Bits per second; 0: no limit. @throws TypeError; UnsupportedError on a DirectTransport */
  setMaxIncomingBitrate(bitrate: number): Promise<void>
  /** Bits per second; 0: no limit. @throws TypeError; UnsupportedError on a DirectTransport */
  setMaxOutgoingBitrate(bitrate: number): Promise<void>
  /** Bits per second; 0: no limit. @throws TypeError; UnsupportedError on a DirectTransport */
  setMinOutgoingBitrate(bitrate: number): Promise<void>
  /** Takes a stream from the endpoint. @throws TypeError, UnsupportedError */
  produce<ProducerAppData extends AppData = AppData>(
    options: ProducerOptions<ProducerAppData>,
  ): Promise<Producer<ProducerAppData>>
  /** Sends a producer's stream to the endpoint. @throws TypeError, NotFoundError, UnsupportedError */
  consume<ConsumerAppData extends AppData = AppData>(
    options: ConsumerOptions<ConsumerAppData>,
  ): Promise<Consumer<ConsumerAppData>>
  /** Takes messages from the endpoint. @throws TypeError; UnsupportedError without SCTP */
  produceData<DataProducerAppData extends AppData = AppData>(
    options?: DataProducerOptions<DataProducerAppData>,
  ): Promise<DataProducer<DataProducerAppData>>
  /** Sends a DataProducer's messages to the endpoint. @throws TypeError, NotFoundError; UnsupportedError without SCTP */
  consumeData<DataConsumerAppData extends AppData = AppData>(
    options: DataConsumerOptions<DataConsumerAppData>,
  ): Promise<DataConsumer<DataConsumerAppData>>
  /** Replaces what is traced; nothing without an argument. @throws TypeError */
  enableTraceEvent(types?: TransportTraceEventType[]): Promise<void>
}
