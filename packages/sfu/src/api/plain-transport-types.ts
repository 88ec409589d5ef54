import type { EnhancedEventEmitter } from './enhanced-event-emitter.ts'
import type { AppData } from './option-checks.ts'
import type { SrtpCryptoSuite, SrtpParameters } from './srtp-parameters-types.ts'
import type {
  BaseTransportDump,
  BaseTransportStats,
  SctpNegotiatedCapabilities,
  SctpOptions,
  SctpParameters,
  SctpState,
  Transport,
  TransportEvents,
  TransportListenInfo,
  TransportListenIp,
  TransportObserverEvents,
  TransportTuple,
} from './transport-types.ts'

/** Options of `router.createPlainTransport()`: exactly one of `listenInfo` and `listenIp` (deprecated). */
export type PlainTransportOptions<TransportAppData extends AppData = AppData> = {
  /** UDP only. */
  listenInfo?: TransportListenInfo | undefined
  /** Where RTCP listens when `rtcpMux` is off; as `listenInfo`, on a free port, when left out. */
  rtcpListenInfo?: TransportListenInfo | undefined
  /** @deprecated Give `listenInfo`. */
  listenIp?: TransportListenIp | string | undefined
  /** @deprecated Give `listenInfo.port`. */
  port?: number | undefined
  /** RTCP on the port of RTP (RFC 5761). Default true. */
  rtcpMux?: boolean | undefined
  /** The peer is where its first packet comes from. `connect()` is then called with SRTP only, for its key. Default false. */
  comedia?: boolean | undefined
  /** SCTP between the two addresses, beside RTP; never encrypted. Default false. */
  enableSctp?: boolean | undefined
  /** `connect()` then needs the peer's `srtpParameters`. Default false. */
  enableSrtp?: boolean | undefined
  /** Default 'AES_CM_128_HMAC_SHA1_80', which most RTP tools know. */
  srtpCryptoSuite?: SrtpCryptoSuite | undefined
  appData?: TransportAppData | undefined
} & SctpOptions

/** What `plainTransport.connect()` is told of the peer. */
export type PlainTransportConnectParameters = {
  /** Numeric IPv4 or IPv6 address. */
  ip?: string | undefined
  port?: number | undefined
  /** Needed exactly where `rtcpMux` is off. */
  rtcpPort?: number | undefined
  srtpParameters?: SrtpParameters | undefined
}

/** Answer of `plainTransport.dump()`. */
export type PlainTransportDump = BaseTransportDump & {
  rtcpMux: boolean
  comedia: boolean
  tuple: TransportTuple
  rtcpTuple?: TransportTuple
  srtpParameters?: SrtpParameters
}

/** One row of `plainTransport.getStats()`. */
export type PlainTransportStat = BaseTransportStats & {
  type: string
  rtcpMux: boolean
  comedia: boolean
  tuple: TransportTuple
  rtcpTuple?: TransportTuple
}

/** Events of a PlainTransport. `tuple`, `rtcptuple`: the peer's address was learnt (comedia). */
export type PlainTransportEvents = TransportEvents & {
  tuple: [tuple: TransportTuple]
  rtcptuple: [rtcpTuple: TransportTuple]
  sctpstatechange: [sctpState: SctpState]
}

/** Events of a PlainTransport's observer. */
export type PlainTransportObserverEvents = TransportObserverEvents & {
  tuple: [tuple: TransportTuple]
  rtcptuple: [rtcpTuple: TransportTuple]
  sctpstatechange: [sctpState: SctpState]
}
/** Observer of a PlainTransport. */
export type PlainTransportObserver = EnhancedEventEmitter<PlainTransportObserverEvents>

/** The way between a router and a tool that speaks RTP, but neither ICE nor DTLS. */
export interface PlainTransport<TransportAppData extends AppData = AppData>
  extends Transport<TransportAppData, PlainTransportEvents, PlainTransportObserver> {
  get type(): 'plain'
  get observer(): PlainTransportObserver
  /** The own address, and the peer's once it is known. */
  get tuple(): TransportTuple
  /** The same for RTCP, where `rtcpMux` is off. */
  get rtcpTuple(): TransportTuple | undefined
  /** Undefined without `enableSctp`. */
  get sctpParameters(): SctpParameters | undefined
  /** Undefined without `enableSctp`. */
  get sctpState(): SctpState | undefined
  /** Undefined until `sctpState` is `'connected'`. */
  get sctpNegotiatedCapabilities(): SctpNegotiatedCapabilities | undefined
  /** The own key, to be told to the peer. May change with `connect()`: the suite is then the peer's. */
  get srtpParameters(): SrtpParameters | undefined
  dump(): Promise<PlainTransportDump>
  getStats(): Promise<PlainTransportStat[]>
  /** @throws TypeError; InvalidStateError when called twice */
  connect(parameters: PlainTransportConnectParameters): Promise<void>
}
