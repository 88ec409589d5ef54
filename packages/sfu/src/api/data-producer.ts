import type { SctpStreamParameters } from '@sangam/ortc'
import type { ParentChannel } from '../channel/parent-channel.ts'
import { messageOf, subchannelOf, subchannelsOf } from './data-options.ts'
import type {
  DataProducer,
  DataProducerDump,
  DataProducerEvents,
  DataProducerObserverEvents,
  DataProducerStat,
  DataProducerType,
} from './data-producer-types.ts'
import { errors } from './errors.ts'
import type { AppData } from './option-checks.ts'
import { TransportMember, type TransportMemberSetup } from './transport-member.ts'

/** What a DataProducer is made of. */
export interface DataProducerSetup<Data extends AppData> extends TransportMemberSetup<Data> {
  readonly type: DataProducerType
  readonly sctpStreamParameters: SctpStreamParameters | undefined
  readonly label: string
  readonly protocol: string
  /** Given where the application may send messages itself: on a DirectTransport. */
  readonly direct?: { readonly channel: ParentChannel; readonly maxMessageSize: number }
}

export class DataProducerImpl<Data extends AppData = AppData>
  extends TransportMember<
    Data,
    DataProducerEvents,
    DataProducerObserverEvents,
    { dump: DataProducerDump; stat: DataProducerStat }
  >
  implements DataProducer<Data>
{
  readonly #setup: DataProducerSetup<Data>

  constructor(setup: DataProducerSetup<Data>) {
    super('dataProducer', setup)
    this.#setup = setup
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
    this.scope.assertOpen()
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
