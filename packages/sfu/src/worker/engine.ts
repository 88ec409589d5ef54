import type { ApplicationEvents, Requests } from '../channel/messages.ts'
import type { Consumer } from './consumer/consumer.ts'
import { MAX_TRANSPORTS, type WorkerContext } from './context.ts'
import { DataEngine } from './data/data-engine.ts'
import { ChannelInvalidStateError, ChannelTypeError, ChannelUnsupportedError } from './errors.ts'
import { PacketPath } from './packet-path.ts'
import { RING_SLOTS, type SessionEvent, SLOT_BYTES } from './packet-port/packet-port.ts'
import { isForwardable } from './producer/codecs.ts'
import type { Producer } from './producer/producer.ts'
import { Router } from './router.ts'
import { StunPath } from './stun-path.ts'
import { DirectTransport } from './transport/direct-transport.ts'
import { type Listener, listen } from './transport/listening.ts'
import { WebRtcServer } from './transport/webrtc-server.ts'
import { type UsernameFragments, WebRtcTransport } from './transport/webrtc-transport.ts'

type AnyTransport = WebRtcTransport | DirectTransport

/** Everything that a worker holds, by id, and how it comes and goes. Owns no socket, clock or timer. */
export class Engine {
  readonly path: PacketPath
  readonly routers = new Map<string, Router>()
  readonly webRtcServers = new Map<string, WebRtcServer>()
  readonly transports = new Map<string, AnyTransport>()
  readonly producers = new Map<string, Producer>()
  readonly consumers = new Map<string, Consumer>()
  readonly data: DataEngine
  readonly #context: WorkerContext
  readonly #usernameFragments: UsernameFragments = new Map()
  readonly #routerOfTransport = new Map<string, Router>()
  /** Indexes that closed transports left. */
  readonly #freeIndexes: number[] = []
  #nextIndex = 0

