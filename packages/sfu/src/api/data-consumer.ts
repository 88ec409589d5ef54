import type { SctpStreamParameters } from '@sangam/ortc'
import type { WorkerEvent } from '../channel/parent-channel.ts'
import { bufferOf } from './buffers.ts'
import type {
  DataConsumer,
  DataConsumerDump,
  DataConsumerEvents,
  DataConsumerObserver,
  DataConsumerObserverEvents,
  DataConsumerStat,
  DataConsumerType,
} from './data-consumer-types.ts'
import { messageOf, subchannelOf, subchannelsOf } from './data-options.ts'
import { EnhancedEventEmitter } from './enhanced-event-emitter.ts'
import type { EntityScope } from './entity-scope.ts'
import { errors } from './errors.ts'
import { type AppData, checkObject, integerIn } from './option-checks.ts'

const MAX_THRESHOLD_BYTES = 0xffffffff

/** What a DataConsumer is made of; all of it known once the worker has answered. */
export interface DataConsumerSetup<Data extends AppData> {
  readonly id: string
  readonly dataProducerId: string
  readonly type: DataConsumerType
  readonly sctpStreamParameters: SctpStreamParameters | undefined
  readonly label: string
  readonly protocol: string
  readonly paused: boolean
  readonly dataProducerPaused: boolean
  readonly subchannels: readonly number[]
  readonly appData: Data
  readonly scope: EntityScope
  /** Called once, when the DataConsumer closes for a reason of its own. */
  readonly onClosed: () => void
}

