import { randomBytes, randomUUID } from 'node:crypto'
import type { RtpCapabilities } from '@sangam/ortc'
import type { ParentChannel, WorkerEvent } from '../channel/parent-channel.ts'
import { type ConsumePlan, checkConsumerOptions, planConsume } from './consume-plan.ts'
import { ConsumerImpl } from './consumer.ts'
import type { Consumer, ConsumerOptions } from './consumer-types.ts'
import type { DataConsumer, DataConsumerOptions } from './data-consumer-types.ts'
import type { DataProducerImpl } from './data-producer.ts'
import type { DataProducer, DataProducerOptions } from './data-producer-types.ts'
import { EnhancedEventEmitter } from './enhanced-event-emitter.ts'
import { EntityScope } from './entity-scope.ts'
import { errors } from './errors.ts'
import { type AppData, appDataOf, checkObject, integerIn, listOf } from './option-checks.ts'
import { planProduce } from './produce-plan.ts'
import { ProducerImpl } from './producer.ts'
import type { Producer, ProducerOptions } from './producer-types.ts'
import { RtpDemuxTable } from './rtp-demux-table.ts'
import { TransportData } from './transport-data.ts'
import type {
  Transport,
  TransportEvents,
  TransportObserver,
  TransportObserverEvents,
  TransportTraceEventData,
  TransportTraceEventType,
  TransportType,
} from './transport-types.ts'

const TRACE_TYPES: readonly TransportTraceEventType[] = ['probation', 'bwe']

/** A MID is at most 8 characters long here, so that it fits a one-byte header extension beside others. */
const MID_LIMIT = 100_000_000

/** What every transport gets from its router. */
export interface TransportSetup<Data extends AppData> {
  readonly id: string
  readonly appData: Data
  readonly channel: ParentChannel
  readonly scope: EntityScope
  readonly routerRtpCapabilities: () => RtpCapabilities
  /** The producers of all of the router's transports, by id. */
  readonly routerProducers: Map<string, ProducerImpl>
  readonly routerDataProducers: Map<string, DataProducerImpl>
  /** How messages travel, and what the application may send at most, bytes. */
  readonly data: { readonly way: 'sctp' | 'direct' | 'none'; readonly maxReceiveMessageSize: number }
  /** Called once, when the transport has closed, whatever the reason. */
  readonly onClosed: () => void
}

