import type { SctpStreamParameters } from '@sangam/ortc'
import type { EnhancedEventEmitter } from './enhanced-event-emitter.ts'
import type { AppData } from './option-checks.ts'

/** Options of `transport.consumeData()`. */
export type DataConsumerOptions<DataConsumerAppData extends AppData = AppData> = {
  dataProducerId: string
  /** Default: the DataProducer's, or true if that is direct. Excludes the two limits. */
  ordered?: boolean | undefined
  /** Milliseconds for which an unordered message is sent again. Default: the DataProducer's. */
  maxPacketLifeTime?: number | undefined
  /** How often an unordered message is sent again. Default: the DataProducer's. */
  maxRetransmits?: number | undefined
  /** Default false. */
  paused?: boolean | undefined
  /** What it subscribes to at first, 0-65535 each. Default: nothing. */
  subchannels?: number[] | undefined
  appData?: DataConsumerAppData | undefined
}

/** Where messages go to: an SCTP stream, or the application. */
export type DataConsumerType = 'sctp' | 'direct'

/** Answer of `dataConsumer.dump()`. */
export type DataConsumerDump = {
  id: string
  paused: boolean
  dataProducerPaused: boolean
  subchannels: number[]
  dataProducerId: string
  type: DataConsumerType
  sctpStreamParameters?: SctpStreamParameters
  label: string
  protocol: string
  bufferedAmount: number
  bufferedAmountLowThreshold: number
}

/** One row of `dataConsumer.getStats()`. `timestamp` in milliseconds. */
export type DataConsumerStat = {
  type: string
  timestamp: number
  label: string
  protocol: string
  messagesSent: number
  bytesSent: number
  bufferedAmount: number
}

/**
 * Events of a DataConsumer. `message`: on a DirectTransport. `sctpsendbufferfull`: a message was dropped for lack of
 * room. `bufferedamountlow`: bytes, when they fall to the threshold.
 */
export type DataConsumerEvents = {
  transportclose: []
  dataproducerclose: []
  dataproducerpause: []
  dataproducerresume: []
  message: [message: Buffer, ppid: number]
  sctpsendbufferfull: []
  bufferedamountlow: [bufferedAmount: number]
}
/** Events of a DataConsumer's observer. */
export type DataConsumerObserverEvents = { close: []; pause: []; resume: [] }
/** Observer of a DataConsumer. */
export type DataConsumerObserver = EnhancedEventEmitter<DataConsumerObserverEvents>

/** Messages from the router to an endpoint. Methods reject with `InvalidStateError` once closed. */
export interface DataConsumer<DataConsumerAppData extends AppData = AppData>
  extends EnhancedEventEmitter<DataConsumerEvents> {
  get id(): string
  get dataProducerId(): string
  get closed(): boolean
  get type(): DataConsumerType
  get sctpStreamParameters(): SctpStreamParameters | undefined
  get label(): string
  get protocol(): string
  get paused(): boolean
  get dataProducerPaused(): boolean
  get subchannels(): number[]
  get appData(): DataConsumerAppData
  set appData(appData: DataConsumerAppData)
  get observer(): DataConsumerObserver
  close(): void
  dump(): Promise<DataConsumerDump>
  getStats(): Promise<DataConsumerStat[]>
  /** Messages that come meanwhile are dropped. */
  pause(): Promise<void>
  resume(): Promise<void>
  /** Bytes; 0 tells of an empty buffer only. @throws TypeError */
  setBufferedAmountLowThreshold(threshold: number): Promise<void>
  /** Bytes that have not left yet. */
  getBufferedAmount(): Promise<number>
  /**
   * Sends a message of the application's own, over SCTP only.
   * @param ppid payload protocol identifier (RFC 8831 section 8); by default that of a string or of bytes
   * @returns the buffered amount after it, bytes
   * @throws TypeError when it is larger than `maxSendMessageSize`; InvalidStateError when the buffer is full or the
   * association is not connected; UnsupportedError on a DirectTransport
   */
  send(message: string | Buffer, ppid?: number): Promise<number>
  /** @throws TypeError */
  setSubchannels(subchannels: number[]): Promise<void>
  /** @throws TypeError */
  addSubchannel(subchannel: number): Promise<void>
  /** @throws TypeError */
  removeSubchannel(subchannel: number): Promise<void>
}
