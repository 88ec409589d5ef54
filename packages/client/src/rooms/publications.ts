import type { Track as WireTrack } from '@sangam/protocol'
import type { types } from 'mediasoup-client'
import type { TrackSource } from '../api.ts'
import { isSangamError } from '../errors.ts'
import { TypedEmitter } from '../events.ts'
import { TrackHandle } from '../media/track.ts'
import type { RoomMedia } from './room-media.ts'
import type { RoomRequest } from './room-requests.ts'

interface Publication {
  readonly source: TrackSource
  readonly handle: TrackHandle
  mediaStreamTrack: MediaStreamTrack
  muted: boolean
  producer: types.Producer | undefined
  /** The media on which it is being published at this moment. */
  producingOn: RoomMedia | undefined
  stopWatching: () => void
}

interface PublicationsEvents {
  /** A local track came, went, was muted or opened. */
  changed: []
  /** A device ended by itself. */
  ended: [source: TrackSource]
}

/**
 * What this participant wants to send: kept through every reconnect, and published again on whatever media there is.
 * Changes of one source run one after another.
 */
export class Publications extends TypedEmitter<PublicationsEvents> {
  readonly #request: RoomRequest
  readonly #bySource = new Map<TrackSource, Publication>()
  readonly #queues = new Map<TrackSource, Promise<void>>()
  #media: RoomMedia | undefined
  #participantId = ''
  #count = 0
  #closed = false

  constructor(request: RoomRequest) {
    super()
    this.#request = request
  }

