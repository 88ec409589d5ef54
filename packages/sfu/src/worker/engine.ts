import type { MediaKind, RtpParameters } from '@sangam/ortc'
import type { ApplicationEvents, ListenInfo, Requests } from '../channel/messages.ts'
import type { Consumer } from './consumer/consumer.ts'
import { MAX_TRANSPORTS, type WorkerContext } from './context.ts'
import { DataEngine } from './data/data-engine.ts'
import { ChannelInvalidStateError, ChannelTypeError, ChannelUnsupportedError } from './errors.ts'
import { ActiveSpeakerObserver } from './observer/active-speaker-observer.ts'
import { AudioLevelObserver } from './observer/audio-level-observer.ts'
import { AudioSelector } from './observer/audio-selector.ts'
import type { RtpObserver } from './observer/rtp-observer.ts'
import { PacketPath } from './packet-path.ts'
import { RING_SLOTS, type SessionEvent, SLOT_BYTES } from './packet-port/packet-port.ts'
import { isForwardable } from './producer/codecs.ts'
import type { Producer } from './producer/producer.ts'
import { Router } from './router.ts'
import { StunPath } from './stun-path.ts'
import { AddressedTransport } from './transport/addressed-transport.ts'
import { DirectTransport } from './transport/direct-transport.ts'
import { type Listener, listen } from './transport/listening.ts'
import { PipeTransport } from './transport/pipe-transport.ts'
import { PlainTransport } from './transport/plain-transport.ts'
import { WebRtcServer } from './transport/webrtc-server.ts'
import { type UsernameFragments, WebRtcTransport } from './transport/webrtc-transport.ts'

/** Fine enough for NACK repetition and transport-cc feedback. */
const TICK_US = 20_000
/** Pipes between mediasoup-compatible engines use this suite. */
const PIPE_SRTP_SUITE = 'AEAD_AES_256_GCM'

type AnyTransport = WebRtcTransport | PlainTransport | PipeTransport | DirectTransport

/** Everything that a worker holds, by id, and how it comes and goes. Owns no socket, clock or timer. */
export class Engine {
  readonly path: PacketPath
  readonly routers = new Map<string, Router>()
  readonly webRtcServers = new Map<string, WebRtcServer>()
  readonly transports = new Map<string, AnyTransport>()
  readonly producers = new Map<string, Producer>()
  readonly consumers = new Map<string, Consumer>()
  readonly rtpObservers = new Map<string, RtpObserver>()
  readonly data: DataEngine
  readonly #context: WorkerContext
  readonly #usernameFragments: UsernameFragments = new Map()
  readonly #routerOfTransport = new Map<string, Router>()
  /** Transports that are sending a probe of their bandwidth. */
  readonly #probing = new Set<WebRtcTransport>()
  /** Open transports by `Transport.index`. */
  readonly #transportsByIndex: (AnyTransport | undefined)[] = []
  /** Indexes that closed transports left. */
  readonly #freeIndexes: number[] = []
  /** 0 is `NO_TRANSPORT_CC`. */
  #nextIndex = 1
  #tickedUs = Number.NEGATIVE_INFINITY

