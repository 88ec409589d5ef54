import { randomUUID } from 'node:crypto'
import {
  canConsume,
  generateRouterRtpCapabilities,
  type RouterRtpCodecCapability,
  type RtpCapabilities,
  validateAndNormalizeRtpCapabilities,
} from '@sangam/ortc'
import type { Mailbox, ParentChannel } from '../channel/parent-channel.ts'
import type { DataProducerImpl } from './data-producer.ts'
import { DirectTransportImpl, directMessageSizesOf } from './direct-transport.ts'
import type { DirectTransport, DirectTransportOptions } from './direct-transport-types.ts'
import { EnhancedEventEmitter } from './enhanced-event-emitter.ts'
import { EntityScope } from './entity-scope.ts'
import { errors } from './errors.ts'
import { Logger } from './logger.ts'
import { notBuiltYet } from './not-built-yet.ts'
import { type AppData, appDataOf, checkArray, checkObject } from './option-checks.ts'
import type { ProducerImpl } from './producer.ts'
import type {
  Router,
  RouterDump,
  RouterEvents,
  RouterObserver,
  RouterObserverEvents,
} from './router-types.ts'
import type { TransportSetup } from './transport.ts'
import type { TransportPortRange } from './transport-types.ts'
import { WebRtcServerImpl } from './webrtc-server.ts'
import { WebRtcTransportImpl } from './webrtc-transport.ts'
import { webRtcTransportRequestOf } from './webrtc-transport-options.ts'
import type { WebRtcTransport, WebRtcTransportOptions } from './webrtc-transport-types.ts'

const logger = new Logger('Router')

/** What a router gets from its worker. */
export interface RouterSetup<Data extends AppData> {
  readonly id: string
  readonly rtpCapabilities: RtpCapabilities
  readonly appData: Data
  readonly channel: ParentChannel
  readonly scope: EntityScope
  readonly defaultPortRange: TransportPortRange | undefined
  /** Whether a WebRtcServer belongs to the same worker. */
  readonly ownsWebRtcServer: (webRtcServerId: string) => boolean
  /** Called once, when the router closes for a reason of its own. */
  readonly onClosed: () => void
}

