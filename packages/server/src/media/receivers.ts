import { type Consumer, limits, type RtpCapabilities, type StreamState, type View } from '@sangam/protocol'
import type { EngineProducer, EngineTransport } from './engine.ts'
import { type Forwardable, ForwardedStream, type StreamDecision } from './forwarded-stream.ts'
import type { MediaCounts } from './media-counts.ts'
import type { RoomPlace } from './room-routers.ts'
import type { StreamRoutes } from './stream-routes.ts'

/** What receivers tell their room. */
export type ReceiverEvents = {
  /** Consumers were made: paused, until {@link Receivers.ready}. Sent in this order, each batch once. */
  readonly onConsumersAdded: (
    participantId: string,
    added: {
      readonly transportId: string
      readonly batch: number
      readonly consumers: readonly Consumer[]
    },
  ) => void
  /** The engine failed to forward a stream, and nothing that happened explains it. */
  readonly onConsumeFailed: (participantId: string, producerId: string, error: unknown) => void
  readonly onConsumersRemoved: (participantId: string, consumerIds: readonly string[]) => void
  /** What became of streams, and why; only those that changed. */
  readonly onStreamStates: (participantId: string, states: readonly StreamState[]) => void
}

/** What receivers need. */
export type ReceiverOptions = {
  readonly counts: MediaCounts
  readonly events: ReceiverEvents
  readonly routes: StreamRoutes
  /** Who receives what changed: decisions are due. */
  readonly onChanged: (receiver: Receiver) => void
  /** Somebody is set up for more. */
  readonly onReady: () => void
}

/** Somebody who receives, on one transport. */
export type Receiver = {
  readonly participantId: string
  readonly transport: EngineTransport
  readonly place: RoomPlace
  readonly rtpCapabilities: RtpCapabilities
  /** By consumerId: told of to the client. */
  readonly consumers: Map<string, ForwardedStream>
  /** Streams that have a consumer, or are getting one. */
  readonly streams: Set<EngineProducer>
  /** Consumers being made at this moment; the last one sends the batch. */
  pending: number
  made: ForwardedStream[]
  removed: string[]
  states: Map<string, StreamState>
  lastBatch: number
  /** The client is set up for the batches up to this one. */
  readyBatch: number
  view: View | undefined
}

/** Errors of the mediasoup v3 API that say no more than that something closed, or does not fit. */
const expectedErrors: ReadonlySet<string> = new Set([
  'InvalidStateError',
  'NotFoundError',
  'UnsupportedError',
])

/** States that change within this time are told of together. */
const statesDelayMs = 40

/**
 * Who receives what: the server makes the consumers, and tells of them in batches, so that no receiver asks for a
 * stream. What is made together is told of together.
 */
export class Receivers {
  readonly #options: ReceiverOptions
  readonly #receivers = new Map<string, Receiver>()
  /** What people show outlives their transports. */
  readonly #views = new Map<string, View>()
  /** Numbers go on when somebody may receive again on the same transport. */
  readonly #lastBatches = new Map<string, number>()

  constructor(options: ReceiverOptions) {
    this.#options = options
  }

