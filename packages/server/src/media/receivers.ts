import { type Consumer, limits, type RtpCapabilities, type TrackSource, type View } from '@sangam/protocol'
import type { EngineConsumer, EngineProducer, EngineTransport } from './engine.ts'
import type { MediaCounts } from './media-counts.ts'

/** A stream that can be forwarded to the others in its room. */
export type Forwardable = {
  readonly producer: EngineProducer
  readonly participantId: string
  readonly source: TrackSource
}

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
  readonly onConsumersRemoved: (participantId: string, consumerIds: readonly string[]) => void
}

type Forwarded = { readonly consumer: EngineConsumer; readonly stream: Forwardable; readonly batch: number }

type Receiver = {
  readonly participantId: string
  readonly transport: EngineTransport
  readonly rtpCapabilities: RtpCapabilities
  /** By consumerId: told of to the client. */
  readonly consumers: Map<string, Forwarded>
  /** Streams that have a consumer, or are getting one. */
  readonly streams: Set<EngineProducer>
  /** Consumers being made at this moment; the last one sends the batch. */
  pending: number
  made: { consumer: EngineConsumer; stream: Forwardable }[]
  removed: string[]
  lastBatch: number
  /** The client is set up for the batches up to this one. */
  readyBatch: number
  view: View | undefined
}

/**
 * Who receives what: the server makes the consumers, and tells of them in batches, so that no receiver asks for a
 * stream. What is made together is told of together.
 */
export class Receivers {
  readonly #counts: MediaCounts
  readonly #events: ReceiverEvents
  readonly #receivers = new Map<string, Receiver>()

  constructor(counts: MediaCounts, events: ReceiverEvents) {
    this.#counts = counts
    this.#events = events
  }

  /** Somebody can receive, on this transport. Replaces what they received before. */
  add(participantId: string, transport: EngineTransport, rtpCapabilities: RtpCapabilities): void {
    this.remove(participantId)
    this.#receivers.set(participantId, {
      participantId,
      transport,
      rtpCapabilities,
      consumers: new Map(),
      streams: new Set(),
      pending: 0,
      made: [],
      removed: [],
      lastBatch: 0,
      readyBatch: 0,
      view: undefined,
    })
  }

  /** Somebody receives no more. Their consumers close, and they are told. */
  remove(participantId: string): void {
    const receiver = this.#receivers.get(participantId)
    if (receiver === undefined) return
    this.#receivers.delete(participantId)
    const consumerIds = [...receiver.consumers.keys()]
    for (const { consumer } of [...receiver.consumers.values(), ...receiver.made]) consumer.close()
    this.#tellRemoved(receiver, consumerIds)
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
      [...this.#receivers.values()].flatMap((receiver) =>
        streams.map((stream) => this.#consume(receiver, stream)),
      ),
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

  /** The client is set up for the batches up to `batch`: their consumers flow. */
  async ready(participantId: string, batch: number): Promise<void> {
    const receiver = this.#receivers.get(participantId)
    if (receiver === undefined) return
    receiver.readyBatch = Math.max(receiver.readyBatch, Math.min(batch, receiver.lastBatch))
    const flowing = [...receiver.consumers.values()].filter(
      (forwarded) => forwarded.batch <= batch && forwarded.consumer.paused,
    )
    await Promise.all(flowing.map(({ consumer }) => consumer.resume()))
  }

  /** Ids of all that a receiver was told of and still has. */
  consumerIdsOf(participantId: string): string[] {
    return [...(this.#receivers.get(participantId)?.consumers.keys() ?? [])]
  }

  /** Tells a receiver again of what it has not said to be ready for: the notice may have been lost with its connection. */
  tellAgain(participantId: string): void {
    const receiver = this.#receivers.get(participantId)
    if (receiver === undefined) return
    const unheard = [...receiver.consumers.values()].filter(({ batch }) => batch > receiver.readyBatch)
    this.#tellBatches(receiver, unheard)
  }

  /** Keeps what a receiver shows. */
  setView(participantId: string, view: View): void {
    const receiver = this.#receivers.get(participantId)
    if (receiver !== undefined) receiver.view = view
  }

  async #consume(receiver: Receiver, stream: Forwardable): Promise<void> {
    const { producer, participantId } = stream
    if (participantId === receiver.participantId || receiver.streams.has(producer)) return
    receiver.streams.add(producer)
    receiver.pending += 1
    try {
      const { transport, rtpCapabilities } = receiver
      const consumer = await transport.consume({ producerId: producer.id, rtpCapabilities, paused: true })
      this.#counts.track('consumers', consumer)
      if (this.#isCurrent(receiver) && !consumer.closed && receiver.streams.has(producer)) {
        receiver.made.push({ consumer, stream })
      } else consumer.close()
    } catch {
      // Closed meanwhile, or the device cannot decode it: the stream stays without a consumer here.
      receiver.streams.delete(producer)
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
    for (const { consumer, stream } of made) {
      consumer.observer.on('close', () => {
        receiver.streams.delete(stream.producer)
        if (receiver.consumers.delete(consumer.id) && this.#isCurrent(receiver)) {
          this.#tellRemoved(receiver, [consumer.id])
        }
      })
    }
    this.#tellBatches(receiver, made)
  }

  #tellBatches(receiver: Receiver, told: readonly Pick<Forwarded, 'consumer' | 'stream'>[]): void {
    const size = limits.consumersInBatch
    for (let from = 0; from < told.length; from += size) {
      receiver.lastBatch += 1
      const batch = receiver.lastBatch
      const part = told.slice(from, from + size)
      for (const { consumer, stream } of part) {
        receiver.consumers.set(consumer.id, { consumer, stream, batch })
      }
      this.#events.onConsumersAdded(receiver.participantId, {
        transportId: receiver.transport.id,
        batch,
        consumers: part.map(({ consumer, stream }) => consumerOf(consumer, stream)),
      })
    }
  }

  /** What closes together is told of together. */
  #tellRemoved(receiver: Receiver, consumerIds: readonly string[]): void {
    if (consumerIds.length === 0) return
    receiver.removed.push(...consumerIds)
    if (receiver.removed.length > consumerIds.length) return
    queueMicrotask(() => {
      const removed = receiver.removed
      receiver.removed = []
      this.#events.onConsumersRemoved(receiver.participantId, removed)
    })
  }
}

const consumerOf = (consumer: EngineConsumer, { participantId, source }: Forwardable): Consumer => ({
  consumerId: consumer.id,
  producerId: consumer.producerId,
  participantId,
  kind: consumer.kind,
  source,
  rtpParameters: consumer.rtpParameters,
})
