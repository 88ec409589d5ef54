import type { SctpStreamParameters } from '@sangam/ortc'
import type { EnhancedEventEmitter } from './enhanced-event-emitter.ts'
import type { AppData } from './option-checks.ts'

/** Options of `transport.produceData()`. */
export type DataProducerOptions<DataProducerAppData extends AppData = AppData> = {
  /** Default: a new one. */
  id?: string | undefined
  /** How the endpoint sends; needed except on a DirectTransport, where it must be missing. */
  sctpStreamParameters?: SctpStreamParameters | undefined
  /** Default ''. */
  label?: string | undefined
  /** Name of the sub-protocol. Default ''. */
  protocol?: string | undefined
  /** Default false. */
  paused?: boolean | undefined
  appData?: DataProducerAppData | undefined
}

/** Where messages come from: an SCTP stream, or the application. */
export type DataProducerType = 'sctp' | 'direct'

/** Answer of `dataProducer.dump()`. */
export type DataProducerDump = {
  id: string
  paused: boolean
  type: DataProducerType
  sctpStreamParameters?: SctpStreamParameters
  label: string
  protocol: string
}

/** One row of `dataProducer.getStats()`. `timestamp` in milliseconds. */
export type DataProducerStat = {
  type: string
  timestamp: number
  label: string
  protocol: string
  messagesReceived: number
  bytesReceived: number
}

/** Events of a DataProducer. */
export type DataProducerEvents = { transportclose: [] }
/** Events of a DataProducer's observer. */
export type DataProducerObserverEvents = { close: []; pause: []; resume: [] }
/** Observer of a DataProducer. */
export type DataProducerObserver = EnhancedEventEmitter<DataProducerObserverEvents>

/** Messages from an endpoint into the router. Methods reject with `InvalidStateError` once closed. */
export interface DataProducer<DataProducerAppData extends AppData = AppData>
  extends EnhancedEventEmitter<DataProducerEvents> {
  get id(): string
  get closed(): boolean
  get type(): DataProducerType
  get sctpStreamParameters(): SctpStreamParameters | undefined
  get label(): string
  get protocol(): string
  get paused(): boolean
  get appData(): DataProducerAppData
  set appData(appData: DataProducerAppData)
  get observer(): DataProducerObserver
  close(): void
  dump(): Promise<DataProducerDump>
  getStats(): Promise<DataProducerStat[]>
  /** Messages that come meanwhile are dropped. */
  pause(): Promise<void>
  resume(): Promise<void>
  /**
   * Sends a message, on a DirectTransport only.
   * @param ppid payload protocol identifier (RFC 8831 section 8); by default that of a string or of bytes
   * @param subchannels only DataConsumers that subscribe to one of these get it; none: all
   * @param requiredSubchannel only those that subscribe to this one too
   * @param ignoredSubchannel not those that subscribe to this one
   * @throws TypeError; InvalidStateError when closed; UnsupportedError on another transport
   */
  send(
    message: string | Buffer,
    ppid?: number,
    subchannels?: number[],
    requiredSubchannel?: number,
    ignoredSubchannel?: number,
  ): void
}
