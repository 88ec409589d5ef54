import type {
  DtlsParameters,
  IceParameters,
  MediaKind,
  RtpCapabilities,
  RtpParameters,
  TrackSource,
  View,
} from '@sangam/protocol'
import { requestErrors } from '../request-errors.ts'
import type { EngineConsumer, EngineProducer, EngineTransport } from './engine.ts'
import type { MediaCounts } from './media-counts.ts'
import { mediaErrorOf } from './media-errors.ts'
import type { RouterPlace } from './media-workers.ts'
import { type Forwardable, type ReceiverEvents, Receivers } from './receivers.ts'

/** Way of a transport, as the client sees it. */
export type Direction = 'send' | 'receive'

/** A stream that somebody publishes. */
export type Publishing = {
  readonly kind: MediaKind
  readonly rtpParameters: RtpParameters
  readonly paused: boolean
  readonly source: TrackSource
  /** Goes on under the id that clients know. */
  readonly producerId?: string | undefined
}

/** What a room's media tells its room. */
export type RoomMediaEvents = ReceiverEvents & {
  /** The worker died: everything is gone. */
  readonly onLost: () => void
  /** A producer closed, whatever the reason. */
  readonly onProducerClosed: (participantId: string, producerId: string) => void
  /** A consumer closed because its producer or transport did. */
  readonly onConsumerClosed: (participantId: string, consumerId: string) => void
}

type ParticipantMedia = {
  /** The one transport for both directions. */
  transport: EngineTransport | undefined
  readonly transports: Map<Direction, EngineTransport>
  /** By producerId. */
  readonly producers: Map<string, EngineProducer>
  readonly streams: Map<string, Forwardable>
  readonly consumers: Map<string, EngineConsumer>
}

/**
 * One room in the engine: its router and what each participant owns in it. A participant reaches only what is theirs;
 * when they go, all of it closes.
 */
export class RoomMedia {
  readonly #place: RouterPlace
  readonly #counts: MediaCounts
  readonly #events: RoomMediaEvents
  readonly #participants = new Map<string, ParticipantMedia>()
  readonly #receivers: Receivers

  constructor(place: RouterPlace, counts: MediaCounts, events: RoomMediaEvents) {
    this.#place = place
    this.#counts = counts
    this.#events = events
    this.#receivers = new Receivers(counts, events)
    place.router.on('workerclose', () => {
      this.#participants.clear()
      events.onLost()
    })
  }

  /** What an endpoint needs to know before it sends or receives. */
  get rtpCapabilities(): RtpCapabilities {
    return this.#place.router.rtpCapabilities
  }