export class DataConsumerImpl<Data extends AppData = AppData>
  extends EnhancedEventEmitter<DataConsumerEvents>
  implements DataConsumer<Data>
{
  readonly #setup: DataConsumerSetup<Data>
  readonly #scope: EntityScope
  readonly #observer: DataConsumerObserver = new EnhancedEventEmitter<DataConsumerObserverEvents>()
  #appData: Data
  #paused: boolean
  #dataProducerPaused: boolean
  #subchannels: readonly number[]

  constructor(setup: DataConsumerSetup<Data>) {
    super()
    this.#setup = setup
    this.#scope = setup.scope
    this.#appData = setup.appData
    this.#paused = setup.paused
    this.#dataProducerPaused = setup.dataProducerPaused
    this.#subchannels = setup.subchannels
    this.#scope.receive((event) => this.#handleEvent(event))
  }

  get id(): string {
    return this.#setup.id
  }
  get dataProducerId(): string {
    return this.#setup.dataProducerId
  }
  get closed(): boolean {
    return this.#scope.closed
  }
  get type(): DataConsumerType {
    return this.#setup.type
  }
  get sctpStreamParameters(): SctpStreamParameters | undefined {
    return this.#setup.sctpStreamParameters
  }
  get label(): string {
    return this.#setup.label
  }
  get protocol(): string {
    return this.#setup.protocol
  }
  get paused(): boolean {
    return this.#paused
  }
  get dataProducerPaused(): boolean {
    return this.#dataProducerPaused
  }
  get subchannels(): number[] {
    return [...this.#subchannels]
  }
  get appData(): Data {
    return this.#appData
  }
  set appData(appData: Data) {
    checkObject('appData', appData)
    this.#appData = appData
  }
  get observer(): DataConsumerObserver {
    return this.#observer
  }

  close(): void {
    if (!this.#scope.end()) return
    this.#scope.tell('dataConsumer.close', { dataConsumerId: this.id })
    this.#setup.onClosed()
    this.#observer.safeEmit('close')
  }

  /** The transport closed, and takes the DataConsumer along. */
  transportClosed(): void {
    if (!this.#scope.end()) return
    this.safeEmit('transportclose')
    this.#observer.safeEmit('close')
  }

  async dump(): Promise<DataConsumerDump> {
    const dump = await this.#scope.request('dataConsumer.dump', { dataConsumerId: this.id })
    return dump as unknown as DataConsumerDump
  }

  async getStats(): Promise<DataConsumerStat[]> {
    const stats = await this.#scope.request('dataConsumer.getStats', { dataConsumerId: this.id })
    return stats as unknown as DataConsumerStat[]
  }

  async pause(): Promise<void> {
    await this.#scope.request('dataConsumer.pause', { dataConsumerId: this.id })
    this.#setPauses(true, this.#dataProducerPaused)
  }

  async resume(): Promise<void> {
    await this.#scope.request('dataConsumer.resume', { dataConsumerId: this.id })
    this.#setPauses(false, this.#dataProducerPaused)
  }

  async setBufferedAmountLowThreshold(threshold: number): Promise<void> {
    const checked = integerIn('threshold', threshold, 0, MAX_THRESHOLD_BYTES)
    await this.#scope.request('dataConsumer.setBufferedAmountLowThreshold', {
      dataConsumerId: this.id,
      threshold: checked,
    })
  }

  async getBufferedAmount(): Promise<number> {
    const request = { dataConsumerId: this.id }
    return (await this.#scope.request('dataConsumer.getBufferedAmount', request)).bufferedAmount
  }

  async send(message: string | Buffer, ppid?: number): Promise<number> {
    const checked = messageOf(message, ppid)
    this.#scope.assertOpen()
    if (this.type !== 'sctp') {
      throw errors.unsupported('dataConsumer.send() needs a DataConsumer of type sctp')
    }
    const request = { dataConsumerId: this.id, ...checked }
    return (await this.#scope.request('dataConsumer.send', request)).bufferedAmount
  }

  async setSubchannels(subchannels: number[]): Promise<void> {
    const request = { dataConsumerId: this.id, subchannels: subchannelsOf('subchannels', subchannels) }
    this.#subchannels = (await this.#scope.request('dataConsumer.setSubchannels', request)).subchannels
  }

  async addSubchannel(subchannel: number): Promise<void> {
    const request = { dataConsumerId: this.id, subchannel: subchannelOf('subchannel', subchannel) }
    this.#subchannels = (await this.#scope.request('dataConsumer.addSubchannel', request)).subchannels
  }

  async removeSubchannel(subchannel: number): Promise<void> {
    const request = { dataConsumerId: this.id, subchannel: subchannelOf('subchannel', subchannel) }
    this.#subchannels = (await this.#scope.request('dataConsumer.removeSubchannel', request)).subchannels
  }

  /** The observer hears of a pause only when it changes whether messages flow. */
  #setPauses(paused: boolean, dataProducerPaused: boolean): void {
    const flowed = !this.#paused && !this.#dataProducerPaused
    this.#paused = paused
    this.#dataProducerPaused = dataProducerPaused
    const flows = !paused && !dataProducerPaused
    if (flowed !== flows) this.#observer.safeEmit(flows ? 'resume' : 'pause')
  }

  #dataProducerClosed(): void {
    if (!this.#scope.end()) return
    this.#setup.onClosed()
    this.safeEmit('dataproducerclose')
    this.#observer.safeEmit('close')
  }

  #handleDataProducerPaused(dataProducerPaused: boolean): void {
    if (dataProducerPaused === this.#dataProducerPaused) return
    this.#setPauses(this.#paused, dataProducerPaused)
    this.safeEmit(dataProducerPaused ? 'dataproducerpause' : 'dataproducerresume')
  }

  #handleEvent({ event, data }: WorkerEvent): void {
    switch (event) {
      case 'dataConsumer.dataProducerClosed':
        this.#dataProducerClosed()
        break
      case 'dataConsumer.dataProducerPaused':
        this.#handleDataProducerPaused(true)
        break
      case 'dataConsumer.dataProducerResumed':
        this.#handleDataProducerPaused(false)
        break
      case 'dataConsumer.message':
        this.safeEmit('message', bufferOf(data.message), data.ppid)
        break
      case 'dataConsumer.sctpSendBufferFull':
        this.safeEmit('sctpsendbufferfull')
        break
      case 'dataConsumer.bufferedAmountLow':
        this.safeEmit('bufferedamountlow', data.bufferedAmount)
        break
    }
  }
}