/** What all transports have in common: who lives on them, and how it closes (docs/closures.md). */
export abstract class TransportImpl<
    Data extends AppData,
    Events extends TransportEvents,
    ObserverEvents extends TransportObserverEvents,
  >
  extends EnhancedEventEmitter<Events>
  implements Transport<Data, Events>
{
  protected readonly scope: EntityScope
  readonly #setup: TransportSetup<Data>
  readonly #observer = new EnhancedEventEmitter<ObserverEvents>()
  readonly #producers = new Map<string, ProducerImpl>()
  readonly #consumers = new Map<string, ConsumerImpl>()
  readonly #demuxTable = new RtpDemuxTable()
  readonly #data: TransportData
  #appData: Data
  #cname: string | undefined
  #nextMid = 0

  constructor(setup: TransportSetup<Data>) {
    super()
    this.#setup = setup
    this.scope = setup.scope
    this.#appData = setup.appData
    this.#data = new TransportData({
      transportId: setup.id,
      channel: setup.channel,
      scope: setup.scope,
      ...setup.data,
      routerDataProducers: setup.routerDataProducers,
      create: (call, what, id, request) => this.#create(call, what, id, request),
    })
    this.scope.receive((event) => this.handleEvent(event))
  }

  abstract get type(): TransportType
  abstract dump(): Promise<unknown>
  abstract getStats(): Promise<unknown[]>
  abstract connect(parameters: unknown): Promise<void>

  get id(): string {
    return this.#setup.id
  }
  get closed(): boolean {
    return this.scope.closed
  }
  get appData(): Data {
    return this.#appData
  }
  set appData(appData: Data) {
    checkObject('appData', appData)
    this.#appData = appData
  }
  get observer(): EnhancedEventEmitter<ObserverEvents> {
    return this.#observer
  }

  close(): void {
    if (!this.scope.end()) return
    this.scope.tell('transport.close', { transportId: this.id })
    this.#closeChildren()
    this.#setup.onClosed()
    this.#baseObserver.safeEmit('close')
  }

  /** The router closed, and takes the transport along. */
  routerClosed(): void {
    if (!this.scope.end()) return
    this.#closeChildren()
    this.#setup.onClosed()
    this.#base.safeEmit('routerclose')
    this.#baseObserver.safeEmit('close')
  }

  /** The WebRtcServer that it listens on closed. */
  listenServerClosed(): void {
    if (!this.scope.end()) return
    this.#closeChildren()
    this.#setup.onClosed()
    this.#base.safeEmit('listenserverclose')
    this.#baseObserver.safeEmit('close')
  }

  async setMaxIncomingBitrate(bitrate: number): Promise<void> {
    await this.scope.request('transport.setMaxIncomingBitrate', this.#bitrateRequest(bitrate))
  }

  async setMaxOutgoingBitrate(bitrate: number): Promise<void> {
    await this.scope.request('transport.setMaxOutgoingBitrate', this.#bitrateRequest(bitrate))
  }

  async setMinOutgoingBitrate(bitrate: number): Promise<void> {
    await this.scope.request('transport.setMinOutgoingBitrate', this.#bitrateRequest(bitrate))
  }

  async enableTraceEvent(types: TransportTraceEventType[] = []): Promise<void> {
    const checked = listOf('types', types, TRACE_TYPES)
    await this.scope.request('transport.enableTraceEvent', { transportId: this.id, types: checked })
  }

  async produce<ProducerData extends AppData = AppData>(
    options: ProducerOptions<ProducerData>,
  ): Promise<Producer<ProducerData>> {
    this.scope.assertOpen()
    // Through a pipe come many endpoints, and each keeps its own CNAME: it says whose audio and video belong together.
    const cname = this.type === 'pipe' ? undefined : this.#cname
    const plan = planProduce(options, this.#setup.routerRtpCapabilities(), cname, newCname)
    const appData = appDataOf(options.appData)
    const id = options.id ?? randomUUID()
    // Also of one that is just being made: a second mailbox of that id would take the first one's events.
    if (this.#setup.channel.hasMailbox(id)) {
      throw errors.optionConflict('id', `something of this router's worker has the id '${id}'`)
    }
    this.#demuxTable.claim(id, plan.rtpParameters)
    this.#cname ??= plan.rtpParameters.rtcp?.cname

    const { consumableRtpParameters, ...request } = plan
    const { scope, response } = await this.#create('produce', `producer ${id}`, id, () =>
      this.scope.request('transport.produce', { transportId: this.id, producerId: id, ...request }),
    ).catch((error: unknown) => {
      this.#demuxTable.release(id)
      throw error
    })
    const producer = new ProducerImpl<ProducerData>({
      id,
      kind: plan.kind,
      type: response.type,
      rtpParameters: plan.rtpParameters,
      consumableRtpParameters,
      paused: plan.paused,
      appData,
      scope,
      ...(this.type === 'direct' ? { directChannel: this.#setup.channel } : {}),
      onClosed: () => this.#forgetProducer(id),
    })
    this.#producers.set(id, producer)
    this.#setup.routerProducers.set(id, producer)
    this.#baseObserver.safeEmit('newproducer', producer)
    return producer
  }

  async consume<ConsumerData extends AppData = AppData>(
    options: ConsumerOptions<ConsumerData>,
  ): Promise<Consumer<ConsumerData>> {
    this.scope.assertOpen()
    checkConsumerOptions(options)
    return this.consumeBy(options, (producer) => planConsume(options, producer))
  }

  /** Consumes a producer in the way that `planOf` makes of it. */
  protected async consumeBy<ConsumerData extends AppData>(
    options: { producerId: string; appData?: ConsumerData | undefined },
    planOf: (producer: Producer) => ConsumePlan,
  ): Promise<Consumer<ConsumerData>> {
    const producer = this.#setup.routerProducers.get(options.producerId)
    if (!producer) throw errors.producerNotFound(options.producerId)
    const { preferredLayers, ...plan } = planOf(producer)
    const appData = appDataOf(options.appData)
    if (plan.type !== 'pipe') plan.rtpParameters.mid ??= this.#takeMid()

    const id = randomUUID()
    const { scope, response } = await this.#create('consume', `consumer ${id}`, id, () =>
      this.scope.request('transport.consume', {
        transportId: this.id,
        consumerId: id,
        producerId: producer.id,
        ...plan,
        consumableRtpEncodings: producer.consumableRtpParameters.encodings ?? [],
        ...(preferredLayers === undefined ? {} : { preferredLayers }),
      }),
    )
    const consumer = new ConsumerImpl<ConsumerData>({
      id,
      producerId: producer.id,
      kind: plan.kind,
      type: plan.type,
      rtpParameters: plan.rtpParameters,
      paused: response.paused,
      producerPaused: response.producerPaused,
      score: response.score,
      preferredLayers: response.preferredLayers,
      appData,
      scope,
      onClosed: () => this.#consumers.delete(id),
    })
    this.#consumers.set(id, consumer)
    this.#baseObserver.safeEmit('newconsumer', consumer)
    return consumer
  }

  async produceData<ProducerData extends AppData = AppData>(
    options: DataProducerOptions<ProducerData> = {},
  ): Promise<DataProducer<ProducerData>> {
    this.scope.assertOpen()
    const dataProducer = await this.#data.produce(options)
    this.#baseObserver.safeEmit('newdataproducer', dataProducer)
    return dataProducer
  }

  async consumeData<ConsumerData extends AppData = AppData>(
    options: DataConsumerOptions<ConsumerData>,
  ): Promise<DataConsumer<ConsumerData>> {
    this.scope.assertOpen()
    const dataConsumer = await this.#data.consume(options)
    this.#baseObserver.safeEmit('newdataconsumer', dataConsumer)
    return dataConsumer
  }

  /** Takes an event of the worker about this transport. */
  protected handleEvent({ event, data }: WorkerEvent): void {
    if (event !== 'transport.trace') return
    // The worker traces what `enableTraceEvent()` asked for.
    const trace = data as TransportTraceEventData
    this.#base.safeEmit('trace', trace)
    this.#baseObserver.safeEmit('trace', trace)
  }

  /** Makes the counterpart of a new entity in the worker; its events wait in its scope from before the request on. */
  async #create<Response>(
    call: string,
    what: string,
    id: string,
    request: () => Promise<Response>,
  ): Promise<{ scope: EntityScope; response: Response }> {
    const mailbox = this.#setup.channel.openMailbox(id)
    try {
      const response = await request()
      if (this.closed) throw errors.closedMeanwhile(`transport ${this.id}`, call)
      return { scope: new EntityScope(what, this.#setup.channel, mailbox), response }
    } catch (error) {
      mailbox.close()
      throw error
    }
  }

  /** Without emitting `onClosed` of each: they all go. */
  #closeChildren(): void {
    const producers = [...this.#producers.values()]
    const consumers = [...this.#consumers.values()]
    this.#producers.clear()
    this.#consumers.clear()
    for (const producer of producers) this.#setup.routerProducers.delete(producer.id)
    for (const producer of producers) producer.transportClosed()
    for (const consumer of consumers) consumer.transportClosed()
    this.#data.close()
  }

  #forgetProducer(id: string): void {
    this.#producers.delete(id)
    this.#setup.routerProducers.delete(id)
    this.#demuxTable.release(id)
  }

  #takeMid(): string {
    const mid = String(this.#nextMid)
    this.#nextMid = (this.#nextMid + 1) % MID_LIMIT
    return mid
  }

  #bitrateRequest(bitrate: number): { transportId: string; bitrate: number } {
    return { transportId: this.id, bitrate: integerIn('bitrate', bitrate, 0) }
  }

  /** This object as an emitter of the events that all transports have; the type of a class can't say that of its parameter. */
  get #base(): EnhancedEventEmitter<TransportEvents> {
    return this as unknown as EnhancedEventEmitter<TransportEvents>
  }

  get #baseObserver(): TransportObserver {
    return this.#observer as unknown as TransportObserver
  }
}

/** RFC 7022 section 4.2: 96 random bits, in base64. */
function newCname(): string {
  return randomBytes(12).toString('base64')
}