  /** Somebody came. */
  add(participantId: string): void {
    this.#participants.set(participantId, {
      transport: undefined,
      transports: new Map(),
      producers: new Map(),
      streams: new Map(),
      consumers: new Map(),
    })
    this.#place.addLoad(1)
  }

  /** Somebody went: closes all that is theirs. */
  remove(participantId: string): void {
    const owned = this.#participants.get(participantId)
    if (owned === undefined) return
    this.#participants.delete(participantId)
    this.#place.addLoad(-1)
    this.#receivers.remove(participantId)
    owned.transport?.close()
    for (const transport of owned.transports.values()) transport.close()
  }

  /** Closes the room with all in it. */
  close(): void {
    for (const participantId of [...this.#participants.keys()]) this.remove(participantId)
    this.#place.router.close()
  }

  /**
   * Creates the participant's one transport. An older one closes with what it carried, silently: what was published
   * goes on under its id when it is published again.
   */
  async open(participantId: string): Promise<EngineTransport> {
    this.#owned(participantId)
    const transport = await this.#ask(
      this.#place.router.createWebRtcTransport({ webRtcServer: this.#place.webRtcServer, enableSctp: true }),
    )
    const owned = this.#participants.get(participantId)
    if (owned === undefined) {
      transport.close()
      throw requestErrors.notFound('participant')
    }
    this.#counts.track('transports', transport)
    this.#receivers.remove(participantId)
    owned.producers.clear()
    for (const { producer } of owned.streams.values()) this.#receivers.withdraw(producer)
    owned.streams.clear()
    owned.transport?.close()
    owned.transport = transport
    return transport
  }

  /** Connects the transport; with capabilities, the participant receives what the others publish from now on. */
  async connect(
    participantId: string,
    transportId: string,
    client: {
      readonly dtlsParameters: DtlsParameters
      readonly rtpCapabilities: RtpCapabilities | undefined
    },
  ): Promise<void> {
    const transport = this.#one(participantId, transportId)
    await this.#ask(transport.connect({ dtlsParameters: client.dtlsParameters }))
    if (client.rtpCapabilities === undefined || transport.closed) return
    this.#receivers.add(participantId, transport, client.rtpCapabilities)
  }

  /** Gives a connected participant all that the others publish. */
  async offerAll(participantId: string): Promise<void> {
    const streams = [...this.#participants.values()].flatMap((owned) => [...owned.streams.values()])
    await this.#receivers.offerAll(participantId, streams)
  }

  /** Takes a stream from a participant; {@link announce} gives it to the others. */
  async publish(participantId: string, transportId: string, stream: Publishing): Promise<string> {
    const { kind, rtpParameters, paused, source, producerId } = stream
    const transport = this.#one(participantId, transportId)
    const options = { kind, rtpParameters, paused, appData: { participantId, source } }
    const producer = await this.#ask(
      transport.produce(producerId === undefined ? options : { ...options, id: producerId }),
    )
    this.#counts.track('producers', producer)
    const owned = this.#participants.get(participantId)
    if (owned?.transport !== transport || producer.closed) {
      producer.close()
      throw requestErrors.notFound('transport')
    }
    owned.producers.set(producer.id, producer)
    owned.streams.set(producer.id, { producer, participantId, source })
    producer.observer.on('close', () => {
      if (owned.producers.get(producer.id) !== producer) return
      owned.producers.delete(producer.id)
      owned.streams.delete(producer.id)
      this.#events.onProducerClosed(participantId, producer.id)
    })
    return producer.id
  }

  /** Gives published streams to everybody else. */
  async announce(participantId: string, producerIds: readonly string[]): Promise<void> {
    const streams = this.#participants.get(participantId)?.streams
    const announced = producerIds.flatMap((producerId) => streams?.get(producerId) ?? [])
    await this.#receivers.offer(announced)
  }

  /** The client is set up for the consumers of all batches up to `batch`: they flow. */
  async consumersReady(participantId: string, transportId: string, batch: number): Promise<void> {
    this.#one(participantId, transportId)
    await this.#ask(this.#receivers.ready(participantId, batch))
  }

  /** What lives of a participant's media. */
  held(participantId: string): { transportId: string; consumerIds: string[] } | undefined {
    const transport = this.#participants.get(participantId)?.transport
    if (transport === undefined || transport.closed) return undefined
    return { transportId: transport.id, consumerIds: this.#receivers.consumerIdsOf(participantId) }
  }

  /** A participant is back after its connection was lost: tells it again what it may have missed. */
  tellAgain(participantId: string): void {
    this.#receivers.tellAgain(participantId)
  }

  /** A participant may no longer receive. */
  stopReceiving(participantId: string): void {
    this.#receivers.remove(participantId)
  }

  /** What a participant's screen shows. */
  setView(participantId: string, view: View): void {
    this.#receivers.setView(participantId, view)
  }

  /** Creates a transport; an older one of the same direction closes. */
  async createTransport(participantId: string, direction: Direction): Promise<EngineTransport> {
    this.#owned(participantId)
    const transport = await this.#ask(
      this.#place.router.createWebRtcTransport({ webRtcServer: this.#place.webRtcServer }),
    )
    const owned = this.#participants.get(participantId)
    if (owned === undefined) {
      transport.close()
      throw requestErrors.notFound('participant')
    }
    this.#counts.track('transports', transport)
    owned.transports.get(direction)?.close()
    owned.transports.set(direction, transport)
    return transport
  }

  /** Gives a transport the client's DTLS parameters. */
  async connectTransport(
    participantId: string,
    transportId: string,
    dtlsParameters: DtlsParameters,
  ): Promise<void> {
    await this.#ask(this.#transport(participantId, transportId).connect({ dtlsParameters }))
  }

  /** New ICE credentials for a transport. */
  async restartIce(participantId: string, transportId: string): Promise<IceParameters> {
    return this.#ask(this.#transport(participantId, transportId).restartIce())
  }

  /** Takes a stream from a participant. */
  async produce(
    participantId: string,
    transportId: string,
    stream: { kind: MediaKind; rtpParameters: RtpParameters; paused: boolean; source: string },
  ): Promise<string> {
    const { kind, rtpParameters, paused, source } = stream
    const transport = this.#transport(participantId, transportId, 'send')
    const producer = await this.#ask(
      transport.produce({ kind, rtpParameters, paused, appData: { participantId, source } }),
    )
    this.#counts.track('producers', producer)
    const owned = this.#participants.get(participantId)
    if (owned === undefined || producer.closed) {
      producer.close()
      throw requestErrors.notFound('participant')
    }
    owned.producers.set(producer.id, producer)
    producer.observer.on('close', () => {
      owned.producers.delete(producer.id)
      this.#events.onProducerClosed(participantId, producer.id)
    })
    return producer.id
  }

  /** Pauses, resumes or closes a producer of a participant. */
  async controlProducer(
    participantId: string,
    producerId: string,
    action: 'pause' | 'resume' | 'close',
  ): Promise<void> {
    const producer = this.#owned(participantId).producers.get(producerId)
    if (producer === undefined) throw requestErrors.notFound('producer')
    if (action === 'close') producer.close()
    else await this.#ask(producer[action]())
  }

  /** Gives a participant a stream, paused. An older consumer of the same stream closes. */
  async consume(
    participantId: string,
    transportId: string,
    { producerId, rtpCapabilities }: { producerId: string; rtpCapabilities: RtpCapabilities },
  ): Promise<EngineConsumer> {
    const transport = this.#transport(participantId, transportId, 'receive')
    if (!this.#hasProducer(producerId)) throw requestErrors.notFound('producer')
    if (!this.#place.router.canConsume({ producerId, rtpCapabilities })) {
      throw requestErrors.unsupported('This device cannot decode the stream.')
    }
    const consumer = await this.#ask(transport.consume({ producerId, rtpCapabilities, paused: true }))
    this.#counts.track('consumers', consumer)
    const owned = this.#participants.get(participantId)
    if (owned === undefined || consumer.closed) {
      consumer.close()
      throw requestErrors.notFound('producer')
    }
    for (const older of owned.consumers.values()) if (older.producerId === producerId) older.close()
    owned.consumers.set(consumer.id, consumer)
    consumer.observer.on('close', () => {
      // Still in the map: neither the client nor a leave closed it.
      if (owned.consumers.delete(consumer.id) && this.#participants.get(participantId) === owned) {
        this.#events.onConsumerClosed(participantId, consumer.id)
      }
    })
    return consumer
  }

  /** Pauses, resumes or closes a consumer of a participant, or asks its producer for a key frame. */
  async controlConsumer(
    participantId: string,
    consumerId: string,
    action: 'pause' | 'resume' | 'requestKeyFrame' | 'close',
  ): Promise<void> {
    const { consumers } = this.#owned(participantId)
    const consumer = consumers.get(consumerId)
    if (consumer === undefined) throw requestErrors.notFound('consumer')
    if (action !== 'close') {
      await this.#ask(consumer[action]())
      return
    }
    consumers.delete(consumerId)
    consumer.close()
  }

  #hasProducer(producerId: string): boolean {
    return [...this.#participants.values()].some(({ producers }) => producers.has(producerId))
  }

  #owned(participantId: string): ParticipantMedia {
    const owned = this.#participants.get(participantId)
    if (owned === undefined) throw requestErrors.notFound('participant')
    return owned
  }

  #one(participantId: string, transportId: string): EngineTransport {
    const { transport } = this.#owned(participantId)
    if (transport?.id !== transportId) throw requestErrors.notFound('transport')
    return transport
  }

  #transport(participantId: string, transportId: string, direction?: Direction): EngineTransport {
    const { transport: one } = this.#owned(participantId)
    if (one?.id === transportId && direction === undefined) return one
    for (const [way, transport] of this.#owned(participantId).transports) {
      if (transport.id !== transportId) continue
      if (direction !== undefined && direction !== way) {
        throw requestErrors.wrongState(`This needs the ${direction} transport.`)
      }
      return transport
    }
    throw requestErrors.notFound('transport')
  }

  async #ask<Result>(answer: Promise<Result>): Promise<Result> {
    try {
      return await answer
    } catch (error) {
      throw mediaErrorOf(error)
    }
  }
}
