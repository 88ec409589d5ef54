import {
  type Consumer,
  type DtlsParameters,
  decodeLossy,
  encodeLossy,
  type LossyMessage,
  type PayloadOf,
  type ReceivedLossyMessage,
  type ReplyOf,
  type RequestOf,
  type RtpCapabilities,
  type TrackSource,
  type TransportParameters,
} from '@sangam/protocol'
import { errors } from '../errors.ts'
import { TypedEmitter } from '../events.ts'
import type { StatsSource } from '../media/stats-poller.ts'
import type { PeerPlatform, PeerReceiver, PeerSender } from '../peer/peer-connection.ts'
import type { PeerSession, Sending } from '../peer/peer-session.ts'
import { encodingPlan } from './encodings.ts'
import { IceKeeper } from './ice-keeper.ts'
import type { RoomRequest } from './room-requests.ts'

/** What a connection for a room's media needs. */
export interface RoomMediaOptions {
  readonly platform: PeerPlatform
  readonly request: RoomRequest
  /** The room's codecs and header extensions. */
  readonly capabilities: RtpCapabilities
  /** The server's end, where it gave one already (it moved the media); else it is asked for one. */
  readonly transport?: TransportParameters | undefined
}

/** A track that is to be published. */
export interface PublishWish {
  readonly source: TrackSource
  readonly track: MediaStreamTrack
  readonly paused: boolean
}

/** A track that is published. */
export interface Published {
  readonly producerId: string
  readonly sender: PeerSender
  readonly mid: string
}

type PublishedTracks = RequestOf<'room.connectMedia'>['tracks']

/** What waits longer than this is out of date when it leaves: some fifty messages. */
const MOST_BUFFERED_BYTES = 64 * 1024

interface RoomMediaEvents {
  /** The connection can't be had back: open another. */
  lost: []
  /** Media began (or ceased) to flow. */
  connectionChanged: [connected: boolean]
  /** A stream of somebody arrives here from now on. */
  received: [producerId: string, receiver: PeerReceiver]
  /** A message that might have got lost. */
  data: [message: ReceivedLossyMessage]
}

/** The media of one participation over one connection: what is published, what the server forwards, and its ICE. */
export class RoomMedia extends TypedEmitter<RoomMediaEvents> {
  readonly #session: PeerSession
  readonly #request: RoomRequest
  readonly #transportId: string
  readonly #keeper: IceKeeper
  readonly #sendings = new Map<string, Sending>()
  /** Set up with the browser, not yet taken by the server. */
  readonly #prepared = new Map<TrackSource, Sending>()
  /** By consumerId. */
  readonly #consumers = new Map<string, Consumer>()
  /** By consumerId. */
  readonly #arriving = new Map<string, PeerReceiver>()
  /** By producerId: of the newest consumer, where several carry one stream. */
  readonly #receivers = new Map<string, PeerReceiver>()
  #dtlsParameters: DtlsParameters | undefined
  #sending: RTCDataChannel | undefined
  #readyBatch = 0
  #toldBatch = 0
  #telling = false
  #connected = false
  #troubled = false
  #closed = false

