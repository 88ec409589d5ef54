import type {
  LossyMessage,
  ReceivedLossyMessage,
  RtpCapabilities,
  TransportParameters,
} from '@sangam/protocol'
import { backoffMs } from '../connection/backoff.ts'
import { errors, type SangamError, type SangamErrorCode, toSangamError } from '../errors.ts'
import { TypedEmitter } from '../events.ts'
import type { PeerPlatform } from '../peer/peer-connection.ts'
import type { Membership } from './membership.ts'
import type { Publications } from './publications.ts'
import { RoomMedia } from './room-media.ts'
import type { Subscriptions } from './subscriptions.ts'

/** Refusals that another attempt meets again. */
const HOPELESS: ReadonlySet<SangamErrorCode> = new Set(['forbidden', 'mediaUnsupported', 'roomClosed'])

interface MediaSupervisorEvents {
  /** Media flows (again), or flows no more for now. */
  flowing: [flowing: boolean]
  /** A message that might have got lost. */
  data: [message: ReceivedLossyMessage]
  /** Nothing that this side can do brings media back. */
  failed: [error: SangamError]
}

/** What is supervised, and what it is joined with. */
export interface MediaSupervisorOptions {
  /** Undefined: the room goes without media. */
  readonly platform: PeerPlatform | undefined
  readonly membership: Membership
  readonly publications: Publications
  readonly subscriptions: Subscriptions
}

/**
 * Keeps one participation supplied with a connection: sets it up, replaces it when it is lost or the server moved it,
 * and joins what is published and received to whichever there is.
 */
export class MediaSupervisor extends TypedEmitter<MediaSupervisorEvents> {
  readonly #options: MediaSupervisorOptions
  #media: RoomMedia | undefined
  /** Carries on while the server moves this side to another worker. */
  #older: RoomMedia | undefined
  #capabilities: RtpCapabilities = {}
  #participantId = ''
  #flowing = false
  /** Rises with each connection that is begun: an older one that comes late is not taken. */
  #count = 0
  #attempt = 0
  #timer: ReturnType<typeof setTimeout> | undefined
  #closed = false

  constructor(options: MediaSupervisorOptions) {
    super()
    this.#options = options
  }

  /** The connection now. */
  get media(): RoomMedia | undefined {
    return this.#media
  }

  /** Media flows, or is only just being set up. */
  get flowing(): boolean {
    return this.#flowing
  }

  /** Whether the connection is the one that the server holds. */
  holds(transportId: string | undefined): boolean {
    return this.#media?.connected === true && this.#media.transportId === transportId
  }

  /** The first connection of a join. Throws what the server answers. */
  async open(participantId: string, capabilities: RtpCapabilities): Promise<void> {
    this.#participantId = participantId
    this.#capabilities = capabilities
    await this.#open(undefined)
  }

  /** Another connection for the same participation; troubles are dealt with here. */
  async reopen(transport?: TransportParameters): Promise<void> {
    this.#setFlowing(false)
    try {
      await this.#open(transport)
    } catch (caught) {
      this.handleTrouble(caught)
    }
  }

  /**
   * The server moves this side to another worker: the connection that there is carries on until the server says that all
   * of it goes over the new one.
   */
  async move(transport: TransportParameters): Promise<void> {
    const media = this.#media
    if (media === undefined || !media.connected || media.troubled) return this.reopen(transport)
    this.#dropOlder()
    this.#older = media
    this.#count += 1
    try {
      await this.#connect(transport)
    } catch (caught) {
      this.handleTrouble(caught)
    }
  }

  /** The server closed a transport that was moved away from; undefined: whichever there is. */
  handleTransportClosed(transportId?: string): void {
    if (transportId === undefined || this.#older?.transportId === transportId) this.#dropOlder()
  }

  /** Sends a message if there is a way just now. Throws RangeError when it is too long. */
  sendLossy(message: LossyMessage): boolean {
    return (this.#media?.sendLossy(message) ?? false) || (this.#older?.sendLossy(message) ?? false)
  }

  /** A connection could not be set up: tries again where that can help, at the latest with the next join. */
  handleTrouble(caught: unknown): void {
    if (this.#closed) return
    const error: SangamError = toSangamError(caught, (cause) => errors.mediaFailed('connecting', cause))
    this.drop()
    if (HOPELESS.has(error.code)) {
      this.emit('failed', error)
    } else if (error.code !== 'offline') {
      this.#attempt += 1
      const pauseMs = Math.max(error.retryAfterMs ?? 0, backoffMs(this.#attempt, Math.random()))
      this.#timer = setTimeout(() => {
        if (this.#options.membership.joined) void this.reopen()
      }, pauseMs)
    }
  }

  /** Ends the connection; {@link open} or {@link reopen} makes another. */
  drop(): void {
    clearTimeout(this.#timer)
    this.#count += 1
    this.#media?.close()
    this.#media = undefined
    this.#dropOlder()
    this.#setFlowing(false)
  }

  close(): void {
    this.#closed = true
    this.drop()
    this.removeAll()
  }

  #dropOlder(): void {
    this.#older?.close()
    this.#older = undefined
  }

  #open(transport: TransportParameters | undefined): Promise<void> {
    this.drop()
    return this.#connect(transport)
  }

  async #connect(transport: TransportParameters | undefined): Promise<void> {
    const { platform, membership, publications, subscriptions } = this.#options
    const count = this.#count
    if (platform === undefined) {
      publications.refuse(this.#participantId)
      return
    }
    const { request } = membership
    const media = await RoomMedia.open({ platform, transport, request, capabilities: this.#capabilities })
    if (this.#closed || count !== this.#count) {
      media.close()
      return
    }
    this.#media = media
    this.#watch(media)
    subscriptions.useMedia(media)
    await publications.connect(media, this.#participantId)
    this.#attempt = 0
    if (this.#media === media && !media.troubled) this.#setFlowing(true)
  }

  #watch(media: RoomMedia): void {
    media.on('lost', () => {
      if (this.#media === media) void this.reopen()
    })
    media.on('data', (message) => {
      // While both connections are open each message comes over both.
      if (media === this.#media || this.#media?.hasData !== true) this.emit('data', message)
    })
    media.on('connectionChanged', (connected) => {
      if (this.#media === media && media.connected) this.#setFlowing(connected)
    })
  }

  #setFlowing(flowing: boolean): void {
    if (this.#flowing === flowing) return
    this.#flowing = flowing
    this.emit('flowing', flowing)
  }
}
