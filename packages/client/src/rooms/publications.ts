import type { PolicyReason, Track as WireTrack } from '@sangam/protocol'
import type { TrackSource } from '../api.ts'
import { errors, isSangamError, policyReasonOf } from '../errors.ts'
import { TypedEmitter } from '../events.ts'
import { TrackHandle } from '../media/track.ts'
import type { PeerSender } from '../peer/peer-connection.ts'
import { setHighestLayer } from '../peer/sender-parameters.ts'
import type { Published, PublishWish, RoomMedia } from './room-media.ts'
import type { RoomRequest } from './room-requests.ts'

interface Publication {
  readonly source: TrackSource
  readonly handle: TrackHandle
  mediaStreamTrack: MediaStreamTrack
  muted: boolean
  published: Published | undefined
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
  /** What the server wants of streams of this side, by producerId; it may be told before the answer to publishing. */
  readonly #layersWanted = new Map<string, number>()
  #media: RoomMedia | undefined
  #connecting: Promise<void> | undefined
  #supported = true
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
  senderOf(source: TrackSource): PeerSender | undefined {
    return this.#bySource.get(source)?.published?.sender
  }

  /** The track that an upload's section belongs to. */
  trackByMid(mid: unknown): TrackHandle | undefined {
    return [...this.#bySource.values()].find(({ published }) => published?.mid === mid)?.handle
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
    if (!this.#supported) throw errors.mediaUnsupported('rooms')
    const known = this.#bySource.get(source)
    if (known) {
      const old = known.mediaStreamTrack
      known.stopWatching()
      known.mediaStreamTrack = mediaStreamTrack
      known.stopWatching = this.#watchEnd(source, mediaStreamTrack)
      known.handle.setMedia(mediaStreamTrack)
      await known.published?.sender.replaceTrack(mediaStreamTrack)
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
    const producerId = publication.published?.producerId
    this.#drop(publication)
    if (producerId !== undefined) await this.#closeOnServer(producerId)
  }

  /** There is no media here: publishing is refused. */
  refuse(participantId: string): void {
    this.#supported = false
    this.#participantId = participantId
  }

  /** Connects new media with everything that is published; what comes meanwhile follows. */
  async connect(media: RoomMedia, participantId: string): Promise<void> {
    this.#media = media
    this.#participantId = participantId
    for (const publication of this.#bySource.values()) publication.published = undefined
    const connecting = this.#connect(media)
    this.#connecting = connecting
    try {
      await connecting
    } finally {
      if (this.#connecting === connecting) this.#connecting = undefined
    }
    await this.#publishMissing()
  }

  /** What a moderator muted while this side was away is muted here as well: only its person may open it again. */
  honourMutings(onServer: readonly WireTrack[]): void {
    for (const { source, paused, mutedBy } of onServer) {
      const publication = this.#bySource.get(source)
      if (paused && mutedBy !== undefined && publication?.muted === false) this.#showMuted(publication)
    }
  }

  /** The server wants no more than these layers of a stream: the others need not be encoded. */
  handleLayersWanted(producerId: string, spatialLayer: number): void {
    this.#layersWanted.set(producerId, spatialLayer)
    const wanting = [...this.#bySource.values()].find(({ published }) => published?.producerId === producerId)
    if (wanting?.published !== undefined) this.#applyLayers(wanting.published)
  }

  /** Brings the server's idea of what is published (its list of this participant's tracks) in line with the wish. */
  async reconcile(onServer: readonly WireTrack[]): Promise<void> {
    const pausedOnServer = new Map(onServer.map((track) => [track.producerId, track.paused]))
    const wanted = new Set<string>()
    for (const publication of [...this.#bySource.values()]) {
      const { published } = publication
      const paused = published && pausedOnServer.get(published.producerId)
      if (published && paused !== undefined) {
        wanted.add(published.producerId)
        if (paused !== publication.muted) await ignoreRefusal(this.#sendMuted(publication))
      } else this.#withdraw(publication)
    }
    await this.#publishMissing()
    for (const { published } of this.#bySource.values()) {
      if (published !== undefined) wanted.add(published.producerId)
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
    // Text stays readable: sharpness before smoothness (W3C mst-content-hint).
    if (source === 'screen' && mediaStreamTrack.contentHint === '') mediaStreamTrack.contentHint = 'detail'
    const trackId = `local:${source}:${this.#count}`
    const identity = { trackId, participantId: this.#participantId, kind, source, local: true } as const
    const handle = new TrackHandle(identity, false)
    handle.setMedia(mediaStreamTrack)
    const publication: Publication = {
      source,
      handle,
      mediaStreamTrack,
      muted: false,
      published: undefined,
      producingOn: undefined,
      stopWatching: this.#watchEnd(source, mediaStreamTrack),
    }
    this.#bySource.set(source, publication)
    return publication
  }

  async #connect(media: RoomMedia): Promise<void> {
    const publications = [...this.#bySource.values()]
    const wishes = publications.map(wishOf)
    const results = await media.connect(wishes).catch((error: unknown) => {
      if (wishes.length === 0 || !isSangamError(error, 'forbidden')) throw error
      this.#giveWay(policyReasonOf(error), publications)
      return undefined
    })
    if (results === undefined) return this.#connect(media)
    for (const [index, published] of results.entries()) {
      const publication = publications[index]
      if (published !== undefined && publication !== undefined) {
        await this.#settle(media, publication, published, wishes[index]?.paused === true)
      }
    }
  }

  /** What may no longer be published must not keep the rest away: a muted microphone is muted here too, else all of it goes. */
  #giveWay(reason: PolicyReason | undefined, publications: readonly Publication[]): void {
    const microphone = this.#bySource.get('microphone')
    if (reason === 'mutedByModerator' && microphone?.muted === false) this.#showMuted(microphone)
    else for (const publication of publications) this.#drop(publication)
  }

  async #publishMissing(): Promise<void> {
    for (const publication of [...this.#bySource.values()]) {
      if (publication.published === undefined) await ignoreRefusal(this.#produce(publication))
    }
  }

  async #produce(publication: Publication): Promise<void> {
    await this.#connecting?.catch(() => undefined)
    const media = this.#media
    if (media === undefined || !media.connected || media.closed) return
    if (publication.published !== undefined || publication.producingOn === media) return
    publication.producingOn = media
    try {
      const wish = wishOf(publication)
      const published = await media.publish(wish)
      await this.#settle(media, publication, published, wish.paused)
    } catch (error) {
      // The connection broke on the way, or the media was replaced: the next join publishes it.
      if (media.closed || isSangamError(error, 'offline', 'requestTimeout')) return
      throw error
    } finally {
      if (publication.producingOn === media) publication.producingOn = undefined
    }
  }

  /** A publication is on the server; what changed about it on the way is made good. */
  async #settle(
    media: RoomMedia,
    publication: Publication,
    published: Published,
    paused: boolean,
  ): Promise<void> {
    if (media.closed) return
    if (this.#bySource.get(publication.source) !== publication) {
      media.unpublish(published)
      await this.#closeOnServer(published.producerId)
      return
    }
    publication.published = published
    this.#applyLayers(published)
    if (publication.muted !== paused) await ignoreRefusal(this.#sendMuted(publication))
  }

  #applyLayers({ producerId, sender }: Published): void {
    const highest = this.#layersWanted.get(producerId)
    // A sender of media that was closed meanwhile refuses: its layers are of no more concern.
    if (highest !== undefined) void setHighestLayer(sender, highest).catch(() => undefined)
  }

  async #sendMuted(publication: Publication): Promise<void> {
    const { published, mediaStreamTrack, muted } = publication
    mediaStreamTrack.enabled = !muted
    if (published === undefined) return
    const event = muted ? 'room.pauseProducer' : 'room.resumeProducer'
    try {
      await this.#request(event, { producerId: published.producerId }, { idempotent: true })
    } catch (error) {
      // A moderator's muting holds: what is shown stays true.
      if (!muted && isSangamError(error, 'forbidden')) this.#showMuted(publication)
      throw error
    }
  }

  #showMuted(publication: Publication): void {
    publication.muted = true
    publication.mediaStreamTrack.enabled = false
    publication.handle.setMuted(true)
    this.emit('changed')
  }

  #withdraw(publication: Publication): void {
    const { published } = publication
    if (published === undefined) return
    publication.published = undefined
    this.#layersWanted.delete(published.producerId)
    this.#media?.unpublish(published)
  }

  async #closeOnServer(producerId: string): Promise<void> {
    // One that is gone already is as good as closed.
    await ignoreRefusal(this.#request('room.closeProducer', { producerId }, { idempotent: true }))
  }

  #drop(publication: Publication): void {
    publication.stopWatching()
    if (this.#bySource.get(publication.source) === publication) this.#bySource.delete(publication.source)
    this.#withdraw(publication)
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

function wishOf({ source, mediaStreamTrack, muted }: Publication): PublishWish {
  return { source, track: mediaStreamTrack, paused: muted }
}

async function ignoreRefusal(request: Promise<unknown>): Promise<void> {
  try {
    await request
  } catch (error) {
    if (!isSangamError(error)) throw error
  }
}
