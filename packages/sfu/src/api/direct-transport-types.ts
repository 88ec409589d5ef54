import type { EnhancedEventEmitter } from './enhanced-event-emitter.ts'
import type { AppData } from './option-checks.ts'
import type {
  BaseTransportDump,
  BaseTransportStats,
  Transport,
  TransportEvents,
  TransportObserverEvents,
} from './transport-types.ts'

/** Options of `router.createDirectTransport()`. */
export type DirectTransportOptions<TransportAppData extends AppData = AppData> = {
  /** Bytes, of messages to DataConsumers. Default 262144. */
  maxSendMessageSize?: number | undefined
  /** Bytes, of messages from DataProducers. Default 262144. */
  maxReceiveMessageSize?: number | undefined
  appData?: TransportAppData | undefined
}

/** Answer of `directTransport.dump()`. */
export type DirectTransportDump = BaseTransportDump

/** One row of `directTransport.getStats()`. */
export type DirectTransportStat = BaseTransportStats & { type: string }

/** Events of a DirectTransport. `rtcp`: a compound packet that a peer would have been sent. */
export type DirectTransportEvents = TransportEvents & { rtcp: [packet: Buffer] }

/** Events of a DirectTransport's observer. */
export type DirectTransportObserverEvents = TransportObserverEvents & { rtcp: [packet: Buffer] }
/** Observer of a DirectTransport. */
export type DirectTransportObserver = EnhancedEventEmitter<DirectTransportObserverEvents>

/** A transport between the router and the application itself. */
export interface DirectTransport<TransportAppData extends AppData = AppData>
  extends Transport<TransportAppData, DirectTransportEvents, DirectTransportObserver> {
  get type(): 'direct'
  get observer(): DirectTransportObserver
  dump(): Promise<DirectTransportDump>
  getStats(): Promise<DirectTransportStat[]>
  /** Does nothing: there is nothing to connect. */
  connect(): Promise<void>
  /** Hands RTCP about this transport's streams to the router. @throws TypeError; InvalidStateError when closed */
  sendRtcp(rtcpPacket: Buffer): void
}
