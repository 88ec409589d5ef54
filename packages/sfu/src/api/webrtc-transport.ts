import type {
  TransportTuple as ChannelTuple,
  SctpSettings,
  WebRtcTransportCreation,
} from '../channel/messages.ts'
import type { WorkerEvent } from '../channel/parent-channel.ts'
import { errors } from './errors.ts'
import type { AppData } from './option-checks.ts'
import { checkObject } from './option-checks.ts'
import { SctpEnd } from './sctp-end.ts'
import { TransportImpl, type TransportSetup } from './transport.ts'
import type {
  SctpNegotiatedCapabilities,
  SctpParameters,
  SctpState,
  TransportTuple,
} from './transport-types.ts'
import { dtlsParametersOf } from './webrtc-transport-options.ts'
import type {
  DtlsParameters,
  DtlsState,
  IceCandidate,
  IceParameters,
  IceState,
  WebRtcTransport,
  WebRtcTransportDump,
  WebRtcTransportEvents,
  WebRtcTransportObserverEvents,
  WebRtcTransportStat,
} from './webrtc-transport-types.ts'

/** What a WebRtcTransport gets from its router, and from the worker. */
export interface WebRtcTransportSetup<Data extends AppData> extends TransportSetup<Data> {
  readonly creation: WebRtcTransportCreation
  /** Without it there is no SCTP. */
  readonly sctp: SctpSettings | undefined
}

export class WebRtcTransportImpl<Data extends AppData = AppData>
  extends TransportImpl<Data, WebRtcTransportEvents, WebRtcTransportObserverEvents>
  implements WebRtcTransport<Data>
{
  #iceParameters: IceParameters
  readonly #iceCandidates: IceCandidate[]
  #iceState: IceState = 'new'
  #iceSelectedTuple: TransportTuple | undefined
  #dtlsParameters: DtlsParameters
  #dtlsState: DtlsState = 'new'
  #dtlsRemoteCert: string | undefined
  #connecting = false
  readonly #sctp: SctpEnd

  constructor(setup: WebRtcTransportSetup<Data>) {
    super(setup)
    const { iceParameters, iceCandidates, dtlsParameters } = setup.creation
    this.#iceParameters = { ...iceParameters }
    this.#iceCandidates = iceCandidates.map((candidate) => ({ ...candidate }))
    this.#dtlsParameters = { role: dtlsParameters.role, fingerprints: [...dtlsParameters.fingerprints] }
    this.#sctp = new SctpEnd(setup.sctp, true)
  }

  override get type(): 'webrtc' {
    return 'webrtc'
  }
  get iceRole(): 'controlled' {
    return 'controlled'
  }
  get iceParameters(): IceParameters {
    return this.#iceParameters
  }
  get iceCandidates(): IceCandidate[] {
    return this.#iceCandidates
  }
  get iceState(): IceState {
    return this.closed ? 'closed' : this.#iceState
  }
  get iceSelectedTuple(): TransportTuple | undefined {
    return this.closed ? undefined : this.#iceSelectedTuple
  }
  get dtlsParameters(): DtlsParameters {
    return this.#dtlsParameters
  }
  get dtlsState(): DtlsState {
    return this.closed ? 'closed' : this.#dtlsState
  }
  get dtlsRemoteCert(): string | undefined {
    return this.#dtlsRemoteCert
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

  override async dump(): Promise<WebRtcTransportDump> {
    const dump = await this.scope.request('transport.dump', { transportId: this.id })
    return dump as unknown as WebRtcTransportDump
  }

  override async getStats(): Promise<WebRtcTransportStat[]> {
    const stats = await this.scope.request('transport.getStats', { transportId: this.id })
    return stats as unknown as WebRtcTransportStat[]
  }

  override async connect(parameters: { dtlsParameters: DtlsParameters }): Promise<void> {
    this.scope.assertOpen()
    checkObject('parameters', parameters)
    const dtlsParameters = dtlsParametersOf(parameters.dtlsParameters)
    if (this.#connecting) throw errors.alreadyConnected(this.id)
    this.#connecting = true
    try {
      const { dtlsLocalRole } = await this.scope.request('transport.connectWebRtc', {
        transportId: this.id,
        dtlsParameters,
      })
      this.#dtlsParameters = { ...this.#dtlsParameters, role: dtlsLocalRole }
    } catch (error) {
      this.#connecting = false
      throw error
    }
  }

  async restartIce(): Promise<IceParameters> {
    const { iceParameters } = await this.scope.request('transport.restartIce', { transportId: this.id })
    this.#iceParameters = { ...iceParameters }
    return this.#iceParameters
  }

  protected override handleEvent(workerEvent: WorkerEvent): void {
    const { event, data } = workerEvent
    switch (event) {
      case 'transport.iceState':
        this.#iceState = data.iceState
        this.safeEmit('icestatechange', data.iceState)
        this.observer.safeEmit('icestatechange', data.iceState)
        break
      case 'transport.iceSelectedTuple':
        this.#handleSelectedTuple(data.tuple)
        break
      case 'transport.dtlsState':
        this.#dtlsState = data.dtlsState
        if (data.remoteCertificate !== undefined) this.#dtlsRemoteCert = data.remoteCertificate
        this.safeEmit('dtlsstatechange', data.dtlsState)
        this.observer.safeEmit('dtlsstatechange', data.dtlsState)
        break
      case 'transport.sctpState':
        this.#sctp.changed(data)
        this.safeEmit('sctpstatechange', data.sctpState)
        this.observer.safeEmit('sctpstatechange', data.sctpState)
        break
      default:
        super.handleEvent(workerEvent)
    }
  }

  /** A tuple that is lost is only read, not told: `icestatechange` says why. */
  #handleSelectedTuple(tuple: ChannelTuple | undefined): void {
    this.#iceSelectedTuple = tuple === undefined ? undefined : { localIp: tuple.localAddress, ...tuple }
    if (this.#iceSelectedTuple === undefined) return
    this.safeEmit('iceselectedtuplechange', this.#iceSelectedTuple)
    this.observer.safeEmit('iceselectedtuplechange', this.#iceSelectedTuple)
  }
}
