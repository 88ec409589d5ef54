import type { EnhancedEventEmitter } from './enhanced-event-emitter.ts'
import type { AppData } from './option-checks.ts'
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
  TransportProtocol,
  TransportTuple,
} from './transport-types.ts'
import type { WebRtcServer } from './webrtc-server-types.ts'

/** Where a WebRtcTransport listens: exactly one of the three. */
export type WebRtcTransportListen =
  | { webRtcServer: WebRtcServer; listenInfos?: undefined; listenIps?: undefined; port?: undefined }
  | { listenInfos: TransportListenInfo[]; webRtcServer?: undefined; listenIps?: undefined; port?: undefined }
  /** @deprecated */
  | {
      listenIps: (TransportListenIp | string)[]
      port?: number | undefined
      webRtcServer?: undefined
      listenInfos?: undefined
    }

/** Options of `router.createWebRtcTransport()`. */
export type WebRtcTransportOptions<TransportAppData extends AppData = AppData> = WebRtcTransportListen & {
  /** Default true. */
  enableUdp?: boolean | undefined
  /** Default: true with a `webRtcServer`, otherwise false. */
  enableTcp?: boolean | undefined
  /** Gives UDP candidates the higher priority. Default false. */
  preferUdp?: boolean | undefined
  /** Gives TCP candidates the higher priority. Default false. */
  preferTcp?: boolean | undefined
  /** Seconds without a consent check (RFC 7675) until `iceState` becomes `'disconnected'`; 0: never. Default 30. */
  iceConsentTimeout?: number | undefined
  /** Bits per second that are assumed before anything is known. Default 600000. */
  initialAvailableOutgoingBitrate?: number | undefined
  /** Creates an SCTP association for data channels. Default false. */
  enableSctp?: boolean | undefined
  appData?: TransportAppData | undefined
} & SctpOptions

/** Credentials of one side (RFC 8839). */
export type IceParameters = { usernameFragment: string; password: string; iceLite?: boolean }

/** Which side decides on the pair: the engine is ICE-lite, and always `controlled`. */
export type IceRole = 'controlled' | 'controlling'
/** State of ICE; `completed` once the peer has nominated a pair. */
export type IceState = 'new' | 'connected' | 'completed' | 'disconnected' | 'closed'
/** Kind of the engine's candidates. */
export type IceCandidateType = 'host'
/** Kind of the engine's TCP candidates (RFC 6544). */
export type IceCandidateTcpType = 'passive'

/** An address where the engine can be reached (RFC 8839). */
export type IceCandidate = {
  foundation: string
  priority: number
  /** @deprecated Read `address`. */
  ip: string
  address: string
  protocol: TransportProtocol
  port: number
  type: IceCandidateType
  tcpType?: IceCandidateTcpType
}

/** Hash of a fingerprint (RFC 8122). */
export type FingerprintAlgorithm = 'sha-1' | 'sha-224' | 'sha-256' | 'sha-384' | 'sha-512'

/** Fingerprint of a certificate: hexadecimal bytes with colons between them. */
export type DtlsFingerprint = { algorithm: FingerprintAlgorithm; value: string }

/** Which side opens the DTLS handshake. */
export type DtlsRole = 'auto' | 'client' | 'server'
/** State of DTLS; media flows once `connected`. */
export type DtlsState = 'new' | 'connecting' | 'connected' | 'failed' | 'closed'

/** What one side tells the other about its DTLS. */
export type DtlsParameters = { role?: DtlsRole | undefined; fingerprints: DtlsFingerprint[] }

/** Answer of `webRtcTransport.dump()`. */
export type WebRtcTransportDump = BaseTransportDump & {
  iceRole: 'controlled'
  iceParameters: IceParameters
  iceCandidates: IceCandidate[]
  iceState: IceState
  iceSelectedTuple?: TransportTuple
  dtlsParameters: DtlsParameters
  dtlsState: DtlsState
  dtlsRemoteCert?: string
}

/** One row of `webRtcTransport.getStats()`. */
export type WebRtcTransportStat = BaseTransportStats & {
  type: string
  iceRole: string
  iceState: IceState
  iceSelectedTuple?: TransportTuple
  dtlsState: DtlsState
}

type StateEvents = {
  icestatechange: [iceState: IceState]
  iceselectedtuplechange: [tuple: TransportTuple]
  dtlsstatechange: [dtlsState: DtlsState]
  sctpstatechange: [sctpState: SctpState]
}
/** Events of a WebRtcTransport. */
export type WebRtcTransportEvents = TransportEvents & StateEvents
/** Events of a WebRtcTransport's observer. */
export type WebRtcTransportObserverEvents = TransportObserverEvents & StateEvents
/** Observer of a WebRtcTransport. */
export type WebRtcTransportObserver = EnhancedEventEmitter<WebRtcTransportObserverEvents>

/** A transport to a browser: ICE-lite, DTLS, SRTP. */
export interface WebRtcTransport<TransportAppData extends AppData = AppData>
  extends Transport<TransportAppData, WebRtcTransportEvents, WebRtcTransportObserver> {
  get type(): 'webrtc'
  get observer(): WebRtcTransportObserver
  get iceRole(): 'controlled'
  get iceParameters(): IceParameters
  get iceCandidates(): IceCandidate[]
  get iceState(): IceState
  /** Undefined until the peer has nominated a pair. */
  get iceSelectedTuple(): TransportTuple | undefined
  /** The engine's own; `role` is `'auto'` until `connect()`. */
  get dtlsParameters(): DtlsParameters
  get dtlsState(): DtlsState
  /** PEM; undefined until DTLS is connected. */
  get dtlsRemoteCert(): string | undefined
  /** Undefined without `enableSctp`. */
  get sctpParameters(): SctpParameters | undefined
  /** Undefined without `enableSctp`. */
  get sctpState(): SctpState | undefined
  /** Undefined until `sctpState` is `'connected'`. */
  get sctpNegotiatedCapabilities(): SctpNegotiatedCapabilities | undefined
  dump(): Promise<WebRtcTransportDump>
  getStats(): Promise<WebRtcTransportStat[]>
  /** Gives the peer's DTLS parameters, once. @throws TypeError; InvalidStateError the second time */
  connect(parameters: { dtlsParameters: DtlsParameters }): Promise<void>
  /** Makes new credentials; the old ones stay valid until the peer uses the new ones. */
  restartIce(): Promise<IceParameters>
}
