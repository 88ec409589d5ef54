import type { AddressedTransportState, SctpSettings } from '../channel/messages.ts'
import type { WorkerEvent } from '../channel/parent-channel.ts'
import { connectRequestOf, publicTupleOf } from './addressed-transport-options.ts'
import { errors } from './errors.ts'
import type { AppData } from './option-checks.ts'
import type {
  PlainTransport,
  PlainTransportConnectParameters,
  PlainTransportDump,
  PlainTransportEvents,
  PlainTransportObserverEvents,
  PlainTransportStat,
} from './plain-transport-types.ts'
import { SctpEnd } from './sctp-end.ts'
import type { SrtpParameters } from './srtp-parameters-types.ts'
import { TransportImpl, type TransportSetup } from './transport.ts'
import type {
  SctpNegotiatedCapabilities,
  SctpParameters,
  SctpState,
  TransportTuple,
} from './transport-types.ts'

/** What a transport with ports of its own gets from its router, and from the worker. */
export interface AddressedTransportSetup<Data extends AppData> extends TransportSetup<Data> {
  readonly state: AddressedTransportState
  /** Without it there is no SCTP. */
  readonly sctp: SctpSettings | undefined
}

export class PlainTransportImpl<Data extends AppData = AppData>
  extends TransportImpl<Data, PlainTransportEvents, PlainTransportObserverEvents>
  implements PlainTransport<Data>
{
  readonly #sctp: SctpEnd
  #state: AddressedTransportState
  #connecting = false

  constructor(setup: AddressedTransportSetup<Data>) {
    super(setup)
    this.#state = setup.state
    this.#sctp = new SctpEnd(setup.sctp, false)
  }

  override get type(): 'plain' {
    return 'plain'
  }
  get tuple(): TransportTuple {
    return publicTupleOf(this.#state.tuple)
  }
  get rtcpTuple(): TransportTuple | undefined {
    const { rtcpTuple } = this.#state
    return rtcpTuple === undefined ? undefined : publicTupleOf(rtcpTuple)
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

  override async dump(): Promise<PlainTransportDump> {
    const dump = await this.scope.request('transport.dump', { transportId: this.id })
    return dump as unknown as PlainTransportDump
  }

  override async getStats(): Promise<PlainTransportStat[]> {
    const stats = await this.scope.request('transport.getStats', { transportId: this.id })
    return stats as unknown as PlainTransportStat[]
  }

  override async connect(parameters: PlainTransportConnectParameters): Promise<void> {
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
    const { event, data } = workerEvent
    switch (event) {
      case 'transport.tuple':
        this.#state = { ...this.#state, tuple: data.tuple }
        this.safeEmit('tuple', this.tuple)
        this.observer.safeEmit('tuple', this.tuple)
        break
      case 'transport.rtcpTuple': {
        const rtcpTuple = publicTupleOf(data.tuple)
        this.#state = { ...this.#state, rtcpTuple: data.tuple }
        this.safeEmit('rtcptuple', rtcpTuple)
        this.observer.safeEmit('rtcptuple', rtcpTuple)
        break
      }
      case 'transport.sctpState':
        this.safeEmit('sctpstatechange', this.#sctp.changed(data))
        this.observer.safeEmit('sctpstatechange', data.sctpState)
        break
      default:
        super.handleEvent(workerEvent)
    }
  }
}
