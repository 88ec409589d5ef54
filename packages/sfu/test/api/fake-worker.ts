import type { StartWorkerProcess, WorkerProcessHandlers } from '../../src/api/worker-process.ts'
import type {
  ChannelError,
  RequestMethod,
  Requests,
  ToApplication,
  ToWorker,
  WorkerEventName,
  WorkerEvents,
} from '../../src/channel/messages.ts'

type Request = { readonly id: number; readonly method: RequestMethod; readonly data: unknown }
type Data<Method extends RequestMethod> = Requests[Method]['request']

/**
 * A worker in memory: keeps the tree of entities, answers requests, and cascades closures as docs/closures.md says that
 * a worker does. Frames are cloned and arrive in a later turn of the event loop, several at once, as from a process.
 */
export class FakeWorker {
  /** Every frame that the application sent, in order. */
  readonly received: ToWorker[] = []
  readonly transports = new Map<string, { routerId: string; webRtcServerId: string | undefined }>()
  readonly producers = new Map<string, { transportId: string; paused: boolean }>()
  readonly consumers = new Map<string, { transportId: string; producerId: string }>()
  readonly dataProducers = new Map<string, { transportId: string; paused: boolean }>()
  readonly dataConsumers = new Map<string, { transportId: string; dataProducerId: string }>()
  /** Whether it never says that it runs. */
  mute = false
  /** Whether it ignores being asked to close. */
  stubborn = false
  #handlers: WorkerProcessHandlers | undefined
  #outbox: ToApplication[] = []
  #exited = false
  readonly #held = new Map<RequestMethod, Request[]>()
  readonly #refusals = new Map<RequestMethod, ChannelError>()

  readonly start: StartWorkerProcess = (handlers) => {
    this.#handlers = handlers
    if (!this.mute) this.emit('worker.running', '', { pid: 4711 })
    return {
      pid: 4711,
      send: (frame) => this.#receive(structuredClone(frame)),
      started: () => {},
      kill: () => this.exit('signal SIGKILL'),
    }
  }

  /** Emits an event to the application. */
  emit<Name extends WorkerEventName>(event: Name, target: string, data: WorkerEvents[Name]): void {
    this.#deliver({ event, target, data })
  }

  /** Refuses the next request of a kind. */
  refuseNext(method: RequestMethod, error: ChannelError): void {
    this.#refusals.set(method, error)
  }

  /** Keeps requests of a kind unanswered until the returned function is called. */
  hold(method: RequestMethod): () => void {
    this.#held.set(method, [])
    return () => {
      const requests = this.#held.get(method) ?? []
      this.#held.delete(method)
      for (const request of requests) this.#answer(request)
    }
  }

  /** The process ends. */
  exit(how: string, lastWords = ''): void {
    if (this.#exited) return
    this.#exited = true
    this.#outbox = []
    setImmediate(() => {
      this.#handlers?.onExit(how)
      setImmediate(() => this.#handlers?.onClose(lastWords))
    })
  }

  /** The methods and events that the application sent, in order. */
  get methods(): string[] {
    return this.received.map((frame) => ('method' in frame ? frame.method : frame.event))
  }

  #deliver(frame: ToApplication): void {
    if (this.#outbox.length === 0) setImmediate(() => this.#flush())
    this.#outbox.push(structuredClone(frame))
  }

  /** All at once, with no microtask in between: as Node reads several messages from one chunk. */
  #flush(): void {
    const frames = this.#outbox
    this.#outbox = []
    for (const frame of frames) this.#handlers?.onFrame(frame)
  }

  #receive(frame: ToWorker): void {
    if (this.#exited) return
    this.received.push(frame)
    if (!('method' in frame)) return
    const held = this.#held.get(frame.method)
    if (held) held.push(frame)
    else this.#answer(frame)
  }

  #answer(request: Request): void {
    const { id, method } = request
    const refusal = this.#refusals.get(method)
    if (refusal) {
      this.#refusals.delete(method)
      this.#deliver({ id, ok: false, error: refusal })
      return
    }
    try {
      this.#deliver({ id, ok: true, data: this.#handle(request) })
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error)
      this.#deliver({ id, ok: false, error: { name: 'InvalidStateError', message } })
    }
    // Events of this request come after its answer.
    for (const event of this.#afterAnswer.splice(0)) event()
  }

