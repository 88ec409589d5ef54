import { randomUUID } from 'node:crypto'
import {
  canConsume,
  generateRouterRtpCapabilities,
  type RouterRtpCodecCapability,
  type RtpCapabilities,
  validateAndNormalizeRtpCapabilities,
} from '@sangam/ortc'
import type { SctpSettings } from '../channel/messages.ts'
import type { Mailbox, ParentChannel } from '../channel/parent-channel.ts'
import { ActiveSpeakerObserverImpl, activeSpeakerIntervalOf } from './active-speaker-observer.ts'
import type { ActiveSpeakerObserver, ActiveSpeakerObserverOptions } from './active-speaker-observer-types.ts'
import { pipeTransportRequestOf, plainTransportRequestOf } from './addressed-transport-options.ts'
import { AudioLevelObserverImpl, audioLevelRequestOf } from './audio-level-observer.ts'
import type { AudioLevelObserver, AudioLevelObserverOptions } from './audio-level-observer-types.ts'
import { AudioSelectorImpl, audioSelectorRequestOf } from './audio-selector.ts'
import type { AudioSelector, AudioSelectorOptions } from './audio-selector-types.ts'
import type { DataProducerImpl } from './data-producer.ts'
import { DirectTransportImpl, directMessageSizesOf } from './direct-transport.ts'
import type { DirectTransport, DirectTransportOptions } from './direct-transport-types.ts'
import { EnhancedEventEmitter } from './enhanced-event-emitter.ts'
import { EntityScope } from './entity-scope.ts'
import { errors } from './errors.ts'
import { Logger } from './logger.ts'
import { type AppData, appDataOf, checkArray, checkObject } from './option-checks.ts'
import { linkBetween, pipeDataProducer, pipeProducer } from './pipe-links.ts'
import { pipeRequestOf } from './pipe-to-router-options.ts'
import { PipeTransportImpl } from './pipe-transport.ts'
import type { PipeTransport, PipeTransportOptions } from './pipe-transport-types.ts'
import { PlainTransportImpl } from './plain-transport.ts'
import type { PlainTransport, PlainTransportOptions } from './plain-transport-types.ts'
import type { ProducerImpl } from './producer.ts'
import type {
  PipeToRouterOptions,
  PipeToRouterResult,
  Router,
  RouterDump,
  RouterEvents,
  RouterObserver,
  RouterObserverEvents,
} from './router-types.ts'
import type { RtpObserverSetup } from './rtp-observer.ts'
import type { TransportSetup } from './transport.ts'
import type { TransportPortRange } from './transport-types.ts'
import { WebRtcServerImpl } from './webrtc-server.ts'
import { WebRtcTransportImpl } from './webrtc-transport.ts'
import { webRtcTransportRequestOf } from './webrtc-transport-options.ts'
import type { WebRtcTransport, WebRtcTransportOptions } from './webrtc-transport-types.ts'

const logger = new Logger('Router')