export class RouterImpl<Data extends AppData = AppData>
  extends EnhancedEventEmitter<RouterEvents>
  implements Router<Data>
{
  readonly #setup: RouterSetup<Data>
  readonly #observer: RouterObserver = new EnhancedEventEmitter<RouterObserverEvents>()
  readonly #transports = new Map<string, WebRtcTransportImpl | DirectTransportImpl>()
  readonly #producers = new Map<string, ProducerImpl>()
  readonly #dataProducers = new Map<string, DataProducerImpl>()
  #rtpCapabilities: RtpCapabilities
  #appData: Data

  constructor(setup: RouterSetup<Data>) {
    super()
    this.#setup = setup
    this.#rtpCapabilities = setup.rtpCapabilities
    this.#appData = setup.appData
  }

  get id(): string {
    return this.#setup.id
  }
  get closed(): boolean {
    return this.#setup.scope.closed
  }
  get rtpCapabilities(): RtpCapabilities {
    return this.#rtpCapabilities
  }
  get appData(): Data {
    return this.#appData
  }
  set appData(appData: Data) {
    checkObject('appData', appData)
    this.#appData = appData
  }
  get observer(): RouterObserver {
    return this.#observer
  }

  close(): void {
    if (!this.#setup.scope.end()) return
    this.#setup.scope.tell('router.close', { routerId: this.id })
    this.#closeTransports()
    this.#setup.onClosed()
    this.#observer.safeEmit('close')
  }

  /** The worker closed or died, and takes the router along. */
  workerClosed(): void {
    if (!this.#setup.scope.end()) return
    this.#closeTransports()
    this.safeEmit('workerclose')
    this.#observer.safeEmit('close')
  }

  async dump(): Promise<RouterDump> {
    return (await this.#setup.scope.request('router.dump', { routerId: this.id })) as unknown as RouterDump
  }

  async createWebRtcTransport<TransportData extends AppData = AppData>(
    options: WebRtcTransportOptions<TransportData>,
  ): Promise<WebRtcTransport<TransportData>> {
    this.#setup.scope.assertOpen()
    const request = webRtcTransportRequestOf(options, this.#setup.defaultPortRange)
    const webRtcServer = this.#webRtcServerOf(options.webRtcServer)
    const appData = appDataOf(options.appData)
    const id = randomUUID()
    return this.#create(id, async (mailbox) => {
      const creation = await this.#setup.scope.request('router.createWebRtcTransport', {
        routerId: this.id,
        transportId: id,
        ...(webRtcServer === undefined ? {} : { webRtcServerId: webRtcServer.id }),
        ...request,
      })
      if (webRtcServer?.closed)
        throw errors.closedMeanwhile(`WebRtcServer ${webRtcServer.id}`, 'createWebRtcTransport')
      const onClosed = (): void => {
        this.#transports.delete(id)
        webRtcServer?.unhandleWebRtcTransport(transport)
      }
      const { sctp } = request
      const data = {
        way: sctp === undefined ? 'none' : 'sctp',
        maxReceiveMessageSize: sctp?.maxReceiveMessageSize ?? 0,
      } as const
      const setup = this.#transportSetup(id, appData, mailbox, data, onClosed)
      const transport: WebRtcTransportImpl<TransportData> = new WebRtcTransportImpl({
        ...setup,
        creation,
        sctp,
      })
      this.#transports.set(id, transport)
      webRtcServer?.handleWebRtcTransport(transport)
      return transport
    })
  }

  async createDirectTransport<TransportData extends AppData = AppData>(
    options: DirectTransportOptions<TransportData> = {},
  ): Promise<DirectTransport<TransportData>> {
    this.#setup.scope.assertOpen()
    const sizes = directMessageSizesOf(options)
    const appData = appDataOf(options.appData)
    const id = randomUUID()
    return this.#create(id, async (mailbox) => {
      await this.#setup.scope.request('router.createDirectTransport', {
        routerId: this.id,
        transportId: id,
        ...sizes,
      })
      const onClosed = (): void => {
        this.#transports.delete(id)
      }
      const data = { way: 'direct', maxReceiveMessageSize: sizes.maxReceiveMessageSize } as const
      const setup = this.#transportSetup(id, appData, mailbox, data, onClosed)
      const transport = new DirectTransportImpl(setup)
      this.#transports.set(id, transport)
      return transport
    })
  }

  async createPlainTransport(_options: unknown): Promise<never> {
    throw notBuiltYet('router.createPlainTransport()')
  }

  async createPipeTransport(_options: unknown): Promise<never> {
    throw notBuiltYet('router.createPipeTransport()')
  }

  async createActiveSpeakerObserver(_options?: unknown): Promise<never> {
    throw notBuiltYet('router.createActiveSpeakerObserver()')
  }

  async createAudioLevelObserver(_options?: unknown): Promise<never> {
    throw notBuiltYet('router.createAudioLevelObserver()')
  }

  async pipeToRouter(_options: unknown): Promise<never> {
    throw notBuiltYet('router.pipeToRouter()')
  }

  canConsume(options: { producerId: string; rtpCapabilities: RtpCapabilities }): boolean {
    const producer = this.#producers.get(options.producerId)
    if (!producer) {
      logger.warn(`canConsume(): ${errors.producerNotFound(options.producerId).message}`)
      return false
    }
    try {
      const rtpCapabilities = structuredClone(options.rtpCapabilities)
      validateAndNormalizeRtpCapabilities(rtpCapabilities)
      return canConsume(producer.consumableRtpParameters, rtpCapabilities)
    } catch (error) {
      logger.warn(`canConsume(): ${String(error)}`)
      return false
    }
  }

  updateMediaCodecs(mediaCodecs: RouterRtpCodecCapability[]): void {
    this.#setup.scope.assertOpen()
    checkArray('mediaCodecs', mediaCodecs)
    this.#rtpCapabilities = generateRouterRtpCapabilities(structuredClone(mediaCodecs))
  }

  /** Makes a transport; its events wait from before the request on. */
  async #create<NewTransport extends WebRtcTransportImpl | DirectTransportImpl>(
    id: string,
    make: (mailbox: Mailbox) => Promise<NewTransport>,
  ): Promise<NewTransport> {
    const mailbox = this.#setup.channel.openMailbox(id)
    try {
      const transport = await make(mailbox)
      this.#observer.safeEmit('newtransport', transport)
      return transport
    } catch (error) {
      mailbox.close()
      throw error
    }
  }

  #transportSetup<TransportData extends AppData>(
    id: string,
    appData: TransportData,
    mailbox: Mailbox,
    data: TransportSetup<TransportData>['data'],
    onClosed: () => void,
  ): TransportSetup<TransportData> {
    return {
      id,
      appData,
      channel: this.#setup.channel,
      scope: new EntityScope(`transport ${id}`, this.#setup.channel, mailbox),
      routerRtpCapabilities: () => this.#rtpCapabilities,
      routerProducers: this.#producers,
      routerDataProducers: this.#dataProducers,
      data,
      onClosed,
    }
  }

  #webRtcServerOf(webRtcServer: unknown): WebRtcServerImpl | undefined {
    if (webRtcServer === undefined) return undefined
    if (!(webRtcServer instanceof WebRtcServerImpl)) {
      throw errors.invalidOption('webRtcServer', 'a WebRtcServer', webRtcServer)
    }
    if (webRtcServer.closed) throw errors.closed(`WebRtcServer ${webRtcServer.id}`)
    if (!this.#setup.ownsWebRtcServer(webRtcServer.id)) {
      throw errors.optionConflict('webRtcServer', "it belongs to another worker than the router's")
    }
    return webRtcServer
  }

  #closeTransports(): void {
    const transports = [...this.#transports.values()]
    for (const transport of transports) transport.routerClosed()
    this.#transports.clear()
    this.#producers.clear()
    this.#dataProducers.clear()
  }
}