  constructor(context: WorkerContext) {
    this.#context = context
    this.path = new PacketPath(context, new StunPath(this.#usernameFragments))
    this.data = new DataEngine(context, {
      transport: (id) => found(this.transports, id, 'transport'),
      areTogether: ({ id }, other) =>
        this.#routerOfTransport.get(id) === this.#routerOfTransport.get(other.id),
    })
  }

  /** Time went on; called every few milliseconds. */
  tick(nowUs: number): void {
    for (const transport of this.transports.values()) transport.tick(nowUs)
    this.#context.plan.flush()
  }

  handleSessionEvent(session: number, event: SessionEvent): void {
    const transport = this.path.transportsBySession[session]
    if (transport instanceof WebRtcTransport) transport.handleSessionEvent(event)
    this.#context.plan.flush()
  }

  createWebRtcServer({
    webRtcServerId,
    listenInfos,
  }: Requests['worker.createWebRtcServer']['request']): void {
    if (this.webRtcServers.has(webRtcServerId))
      throw new ChannelTypeError(`WebRtcServer ${webRtcServerId} exists`)
    this.webRtcServers.set(webRtcServerId, new WebRtcServer(this.#context, webRtcServerId, listenInfos))
  }

  /** Closes the server and every transport that uses it. */
  closeWebRtcServer(id: string): void {
    const server = found(this.webRtcServers, id, 'WebRtcServer')
    for (const transport of [...server.transports]) this.closeTransport(transport.id)
    server.close()
    this.webRtcServers.delete(id)
  }

  createRouter(id: string): void {
    if (this.routers.has(id)) throw new ChannelTypeError(`router ${id} exists`)
    this.routers.set(id, new Router(id))
  }

  /** Closes the router, its transports, and so their producers and consumers. */
  closeRouter(id: string): void {
    const router = found(this.routers, id, 'router')
    for (const transportId of [...router.transportIds]) this.closeTransport(transportId)
    this.routers.delete(id)
  }

  createWebRtcTransport(request: Requests['router.createWebRtcTransport']['request']): WebRtcTransport {
    const router = found(this.routers, request.routerId, 'router')
    const server =
      request.webRtcServerId === undefined
        ? undefined
        : found(this.webRtcServers, request.webRtcServerId, 'WebRtcServer')
    const listeners: readonly Listener[] =
      server?.listeners ?? listen(this.#context.port, request.listenInfos ?? [])
    const transport = new WebRtcTransport(
      this.#context,
      request.transportId,
      this.#takeIndex(),
      this.#usernameFragments,
      {
        webRtcServer: server,
        listeners,
        iceConsentTimeoutMs: request.iceConsentTimeoutSeconds * 1000,
        initialAvailableOutgoingBitrate: request.initialAvailableOutgoingBitrate,
        sctp: request.sctp,
      },
    )
    this.#addTransport(router, transport)
    this.path.transportsBySession[transport.session] = transport
    return transport
  }

  createDirectTransport({
    routerId,
    transportId,
    maxSendMessageSize = 0,
    maxReceiveMessageSize = 0,
  }: Requests['router.createDirectTransport']['request']): void {
    const router = found(this.routers, routerId, 'router')
    const transport = new DirectTransport(this.#context, transportId, this.#takeIndex())
    transport.maxSendMessageSize = maxSendMessageSize
    transport.maxReceiveMessageSize = maxReceiveMessageSize
    this.#addTransport(router, transport)
  }

  /** Closes a transport: first its consumers, then its producers with everybody's consumers of them. */
  closeTransport(id: string): void {
    const transport = found(this.transports, id, 'transport')
    for (const consumer of [...transport.consumers.values()]) this.closeConsumer(consumer.id)
    for (const producer of [...transport.producers.values()]) this.closeProducer(producer.id)
    this.data.closeAllOf(transport)
    transport.close()
    if (transport.session >= 0) this.path.transportsBySession[transport.session] = undefined
    this.transports.delete(id)
    this.#routerOfTransport.get(id)?.transportIds.delete(id)
    this.#routerOfTransport.delete(id)
    this.#freeIndexes.push(transport.index)
  }

  produce(request: Requests['transport.produce']['request']): Producer {
    const transport = found(this.transports, request.transportId, 'transport')
    if (this.producers.has(request.producerId)) {
      throw new ChannelTypeError(`producer ${request.producerId} exists`)
    }
    const unknown = request.rtpParameters.codecs.find((codec) => !isForwardable(codec))
    if (unknown !== undefined) throw new ChannelUnsupportedError(`${unknown.mimeType} can't be forwarded yet`)
    if ((request.rtpParameters.encodings?.length ?? 0) !== 1) {
      throw new ChannelUnsupportedError(
        'simulcast is not built yet: rtpParameters.encodings needs exactly one entry',
      )
    }
    const producer = transport.produce({ ...request, id: request.producerId })
    this.producers.set(producer.id, producer)
    this.#routerOfTransport.get(transport.id)?.producers.set(producer.id, producer)
    return producer
  }

  /** Closes a producer and every consumer of it, which their owners are told. */
  closeProducer(id: string): void {
    const producer = found(this.producers, id, 'producer')
    for (const consumer of [...producer.consumers]) {
      this.closeConsumer(consumer.id)
      this.#context.emit('consumer.producerClosed', consumer.id, {})
    }
    producer.transport.removeProducer(producer)
    this.producers.delete(id)
    this.#routerOfTransport.get(producer.transport.id)?.producers.delete(id)
  }

  consume(request: Requests['transport.consume']['request']): Consumer {
    const transport = found(this.transports, request.transportId, 'transport')
    const producer = this.#routerOfTransport.get(transport.id)?.producers.get(request.producerId)
    if (producer === undefined) {
      throw new ChannelInvalidStateError(`producer ${request.producerId} is not in this router (any longer)`)
    }
    if (this.consumers.has(request.consumerId)) {
      throw new ChannelTypeError(`consumer ${request.consumerId} exists`)
    }
    if (request.type !== 'simple') {
      throw new ChannelUnsupportedError(`consumers of type ${request.type} are not built yet`)
    }
    const consumer = transport.consume(producer, { ...request, id: request.consumerId })
    this.consumers.set(consumer.id, consumer)
    return consumer
  }

  closeConsumer(id: string): void {
    const consumer = found(this.consumers, id, 'consumer')
    consumer.transport.removeConsumer(consumer)
    this.consumers.delete(id)
  }

  /** RTP that the application sends through a producer of a DirectTransport. */
  send(producerId: string, { packet }: ApplicationEvents['producer.send']): void {
    const producer = this.producers.get(producerId)
    if (producer === undefined || packet.length === 0 || packet.length > SLOT_BYTES) return
    const { port } = this.#context
    const packetId = port.injectPacket(packet)
    const offset = (packetId & (RING_SLOTS - 1)) * SLOT_BYTES
    const nowUs = this.#context.nowUs()
    this.path.handleRtp(producer.transport, port.memory, offset, packet.length, packetId, nowUs)
    this.#context.plan.flush()
  }

  /** RTCP that the application sends into a DirectTransport. */
  sendRtcp(transportId: string, { packet }: ApplicationEvents['transport.sendRtcp']): void {
    const transport = this.transports.get(transportId)
    if (transport !== undefined) this.path.handleRtcp(transport, packet)
  }

  #addTransport(router: Router, transport: AnyTransport): void {
    this.transports.set(transport.id, transport)
    router.transportIds.add(transport.id)
    this.#routerOfTransport.set(transport.id, router)
  }

  #takeIndex(): number {
    const free = this.#freeIndexes.pop()
    if (free !== undefined) return free
    if (this.#nextIndex === MAX_TRANSPORTS) {
      throw new ChannelInvalidStateError(`this worker has ${MAX_TRANSPORTS} transports, the most it may have`)
    }
    return this.#nextIndex++
  }
}

/** The entity with this id. @throws ChannelInvalidStateError when it is not there: closed, or never made */
export function found<T>(map: ReadonlyMap<string, T>, id: string, noun: string): T {
  const entity = map.get(id)
  if (entity === undefined) throw new ChannelInvalidStateError(`${noun} ${id} does not exist (any longer)`)
  return entity
}