  private constructor(session: PeerSession, { request }: RoomMediaOptions, transportId: string) {
    super()
    this.#session = session
    this.#request = request
    this.#transportId = transportId
    this.#keeper = new IceKeeper({
      restart: async () => {
        const { iceParameters } = await request('room.restartIce', { transportId }, { idempotent: true })
        await session.restartIce(iceParameters)
      },
      lost: () => this.emit('lost'),
      changed: (connected) => {
        this.#troubled = !connected
        this.emit('connectionChanged', connected)
      },
    })
    session.on('connectionStateChanged', (state) => this.#keeper.handleState(state))
  }

  /**
   * Asks for a transport unless the server gave one. The session's code is loaded only now, so that chat alone never
   * pays for it. {@link connect} comes next.
   */
  static async open(options: RoomMediaOptions): Promise<RoomMedia> {
    const [{ PeerSession }, transport] = await Promise.all([
      import('../peer/peer-session.ts'),
      options.transport ?? options.request('room.openMedia', {}).then((reply) => reply.transport),
    ])
    const session = new PeerSession(options.platform, transport, options.capabilities)
    return new RoomMedia(session, options, transport.transportId)
  }

  get transportId(): string {
    return this.#transportId
  }

  get closed(): boolean {
    return this.#closed
  }

  /** Whether the server has this side's half. */
  get connected(): boolean {
    return this.#connected
  }

  /** Whether it was interrupted and is not yet back. */
  get troubled(): boolean {
    return this.#troubled
  }

  /**
   * Connects with all that is published, in one request; after a refusal with less. Gives what became of each wish:
   * undefined if it can't be sent.
   */
  async connect(wishes: readonly PublishWish[]): Promise<readonly (Published | undefined)[]> {
    // Begun together: the browser describes all of it in one pass.
    const opening = this.#dtlsParameters ?? this.#session.open()
    const sent = await Promise.allSettled(wishes.map((wish) => this.#prepare(wish)))
    this.#dtlsParameters = await opening
    const sendings = sent.map((result) => (result.status === 'fulfilled' ? result.value : undefined))
    const tracks = wishes.flatMap((wish, index) => trackOf(wish, sendings[index]) ?? [])
    const reply = await this.#connect(tracks)
    const published = wishes.map(({ source }, index) => {
      const producerId = reply.tracks.find((one) => one.source === source)?.producerId
      return this.#published(producerId, sendings[index])
    })
    // What was prepared and is not wished for any more.
    for (const sending of this.#prepared.values())
      if (!sendings.includes(sending)) void this.#session.stop(sending).catch(() => undefined)
    this.#prepared.clear()
    return published
  }

  /** Publishes a track; the caller keeps owning it. Throws `mediaUnsupported` or what the server answers. */
  async publish(wish: PublishWish): Promise<Published> {
    const { kind } = wish.track
    if (!this.#session.canSend(kind === 'video' ? 'video' : 'audio')) {
      throw errors.mediaUnsupported(`sending ${kind} to this room`)
    }
    const sending = await this.#send(wish)
    const track = trackOf(wish, sending)
    try {
      if (track === undefined) throw errors.mediaFailed(`sending ${kind}`)
      const { producerId } = await this.#request('room.publish', {
        transportId: this.#transportId,
        ...track,
      })
      const published = this.#published(producerId, sending)
      if (published === undefined) throw errors.mediaFailed(`sending ${kind}`)
      return published
    } catch (error) {
      if (!this.#closed) void this.#session.stop(sending).catch(() => undefined)
      throw error
    }
  }

  /** Sends a published track no longer; the server is told by others. */
  unpublish({ producerId }: Published): void {
    const sending = this.#sendings.get(producerId)
    this.#sendings.delete(producerId)
    if (sending !== undefined && !this.#closed) void this.#session.stop(sending).catch(() => undefined)
  }

  /** Where a stream arrives, if it does. */
  receiverOf(producerId: string): PeerReceiver | undefined {
    return this.#receivers.get(producerId)
  }

  /** Whose stream a consumer carries. */
  producerOf(consumerId: string): string | undefined {
    return this.#consumers.get(consumerId)?.producerId
  }

  /** The server forwards more streams; they flow once this side is set up for them. */
  async handleConsumersAdded(added: PayloadOf<'room.consumersAdded'>): Promise<void> {
    if (added.transportId !== this.#transportId || this.#closed) return
    for (const consumer of added.consumers) this.#consumers.set(consumer.consumerId, consumer)
    try {
      const receivers = await this.#session.receive(added.consumers)
      for (const { consumerId, producerId } of added.consumers) {
        const receiver = receivers.get(consumerId)
        // Removed while the browser was at it.
        if (receiver === undefined || !this.#consumers.has(consumerId)) continue
        this.#arriving.set(consumerId, receiver)
        this.#receivers.set(producerId, receiver)
        this.emit('received', producerId, receiver)
      }
    } catch {
      // The browser does not take what the server sends: only a new connection can help.
      if (!this.#closed) this.emit('lost')
      return
    }
    this.#readyBatch = Math.max(this.#readyBatch, added.batch)
    void this.#tellReady()
  }

  /** The server forwards some streams no longer. */
  handleConsumersRemoved(consumerIds: readonly string[]): void {
    for (const consumerId of consumerIds) {
      const producerId = this.#consumers.get(consumerId)?.producerId
      this.#consumers.delete(consumerId)
      this.#arriving.delete(consumerId)
      if (producerId !== undefined) this.#fallBack(producerId)
    }
    if (!this.#closed) void this.#session.drop(consumerIds).catch(() => undefined)
  }

  /** One of the consumers of a stream is gone: another one carries it, or none. */
  #fallBack(producerId: string): void {
    const before = this.#receivers.get(producerId)
    const others = [...this.#consumers.values()].filter((one) => one.producerId === producerId)
    const receiver = others.map(({ consumerId }) => this.#arriving.get(consumerId)).findLast(Boolean)
    if (receiver === undefined) {
      this.#receivers.delete(producerId)
    } else if (receiver !== before) {
      this.#receivers.set(producerId, receiver)
      this.emit('received', producerId, receiver)
    }
  }

  /** After a lost connection: what the server still forwards. */
  keepOnly(consumerIds: readonly string[]): void {
    const kept = new Set(consumerIds)
    this.handleConsumersRemoved([...this.#consumers.keys()].filter((consumerId) => !kept.has(consumerId)))
  }

  /** Whether messages that may get lost can be sent and received. */
  get hasData(): boolean {
    return this.#sending?.readyState === 'open'
  }

  /** Sends a message if there is a way just now, and room on it. Throws RangeError when it is too long. */
  sendLossy(message: LossyMessage): boolean {
    const frame = encodeLossy(message)
    const channel = this.#sending
    if (channel?.readyState !== 'open' || channel.bufferedAmount > MOST_BUFFERED_BYTES) return false
    channel.send(frame)
    return true
  }

  /** The connection's statistics. */
  statsSources(): readonly StatsSource[] {
    return [{ prefix: '', getStats: () => this.#session.getStats() }]
  }

  close(): void {
    if (this.#closed) return
    this.#closed = true
    this.#keeper.close()
    this.removeAll()
    this.#session.close()
  }

  async #connect(tracks: PublishedTracks): Promise<ReplyOf<'room.connectMedia'>> {
    if (this.#dtlsParameters === undefined) throw errors.mediaFailed('connecting before describing')
    const reply = await this.#request('room.connectMedia', {
      transportId: this.#transportId,
      dtlsParameters: this.#dtlsParameters,
      rtpCapabilities: this.#session.receiveCapabilities,
      tracks,
    })
    this.#connected = true
    this.#openData(reply.data)
    return reply
  }

  #openData(streams: ReplyOf<'room.connectMedia'>['data']): void {
    if (streams === undefined || this.#closed) return
    const open = (id: number): RTCDataChannel => {
      const channel = this.#session.openDataChannel('lossy', { id, ordered: false, maxRetransmits: 0 })
      channel.binaryType = 'arraybuffer'
      return channel
    }
    this.#sending = open(streams.sendStreamId)
    const receiving =
      streams.receiveStreamId === streams.sendStreamId ? this.#sending : open(streams.receiveStreamId)
    receiving.addEventListener('message', ({ data }) => {
      const message = data instanceof ArrayBuffer ? decodeLossy(new Uint8Array(data)) : undefined
      if (message !== undefined) this.emit('data', message)
    })
  }

  #send({ source, track }: PublishWish): Promise<Sending> {
    return this.#session.send({ track, ...encodingPlan(source, track.getSettings()) })
  }

  async #prepare(wish: PublishWish): Promise<Sending> {
    const known = this.#prepared.get(wish.source)
    if (known !== undefined) return known
    const sending = await this.#send(wish)
    this.#prepared.set(wish.source, sending)
    return sending
  }

  #published(producerId: string | undefined, sending: Sending | undefined): Published | undefined {
    if (producerId === undefined || sending === undefined) return undefined
    this.#sendings.set(producerId, sending)
    return { producerId, sender: sending.sender, mid: sending.mid }
  }

  /** One request for all batches that were set up meanwhile. */
  async #tellReady(): Promise<void> {
    if (this.#telling) return
    this.#telling = true
    try {
      while (this.#toldBatch < this.#readyBatch && !this.#closed) {
        const batch = this.#readyBatch
        const ready = { transportId: this.#transportId, batch }
        await this.#request('room.consumersReady', ready, { idempotent: true })
        this.#toldBatch = batch
      }
    } catch {
      // Refused: the transport is gone, and with it what was to flow. A resumed join tells of it.
    } finally {
      this.#telling = false
    }
  }
}

function trackOf(
  { source, paused }: PublishWish,
  sending: Sending | undefined,
): PublishedTracks[number] | undefined {
  if (sending === undefined) return undefined
  const kind = source === 'microphone' || source === 'screenAudio' ? 'audio' : 'video'
  return { kind, source, paused, rtpParameters: sending.rtpParameters }
}
