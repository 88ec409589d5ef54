import type {
  DtlsParameters,
  IceParameters,
  MediaKind,
  RtpCapabilities,
  RtpParameters,
  StreamReason,
  TrackSource,
  View,
} from '@sangam/protocol'
import { requestErrors } from '../request-errors.ts'
import type { EngineProducer, EngineTransport } from './engine.ts'
import type { Forwardable } from './forwarded-stream.ts'
import { layerHeightsOf } from './layer-heights.ts'
import type { MediaCounts } from './media-counts.ts'
import { mediaErrorOf } from './media-errors.ts'
import { type ReceiverEvents, Receivers } from './receivers.ts'
import { type DataStreams, RoomData } from './room-data.ts'
import { RoomForwarding } from './room-forwarding.ts'
import { type RoomPlace, RoomRouters, type RoomWorkers } from './room-routers.ts'
import { StreamRoutes } from './stream-routes.ts'

/** A stream that somebody publishes. */
export type Publishing = {
  readonly kind: MediaKind
  readonly rtpParameters: RtpParameters
  readonly paused: boolean
  readonly source: TrackSource
  /** Goes on under the id that clients know. */
  readonly producerId?: string | undefined
}

/** Why somebody's media goes on at another worker. */
export type MoveReason = 'workerDied' | 'drained'

/** What a room's media tells its room. */
export type RoomMediaEvents = ReceiverEvents & {
  /** A producer closed; not, when its worker died: it goes on under its id. */
  readonly onProducerClosed: (participantId: string, producerId: string) => void
  /** The highest layer of a stream that anybody receives; -1: nobody receives it. */
  readonly onLayersWanted: (participantId: string, producerId: string, spatialLayer: number) => void
  /** A participant has a transport at another worker; the older one is gone. */
  readonly onMoved: (participantId: string, reason: MoveReason, transport: EngineTransport) => void
}

/** What a room's media needs. */
export type RoomMediaOptions = {
  readonly workers: RoomWorkers
  readonly counts: MediaCounts
  readonly now: () => number
  /** Whether a participant may send messages that may get lost. */
  readonly maySendData: (participantId: string) => boolean
  readonly events: RoomMediaEvents
  /** Most voices, and most videos, that a receiver gets at a time. */
  readonly maxVoices: number
  readonly maxVideos: number
}

/** What is taken for a newcomer's network until it was measured: three small pictures. */
const firstEstimateBps = 1_000_000

type ParticipantMedia = {
  /** The one transport for both directions. */
  transport: EngineTransport | undefined
  /** Where it is. */
  place: RoomPlace | undefined
  /** What the client of a connected transport can receive. */
  rtpCapabilities: RtpCapabilities | undefined
  /** Whether it may receive. */
  receives: boolean
  /** By producerId. */
  readonly producers: Map<string, EngineProducer>
  readonly streams: Map<string, Forwardable>
}

/**
 * One room in the engine: what each participant owns in it, on whichever worker. A participant reaches only what is theirs;
 * when they go, all of it closes. When a worker dies or is drained, its participants get transports on another one.
 */
export class RoomMedia {
  readonly #options: RoomMediaOptions
  readonly #events: RoomMediaEvents
  readonly #routers: RoomRouters
  readonly #routes: StreamRoutes
  readonly #forwarding: RoomForwarding
  readonly #receivers: Receivers
  readonly #data: RoomData
  readonly #participants = new Map<string, ParticipantMedia>()
  /** Who waits for a worker. */
  readonly #homeless = new Map<string, MoveReason>()
  readonly #stopListening: () => void

