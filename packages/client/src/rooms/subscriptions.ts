import type { StreamState, Track as WireTrack } from '@sangam/protocol'
import { TypedEmitter } from '../events.ts'
import { TrackHandle } from '../media/track.ts'
import type { PeerReceiver } from '../peer/peer-connection.ts'
import { whenArriving } from './arrival.ts'
import type { RoomMedia } from './room-media.ts'

interface Subscription {
  readonly participantId: string
  readonly handle: TrackHandle
  receiver: PeerReceiver | undefined
  /** Ends the waiting for another receiver. */
  stopWaiting: () => void
  /** Whether the application was told. */
  announced: boolean
}

interface SubscriptionsEvents {
  /** Media arrived for the first time. */
  subscribed: [track: TrackHandle, participantId: string]
  unsubscribed: [track: TrackHandle, participantId: string]
  /** A remote track came, went or changed. */
  changed: []
  /** An element began or ceased to play a remote track. */
  shown: []
  playbackBlocked: []
}

/** A synchronization source that says nothing new for this long is silent. */
const LEVEL_FRESH_MS = 500

/**
 * What others publish. The server decides what of it arrives; media comes and goes with the connection, while the
 * handles that the application holds stay the same for as long as their track is published.
 */
export class Subscriptions extends TypedEmitter<SubscriptionsEvents> {
  readonly #byProducer = new Map<string, Subscription>()
  #media: RoomMedia | undefined

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
    for (const { handle, receiver } of this.#byProducer.values()) {
      if (handle.kind !== 'audio' || receiver === undefined) continue
      const source = receiver.getSynchronizationSources()[0]
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
    handle.onElementsChanged = () => this.emit('shown')
    const subscription: Subscription = {
      participantId,
      handle,
      receiver: undefined,
      stopWaiting: () => undefined,
      announced: false,
    }
    this.#byProducer.set(producerId, subscription)
    const receiver = this.#media?.receiverOf(producerId)
    if (receiver !== undefined) this.#receive(subscription, receiver)
  }

  remove(producerId: string): void {
    const subscription = this.#byProducer.get(producerId)
    if (subscription === undefined) return
    this.#byProducer.delete(producerId)
    subscription.stopWaiting()
    subscription.handle.end()
    if (subscription.announced) this.emit('unsubscribed', subscription.handle, subscription.participantId)
  }

  setPaused(producerId: string, paused: boolean): void {
    this.#byProducer.get(producerId)?.handle.setMuted(paused)
  }

  /** What became of streams, as the server decided. */
  handleStreamStates(states: readonly StreamState[]): void {
    for (const { consumerId, ...delivery } of states) {
      const producerId = this.#media?.producerOf(consumerId)
      if (producerId !== undefined) this.#byProducer.get(producerId)?.handle.setDelivery(delivery)
    }
  }

  /** Another connection: what arrives on it replaces what arrived before, and still does if that goes on. */
  useMedia(media: RoomMedia): void {
    this.#media = media
    media.on('received', (producerId, receiver) => {
      const subscription = this.#byProducer.get(producerId)
      if (subscription !== undefined) this.#receive(subscription, receiver)
    })
  }

  async resumePlayback(): Promise<void> {
    await Promise.all(this.tracks.map((track) => track.resumePlayback()))
  }

  close(): void {
    for (const producerId of [...this.#byProducer.keys()]) this.remove(producerId)
    this.removeAll()
  }

  #receive(subscription: Subscription, receiver: PeerReceiver): void {
    const { mediaStreamTrack } = subscription.handle.state.get()
    subscription.stopWaiting()
    const before = mediaStreamTrack === receiver.track ? undefined : mediaStreamTrack
    subscription.stopWaiting = whenArriving(receiver, before, () => this.#show(subscription, receiver))
  }

  #show(subscription: Subscription, receiver: PeerReceiver): void {
    subscription.receiver = receiver
    subscription.handle.setMedia(receiver.track)
    if (!subscription.announced) {
      subscription.announced = true
      this.emit('subscribed', subscription.handle, subscription.participantId)
    }
    this.emit('changed')
  }
}