type AnyTransportImpl = WebRtcTransportImpl | PlainTransportImpl | PipeTransportImpl | DirectTransportImpl
type AnyRtpObserverImpl = ActiveSpeakerObserverImpl | AudioLevelObserverImpl | AudioSelectorImpl

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
  readonly #transports = new Map<string, AnyTransportImpl>()
  readonly #rtpObservers = new Map<string, AnyRtpObserverImpl>()
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
    this.#closeChildren()
    this.#setup.onClosed()
    this.#observer.safeEmit('close')
  }

  /** The worker closed or died, and takes the router along. */
  workerClosed(): void {
    if (!this.#setup.scope.end()) return
    this.#closeChildren()
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
      const setup = this.#transportSetup(id, appData, mailbox, dataOver(sctp), onClosed)
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

  async createPlainTransport<TransportData extends AppData = AppData>(
    options: PlainTransportOptions<TransportData>,
  ): Promise<PlainTransport<TransportData>> {
    this.#setup.scope.assertOpen()
    const request = plainTransportRequestOf(options, this.#setup.defaultPortRange)
    const appData = appDataOf(options.appData)
    const id = randomUUID()
    return this.#create(id, async (mailbox) => {
      const ids = { routerId: this.id, transportId: id }
      const state = await this.#setup.scope.request('router.createPlainTransport', { ...ids, ...request })
      const { sctp } = request
      const onClosed = (): void => {
        this.#transports.delete(id)
      }
      const setup = this.#transportSetup(id, appData, mailbox, dataOver(sctp), onClosed)
      const transport = new PlainTransportImpl({ ...setup, state, sctp })
      this.#transports.set(id, transport)
      return transport
    })
  }

  async createPipeTransport<TransportData extends AppData = AppData>(
    options: PipeTransportOptions<TransportData>,
  ): Promise<PipeTransport<TransportData>> {
    this.#setup.scope.assertOpen()
    const request = pipeTransportRequestOf(options, this.#setup.defaultPortRange)
    const appData = appDataOf(options.appData)
    const id = randomUUID()
    return this.#create(id, async (mailbox) => {
      const ids = { routerId: this.id, transportId: id }
      const state = await this.#setup.scope.request('router.createPipeTransport', { ...ids, ...request })
      const { sctp } = request
      const onClosed = (): void => {
        this.#transports.delete(id)
      }
      const setup = this.#transportSetup(id, appData, mailbox, dataOver(sctp), onClosed)
      const transport = new PipeTransportImpl({ ...setup, state, sctp, enableRtx: request.enableRtx })
      this.#transports.set(id, transport)
      return transport
    })
  }

  async createActiveSpeakerObserver<ObserverData extends AppData = AppData>(
    options: ActiveSpeakerObserverOptions<ObserverData> = {},
  ): Promise<ActiveSpeakerObserver<ObserverData>> {
    this.#setup.scope.assertOpen()
    const intervalMs = activeSpeakerIntervalOf(options)
    return this.#createObserver(
      options.appData,
      (ids) => this.#setup.scope.request('router.createActiveSpeakerObserver', { ...ids, intervalMs }),
      (setup: RtpObserverSetup<ObserverData>) => new ActiveSpeakerObserverImpl(setup),
    )
  }

  async createAudioLevelObserver<ObserverData extends AppData = AppData>(
    options: AudioLevelObserverOptions<ObserverData> = {},
  ): Promise<AudioLevelObserver<ObserverData>> {
    this.#setup.scope.assertOpen()
    const request = audioLevelRequestOf(options)
    return this.#createObserver(
      options.appData,
      (ids) => this.#setup.scope.request('router.createAudioLevelObserver', { ...ids, ...request }),
      (setup: RtpObserverSetup<ObserverData>) => new AudioLevelObserverImpl(setup),
    )
  }

  async createAudioSelector<ObserverData extends AppData = AppData>(
    options: AudioSelectorOptions<ObserverData> = {},
  ): Promise<AudioSelector<ObserverData>> {
    this.#setup.scope.assertOpen()
    const request = audioSelectorRequestOf(options)
    return this.#createObserver(
      options.appData,
      (ids) => this.#setup.scope.request('router.createAudioSelector', { ...ids, ...request }),
      (setup: RtpObserverSetup<ObserverData>) => new AudioSelectorImpl(setup),
    )
  }

  async pipeToRouter(options: PipeToRouterOptions): Promise<PipeToRouterResult> {
    this.#setup.scope.assertOpen()
    const { noun, id, router, keepId, pipeTransport } = pipeRequestOf(options)
    if (!(router instanceof RouterImpl)) throw errors.invalidOption('router', 'a Router', router)
    if (router === this) throw errors.optionConflict('router', 'a router needs no pipe to itself')
    if (router.closed) throw errors.closed(`router ${router.id}`)
    const isPresent = (noun === 'producer' ? this.#producers : this.#dataProducers).has(id)
    if (!isPresent) throw noun === 'producer' ? errors.producerNotFound(id) : errors.dataProducerNotFound(id)
    if (keepId && router.#setup.channel === this.#setup.channel)
      throw errors.optionConflict('keepId', 'both routers are in one worker, where an id names one producer')
    const link = await linkBetween(this, router, pipeTransport)
    const copyId = keepId ? id : undefined
    const producer = noun === 'producer' ? this.#producers.get(id) : undefined
    if (producer !== undefined) return pipeProducer(producer, link, copyId)
    const dataProducer = noun === 'dataProducer' ? this.#dataProducers.get(id) : undefined
    if (dataProducer !== undefined) return pipeDataProducer(dataProducer, link, copyId)
    throw errors.closedMeanwhile(`${noun} ${id}`, 'pipeToRouter')
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

  async #createObserver<ObserverData extends AppData, Observer extends AnyRtpObserverImpl>(
    givenAppData: ObserverData | undefined,
    request: (ids: { routerId: string; rtpObserverId: string }) => Promise<unknown>,
    make: (setup: RtpObserverSetup<ObserverData>) => Observer,
  ): Promise<Observer> {
    const appData = appDataOf(givenAppData)
    const id = randomUUID()
    const mailbox = this.#setup.channel.openMailbox(id)
    try {
      await request({ routerId: this.id, rtpObserverId: id })
    } catch (error) {
      mailbox.close()
      throw error
    }
    const rtpObserver = make({
      id,
      appData,
      scope: new EntityScope(`RtpObserver ${id}`, this.#setup.channel, mailbox),
      producerById: (producerId) => this.#producers.get(producerId),
      onClosed: () => this.#rtpObservers.delete(id),
    })
    this.#rtpObservers.set(id, rtpObserver)
    this.#observer.safeEmit('newrtpobserver', rtpObserver)
    return rtpObserver
  }

  /** Makes a transport; its events wait from before the request on. */
  async #create<NewTransport extends AnyTransportImpl>(
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

  #closeChildren(): void {
    const transports = [...this.#transports.values()]
    const rtpObservers = [...this.#rtpObservers.values()]
    for (const transport of transports) transport.routerClosed()
    this.#transports.clear()
    this.#producers.clear()
    for (const rtpObserver of rtpObservers) rtpObserver.routerClosed()
    this.#rtpObservers.clear()
    this.#dataProducers.clear()
  }
}

/** How a transport's messages travel. */
function dataOver(sctp: SctpSettings | undefined): TransportSetup<AppData>['data'] {
  return {
    way: sctp === undefined ? 'none' : 'sctp',
    maxReceiveMessageSize: sctp?.maxReceiveMessageSize ?? 0,
  }
}
