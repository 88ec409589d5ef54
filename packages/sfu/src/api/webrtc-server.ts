import { EnhancedEventEmitter } from './enhanced-event-emitter.ts'
import type { EntityScope } from './entity-scope.ts'
import { type AppData, checkObject } from './option-checks.ts'
import type {
  WebRtcServer,
  WebRtcServerDump,
  WebRtcServerEvents,
  WebRtcServerObserver,
  WebRtcServerObserverEvents,
} from './webrtc-server-types.ts'
import type { WebRtcTransportImpl } from './webrtc-transport.ts'

/** What a WebRtcServer gets from its worker. */
export interface WebRtcServerSetup<Data extends AppData> {
  readonly id: string
  readonly appData: Data
  readonly scope: EntityScope
  /** Called once, when the server closes for a reason of its own. */
  readonly onClosed: () => void
}

export class WebRtcServerImpl<Data extends AppData = AppData>
  extends EnhancedEventEmitter<WebRtcServerEvents>
  implements WebRtcServer<Data>
{
  readonly #setup: WebRtcServerSetup<Data>
  readonly #observer: WebRtcServerObserver = new EnhancedEventEmitter<WebRtcServerObserverEvents>()
  readonly #transports = new Set<WebRtcTransportImpl>()
  #appData: Data

  constructor(setup: WebRtcServerSetup<Data>) {
    super()
    this.#setup = setup
    this.#appData = setup.appData
  }

  get id(): string {
    return this.#setup.id
  }
  get closed(): boolean {
    return this.#setup.scope.closed
  }
  get appData(): Data {
    return this.#appData
  }
  set appData(appData: Data) {
    checkObject('appData', appData)
    this.#appData = appData
  }
  get observer(): WebRtcServerObserver {
    return this.#observer
  }

  close(): void {
    if (!this.#setup.scope.end()) return
    this.#setup.scope.tell('webRtcServer.close', { webRtcServerId: this.id })
    const transports = [...this.#transports]
    this.#transports.clear()
    for (const transport of transports) transport.listenServerClosed()
    this.#setup.onClosed()
    this.#observer.safeEmit('close')
  }

  /** The worker closed or died; the routers, and so all transports, are closed already. */
  workerClosed(): void {
    if (!this.#setup.scope.end()) return
    this.#transports.clear()
    this.safeEmit('workerclose')
    this.#observer.safeEmit('close')
  }

  async dump(): Promise<WebRtcServerDump> {
    const dump = await this.#setup.scope.request('webRtcServer.dump', { webRtcServerId: this.id })
    return dump as unknown as WebRtcServerDump
  }

  /** Carries a transport from now on. */
  handleWebRtcTransport(transport: WebRtcTransportImpl): void {
    this.#transports.add(transport)
    this.#observer.safeEmit('webrtctransporthandled', transport)
  }

  /** The transport has closed. Says nothing if it did so because the server closed. */
  unhandleWebRtcTransport(transport: WebRtcTransportImpl): void {
    if (this.#transports.delete(transport)) this.#observer.safeEmit('webrtctransportunhandled', transport)
  }
}
