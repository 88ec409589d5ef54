import { randomUUID } from 'node:crypto'
import { generateRouterRtpCapabilities } from '@sangam/ortc'
import { ParentChannel, type WorkerEvent } from '../channel/parent-channel.ts'
import { EnhancedEventEmitter } from './enhanced-event-emitter.ts'
import { EntityScope } from './entity-scope.ts'
import { errors, fromChannelError } from './errors.ts'
import { listenInfosOf } from './listen-info.ts'
import { Logger } from './logger.ts'
import { type AppData, appDataOf, checkArray, checkObject } from './option-checks.ts'
import { RouterImpl } from './router.ts'
import type { Router, RouterOptions } from './router-types.ts'
import type { TransportPortRange } from './transport-types.ts'
import { WebRtcServerImpl } from './webrtc-server.ts'
import type { WebRtcServer, WebRtcServerOptions } from './webrtc-server-types.ts'
import type { StartWorkerProcess, WorkerProcess } from './worker-process.ts'
import { workerUpdateOf } from './worker-settings.ts'
import type {
  Worker,
  WorkerDump,
  WorkerEvents,
  WorkerObserver,
  WorkerObserverEvents,
  WorkerResourceUsage,
  WorkerUpdateableSettings,
} from './worker-types.ts'

const logger = new Logger('Worker')

/** How long a closed worker may take to end by itself. */
const CLOSE_TIMEOUT_MS = 2000
/** How long a worker may take until it runs; generous, for machines under load. */
const START_TIMEOUT_MS = 30_000

/** What a worker is made of. */
export interface WorkerOptions<Data extends AppData> {
  readonly startProcess: StartWorkerProcess
  readonly appData: Data
  readonly defaultPortRange?: TransportPortRange | undefined
}

