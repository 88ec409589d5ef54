import type { SctpStreamParameters } from '@sangam/ortc'
import type { WorkerEvent } from '../channel/parent-channel.ts'
import { bufferOf } from './buffers.ts'
import type {
  DataConsumer,
  DataConsumerDump,
  DataConsumerEvents,
  DataConsumerObserverEvents,
  DataConsumerStat,
  DataConsumerType,
} from './data-consumer-types.ts'
import { messageOf, subchannelOf, subchannelsOf } from './data-options.ts'
import { errors } from './errors.ts'
import { type AppData, integerIn } from './option-checks.ts'
import { TransportMember, type TransportMemberSetup } from './transport-member.ts'

const MAX_THRESHOLD_BYTES = 0xffffffff

/** What a DataConsumer is made of. */
export interface DataConsumerSetup<Data extends AppData> extends TransportMemberSetup<Data> {
  readonly dataProducerId: string
  readonly type: DataConsumerType
  readonly sctpStreamParameters: SctpStreamParameters | undefined
  readonly label: string
  readonly protocol: string
  readonly dataProducerPaused: boolean
  readonly subchannels: readonly number[]
}

export class DataConsumerImpl<Data extends AppData = AppData>
  extends TransportMember<
    Data,
    DataConsumerEvents,
    DataConsumerObserverEvents,
    { dump: DataConsumerDump; stat: DataConsumerStat }
  >
  implements DataConsumer<Data>
{
  readonly #setup: DataConsumerSetup<Data>
  #subchannels: readonly number[]

  constructor(setup: DataConsumerSetup<Data>) {
    super('dataConsumer', setup, setup.dataProducerPaused)
    this.#setup = setup
    this.#subchannels = setup.subchannels
  }

  get dataProducerId(): string {
    return this.#setup.dataProducerId
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
  get dataProducerPaused(): boolean {
    return this.sourcePaused
  }
  get subchannels(): number[] {
    return [...this.#subchannels]
  }

  async setBufferedAmountLowThreshold(threshold: number): Promise<void> {
    const checked = integerIn('threshold', threshold, 0, MAX_THRESHOLD_BYTES)
    await this.scope.request('dataConsumer.setBufferedAmountLowThreshold', {
      dataConsumerId: this.id,
      threshold: checked,
    })
  }

  async getBufferedAmount(): Promise<number> {
    const request = { dataConsumerId: this.id }
    return (await this.scope.request('dataConsumer.getBufferedAmount', request)).bufferedAmount
  }

  async send(message: string | Buffer, ppid?: number): Promise<number> {
    const checked = messageOf(message, ppid)
    this.scope.assertOpen()
    if (this.type !== 'sctp') {
      throw errors.unsupported('dataConsumer.send() needs a DataConsumer of type sctp')
    }
    const request = { dataConsumerId: this.id, ...checked }
    return (await this.scope.request('dataConsumer.send', request)).bufferedAmount
  }

  async setSubchannels(subchannels: number[]): Promise<void> {
    const request = { dataConsumerId: this.id, subchannels: subchannelsOf('subchannels', subchannels) }
    this.#subchannels = (await this.scope.request('dataConsumer.setSubchannels', request)).subchannels
  }

  async addSubchannel(subchannel: number): Promise<void> {
    const request = { dataConsumerId: this.id, subchannel: subchannelOf('subchannel', subchannel) }
    this.#subchannels = (await this.scope.request('dataConsumer.addSubchannel', request)).subchannels
  }

  async removeSubchannel(subchannel: number): Promise<void> {
    const request = { dataConsumerId: this.id, subchannel: subchannelOf('subchannel', subchannel) }
    this.#subchannels = (await this.scope.request('dataConsumer.removeSubchannel', request)).subchannels
  }

  protected override handleEvent({ event, data }: WorkerEvent): void {
    switch (event) {
      case 'dataConsumer.dataProducerClosed':
        this.handleSourceClosed(() => this.safeEmit('dataproducerclose'))
        break
      case 'dataConsumer.dataProducerPaused':
        if (this.handleSourcePaused(true)) this.safeEmit('dataproducerpause')
        break
      case 'dataConsumer.dataProducerResumed':
        if (this.handleSourcePaused(false)) this.safeEmit('dataproducerresume')
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
