import { EventEmitter } from 'node:events'
import type { DtlsParameters, RtpCapabilities, RtpParameters } from '@sangam/protocol'
import type {
  Engine,
  EngineConsumer,
  EngineDataConsumer,
  EngineDataProducer,
  EngineDirectTransport,
  EngineProducer,
  EngineRouter,
  EngineRtpObserver,
  EngineTransport,
  EngineWebRtcServer,
  EngineWorker,
} from '../../src/media/engine.ts'

// An engine in memory with the mediasoup v3 API as far as the server calls it: same cascades, same events, no media.

let nextId = 1
const newId = (kind: string): string => `${kind}-${nextId++}`

const named = (name: string, message: string): Error => Object.assign(new Error(message), { name })

class Entity extends EventEmitter {
  readonly observer = new EventEmitter()
  readonly id: string
  closed = false
  constructor(kind: string, id = newId(kind)) {
    super()
    this.id = id
  }
  /** Closes and tells the observer; with an event name, also whoever holds it that something above it closed. */
  end(because?: string): boolean {
    if (this.closed) return false
    this.closed = true
    if (because !== undefined) this.emit(because)
    this.observer.emit('close')
    return true
  }
  protected check(): void {
    if (this.closed) throw named('InvalidStateError', 'closed')
  }
}

class FakeProducer extends Entity implements EngineProducer {
  readonly consumers = new Set<FakeConsumer>()
  readonly kind: 'audio' | 'video'
  paused: boolean
  constructor(kind: 'audio' | 'video', paused: boolean, id?: string) {
    super('producer', id)
    this.kind = kind
    this.paused = paused
  }
  close(): void {
    if (this.end()) for (const consumer of [...this.consumers]) consumer.end('producerclose')
  }
  transportClosed(): void {
    if (this.end('transportclose')) for (const consumer of [...this.consumers]) consumer.end('producerclose')
  }
  async pause(): Promise<void> {
    this.check()
    this.paused = true
  }
  async resume(): Promise<void> {
    this.check()
    this.paused = false
  }
}

const consumerParameters = (kind: 'audio' | 'video', number: number): RtpParameters => ({
  mid: String(number),
  codecs: [
    kind === 'audio'
      ? { mimeType: 'audio/opus', payloadType: 100, clockRate: 48_000, channels: 2 }
      : { mimeType: 'video/VP8', payloadType: 101, clockRate: 90_000 },
  ],
  encodings: [{ ssrc: number }],
})

class FakeConsumer extends Entity implements EngineConsumer {
  readonly rtpParameters: RtpParameters
  readonly producer: FakeProducer
  paused: boolean
  preferredSpatialLayer: number | undefined
  priority = 1
  constructor(producer: FakeProducer, paused: boolean) {
    super('consumer')
    this.rtpParameters = consumerParameters(producer.kind, nextId++)
    this.producer = producer
    this.paused = paused
  }
  get producerId(): string {
    return this.producer.id
  }
  get kind(): 'audio' | 'video' {
    return this.producer.kind
  }
  get producerPaused(): boolean {
    return this.producer.paused
  }
  override end(because?: string): boolean {
    this.producer.consumers.delete(this)
    return super.end(because)
  }
  close(): void {
    this.end()
  }
  async pause(): Promise<void> {
    this.check()
    this.paused = true
  }
  async resume(): Promise<void> {
    this.check()
    this.paused = false
  }
  async setPreferredLayers({ spatialLayer }: { spatialLayer: number }): Promise<void> {
    this.check()
    this.preferredSpatialLayer = spatialLayer
  }
  async setPriority(priority: number): Promise<void> {
    this.check()
    this.priority = priority
  }
}

/** Something that listens to producers; a test tells what it hears. */
class FakeRtpObserver extends Entity implements EngineRtpObserver {
  readonly producerIds = new Set<string>()
  async addProducer({ producerId }: { producerId: string }): Promise<void> {
    this.check()
    this.producerIds.add(producerId)
  }
  close(): void {
    this.end()
  }
}

/** Messages into a router; a test says what a client sends with `receive`. */
export class FakeDataProducer extends Entity implements EngineDataProducer {
  readonly consumers = new Set<FakeDataConsumer>()
  constructor() {
    super('data-producer')
  }
  receive(message: Uint8Array): void {
    for (const consumer of this.consumers) consumer.emit('message', message)
  }
  send(message: Buffer, _ppid?: number, _to?: number[], _required?: number, ignored?: number): void {
    for (const consumer of this.consumers) {
      if (ignored === undefined || !consumer.subchannels.includes(ignored)) consumer.delivered.push(message)
    }
  }
}

/** Messages out of a router; what a client was sent is in `delivered`. */
export class FakeDataConsumer extends Entity implements EngineDataConsumer {
  readonly sctpStreamParameters = { streamId: 0 }
  readonly delivered: Buffer[] = []
  readonly subchannels: readonly number[]
  constructor(subchannels: readonly number[]) {
    super('data-consumer')
    this.subchannels = subchannels
  }
}