export class WorkerImpl<Data extends AppData = AppData>
  extends EnhancedEventEmitter<WorkerEvents>
  implements Worker<Data>
{
  readonly #process: WorkerProcess
  readonly #channel: ParentChannel
  readonly #scope: EntityScope
  readonly #defaultPortRange: TransportPortRange | undefined
  readonly #observer: WorkerObserver = new EnhancedEventEmitter<WorkerObserverEvents>()
  readonly #routers = new Map<string, RouterImpl>()
  readonly #webRtcServers = new Map<string, WebRtcServerImpl>()
  readonly #running = Promise.withResolvers<void>()
  #appData: Data
  #started = false
  #died = false
  #subprocessClosed = false
  #endedHow = ''

  /**
   * Starts a worker.
   * @returns the worker, once it is ready for requests
   * @throws WorkerClosedError that says why it did not start
   */
  static async start<Data extends AppData>(options: WorkerOptions<Data>): Promise<WorkerImpl<Data>> {
    const worker = new WorkerImpl(options)
    await worker.#untilRunning()
    return worker
  }

  private constructor(options: WorkerOptions<Data>) {
    super()
    this.#appData = options.appData
    this.#defaultPortRange = options.defaultPortRange
    this.#channel = new ParentChannel({
      send: (frame) => this.#process.send(frame),
      toError: fromChannelError,
      onUnclaimedEvent: (event) => this.#handleEvent(event),
    })
    this.#scope = new EntityScope('the worker', this.#channel)
    this.#process = options.startProcess({
      onFrame: (frame) => this.#channel.handleFrame(frame),
      onExit: (how) => this.#handleExit(how),
      onClose: (lastWords) => this.#handleProcessClose(lastWords),
    })
  }

  get pid(): number {
    return this.#process.pid
  }
  get closed(): boolean {
    return this.#scope.closed
  }
  get died(): boolean {
    return this.#died
  }
  get subprocessClosed(): boolean {
    return this.#subprocessClosed
  }
  get appData(): Data {
    return this.#appData
  }
  set appData(appData: Data) {
    checkObject('appData', appData)
    this.#appData = appData
  }
  get observer(): WorkerObserver {
    return this.#observer
  }

  close(): void {
    if (!this.#scope.end()) return
    this.#scope.tell('worker.close', {})
    this.#channel.close(errors.workerClosed())
    this.#closeChildren()
    const timer = setTimeout(() => this.#process.kill(), CLOSE_TIMEOUT_MS).unref()
    this.once('subprocessclose', () => clearTimeout(timer))
    this.#observer.safeEmit('close')
  }

  async dump(): Promise<WorkerDump> {
    this.#assertOpen()
    return (await this.#scope.request('worker.dump', {})) as unknown as WorkerDump
  }

  async getResourceUsage(): Promise<WorkerResourceUsage> {
    this.#assertOpen()
    return (await this.#scope.request('worker.getResourceUsage', {})) as unknown as WorkerResourceUsage
  }

  async updateSettings(settings: WorkerUpdateableSettings = {}): Promise<void> {
    this.#assertOpen()
    await this.#scope.request('worker.updateSettings', workerUpdateOf(settings))
  }

  async createWebRtcServer<ServerData extends AppData = AppData>(
    options: WebRtcServerOptions<ServerData>,
  ): Promise<WebRtcServer<ServerData>> {
    this.#assertOpen()
    checkObject('options', options)
    const listenInfos = listenInfosOf('listenInfos', options.listenInfos, this.#defaultPortRange)
    const appData = appDataOf(options.appData)
    const id = randomUUID()
    await this.#scope.request('worker.createWebRtcServer', { webRtcServerId: id, listenInfos })
    const scope = new EntityScope(`WebRtcServer ${id}`, this.#channel)
    const onClosed = (): void => void this.#webRtcServers.delete(id)
    const webRtcServer = new WebRtcServerImpl({ id, appData, scope, onClosed })
    this.#webRtcServers.set(id, webRtcServer)
    this.#observer.safeEmit('newwebrtcserver', webRtcServer)
    return webRtcServer
  }

  async createRouter<RouterData extends AppData = AppData>(
    options: RouterOptions<RouterData> = {},
  ): Promise<Router<RouterData>> {
    this.#assertOpen()
    checkObject('options', options)
    if (options.mediaCodecs !== undefined) checkArray('mediaCodecs', options.mediaCodecs)
    const rtpCapabilities = generateRouterRtpCapabilities(structuredClone(options.mediaCodecs ?? []))
    const appData = appDataOf(options.appData)
    const id = randomUUID()
    await this.#scope.request('worker.createRouter', { routerId: id })
    const router = new RouterImpl({
      id,
      rtpCapabilities,
      appData,
      channel: this.#channel,
      scope: new EntityScope(`router ${id}`, this.#channel),
      defaultPortRange: this.#defaultPortRange,
      ownsWebRtcServer: (webRtcServerId) => this.#webRtcServers.has(webRtcServerId),
      onClosed: () => void this.#routers.delete(id),
    })
    this.#routers.set(id, router)
    this.#observer.safeEmit('newrouter', router)
    return router
  }

  async #untilRunning(): Promise<void> {
    const timer = setTimeout(() => this.#process.kill(), START_TIMEOUT_MS)
    try {
      await this.#running.promise
    } finally {
      clearTimeout(timer)
    }
  }

  /** As of the scope, but a worker has an error class of its own. */
  #assertOpen(): void {
    if (this.#died) throw errors.workerDied(this.#endedHow)
    if (this.closed) throw errors.workerClosed()
  }

  #handleEvent({ event, data }: WorkerEvent): void {
    if (event === 'worker.running') {
      this.#started = true
      this.#process.started()
      this.#running.resolve()
    } else if (event === 'worker.log') {
      logger[data.level](data.text)
    }
  }

  #handleExit(how: string): void {
    this.#endedHow = how
    // Why it did not start is told when its last words are read.
    if (!this.#started || !this.#scope.end()) return
    this.#died = true
    const error = errors.workerDied(how)
    this.#channel.close(error)
    this.#closeChildren()
    this.safeEmit('died', error)
    this.#observer.safeEmit('close')
  }

  #handleProcessClose(lastWords: string): void {
    this.#subprocessClosed = true
    if (!this.#started) this.#running.reject(errors.workerNotStarted(lastWords || this.#endedHow))
    this.safeEmit('subprocessclose')
  }

  #closeChildren(): void {
    const routers = [...this.#routers.values()]
    const webRtcServers = [...this.#webRtcServers.values()]
    this.#routers.clear()
    this.#webRtcServers.clear()
    for (const router of routers) router.workerClosed()
    for (const webRtcServer of webRtcServers) webRtcServer.workerClosed()
  }
}
