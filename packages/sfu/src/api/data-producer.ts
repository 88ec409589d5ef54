import type { SctpStreamParameters } from '@sangam/ortc'
import type { ParentChannel } from '../channel/parent-channel.ts'
import { messageOf, subchannelOf, subchannelsOf } from './data-options.ts'
import type {
  DataProducer,
  DataProducerDump,
  DataProducerEvents,
  DataProducerObserver,
  DataProducerObserverEvents,
  DataProducerStat,
  DataProducerType,
} from './data-producer-types.ts'
import { EnhancedEventEmitter } from './enhanced-event-emitter.ts'
import type { EntityScope } from './entity-scope.ts'
import { errors } from './errors.ts'
import { type AppData, checkObject } from './option-checks.ts'

/** What a DataProducer is made of. */
export interface DataProducerSetup<Data extends AppData> {
  readonly id: string
  readonly type: DataProducerType
  readonly sctpStreamParameters: SctpStreamParameters | undefined
  readonly label: string
  readonly protocol: string
  readonly paused: boolean
  readonly appData: Data
  readonly scope: EntityScope
  /** Given where the application may send messages itself: on a DirectTransport. */
  readonly direct?: { readonly channel: ParentChannel; readonly maxMessageSize: number }
  /** Called once, when the DataProducer closes for a reason of its own. */
  readonly onClosed: () => void
}

export class DataProducerImpl<Data extends AppData = AppData>
  extends EnhancedEventEmitter<DataProducerEvents>
  implements DataProducer<Data>
{
  readonly #setup: DataProducerSetup<Data>
  readonly #scope: EntityScope
  readonly #observer: DataProducerObserver = new EnhancedEventEmitter<DataProducerObserverEvents>()
  #appData: Data
  #paused: boolean

  constructor(setup: DataProducerSetup<Data>) {
    super()
    this.#setup = setup
    this.#scope = setup.scope
    this.#appData = setup.appData
    this.#paused = setup.paused
  }

  get id(): string {
    return this.#setup.id
  }
  get closed(): boolean {
    return this.#scope.closed
  }
  get type(): DataProducerType {
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
  get appData(): Data {
    return this.#appData
  }
  set appData(appData: Data) {
    checkObject('appData', appData)
    this.#appData = appData
  }
  get observer(): DataProducerObserver {
    return this.#observer
  }

  close(): void {
    if (!this.#scope.end()) return
    this.#scope.tell('dataProducer.close', { dataProducerId: this.id })
    this.#setup.onClosed()
    this.#observer.safeEmit('close')
  }

  /** The transport closed, and takes the DataProducer along. */
  transportClosed(): void {
    if (!this.#scope.end()) return
    this.safeEmit('transportclose')
    this.#observer.safeEmit('close')
  }

  async dump(): Promise<DataProducerDump> {
    const dump = await this.#scope.request('dataProducer.dump', { dataProducerId: this.id })
    return dump as unknown as DataProducerDump
  }

  async getStats(): Promise<DataProducerStat[]> {
    const stats = await this.#scope.request('dataProducer.getStats', { dataProducerId: this.id })
    return stats as unknown as DataProducerStat[]
  }

  async pause(): Promise<void> {
    await this.#scope.request('dataProducer.pause', { dataProducerId: this.id })
    if (this.#paused) return
    this.#paused = true
    this.#observer.safeEmit('pause')
  }

  async resume(): Promise<void> {
    await this.#scope.request('dataProducer.resume', { dataProducerId: this.id })
    if (!this.#paused) return
    this.#paused = false
    this.#observer.safeEmit('resume')
  }

  send(
    message: string | Buffer,
    ppid?: number,
    subchannels: number[] = [],
    requiredSubchannel?: number,
    ignoredSubchannel?: number,
  ): void {
    const checked = messageOf(message, ppid)
    const audience = {
      subchannels: subchannelsOf('subchannels', subchannels),
      ...(requiredSubchannel === undefined
        ? {}
        : { requiredSubchannel: subchannelOf('requiredSubchannel', requiredSubchannel) }),
      ...(ignoredSubchannel === undefined
        ? {}
        : { ignoredSubchannel: subchannelOf('ignoredSubchannel', ignoredSubchannel) }),
    }
    this.#scope.assertOpen()
    const { direct } = this.#setup
    if (direct === undefined) {
      throw errors.unsupported('dataProducer.send() needs a DataProducer on a DirectTransport')
    }
    if (checked.message.length > direct.maxMessageSize) {
      throw errors.optionConflict(
        'message',
        `it has ${checked.message.length} bytes, and maxReceiveMessageSize is ${direct.maxMessageSize}`,
      )
    }
    direct.channel.notify('dataProducer.send', this.id, { ...checked, ...audience })
  }
}