  constructor(context: WorkerContext) {
    this.#context = context
    this.path = new PacketPath(context, new StunPath(this.#usernameFragments))
    this.data = new DataEngine(context, {
      transport: (id) => found(this.transports, id, 'transport'),
      areTogether: ({ id }, other) =>
        this.#routerOfTransport.get(id) === this.#routerOfTransport.get(other.id),
    })
  }

  /** The ids that requests may name, and those that packets and messages of the application may go to. */
  channelMessageHandlers(): { channelRequestHandlers: string[]; channelNotificationHandlers: string[] } {
    const { webRtcServers, routers, transports, rtpObservers, producers, consumers, data } = this
    const ids = (...maps: readonly ReadonlyMap<string, unknown>[]): string[] =>
      maps.flatMap((map) => [...map.keys()])
    return {
      channelRequestHandlers: ids(
        webRtcServers,
        routers,
        transports,
        rtpObservers,
        producers,
        consumers,
        data.producers,
        data.consumers,
      ),
      channelNotificationHandlers: ids(transports, producers, data.producers),
    }
  }

  /** A batch of packets came. With packets comes the time: a busy worker needs no timer, which would wake it for little. */
  handleBatch(count: number): void {
    this.path.handleBatch(this.#context.port.batch, count)
    this.advance()
  }

  /** Runs what is due on the clock, `TICK_US` after the last time at the earliest. */
  advance(): void {
    const nowUs = this.#context.nowUs()
    if (nowUs - this.#tickedUs >= TICK_US) this.tick(nowUs)
  }

  /** Whether a probe of bandwidth is being sent: `probe()` should be called every 5 ms until it says otherwise. */
  get isProbing(): boolean {
    return this.#probing.size > 0
  }

  /** Time went on. */
  tick(nowUs: number): void {
    this.#tickedUs = nowUs
    const { transportDueUs } = this.#context
    for (let index = 0; index < this.#nextIndex; index++) {
      if ((transportDueUs[index] as number) <= nowUs) this.#tickTransport(index, nowUs)
    }
    for (const observer of this.rtpObservers.values()) observer.tick(nowUs)
    this.#context.plan.flush()
  }

  #tickTransport(index: number, nowUs: number): void {
    const transport = this.#transportsByIndex[index]
    if (transport === undefined) return
    const { transportDueUs } = this.#context
    // What happens in the tick may want another one sooner than its end says.
    transportDueUs[index] = Number.POSITIVE_INFINITY
    const dueUs = transport.tick(nowUs)
    if (dueUs < (transportDueUs[index] as number)) transportDueUs[index] = dueUs
    if (transport instanceof WebRtcTransport && transport.isProbing(nowUs)) this.#probing.add(transport)
  }

  /** Sends what the probes of bandwidth want sent by now. */
  probe(nowUs: number): void {
    for (const transport of this.#probing) {
      transport.probe(nowUs)
      if (!transport.isProbing(nowUs)) this.#probing.delete(transport)
    }
    this.#context.plan.flush()
  }

  handleSessionEvent(session: number, event: SessionEvent): void {
    const transport = this.path.transportsBySession.get(session)
    if (transport instanceof WebRtcTransport || transport instanceof AddressedTransport)
      transport.handleSessionEvent(event)
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
    for (const observer of [...router.rtpObservers.values()]) this.closeRtpObserver(observer.id)
    this.routers.delete(id)
  }

  createWebRtcTransport(request: Requests['router.createWebRtcTransport']['request']): WebRtcTransport {
    const router = found(this.routers, request.routerId, 'router')
    const server =
      request.webRtcServerId === undefined
        ? undefined
        : found(this.webRtcServers, request.webRtcServerId, 'WebRtcServer')
    const make = (listeners: readonly Listener[]): WebRtcTransport =>
      new WebRtcTransport(this.#context, request.transportId, this.#takeIndex(), this.#usernameFragments, {
        webRtcServer: server,
        listeners,
        candidateChoice: request,
        iceConsentTimeoutMs: request.iceConsentTimeoutSeconds * 1000,
        initialAvailableOutgoingBitrate: request.initialAvailableOutgoingBitrate,
        sctp: request.sctp,
      })
    const transport =
      server === undefined
        ? this.#listening(request.listenInfos ?? [], make)
        : make(server.listenersFor(request))
    this.#addTransport(router, transport)
    return transport
  }

  /** @throws an Error with the system's code where an address or port can't be had */
  createPlainTransport(request: Requests['router.createPlainTransport']['request']): PlainTransport {
    const router = found(this.routers, request.routerId, 'router')
    const infos = [
      request.listenInfo,
      ...(request.rtcpListenInfo === undefined ? [] : [request.rtcpListenInfo]),
    ]
    const transport = this.#listening(infos, ([listener, rtcpListener]) => {
      if (infos.length === 2 && rtcpListener === undefined)
        throw new ChannelTypeError('RTP and RTCP need a port each')
      return new PlainTransport(this.#context, request.transportId, this.#takeIndex(), {
        listener: listener as Listener,
        rtcpListener,
        comedia: request.comedia,
        srtpSuite: request.srtpCryptoSuite,
        sctp: request.sctp,
      })
    })
    this.#addTransport(router, transport)
    return transport
  }

  /** @throws an Error with the system's code where an address or port can't be had */
  createPipeTransport(request: Requests['router.createPipeTransport']['request']): PipeTransport {
    const router = found(this.routers, request.routerId, 'router')
    const transport = this.#listening(
      [request.listenInfo],
      ([listener]) =>
        new PipeTransport(this.#context, request.transportId, this.#takeIndex(), {
          listener: listener as Listener,
          rtcpListener: undefined,
          comedia: false,
          srtpSuite: request.enableSrtp ? PIPE_SRTP_SUITE : undefined,
          sctp: request.sctp,
          rtx: request.enableRtx,
        }),
    )
    this.#addTransport(router, transport)
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

  createActiveSpeakerObserver(request: Requests['router.createActiveSpeakerObserver']['request']): void {
    const { routerId, rtpObserverId, intervalMs } = request
    this.#addRtpObserver(routerId, new ActiveSpeakerObserver(this.#context, rtpObserverId, intervalMs))
  }

  createAudioLevelObserver(request: Requests['router.createAudioLevelObserver']['request']): void {
    const { routerId, rtpObserverId, ...options } = request
    this.#addRtpObserver(routerId, new AudioLevelObserver(this.#context, rtpObserverId, options))
  }

  createAudioSelector(request: Requests['router.createAudioSelector']['request']): void {
    const { routerId, rtpObserverId, maxVoices } = request
    this.#addRtpObserver(routerId, new AudioSelector(this.#context, rtpObserverId, maxVoices))
  }

  closeRtpObserver(id: string): void {
    const observer = found(this.rtpObservers, id, 'RtpObserver')
    observer.close()
    this.rtpObservers.delete(id)
    for (const router of this.routers.values()) router.rtpObservers.delete(id)
  }

  /** @throws ChannelInvalidStateError unless the producer is in the observer's router */
  observeProducer(rtpObserverId: string, producerId: string, voiceId?: string): void {
    const observer = found(this.rtpObservers, rtpObserverId, 'RtpObserver')
    for (const router of this.routers.values()) {
      if (router.rtpObservers.has(rtpObserverId))
        observer.addProducer(found(router.producers, producerId, 'producer'), voiceId)
    }
  }

  /** Closes a transport: first its consumers, then its producers with everybody's consumers of them. */
  closeTransport(id: string): void {
    const transport = found(this.transports, id, 'transport')
    for (const consumer of [...transport.consumers.values()]) this.closeConsumer(consumer.id)
    for (const producer of [...transport.producers.values()]) this.closeProducer(producer.id)
    this.data.closeAllOf(transport)
    transport.close()
    this.path.transportsBySession.delete(transport.session)
    this.#context.plan.sendRecords.close(transport.index)
    this.transports.delete(id)
    if (transport instanceof WebRtcTransport) this.#probing.delete(transport)
    this.#routerOfTransport.get(id)?.transportIds.delete(id)
    this.#routerOfTransport.delete(id)
    this.#transportsByIndex[transport.index] = undefined
    this.#context.transportDueUs[transport.index] = Number.POSITIVE_INFINITY
    this.#freeIndexes.push(transport.index)
  }

  produce(request: Requests['transport.produce']['request']): Producer {
    const transport = found(this.transports, request.transportId, 'transport')
    if (this.producers.has(request.producerId)) {
      throw new ChannelTypeError(`producer ${request.producerId} exists`)
    }
    const unknown = request.rtpParameters.codecs.find((codec) => !isForwardable(codec))
    if (unknown !== undefined) throw new ChannelUnsupportedError(`${unknown.mimeType} can't be forwarded yet`)
    checkEncodings(request.kind, request.rtpParameters)
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
    const router = this.#routerOfTransport.get(producer.transport.id)
    router?.producers.delete(id)
    for (const observer of router?.rtpObservers.values() ?? []) observer.removeProducer(id)
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
    if (request.type !== 'pipe' && request.type !== producer.type) {
      throw new ChannelTypeError(
        `the type of a consumer of this producer is ${producer.type}, not ${request.type}`,
      )
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

  /** Binds sockets for what `make` makes; frees them if that fails. */
  #listening<T>(infos: readonly ListenInfo[], make: (listeners: readonly Listener[]) => T): T {
    const { port } = this.#context
    const listeners = listen(port, infos)
    try {
      return make(listeners)
    } catch (error) {
      for (const { socket } of listeners) port.closeSocket(socket)
      throw error
    }
  }

  #addTransport(router: Router, transport: AnyTransport): void {
    this.transports.set(transport.id, transport)
    this.#transportsByIndex[transport.index] = transport
    transport.wake()
    if (transport.session >= 0) this.path.transportsBySession.set(transport.session, transport)
    router.transportIds.add(transport.id)
    this.#routerOfTransport.set(transport.id, router)
  }

  #addRtpObserver(routerId: string, observer: RtpObserver): void {
    const router = found(this.routers, routerId, 'router')
    if (this.rtpObservers.has(observer.id)) throw new ChannelTypeError(`RtpObserver ${observer.id} exists`)
    this.rtpObservers.set(observer.id, observer)
    router.rtpObservers.set(observer.id, observer)
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

/** @throws ChannelTypeError unless each of several encodings can be told from the others */
function checkEncodings(kind: MediaKind, { mid, encodings = [] }: RtpParameters): void {
  if (encodings.length === 0) throw new ChannelTypeError('rtpParameters.encodings is empty')
  if (encodings.length === 1) return
  if (kind === 'audio') throw new ChannelUnsupportedError('several encodings of audio')
  const names = new Set(encodings.map(({ ssrc, rid }) => ssrc ?? (mid === undefined ? undefined : rid)))
  if (names.has(undefined)) {
    throw new ChannelTypeError('each of several rtpParameters.encodings needs an ssrc, or a rid beside a mid')
  }
  if (names.size < encodings.length)
    throw new ChannelTypeError('two rtpParameters.encodings have the same name')
}

/** The entity with this id. @throws ChannelInvalidStateError when it is not there: closed, or never made */
export function found<T>(map: ReadonlyMap<string, T>, id: string, noun: string): T {
  const entity = map.get(id)
  if (entity === undefined) throw new ChannelInvalidStateError(`${noun} ${id} does not exist (any longer)`)
  return entity
}