/** What both kinds of transport do with messages. */
class FakeDataEnd {
  readonly dataProducers: FakeDataProducer[] = []
  readonly dataConsumers: FakeDataConsumer[] = []
  readonly #router: FakeRouter
  constructor(router: FakeRouter) {
    this.#router = router
  }
  produce(): FakeDataProducer {
    const producer = new FakeDataProducer()
    this.dataProducers.push(producer)
    this.#router.dataProducers.set(producer.id, producer)
    return producer
  }
  consume(dataProducerId: string, subchannels: readonly number[]): FakeDataConsumer {
    const producer = this.#router.dataProducers.get(dataProducerId)
    if (producer === undefined) throw new Error('no such data producer')
    const consumer = new FakeDataConsumer(subchannels)
    this.dataConsumers.push(consumer)
    producer.consumers.add(consumer)
    return consumer
  }
  close(): void {
    for (const producer of this.dataProducers) producer.end('transportclose')
    for (const consumer of this.dataConsumers) {
      consumer.end('transportclose')
      for (const producer of this.#router.dataProducers.values()) producer.consumers.delete(consumer)
    }
  }
}

class FakeTransport extends Entity implements EngineTransport {
  readonly iceParameters = { usernameFragment: 'fragment', password: 'password', iceLite: true }
  readonly iceCandidates = [
    {
      foundation: 'udp',
      priority: 1,
      address: '127.0.0.1',
      protocol: 'udp',
      port: 4443,
      type: 'host',
    } as const,
  ]
  readonly dtlsParameters: DtlsParameters = {
    role: 'auto',
    fingerprints: [{ algorithm: 'sha-256', value: 'AA:BB' }],
  }
  /** What a test makes of the network. */
  iceState: EngineTransport['iceState'] = 'new'
  dtlsState: EngineTransport['dtlsState'] = 'new'
  readonly sctpParameters = { port: 5000, maxReceiveMessageSize: 262_144 }
  readonly owned: (FakeProducer | FakeConsumer)[] = []
  readonly router: FakeRouter
  #isConnected = false
  #hold: (() => Promise<void>) | undefined
  readonly data: FakeDataEnd
  constructor(router: FakeRouter) {
    super('transport')
    this.router = router
    this.data = new FakeDataEnd(router)
  }
  async produceData(): Promise<FakeDataProducer> {
    this.check()
    return this.data.produce()
  }
  async consumeData(options: { dataProducerId: string; subchannels?: number[] }): Promise<FakeDataConsumer> {
    this.check()
    return this.data.consume(options.dataProducerId, options.subchannels ?? [])
  }
  close(because?: string): void {
    if (!this.end(because)) return
    this.data.close()
    this.router.transports.delete(this)
    for (const entity of this.owned) {
      if (entity instanceof FakeProducer) entity.transportClosed()
      else entity.end('transportclose')
    }
  }
  async connect(): Promise<void> {
    this.check()
    if (this.#isConnected) throw named('InvalidStateError', 'connected already')
    this.#isConnected = true
    await this.#hold?.()
  }
  /** Connecting takes until `release()`; `reached` resolves when it was asked for. */
  holdConnect(): { readonly reached: Promise<void>; readonly release: () => void } {
    const [reached, released] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    this.#hold = () => {
      reached.resolve()
      return released.promise
    }
    return { reached: reached.promise, release: released.resolve }
  }
  async enableTraceEvent(): Promise<void> {
    this.check()
  }
  /** What an engine tells of its estimate. */
  tellEstimate(availableBitrate: number): void {
    this.emit('trace', { type: 'bwe', info: { availableBitrate } })
  }
  async restartIce(): Promise<{ usernameFragment: string; password: string; iceLite: boolean }> {
    this.check()
    return { usernameFragment: newId('fragment'), password: 'password', iceLite: true }
  }
  async produce(options: {
    id?: string
    kind: 'audio' | 'video'
    rtpParameters: RtpParameters
    paused: boolean
  }): Promise<FakeProducer> {
    this.check()
    if (options.rtpParameters.encodings === undefined) throw new TypeError('encodings are missing')
    const producer = new FakeProducer(options.kind, options.paused, options.id)
    if (this.router.producers.has(producer.id)) throw new TypeError('a producer has this id')
    this.router.producers.set(producer.id, producer)
    producer.observer.on('close', () => this.router.producers.delete(producer.id))
    this.owned.push(producer)
    return producer
  }
  async consume(options: { producerId: string; paused: boolean }): Promise<FakeConsumer> {
    this.check()
    const producer = this.router.producers.get(options.producerId)
    if (producer === undefined) throw new Error('no such producer')
    const consumer = new FakeConsumer(producer, options.paused)
    producer.consumers.add(consumer)
    this.owned.push(consumer)
    return consumer
  }
}

class FakeRouter extends Entity implements EngineRouter {
  readonly rtpCapabilities: RtpCapabilities = {
    codecs: [
      { kind: 'audio', mimeType: 'audio/opus', clockRate: 48_000, channels: 2, preferredPayloadType: 100 },
      { kind: 'video', mimeType: 'video/VP8', clockRate: 90_000, preferredPayloadType: 101 },
    ],
  }
  readonly producers = new Map<string, FakeProducer>()
  readonly transports = new Set<FakeTransport>()
  readonly dataProducers = new Map<string, FakeDataProducer>()
  /** Copies of other routers' producers. */
  readonly copies = new Set<FakeProducer>()
  readonly observers: { readonly type: string; readonly observer: FakeRtpObserver }[] = []
  constructor() {
    super('router')
  }
  close(because?: string): void {
    if (this.closed) return
    this.closed = true
    for (const transport of [...this.transports]) transport.close('routerclose')
    for (const copy of [...this.copies]) copy.transportClosed()
    if (because !== undefined) this.emit(because)
    this.observer.emit('close')
  }
  async createDirectTransport(): Promise<EngineDirectTransport> {
    this.check()
    const data = new FakeDataEnd(this)
    return {
      id: newId('direct'),
      produceData: async () => data.produce(),
      consumeData: async ({ dataProducerId, subchannels = [] }) => data.consume(dataProducerId, subchannels),
    }
  }
  async createWebRtcTransport(): Promise<FakeTransport> {
    this.check()
    const transport = new FakeTransport(this)
    this.transports.add(transport)
    return transport
  }
  async pipeToRouter({ producerId, router }: { producerId: string; router: EngineRouter }) {
    this.check()
    const producer = this.producers.get(producerId)
    if (producer === undefined || !(router instanceof FakeRouter)) throw new Error('no such producer')
    if (router.closed) throw named('InvalidStateError', 'closed')
    if (router.producers.has(producerId)) throw new TypeError('a producer has this id')
    const copy = new FakeProducer(producer.kind, producer.paused, producerId)
    router.producers.set(producerId, copy)
    router.copies.add(copy)
    producer.observer.on('close', () => copy.close())
    copy.observer.on('close', () => {
      router.copies.delete(copy)
      if (router.producers.get(producerId) === copy) router.producers.delete(producerId)
    })
    return { pipeProducer: copy }
  }
  async createActiveSpeakerObserver(): Promise<FakeRtpObserver> {
    return this.#observer('speaker')
  }
  async createAudioLevelObserver(): Promise<FakeRtpObserver> {
    return this.#observer('levels')
  }
  readonly createAudioSelector = async (): Promise<FakeRtpObserver> => this.#observer('selector')
  /** The observer of a type, once there is one. */
  observerOf(type: 'speaker' | 'levels' | 'selector'): FakeRtpObserver | undefined {
    return this.observers.find((made) => made.type === type)?.observer
  }
  #observer(type: string): FakeRtpObserver {
    this.check()
    const observer = new FakeRtpObserver(type)
    this.observers.push({ type, observer })
    return observer
  }
}