  readonly #afterAnswer: (() => void)[] = []

  #handle({ method, data }: Request): unknown {
    switch (method) {
      case 'worker.close':
        if (!this.stubborn) this.exit('exit code 0')
        return {}
      case 'router.close':
        this.#closeTransportsWhere(
          ({ routerId }) => routerId === (data as Data<'router.close'>).routerId,
          false,
        )
        return {}
      case 'webRtcServer.close': {
        const closed = (data as Data<'webRtcServer.close'>).webRtcServerId
        this.#closeTransportsWhere(({ webRtcServerId }) => webRtcServerId === closed, true)
        return {}
      }
      case 'router.createWebRtcTransport': {
        const { transportId, routerId, webRtcServerId } = data as Data<'router.createWebRtcTransport'>
        this.transports.set(transportId, { routerId, webRtcServerId })
        return webRtcCreation()
      }
      case 'router.createDirectTransport': {
        const { transportId, routerId } = data as Data<'router.createDirectTransport'>
        this.transports.set(transportId, { routerId, webRtcServerId: undefined })
        return {}
      }
      case 'router.createPlainTransport':
      case 'router.createPipeTransport': {
        const { transportId, routerId } = data as Data<'router.createPipeTransport'>
        this.transports.set(transportId, { routerId, webRtcServerId: undefined })
        return addressedState()
      }
      case 'transport.connectAddressed':
        return addressedState()
      case 'transport.close':
        this.#closeTransport((data as Data<'transport.close'>).transportId, true)
        return {}
      case 'transport.connectWebRtc':
        return { dtlsLocalRole: 'client' }
      case 'transport.restartIce':
        return { iceParameters: { usernameFragment: 'new', password: 'newPassword', iceLite: true } }
      case 'transport.produce': {
        const request = data as Data<'transport.produce'>
        found(this.transports, request.transportId)
        this.producers.set(request.producerId, { transportId: request.transportId, paused: request.paused })
        return { type: request.rtpMapping.encodings.length > 1 ? 'simulcast' : 'simple' }
      }
      case 'producer.pause':
      case 'producer.resume': {
        const { producerId } = data as Data<'producer.pause'>
        found(this.producers, producerId).paused = method === 'producer.pause'
        const event = method === 'producer.pause' ? 'consumer.producerPaused' : 'consumer.producerResumed'
        for (const consumerId of this.#consumersOf(producerId)) {
          this.#afterAnswer.push(() => this.emit(event, consumerId, {}))
        }
        return {}
      }
      case 'producer.close':
        this.#closeProducer((data as Data<'producer.close'>).producerId, true)
        return {}
      case 'transport.consume': {
        const { consumerId, transportId, producerId, ...request } = data as Data<'transport.consume'>
        const { paused: producerPaused } = found(this.producers, producerId)
        this.consumers.set(consumerId, { transportId, producerId })
        const score = { score: 10, producerScore: 10, producerScores: [10] }
        return { paused: request.paused, producerPaused, score }
      }
      case 'consumer.close':
        found(this.consumers, (data as Data<'consumer.close'>).consumerId)
        this.consumers.delete((data as Data<'consumer.close'>).consumerId)
        return {}
      case 'consumer.setPreferredLayers':
        return { preferredLayers: (data as Data<'consumer.setPreferredLayers'>).preferredLayers }
      case 'transport.produceData': {
        const { transportId, dataProducerId, paused } = data as Data<'transport.produceData'>
        found(this.transports, transportId)
        this.dataProducers.set(dataProducerId, { transportId, paused })
        return {}
      }
      case 'dataProducer.pause':
      case 'dataProducer.resume': {
        const { dataProducerId } = data as Data<'dataProducer.pause'>
        found(this.dataProducers, dataProducerId).paused = method === 'dataProducer.pause'
        const event =
          method === 'dataProducer.pause'
            ? 'dataConsumer.dataProducerPaused'
            : 'dataConsumer.dataProducerResumed'
        for (const id of this.#dataConsumersOf(dataProducerId)) {
          this.#afterAnswer.push(() => this.emit(event, id, {}))
        }
        return {}
      }
      case 'dataProducer.close':
        this.#closeDataProducer((data as Data<'dataProducer.close'>).dataProducerId, true)
        return {}
      case 'transport.consumeData': {
        const { dataConsumerId, transportId, dataProducerId, paused } = data as Data<'transport.consumeData'>
        const { paused: dataProducerPaused } = found(this.dataProducers, dataProducerId)
        this.dataConsumers.set(dataConsumerId, { transportId, dataProducerId })
        return { paused, dataProducerPaused }
      }
      case 'dataConsumer.close':
        found(this.dataConsumers, (data as Data<'dataConsumer.close'>).dataConsumerId)
        this.dataConsumers.delete((data as Data<'dataConsumer.close'>).dataConsumerId)
        return {}
      case 'dataConsumer.setSubchannels':
        return { subchannels: (data as Data<'dataConsumer.setSubchannels'>).subchannels }
      case 'dataConsumer.getBufferedAmount':
      case 'dataConsumer.send':
        return { bufferedAmount: 17 }
      case 'transport.getStats':
      case 'producer.getStats':
      case 'consumer.getStats':
        return [{ type: method, timestamp: 1 }]
      default:
        return {}
    }
  }

  #consumersOf(producerId: string): string[] {
    return [...this.consumers].filter(([, { producerId: of }]) => of === producerId).map(([id]) => id)
  }

  #closeProducer(producerId: string, tell: boolean): void {
    found(this.producers, producerId)
    this.producers.delete(producerId)
    for (const consumerId of this.#consumersOf(producerId)) {
      this.consumers.delete(consumerId)
      if (tell) this.#afterAnswer.push(() => this.emit('consumer.producerClosed', consumerId, {}))
    }
  }

  #dataConsumersOf(dataProducerId: string): string[] {
    return [...this.dataConsumers].filter(([, of]) => of.dataProducerId === dataProducerId).map(([id]) => id)
  }

  #closeDataProducer(dataProducerId: string, tell: boolean): void {
    found(this.dataProducers, dataProducerId)
    this.dataProducers.delete(dataProducerId)
    for (const id of this.#dataConsumersOf(dataProducerId)) {
      this.dataConsumers.delete(id)
      if (tell) this.#afterAnswer.push(() => this.emit('dataConsumer.dataProducerClosed', id, {}))
    }
  }

  #closeTransport(transportId: string, tell: boolean): void {
    found(this.transports, transportId)
    this.transports.delete(transportId)
    for (const [id, consumer] of [...this.consumers]) {
      if (consumer.transportId === transportId) this.consumers.delete(id)
    }
    for (const [id, producer] of [...this.producers]) {
      if (producer.transportId === transportId) this.#closeProducer(id, tell)
    }
    for (const [id, consumer] of [...this.dataConsumers]) {
      if (consumer.transportId === transportId) this.dataConsumers.delete(id)
    }
    for (const [id, producer] of [...this.dataProducers]) {
      if (producer.transportId === transportId) this.#closeDataProducer(id, tell)
    }
  }

  #closeTransportsWhere(
    matches: (transport: { routerId: string; webRtcServerId: string | undefined }) => boolean,
    tell: boolean,
  ): void {
    for (const [id, transport] of [...this.transports]) if (matches(transport)) this.#closeTransport(id, tell)
  }
}

function found<Value>(map: ReadonlyMap<string, Value>, id: string): Value {
  const value = map.get(id)
  if (value === undefined) throw new Error(`no ${id}`)
  return value
}

function webRtcCreation(): Requests['router.createWebRtcTransport']['response'] {
  return {
    iceParameters: { usernameFragment: 'fragment', password: 'password', iceLite: true },
    iceCandidates: [
      {
        foundation: 'udp',
        priority: 1,
        ip: '127.0.0.1',
        address: '127.0.0.1',
        protocol: 'udp',
        port: 47000,
        type: 'host',
      },
    ],
    dtlsParameters: { role: 'auto', fingerprints: [{ algorithm: 'sha-256', value: 'AB' }] },
  }
}

function addressedState(): Requests['transport.connectAddressed']['response'] {
  return { tuple: { localAddress: '127.0.0.1', localPort: 49400, protocol: 'udp' } }
}