  private constructor(options: RoomMediaOptions) {
    const { workers, counts, events } = options
    this.#options = options
    this.#events = events
    this.#routers = new RoomRouters(workers, { onLost: (place) => this.#placeGone(place, 'workerDied') })
    this.#routes = new StreamRoutes({ onPiped: (producerId, place) => this.#piped(producerId, place) })
    this.#forwarding = new RoomForwarding({
      receivers: () => this.#receivers,
      streams: () => this.#streams(),
      now: options.now,
      maxVoices: options.maxVoices,
      maxVideos: options.maxVideos,
      onLayersWanted: events.onLayersWanted,
    })
    this.#receivers = new Receivers({
      counts,
      events,
      routes: this.#routes,
      onChanged: (receiver) => this.#forwarding.changed(receiver),
    })
    this.#data = new RoomData({ maySend: options.maySendData, now: options.now })
    this.#stopListening = workers.listen({
      onAvailable: () => void this.#rehouse(),
      onDrain: (index) => void this.#drain(index),
    })
  }

  /** @throws RequestError `unavailable` when no worker takes people */
  static async open(options: RoomMediaOptions): Promise<RoomMedia> {
    const media = new RoomMedia(options)
    try {
      await media.#routers.open()
      return media
    } catch (error) {
      media.close()
      throw error
    }
  }

  /** What an endpoint needs to know before it sends or receives. */
  get rtpCapabilities(): RtpCapabilities {
    return this.#routers.rtpCapabilities
  }

  /** Copies of streams on their way to other workers. */
  get pipes(): number {
    return this.#routes.copies
  }

  /** How many streams are forwarded, or not, for which reason. */
  countReasons(): Map<StreamReason, number> {
    return this.#forwarding.countReasons()
  }

  /** Somebody came, and may receive what the others publish, or not: {@link setReceiving} changes that. */
  add(participantId: string, receives: boolean): void {
    this.#participants.set(participantId, {
      transport: undefined,
      place: undefined,
      rtpCapabilities: undefined,
      receives,
      producers: new Map(),
      streams: new Map(),
    })
    this.#routers.seat(participantId)
  }

  /** Somebody went: closes all that is theirs. */
  remove(participantId: string): void {
    const owned = this.#participants.get(participantId)
    if (owned === undefined) return
    this.#participants.delete(participantId)
    this.#homeless.delete(participantId)
    this.#receivers.forget(participantId)
    this.#forwarding.left(participantId)
    this.#data.left(participantId)
    owned.transport?.close()
    for (const producerId of owned.streams.keys()) this.#streamGone(producerId)
    this.#routers.unseat(participantId)
  }

  /** Closes the room with all in it. */
  close(): void {
    this.#stopListening()
    for (const participantId of [...this.#participants.keys()]) this.remove(participantId)
    this.#forwarding.close()
    this.#routers.close()
  }

  /**
   * Creates the participant's one transport. An older one closes with what it carried, silently: what was published
   * goes on under its id when it is published again.
   */
  async open(participantId: string): Promise<EngineTransport> {
    this.#owned(participantId)
    const place = await this.#routers.placeOf(participantId)
    const { router, webRtcServer } = place
    const transport = await this.#ask(
      router.createWebRtcTransport({
        webRtcServer,
        enableSctp: true,
        // Who moves starts with what their network is known to carry.
        initialAvailableOutgoingBitrate: Math.round(
          this.#forwarding.estimateOf(participantId) ?? firstEstimateBps,
        ),
      }),
    )
    const owned = this.#participants.get(participantId)
    if (owned === undefined || transport.closed) {
      transport.close()
      throw requestErrors.notFound('participant')
    }
    this.#options.counts.track('transports', transport)
    this.#receivers.remove(participantId)
    this.#withdrawAll(owned)
    owned.transport?.close()
    owned.transport = transport
    owned.place = place
    owned.rtpCapabilities = undefined
    this.#homeless.delete(participantId)
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
    const { transport } = this.#one(participantId, transportId)
    await this.#ask(transport.connect({ dtlsParameters: client.dtlsParameters }))
    const owned = this.#owned(participantId)
    if (owned.transport !== transport || transport.closed) return
    owned.rtpCapabilities = client.rtpCapabilities
    this.#addReceiver(participantId, owned)
  }

  /** Connects a participant's data channels; undefined where there are none. */
  async joinData(participantId: string, transportId: string): Promise<DataStreams | undefined> {
    const { transport, place } = this.#one(participantId, transportId)
    return this.#ask(this.#data.join(participantId, place, transport))
  }

  /** Gives a connected participant all that the others publish. */
  async offerAll(participantId: string): Promise<void> {
    await this.#receivers.offerAll(participantId, this.#streams())
  }

  /** Takes a stream from a participant; {@link announce} gives it to the others. */
  async publish(participantId: string, transportId: string, stream: Publishing): Promise<string> {
    const { kind, rtpParameters, paused, source, producerId } = stream
    const { transport, place } = this.#one(participantId, transportId)
    const options = { kind, rtpParameters, paused, appData: { participantId, source } }
    const producer = await this.#ask(
      transport.produce(producerId === undefined ? options : { ...options, id: producerId }),
    )
    this.#options.counts.track('producers', producer)
    const owned = this.#participants.get(participantId)
    if (owned?.transport !== transport || producer.closed) {
      producer.close()
      throw requestErrors.notFound('transport')
    }
    const layerHeights = layerHeightsOf(kind, rtpParameters)
    owned.producers.set(producer.id, producer)
    owned.streams.set(producer.id, { producer, participantId, source, layerHeights })
    this.#routes.begin(producer.id, place)
    this.#forwarding.streamAt(place, { producer, source })
    producer.observer.on('close', () => {
      if (owned.producers.get(producer.id) !== producer) return
      owned.producers.delete(producer.id)
      owned.streams.delete(producer.id)
      this.#streamGone(producer.id)
      // With its transport it goes for a while only: it will be published again under its id.
      if (!transport.closed) this.#events.onProducerClosed(participantId, producer.id)
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

  /** Whether a participant's network answers: its browser consents to be sent media (RFC 7675). */
  flows(participantId: string): boolean {
    const transport = this.#participants.get(participantId)?.transport
    if (transport === undefined || transport.dtlsState !== 'connected') return false
    return transport.iceState === 'connected' || transport.iceState === 'completed'
  }

  /** A participant is back after its connection was lost: tells it again what it may have missed. */
  tellAgain(participantId: string): void {
    this.#receivers.tellAgain(participantId)
  }

  /** Whether a participant may receive changed. */
  setReceiving(participantId: string, receives: boolean): void {
    const owned = this.#participants.get(participantId)
    if (owned === undefined) return
    owned.receives = receives
    if (!receives) this.#receivers.remove(participantId)
    else if (!this.#receivers.has(participantId)) {
      this.#addReceiver(participantId, owned)
      void this.offerAll(participantId)
    }
  }

  /** What a participant's screen shows. */
  setView(participantId: string, view: View): void {
    this.#receivers.setView(participantId, view)
  }

  /** New ICE credentials for a transport. */
  async restartIce(participantId: string, transportId: string): Promise<IceParameters> {
    return this.#ask(this.#one(participantId, transportId).transport.restartIce())
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

  #owned(participantId: string): ParticipantMedia {
    const owned = this.#participants.get(participantId)
    if (owned === undefined) throw requestErrors.notFound('participant')
    return owned
  }

  #one(participantId: string, transportId: string): { transport: EngineTransport; place: RoomPlace } {
    const { transport, place } = this.#owned(participantId)
    if (transport?.id !== transportId || place === undefined) throw requestErrors.notFound('transport')
    return { transport, place }
  }

  #addReceiver(participantId: string, owned: ParticipantMedia): void {
    const { transport, place, rtpCapabilities, receives } = owned
    if (!receives || transport === undefined || place === undefined || rtpCapabilities === undefined) return
    this.#forwarding.watchBandwidth(participantId, transport)
    this.#receivers.add(participantId, transport, place, rtpCapabilities)
  }

  #streams(): Forwardable[] {
    return [...this.#participants.values()].flatMap((owned) => [...owned.streams.values()])
  }

  #streamGone(producerId: string): void {
    this.#routes.end(producerId)
    this.#forwarding.streamGone(producerId)
  }

  /** What somebody publishes is taken away from everybody, silently. */
  #withdrawAll(owned: ParticipantMedia): void {
    owned.producers.clear()
    for (const { producer } of owned.streams.values()) {
      this.#receivers.withdraw(producer)
      this.#streamGone(producer.id)
    }
    owned.streams.clear()
  }

  #piped(producerId: string, place: RoomPlace): void {
    const stream = this.#streams().find(({ producer }) => producer.id === producerId)
    if (stream !== undefined) this.#forwarding.streamAt(place, stream)
  }

  /** A place is gone with all in it: who sat there gets another one, and what went through there goes another way. */
  #placeGone(place: RoomPlace, reason: MoveReason): void {
    this.#routes.cut(place)
    this.#forwarding.placeGone(place)
    this.#data.placeGone(place)
    for (const participantId of this.#routers.seatedAt(place.index)) {
      this.#routers.unseat(participantId)
      if (this.#participants.get(participantId)?.transport !== undefined)
        this.#homeless.set(participantId, reason)
    }
    void this.#receivers.offer(this.#streams())
    void this.#rehouse()
  }

  /** Gives everybody who has no place one; those for whom there is none wait for a worker. */
  async #rehouse(): Promise<void> {
    await Promise.allSettled(
      [...this.#homeless].map(async ([participantId, reason]) => {
        const transport = await this.open(participantId)
        this.#events.onMoved(participantId, reason, transport)
      }),
    )
  }

  /** Moves everybody away from a worker, if there is another one, and closes the place. */
  async #drain(index: number): Promise<void> {
    const place = this.#routers.live.find((live) => live.index === index)
    if (place === undefined || !this.#routers.hasWorker) return
    for (const participantId of this.#routers.seatedAt(index)) {
      this.#routers.unseat(participantId)
      if (this.#participants.get(participantId)?.transport !== undefined)
        this.#homeless.set(participantId, 'drained')
    }
    await this.#rehouse()
    this.#routers.closePlace(index)
    this.#routes.cut(place)
    this.#forwarding.placeGone(place)
    this.#data.placeGone(place)
    await this.#receivers.offer(this.#streams())
  }

  async #ask<Result>(answer: Promise<Result>): Promise<Result> {
    try {
      return await answer
    } catch (error) {
      throw mediaErrorOf(error)
    }
  }
}