/** A worker whose death a test can bring about. */
export class FakeWorker extends EventEmitter implements EngineWorker {
  readonly pid = nextId++
  closed = false
  readonly routers = new Set<FakeRouter>()
  close(): void {
    this.closed = true
    this.#closeRouters()
  }
  async createWebRtcServer(): Promise<EngineWebRtcServer> {
    return { id: newId('server') }
  }
  async createRouter(): Promise<FakeRouter> {
    if (this.closed) throw named('InvalidStateError', 'closed')
    const router = new FakeRouter()
    this.routers.add(router)
    router.observer.on('close', () => this.routers.delete(router))
    return router
  }
  async dump(): Promise<object> {
    return {}
  }

  async getResourceUsage(): Promise<{ ru_utime: number; ru_stime: number }> {
    return { ru_utime: 10, ru_stime: 5 }
  }
  /** What a killed process does: everything closes, then `died`. */
  die(): void {
    this.closed = true
    this.#closeRouters()
    this.emit('died', new Error('killed'))
  }
  #closeRouters(): void {
    for (const router of [...this.routers]) router.close('workerclose')
  }
}

/** The engine, with its workers in the order in which they were made. */
export class FakeEngine implements Engine {
  readonly workers: FakeWorker[] = []
  /** The next workers fail to start with this. */
  failure: Error | undefined
  async createWorker(): Promise<FakeWorker> {
    if (this.failure !== undefined) throw this.failure
    const worker = new FakeWorker()
    this.workers.push(worker)
    return worker
  }
  /** Live routers over all workers. */
  get routers(): FakeRouter[] {
    return this.workers.flatMap((worker) => [...worker.routers])
  }
}