  /** Everybody who receives. */
  get all(): Receiver[] {
    return [...this.#receivers.values()]
  }

  /** Somebody who receives. */
  of(participantId: string): Receiver | undefined {
    return this.#receivers.get(participantId)
  }

  /** Somebody can receive, on this transport. Replaces what they received before. */
  add(
    participantId: string,
    transport: EngineTransport,
    place: RoomPlace,
    rtpCapabilities: RtpCapabilities,
  ): void {
    this.remove(participantId)
    const lastBatch = this.#lastBatches.get(participantId) ?? 0
    const receiver: Receiver = {
      participantId,
      transport,
      place,
      rtpCapabilities,
      consumers: new Map(),
      streams: new Set(),
      pending: 0,
      made: [],
      removed: [],
      states: new Map(),
      lastBatch,
      readyBatch: lastBatch,
      view: this.#views.get(participantId),
    }
    this.#receivers.set(participantId, receiver)
    this.#options.onChanged(receiver)
  }

  /** Somebody receives no more. Their consumers close, and they are told. */
  remove(participantId: string): void {
    const receiver = this.#receivers.get(participantId)
    if (receiver === undefined) return
    this.#receivers.delete(participantId)
    this.#lastBatches.set(participantId, receiver.lastBatch)
    const consumerIds = [...receiver.consumers.keys()]
    for (const { consumer } of [...receiver.consumers.values(), ...receiver.made]) consumer.close()
    this.#tellRemoved(receiver, consumerIds)
    this.#options.onChanged(receiver)
  }

  /** Somebody moves to another transport: on this one they go on receiving as they do, untold of changes, until it closes. */
  detach(participantId: string): void {
    const receiver = this.#receivers.get(participantId)
    if (receiver === undefined) return
    this.#receivers.delete(participantId)
    this.#lastBatches.set(participantId, receiver.lastBatch)
  }

  /** Whether everybody who receives is set up for all that they are to get. */
  get isSettled(): boolean {
    return this.all.every(({ pending, lastBatch, readyBatch }) => pending === 0 && readyBatch >= lastBatch)
  }

  /** Somebody left for good. */
  forget(participantId: string): void {
    this.remove(participantId)
    this.#views.delete(participantId)
    this.#lastBatches.delete(participantId)
  }

  /** Whether somebody receives. */
  has(participantId: string): boolean {
    return this.#receivers.has(participantId)
  }

  /** Gives a receiver every stream of the others that it lacks. Streams that it cannot decode are left out. */
  async offerAll(participantId: string, streams: readonly Forwardable[]): Promise<void> {
    const receiver = this.#receivers.get(participantId)
    if (receiver === undefined) return
    await Promise.all(streams.map((stream) => this.#consume(receiver, stream)))
  }

  /** Gives streams to every receiver. */
  async offer(streams: readonly Forwardable[]): Promise<void> {
    await Promise.all(
      this.all.flatMap((receiver) => streams.map((stream) => this.#consume(receiver, stream))),
    )
  }

  /** Takes a stream away from everybody. */
  withdraw(producer: EngineProducer): void {
    for (const receiver of this.#receivers.values()) {
      receiver.streams.delete(producer)
      for (const { consumer, stream } of receiver.consumers.values()) {
        if (stream.producer === producer) consumer.close()
      }
    }
  }

  /** The client is set up for the batches up to `batch`: their consumers flow, as far as they are to. */
  async ready(participantId: string, batch: number): Promise<void> {
    const receiver = this.#receivers.get(participantId)
    if (receiver === undefined) return
    receiver.readyBatch = Math.max(receiver.readyBatch, Math.min(batch, receiver.lastBatch))
    const ready = [...receiver.consumers.values()].filter((forwarded) => forwarded.batch <= batch)
    await Promise.all(ready.map((forwarded) => forwarded.setReady()))
    this.#options.onReady()
  }

  /** Ids of all that a receiver was told of and still has. */
  consumerIdsOf(participantId: string): string[] {
    return [...(this.#receivers.get(participantId)?.consumers.keys() ?? [])]
  }

  /** Tells a receiver again of what it has not said to be ready for: the notice may have been lost with its connection. */
  tellAgain(participantId: string): void {
    const receiver = this.#receivers.get(participantId)
    if (receiver === undefined) return
    this.#tellBatches(
      receiver,
      [...receiver.consumers.values()].filter(({ batch }) => batch > receiver.readyBatch),
    )
    for (const forwarded of receiver.consumers.values()) this.#noteState(receiver, forwarded)
  }

  /** Keeps what somebody shows. */
  setView(participantId: string, view: View): void {
    this.#views.set(participantId, view)
    const receiver = this.#receivers.get(participantId)
    if (receiver === undefined) return
    receiver.view = view
    this.#options.onChanged(receiver)
  }

  /** Carries decisions out, by producerId, and tells what they change. */
  apply(receiver: Receiver, decisions: ReadonlyMap<string, StreamDecision>): void {
    for (const forwarded of receiver.consumers.values()) {
      const decision = decisions.get(forwarded.stream.streamId)
      if (decision !== undefined && forwarded.decide(decision)) this.#noteState(receiver, forwarded)
    }
  }

  async #consume(receiver: Receiver, stream: Forwardable): Promise<void> {
    const { producer, participantId } = stream
    if (participantId === receiver.participantId || receiver.streams.has(producer)) return
    receiver.streams.add(producer)
    receiver.pending += 1
    let release = (): void => undefined
    try {
      const { transport, rtpCapabilities, place } = receiver
      release = await this.#options.routes.take(producer.id, place)
      const request = { producerId: producer.id, rtpCapabilities, paused: true }
      const consumer = await transport.consume(request)
      this.#options.counts.track('consumers', consumer)
      consumer.observer.on('close', release)
      if (this.#isCurrent(receiver) && !consumer.closed && receiver.streams.has(producer)) {
        receiver.made.push(new ForwardedStream(consumer, stream))
      } else {
        consumer.close()
        release()
      }
    } catch (error) {
      receiver.streams.delete(producer)
      release()
      // Closed meanwhile, or the device cannot decode it: the stream stays without a consumer here.
      const isExpected = error instanceof Error && expectedErrors.has(error.name)
      if (!isExpected && !producer.closed && !receiver.transport.closed) {
        this.#options.events.onConsumeFailed(receiver.participantId, producer.id, error)
      }
    } finally {
      receiver.pending -= 1
      if (receiver.pending === 0) this.#tellAdded(receiver)
    }
  }

  #isCurrent(receiver: Receiver): boolean {
    return this.#receivers.get(receiver.participantId) === receiver
  }

  #tellAdded(receiver: Receiver): void {
    const made = receiver.made.filter(({ consumer }) => !consumer.closed)
    receiver.made = []
    if (!this.#isCurrent(receiver)) return
    for (const forwarded of made) {
      const { consumer, stream } = forwarded
      consumer.observer.on('close', () => {
        receiver.streams.delete(stream.producer)
        if (receiver.consumers.delete(consumer.id) && this.#isCurrent(receiver)) {
          this.#tellRemoved(receiver, [consumer.id])
          this.#options.onChanged(receiver)
        }
      })
      forwarded.watchLayers(() => this.#noteState(receiver, forwarded))
    }
    this.#tellBatches(receiver, made)
    if (made.length > 0) this.#options.onChanged(receiver)
  }

  #tellBatches(receiver: Receiver, told: readonly ForwardedStream[]): void {
    const size = limits.consumersInBatch
    for (let from = 0; from < told.length; from += size) {
      receiver.lastBatch += 1
      const batch = receiver.lastBatch
      const part = told.slice(from, from + size)
      for (const forwarded of part) {
        forwarded.batch = batch
        receiver.consumers.set(forwarded.consumer.id, forwarded)
      }
      this.#options.events.onConsumersAdded(receiver.participantId, {
        transportId: receiver.transport.id,
        batch,
        consumers: part.map((forwarded) => forwarded.asConsumer()),
      })
    }
  }

  /** What closes together is told of together; with their transport all are gone, which says enough. */
  #tellRemoved(receiver: Receiver, consumerIds: readonly string[]): void {
    if (consumerIds.length === 0 || receiver.transport.closed) return
    receiver.removed.push(...consumerIds)
    if (receiver.removed.length > consumerIds.length) return
    queueMicrotask(() => {
      const removed = receiver.removed
      receiver.removed = []
      this.#options.events.onConsumersRemoved(receiver.participantId, removed)
    })
  }

  #noteState(receiver: Receiver, forwarded: ForwardedStream): void {
    if (receiver.states.size === 0) setTimeout(() => this.#tellStates(receiver), statesDelayMs).unref()
    receiver.states.set(forwarded.consumer.id, forwarded.state())
  }

  #tellStates(receiver: Receiver): void {
    const states = [...receiver.states.values()].filter(({ consumerId }) =>
      receiver.consumers.has(consumerId),
    )
    receiver.states = new Map()
    if (states.length > 0 && this.#isCurrent(receiver))
      this.#options.events.onStreamStates(receiver.participantId, states)
  }
}
