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
import type { EngineTransport } from './engine.ts'
import type { Forwardable } from './forwarded-stream.ts'
import { layerHeightsOf } from './layer-heights.ts'
import type { MediaCounts } from './media-counts.ts'
import { mediaErrorOf } from './media-errors.ts'
import { haveMoved, MediaConnection, ParticipantMedia } from './participant-media.ts'
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
  readonly streamId?: string | undefined
}

/** Why somebody's media goes on at another worker. */
export type MoveReason = 'workerDied' | 'drained'

/** What a room's media tells its room. */
export type RoomMediaEvents = ReceiverEvents & {
  /** A producer closed; not, when its worker died: it goes on under its id. */
  readonly onProducerClosed: (participantId: string, producerId: string) => void
  /** The highest layer of a stream that anybody receives; -1: nobody receives it. */
  readonly onLayersWanted: (participantId: string, producerId: string, spatialLayer: number) => void
  /** A participant has a transport at another worker; the older one is gone, unless the worker was drained: then {@link onLeft} tells. */
  readonly onMoved: (participantId: string, reason: MoveReason, transport: EngineTransport) => void
  /** What went over an older transport goes over the newer: the older is gone. */
  readonly onLeft: (participantId: string, transportId: string) => void
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

/** For so long streams come by the older and the newer connections: a picture's first key frame is on its way meanwhile. */
const overlapMs = 300
/** Who does not manage to move in this time loses the older transport all the same. */
const longestMoveMs = 10_000

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
  /** Places of drained workers, until nobody is there any more. */
  readonly #emptying = new Set<RoomPlace>()
  #leaving: NodeJS.Timeout | undefined
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
      onReady: () => this.#leaveIfMoved(),
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
    this.#participants.set(participantId, new ParticipantMedia(receives))
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
    for (const connection of owned.connections) this.#close(connection)
    this.#routers.unseat(participantId)
    this.#closeEmptied()
    this.#leaveIfMoved()
  }

  /** Closes the room with all in it. */
  close(): void {
    this.#stopListening()
    for (const participantId of [...this.#participants.keys()]) this.remove(participantId)
    clearTimeout(this.#leaving)
    this.#forwarding.close()
    this.#routers.close()
  }

  /**
   * Creates the participant's one transport. An older one closes with what it carried, silently: what was published
   * goes on under its id when it is published again.
   */
  async open(participantId: string): Promise<EngineTransport> {
    const connection = await this.#connection(participantId)
    const owned = this.#owned(participantId)
    this.#receivers.remove(participantId)
    for (const older of owned.connections) this.#close(older)
    owned.connection = connection
    owned.older = undefined
    this.#closeEmptied()
    return connection.transport
  }

  /** As {@link open}, but the older transport carries on until all that it carries goes over the newer one. */
  async #openBeside(participantId: string): Promise<EngineTransport> {
    const connection = await this.#connection(participantId)
    const owned = this.#owned(participantId)
    if (owned.older !== undefined) this.#leave(participantId, owned)
    this.#receivers.detach(participantId)
    owned.older = owned.connection
    owned.connection = connection
    setTimeout(() => {
      if (owned.connection === connection) this.#leave(participantId, owned)
    }, longestMoveMs).unref()
    return connection.transport
  }

  async #connection(participantId: string): Promise<MediaConnection> {
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
    if (!this.#participants.has(participantId) || transport.closed) {
      transport.close()
      throw requestErrors.notFound('participant')
    }
    this.#options.counts.track('transports', transport)
    this.#homeless.delete(participantId)
    return new MediaConnection(transport, place)
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
    const connection = this.#one(participantId, transportId)
    const { transport } = connection
    await this.#ask(transport.connect({ dtlsParameters: client.dtlsParameters }))
    const owned = this.#owned(participantId)
    if (owned.connection !== connection || transport.closed) return
    connection.rtpCapabilities = client.rtpCapabilities
    this.#addReceiver(participantId, owned)
  }

  /** Connects a participant's data channels; undefined where there are none. */
  async joinData(participantId: string, transportId: string): Promise<DataStreams | undefined> {
    const { transport, place } = this.#one(participantId, transportId)
    return this.#ask(this.#data.join(participantId, place, transport))
  }

  /** Gives a connected participant all that the others publish. */
  async offerAll(participantId: string): Promise<void> {
    const connection = this.#participants.get(participantId)?.connection
    const offered = this.#receivers.offerAll(participantId, this.#streams())
    if (connection !== undefined) connection.isSetUp = true
    await offered
    this.#leaveIfMoved()
  }

  /** A connected participant publishes these streams, and no others: what an older connection carries besides them ends. */
  keepOnly(participantId: string, streamIds: readonly string[]): void {
    for (const [streamId, { producer }] of this.#participants.get(participantId)?.older?.streams ?? [])
      if (!streamIds.includes(streamId)) producer.close()
  }

  /** Takes a stream from a participant; {@link announce} gives it to the others. */
  async publish(participantId: string, transportId: string, stream: Publishing): Promise<string> {
    const { kind, rtpParameters, paused, source } = stream
    const connection = this.#one(participantId, transportId)
    const { transport, place } = connection
    const options = { kind, rtpParameters, paused, appData: { participantId, source } }
    const producer = await this.#ask(transport.produce(options))
    this.#options.counts.track('producers', producer)
    const owned = this.#participants.get(participantId)
    if (owned?.connection !== connection || producer.closed) {
      producer.close()
      throw requestErrors.notFound('transport')
    }
    const { streams } = connection
    const streamId = stream.streamId ?? producer.id
    const published = {
      streamId,
      producer,
      participantId,
      source,
      layerHeights: layerHeightsOf(kind, rtpParameters),
    }
    streams.set(streamId, published)
    this.#routes.begin(producer.id, place)
    this.#forwarding.streamAt(place, published)
    producer.observer.on('close', () => {
      if (streams.get(streamId) !== published) return
      streams.delete(streamId)
      this.#streamGone(published)
      // With its transport it goes for a while only: it will be published again under its id.
      if (!transport.closed && !owned.publishes(streamId))
        this.#events.onProducerClosed(participantId, streamId)
    })
    return streamId
  }

  /** Gives published streams to everybody else. */
  async announce(participantId: string, streamIds: readonly string[]): Promise<void> {
    const streams = this.#participants.get(participantId)?.streams ?? []
    await this.#receivers.offer(streams.filter(({ streamId }) => streamIds.includes(streamId)))
    this.#leaveIfMoved()
  }

  /** The client is set up for the consumers of all batches up to `batch`: they flow. */
  async consumersReady(participantId: string, transportId: string, batch: number): Promise<void> {
    this.#one(participantId, transportId)
    await this.#ask(this.#receivers.ready(participantId, batch))
  }

  /** What lives of a participant's media. */
  held(participantId: string): { transportId: string; consumerIds: string[] } | undefined {
    const transport = this.#participants.get(participantId)?.connection?.transport
    if (transport === undefined || transport.closed) return undefined
    return { transportId: transport.id, consumerIds: this.#receivers.consumerIdsOf(participantId) }
  }

  /** Whether a participant's network answers: its browser consents to be sent media (RFC 7675). */
  flows(participantId: string): boolean {
    const connections = this.#participants.get(participantId)?.connections ?? []
    return connections.some(
      ({ transport: { dtlsState, iceState } }) =>
        dtlsState === 'connected' && (iceState === 'connected' || iceState === 'completed'),
    )
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
    if (!receives) {
      this.#receivers.remove(participantId)
      // What still flows over an older transport ends with it.
      if (owned.older !== undefined) this.#leave(participantId, owned)
    } else if (!this.#receivers.has(participantId)) {
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
    const producers = this.#owned(participantId).connections.flatMap(
      ({ streams }) => streams.get(producerId)?.producer ?? [],
    )
    if (producers.length === 0) throw requestErrors.notFound('producer')
    for (const producer of producers) {
      if (action === 'close') producer.close()
      else await this.#ask(producer[action]())
    }
  }

  #owned(participantId: string): ParticipantMedia {
    const owned = this.#participants.get(participantId)
    if (owned === undefined) throw requestErrors.notFound('participant')
    return owned
  }

  #one(participantId: string, transportId: string): MediaConnection {
    const { connection } = this.#owned(participantId)
    if (connection?.transport.id !== transportId) throw requestErrors.notFound('transport')
    return connection
  }

  #addReceiver(participantId: string, { connection, receives }: ParticipantMedia): void {
    if (!receives || connection?.rtpCapabilities === undefined) return
    const { transport, place, rtpCapabilities } = connection
    this.#forwarding.watchBandwidth(participantId, transport)
    this.#receivers.add(participantId, transport, place, rtpCapabilities)
  }

  /** All that is published, each stream once. */
  #streams(): Forwardable[] {
    return [...this.#participants.values()].flatMap(({ streams }) => streams)
  }

  #streamGone(stream: Forwardable): void {
    this.#routes.end(stream.producer.id)
    this.#forwarding.streamGone(stream)
  }

  /** A connection ends with what it carried; what was published over it is taken away from everybody, silently. */
  #close({ transport, streams }: MediaConnection): void {
    const gone = [...streams.values()]
    streams.clear()
    for (const stream of gone) {
      this.#receivers.withdraw(stream.producer)
      this.#streamGone(stream)
    }
    transport.close()
  }

  /** Somebody's older connection ends: the newer one carries what it did, or there is no more waiting for that. */
  #leave(participantId: string, owned: ParticipantMedia): void {
    const { older } = owned
    if (older === undefined) return
    owned.older = undefined
    this.#close(older)
    this.#events.onLeft(participantId, older.transport.id)
    this.#closeEmptied()
  }

  /** Everybody who moves leaves their older connection together, once nobody needs any of them. */
  #leaveIfMoved(): void {
    const moving = [...this.#participants].filter(([, { older }]) => older !== undefined)
    if (moving.length === 0 || this.#leaving !== undefined) return
    if (!this.#isHandedOver()) return
    // What has just begun over the newer ones has time to arrive.
    this.#leaving = setTimeout(() => {
      this.#leaving = undefined
      if (!this.#isHandedOver()) return
      for (const [participantId, owned] of moving) this.#leave(participantId, owned)
    }, overlapMs)
  }

  #isHandedOver(): boolean {
    return this.#receivers.isSettled && haveMoved([...this.#participants.values()])
  }

  /** Places of drained workers close when nobody has a connection or a seat there. */
  #closeEmptied(): void {
    for (const place of this.#emptying) {
      const isInUse = [...this.#participants.values()].some(({ connections }) =>
        connections.some((connection) => connection.place === place),
      )
      if (isInUse) continue
      this.#emptying.delete(place)
      if (this.#routers.seatedAt(place.index).length > 0) continue
      this.#routers.closePlace(place.index)
      this.#routes.cut(place)
      this.#forwarding.placeGone(place)
      this.#data.placeGone(place)
      void this.#receivers.offer(this.#streams())
    }
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
    this.#emptying.delete(place)
    for (const owned of this.#participants.values()) if (owned.older?.place === place) owned.older = undefined
    for (const participantId of this.#routers.seatedAt(place.index)) {
      this.#routers.unseat(participantId)
      if (this.#participants.get(participantId)?.connection !== undefined)
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

  /** Moves everybody away from a worker, if there is another one; the place closes when they have all moved. */
  async #drain(index: number): Promise<void> {
    const place = this.#routers.live.find((live) => live.index === index)
    if (place === undefined || !this.#routers.hasWorker) return
    const seated = this.#routers.seatedAt(index)
    for (const participantId of seated) this.#routers.unseat(participantId)
    const moving = seated.filter((participantId) => {
      const connection = this.#participants.get(participantId)?.connection
      return connection !== undefined && !connection.transport.closed
    })
    this.#emptying.add(place)
    await Promise.all(
      moving.map(async (participantId) => {
        try {
          this.#events.onMoved(participantId, 'drained', await this.#openBeside(participantId))
        } catch {
          // The other worker is gone as well: they wait for the next one.
          if (this.#participants.has(participantId)) this.#homeless.set(participantId, 'drained')
        }
      }),
    )
    this.#closeEmptied()
  }

  async #ask<Result>(answer: Promise<Result>): Promise<Result> {
    try {
      return await answer
    } catch (error) {
      throw mediaErrorOf(error)
    }
  }
}
