import type { Consumer } from './consumer-types.ts'
import type { EnhancedEventEmitter } from './enhanced-event-emitter.ts'
import type { AppData } from './option-checks.ts'
import type { SrtpParameters } from './srtp-parameters-types.ts'
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

/** Options of `router.createPipeTransport()`: exactly one of `listenInfo` and `listenIp` (deprecated). */
export type PipeTransportOptions<TransportAppData extends AppData = AppData> = {
  /** UDP only. */
  listenInfo?: TransportListenInfo | undefined
  /** @deprecated Give `listenInfo`. */
  listenIp?: TransportListenIp | string | undefined
  /** @deprecated Give `listenInfo.port`. */
  port?: number | undefined
  /** SCTP between the two addresses, beside RTP; never encrypted. Default false. */
  enableSctp?: boolean | undefined
  /** Repair losses on the way between the routers; both ends must say so. Default false. */
  enableRtx?: boolean | undefined
  /** Encrypt the way between the routers; both ends must say so. Default false. */
  enableSrtp?: boolean | undefined
  appData?: TransportAppData | undefined
} & SctpOptions

/** Options of `pipeTransport.consume()`. */
export type PipeConsumerOptions<ConsumerAppData extends AppData = AppData> = {
  producerId: string
  appData?: ConsumerAppData | undefined
}

/** What `pipeTransport.connect()` is told of the other end. */
export type PipeTransportConnectParameters = {
  /** Numeric IPv4 or IPv6 address. */
  ip: string
  port: number
  srtpParameters?: SrtpParameters | undefined
}

/** Answer of `pipeTransport.dump()`. */
export type PipeTransportDump = BaseTransportDump & {
  tuple: TransportTuple
  rtx: boolean
  srtpParameters?: SrtpParameters
}

/** One row of `pipeTransport.getStats()`. */
export type PipeTransportStat = BaseTransportStats & { type: string; tuple: TransportTuple }

/** Events of a PipeTransport. */
export type PipeTransportEvents = TransportEvents & { sctpstatechange: [sctpState: SctpState] }

/** Events of a PipeTransport's observer. */
export type PipeTransportObserverEvents = TransportObserverEvents & {
  sctpstatechange: [sctpState: SctpState]
}
/** Observer of a PipeTransport. */
export type PipeTransportObserver = EnhancedEventEmitter<PipeTransportObserverEvents>

/** One end of the way between two routers. */
export interface PipeTransport<TransportAppData extends AppData = AppData>
  extends Transport<TransportAppData, PipeTransportEvents, PipeTransportObserver> {
  get type(): 'pipe'
  get observer(): PipeTransportObserver
  /** The own address, and the other end's once connected. */
  get tuple(): TransportTuple
  /** Undefined without `enableSctp`. */
  get sctpParameters(): SctpParameters | undefined
  /** Undefined without `enableSctp`. */
  get sctpState(): SctpState | undefined
  /** Undefined until `sctpState` is `'connected'`. */
  get sctpNegotiatedCapabilities(): SctpNegotiatedCapabilities | undefined
  /** The own key, to be told to the other end. */
  get srtpParameters(): SrtpParameters | undefined
  dump(): Promise<PipeTransportDump>
  getStats(): Promise<PipeTransportStat[]>
  /** @throws TypeError; InvalidStateError when called twice */
  connect(parameters: PipeTransportConnectParameters): Promise<void>
  /** Consumes all streams of a producer, as they are. @throws TypeError, NotFoundError */
  consume<ConsumerAppData extends AppData = AppData>(
    options: PipeConsumerOptions<ConsumerAppData>,
  ): Promise<Consumer<ConsumerAppData>>
}
