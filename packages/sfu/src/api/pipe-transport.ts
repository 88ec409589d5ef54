import { getPipeConsumerRtpParameters } from '@sangam/ortc'
import type { AddressedTransportState } from '../channel/messages.ts'
import type { WorkerEvent } from '../channel/parent-channel.ts'
import { connectRequestOf, publicTupleOf } from './addressed-transport-options.ts'
import type { Consumer } from './consumer-types.ts'
import { errors } from './errors.ts'
import { type AppData, checkObject, checkString } from './option-checks.ts'
import type {
  PipeConsumerOptions,
  PipeTransport,
  PipeTransportConnectParameters,
  PipeTransportDump,
  PipeTransportEvents,
  PipeTransportObserverEvents,
  PipeTransportStat,
} from './pipe-transport-types.ts'
import type { AddressedTransportSetup } from './plain-transport.ts'
import { SctpEnd } from './sctp-end.ts'
import type { SrtpParameters } from './srtp-parameters-types.ts'
import { TransportImpl } from './transport.ts'
import type {
  SctpNegotiatedCapabilities,
  SctpParameters,
  SctpState,
  TransportTuple,
} from './transport-types.ts'

export class PipeTransportImpl<Data extends AppData = AppData>
  extends TransportImpl<Data, PipeTransportEvents, PipeTransportObserverEvents>
  implements PipeTransport<Data>
{
  readonly #enableRtx: boolean
  readonly #sctp: SctpEnd
  #state: AddressedTransportState
  #connecting = false

  constructor(setup: AddressedTransportSetup<Data> & { readonly enableRtx: boolean }) {
    super(setup)
    this.#state = setup.state
    this.#sctp = new SctpEnd(setup.sctp, false)
    this.#enableRtx = setup.enableRtx
  }

  override get type(): 'pipe' {
    return 'pipe'
  }
  get tuple(): TransportTuple {
    return publicTupleOf(this.#state.tuple)
  }
  get srtpParameters(): SrtpParameters | undefined {
    return this.#state.srtpParameters
  }
  get sctpParameters(): SctpParameters | undefined {
    return this.#sctp.parameters
  }
  get sctpState(): SctpState | undefined {
    return this.#sctp.stateOf(this)
  }
  get sctpNegotiatedCapabilities(): SctpNegotiatedCapabilities | undefined {
    return this.#sctp.negotiatedCapabilities
  }

  override async dump(): Promise<PipeTransportDump> {
    const dump = await this.scope.request('transport.dump', { transportId: this.id })
    return dump as unknown as PipeTransportDump
  }

  override async getStats(): Promise<PipeTransportStat[]> {
    const stats = await this.scope.request('transport.getStats', { transportId: this.id })
    return stats as unknown as PipeTransportStat[]
  }

  override async connect(parameters: PipeTransportConnectParameters): Promise<void> {
    this.scope.assertOpen()
    const request = connectRequestOf(parameters)
    if (this.#connecting) throw errors.alreadyConnected(this.id)
    this.#connecting = true
    try {
      this.#state = await this.scope.request('transport.connectAddressed', {
        transportId: this.id,
        ...request,
      })
    } catch (error) {
      this.#connecting = false
      throw error
    }
  }

  protected override handleEvent(workerEvent: WorkerEvent): void {
    if (workerEvent.event !== 'transport.sctpState') {
      super.handleEvent(workerEvent)
      return
    }
    this.safeEmit('sctpstatechange', this.#sctp.changed(workerEvent.data))
    this.observer.safeEmit('sctpstatechange', workerEvent.data.sctpState)
  }

  override async consume<ConsumerData extends AppData = AppData>(
    options: PipeConsumerOptions<ConsumerData>,
  ): Promise<Consumer<ConsumerData>> {
    this.scope.assertOpen()
    checkObject('options', options)
    checkString('producerId', options.producerId)
    return this.consumeBy(options, (producer) => ({
      kind: producer.kind,
      type: 'pipe',
      rtpParameters: getPipeConsumerRtpParameters({
        consumableRtpParameters: producer.consumableRtpParameters,
        enableRtx: this.#enableRtx,
      }),
      paused: false,
      preferredLayers: undefined,
      ignoreDtx: false,
    }))
  }
}
