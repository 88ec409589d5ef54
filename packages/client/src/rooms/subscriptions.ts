import type { Track as WireTrack } from '@sangam/protocol'
import type { types } from 'mediasoup-client'
import { isSangamError } from '../errors.ts'
import { TypedEmitter } from '../events.ts'
import { TrackHandle } from '../media/track.ts'
import type { RoomMedia } from './room-media.ts'
import type { RoomRequest } from './room-requests.ts'

interface Subscription {
  readonly participantId: string
  readonly handle: TrackHandle
  consumer: types.Consumer | undefined
  /** Whether the server was told to let it flow. */
  resumed: boolean
  /** Whether the application was told. */
  announced: boolean
  busy: boolean
}

interface SubscriptionsEvents {
  /** Media arrived for the first time. */
  subscribed: [track: TrackHandle, participantId: string]
  unsubscribed: [track: TrackHandle, participantId: string]
  /** A remote track came, went or changed. */
  changed: []
  playbackBlocked: []
}

/** Refusals that may pass by themselves are tried again after this. */
const RETRY_PAUSE_MS = 2_000
/** A synchronization source that says nothing new for this long is silent. */
const LEVEL_FRESH_MS = 500

/**
 * What others publish and this participant receives: all of it. Each track is consumed on whatever media there is,
 * and again after every reconnect that lost it; the handles that the application holds stay the same.
 */
export class Subscriptions extends TypedEmitter<SubscriptionsEvents> {
  readonly #request: RoomRequest
  readonly #byProducer = new Map<string, Subscription>()
  readonly #timers = new Set<ReturnType<typeof setTimeout>>()
  #media: RoomMedia | undefined

  constructor(request: RoomRequest) {
    super()
    this.#request = request
  }

  /** The remote tracks of one participant, in the order they were published. */
  tracksOf(participantId: string): readonly TrackHandle[] {
    return [...this.#byProducer.values()]
      .filter((subscription) => subscription.participantId === participantId)
      .map(({ handle }) => handle)
  }

  /** Every remote track. */
  get tracks(): readonly TrackHandle[] {
    return [...this.#byProducer.values()].map(({ handle }) => handle)
  }

  /** The track that plays a browser's track. */
  trackByMediaId(mediaTrackId: unknown): TrackHandle | undefined {
    return this.tracks.find((track) => track.state.get().mediaStreamTrack?.id === mediaTrackId)
  }

  /** How loud each remote audio track is now (linear 0..1), without waiting: from the RTP headers' levels. */
  audioLevels(): ReadonlyMap<TrackHandle, number> {
    const levels = new Map<TrackHandle, number>()
    const nowMs = performance.timeOrigin + performance.now()
    for (const { handle, consumer } of this.#byProducer.values()) {
      if (handle.kind !== 'audio' || !consumer?.rtpReceiver) continue
      const source = consumer.rtpReceiver.getSynchronizationSources()[0]
      const fresh = source !== undefined && nowMs - source.timestamp < LEVEL_FRESH_MS
      levels.set(handle, fresh && !handle.state.get().muted ? (source.audioLevel ?? 0) : 0)
    }
    return levels
  }

  add(participantId: string, track: WireTrack): void {
    const { producerId, kind, source, paused } = track
    if (this.#byProducer.has(producerId)) return
    const handle = new TrackHandle({ trackId: producerId, participantId, kind, source, local: false }, paused)
    handle.on('playbackBlocked', () => this.emit('playbackBlocked'))
    const subscription: Subscription = {
      participantId,
      handle,
      consumer: undefined,
      resumed: false,
      announced: false,
      busy: false,
    }
    this.#byProducer.set(producerId, subscription)
    void this.#subscribe(producerId, subscription)
  }

  remove(producerId: string): void {
    const subscription = this.#byProducer.get(producerId)
    if (subscription === undefined) return
    this.#byProducer.delete(producerId)
    subscription.consumer?.close()
    subscription.handle.end()
    if (subscription.announced) this.emit('unsubscribed', subscription.handle, subscription.participantId)
  }

  setPaused(producerId: string, paused: boolean): void {
    this.#byProducer.get(producerId)?.handle.setMuted(paused)
  }

  /** The server closed a consumer; its track's own event says whether it is gone. */
  handleConsumerClosed(consumerId: string): void {
    for (const subscription of this.#byProducer.values()) {
      if (subscription.consumer?.id !== consumerId) continue
      subscription.consumer.close()
      subscription.consumer = undefined
      subscription.resumed = false
    }
  }

  /** New media after a (re)join: everything is consumed on it anew. */
  useMedia(media: RoomMedia): void {
    this.#media = media
    for (const subscription of this.#byProducer.values()) {
      subscription.consumer = undefined
      subscription.resumed = false
      subscription.busy = false
    }
    this.reconcile()
  }

  /** Takes up what the loss of a connection interrupted. */
  reconcile(): void {
    for (const [producerId, subscription] of this.#byProducer) {
      if (!subscription.resumed) void this.#subscribe(producerId, subscription)
    }
  }

  async resumePlayback(): Promise<void> {
    await Promise.all(this.tracks.map((track) => track.resumePlayback()))
  }

  close(): void {
    for (const timer of this.#timers) clearTimeout(timer)
    for (const producerId of [...this.#byProducer.keys()]) this.remove(producerId)
    this.removeAll()
  }

  async #subscribe(producerId: string, subscription: Subscription): Promise<void> {
    const media = this.#media
    if (media === undefined || media.closed || subscription.busy) return
    subscription.busy = true
    try {
      await this.#receive(producerId, subscription, media)
    } catch (error) {
      this.#handleTrouble(error, producerId, subscription, media)
    } finally {
      if (this.#media === media) subscription.busy = false
    }
  }

  async #receive(producerId: string, subscription: Subscription, media: RoomMedia): Promise<void> {
    const consumer = subscription.consumer ?? (await media.consume(producerId))
    if (media.closed || this.#byProducer.get(producerId) !== subscription) {
      consumer.close()
      return
    }
    subscription.consumer = consumer
    subscription.handle.setMedia(consumer.track)
    if (!subscription.announced) {
      subscription.announced = true
      this.emit('subscribed', subscription.handle, subscription.participantId)
    }
    this.emit('changed')
    await this.#request('room.resumeConsumer', { consumerId: consumer.id }, { idempotent: true })
    subscription.resumed = true
  }

  #handleTrouble(error: unknown, producerId: string, subscription: Subscription, media: RoomMedia): void {
    if (media.closed || !isSangamError(error)) return
    // The next join takes it up; a track that this person may not receive, or can't, stays without media.
    if (!isSangamError(error, 'unavailable', 'internal', 'rateLimited', 'requestTimeout', 'wrongState'))
      return
    const timer = setTimeout(() => {
      this.#timers.delete(timer)
      if (this.#byProducer.get(producerId) === subscription) void this.#subscribe(producerId, subscription)
    }, error.retryAfterMs ?? RETRY_PAUSE_MS)
    this.#timers.add(timer)
  }
}