  /** Local tracks, in the order of publishing. */
  get tracks(): readonly TrackHandle[] {
    return [...this.#bySource.values()].map(({ handle }) => handle)
  }

  /** The browser's sender of a source, for audio levels. */
  senderOf(source: TrackSource): RTCRtpSender | undefined {
    return this.#bySource.get(source)?.producer?.rtpSender
  }

  /** The track that a stream of the send transport belongs to. */
  trackByMid(mid: unknown): TrackHandle | undefined {
    return [...this.#bySource.values()].find(({ producer }) => producer?.localId === mid)?.handle
  }

  has(source: TrackSource): boolean {
    return this.#bySource.has(source)
  }

  /** Runs a change of one source after those before it. */
  inTurn<T>(source: TrackSource, change: () => Promise<T>): Promise<T> {
    const before = this.#queues.get(source) ?? Promise.resolve()
    const run = before.then(change)
    this.#queues.set(
      source,
      run.then(
        () => {},
        () => {},
      ),
    )
    return run
  }

  /** Sends a track as `source`; replaces the one before without renegotiation. */
  async publish(source: TrackSource, mediaStreamTrack: MediaStreamTrack): Promise<void> {
    const known = this.#bySource.get(source)
    if (known) {
      const old = known.mediaStreamTrack
      known.stopWatching()
      known.mediaStreamTrack = mediaStreamTrack
      known.stopWatching = this.#watchEnd(source, mediaStreamTrack)
      known.handle.setMedia(mediaStreamTrack)
      await known.producer?.replaceTrack({ track: mediaStreamTrack })
      if (old !== mediaStreamTrack) old.stop()
      await this.setMuted(source, false)
      return
    }
    const publication = this.#create(source, mediaStreamTrack)
    this.emit('changed')
    try {
      await this.#produce(publication)
    } catch (error) {
      this.#drop(publication)
      throw error
    }
  }

  async setMuted(source: TrackSource, muted: boolean): Promise<void> {
    const publication = this.#bySource.get(source)
    if (publication === undefined || publication.muted === muted) return
    publication.muted = muted
    publication.handle.setMuted(muted)
    this.emit('changed')
    await this.#sendMuted(publication)
  }

  async unpublish(source: TrackSource): Promise<void> {
    const publication = this.#bySource.get(source)
    if (publication === undefined) return
    const producerId = publication.producer?.id
    this.#drop(publication)
    if (producerId !== undefined) await this.#closeOnServer(producerId)
  }

  /** New media after a (re)join: everything is published on it anew. */
  async useMedia(media: RoomMedia, participantId: string): Promise<void> {
    this.#media = media
    this.#participantId = participantId
    for (const publication of this.#bySource.values()) publication.producer = undefined
    await this.reconcile([])
  }

  /** Brings the server's idea of what is published (its list of this participant's tracks) in line with the wish. */
  async reconcile(onServer: readonly WireTrack[]): Promise<void> {
    const pausedOnServer = new Map(onServer.map((track) => [track.producerId, track.paused]))
    const wanted = new Set<string>()
    for (const publication of [...this.#bySource.values()]) {
      const { producer } = publication
      const paused = producer && pausedOnServer.get(producer.id)
      if (producer && paused !== undefined) {
        wanted.add(producer.id)
        if (paused !== publication.muted) await ignoreRefusal(this.#sendMuted(publication))
      } else {
        producer?.close()
        publication.producer = undefined
        await ignoreRefusal(this.#produce(publication))
      }
    }
    for (const producerId of pausedOnServer.keys()) {
      if (!wanted.has(producerId)) await ignoreRefusal(this.#closeOnServer(producerId))
    }
  }

  /** Whether the room was left. */
  get closed(): boolean {
    return this.#closed
  }

  /** Stops every device. */
  close(): void {
    this.#closed = true
    for (const publication of this.#bySource.values()) this.#drop(publication)
    this.removeAll()
  }

  #create(source: TrackSource, mediaStreamTrack: MediaStreamTrack): Publication {
    this.#count += 1
    const kind = mediaStreamTrack.kind === 'video' ? 'video' : 'audio'
    const trackId = `local:${source}:${this.#count}`
    const identity = { trackId, participantId: this.#participantId, kind, source, local: true } as const
    const handle = new TrackHandle(identity, false)
    handle.setMedia(mediaStreamTrack)
    const publication: Publication = {
      source,
      handle,
      mediaStreamTrack,
      muted: false,
      producer: undefined,
      producingOn: undefined,
      stopWatching: this.#watchEnd(source, mediaStreamTrack),
    }
    this.#bySource.set(source, publication)
    return publication
  }

  async #produce(publication: Publication): Promise<void> {
    const media = this.#media
    if (media === undefined || media.closed || publication.producingOn === media) return
    publication.producingOn = media
    try {
      const { source, mediaStreamTrack, muted } = publication
      const producer = await media.produce(source, mediaStreamTrack, muted)
      const outdated = media.closed || this.#bySource.get(source) !== publication
      if (!outdated) {
        publication.producer = producer
        if (publication.muted !== muted) await this.#sendMuted(publication)
        return
      }
      producer.close()
      if (!media.closed) await this.#closeOnServer(producer.id)
    } catch (error) {
      // The connection broke on the way, or the media was replaced: the next join publishes it.
      if (media.closed || isSangamError(error, 'offline', 'requestTimeout')) return
      throw error
    } finally {
      if (publication.producingOn === media) publication.producingOn = undefined
    }
  }

  async #sendMuted({ producer, muted }: Publication): Promise<void> {
    if (producer === undefined || producer.closed) return
    if (muted) producer.pause()
    else producer.resume()
    const event = muted ? 'room.pauseProducer' : 'room.resumeProducer'
    await this.#request(event, { producerId: producer.id }, { idempotent: true })
  }

  async #closeOnServer(producerId: string): Promise<void> {
    // One that is gone already is as good as closed.
    await ignoreRefusal(this.#request('room.closeProducer', { producerId }, { idempotent: true }))
  }

  #drop(publication: Publication): void {
    publication.stopWatching()
    if (this.#bySource.get(publication.source) === publication) this.#bySource.delete(publication.source)
    publication.producer?.close()
    publication.mediaStreamTrack.stop()
    publication.handle.end()
    this.emit('changed')
  }

  #watchEnd(source: TrackSource, track: MediaStreamTrack): () => void {
    const handleEnd = (): void => {
      void this.unpublish(source)
      this.emit('ended', source)
    }
    track.addEventListener('ended', handleEnd)
    return () => track.removeEventListener('ended', handleEnd)
  }
}

async function ignoreRefusal(request: Promise<unknown>): Promise<void> {
  try {
    await request
  } catch (error) {
    if (!isSangamError(error)) throw error
  }
}
