import type { RtpCapabilities } from '@sangam/protocol'
import { requestErrors } from '../request-errors.ts'
import type { EngineRouter, EngineWebRtcServer } from './engine.ts'
import type { MediaWorkers } from './media-workers.ts'

/** Where some of a room's participants are: its router on one worker. */
export type RoomPlace = {
  /** Of the worker. */
  readonly index: number
  readonly router: EngineRouter
  readonly webRtcServer: EngineWebRtcServer
}

/** The part of {@link MediaWorkers} that a room needs. */
export type RoomWorkers = Pick<MediaWorkers, 'choose' | 'count' | 'createRouter' | 'listen'>

/** What {@link RoomRouters} tell their room. */
export type RoomRouterEvents = {
  /** The worker of a place died. All that was there is closed already. */
  readonly onLost: (place: RoomPlace) => void
}

/** Whose seat it is until somebody comes. No participant has this id. */
const firstComer = ''

type Seat = { readonly index: number; readonly leave: () => void }

/** A room's routers: one on each worker that has participants of it, and who sits where. */
export class RoomRouters {
  readonly #workers: RoomWorkers
  readonly #events: RoomRouterEvents
  readonly #places = new Map<number, Promise<RoomPlace>>()
  readonly #live = new Map<number, RoomPlace>()
  readonly #seats = new Map<string, Seat>()
  #rtpCapabilities: RtpCapabilities | undefined
  #closed = false

  constructor(workers: RoomWorkers, events: RoomRouterEvents) {
    this.#workers = workers
    this.#events = events
  }

  /** Makes the first router, and keeps a seat there for who comes first. @throws RequestError `unavailable` when no worker takes people */
  async open(): Promise<void> {
    const index = this.seat(firstComer)
    if (index === undefined) throw requestErrors.unavailable('The media engine')
    await this.#place(index)
  }

  /** What an endpoint needs to know before it sends or receives: the same everywhere. */
  get rtpCapabilities(): RtpCapabilities {
    return this.#rtpCapabilities ?? {}
  }

  /** Places whose routers live, in the order of their workers. */
  get live(): RoomPlace[] {
    return [...this.#live.values()].sort((a, b) => a.index - b.index)
  }

  /** Who sits at a worker. */
  seatedAt(index: number): string[] {
    return [...this.#seats].flatMap(([participantId, seat]) => (seat.index === index ? [participantId] : []))
  }

  /** Seats a participant at a worker, at once, so that people who come together spread. @returns its index; undefined when none takes people */
  seat(participantId: string): number | undefined {
    const known = this.#seats.get(participantId)
    if (known !== undefined) return known.index
    this.unseat(firstComer)
    const index = this.#choose()
    if (index !== undefined) this.#seats.set(participantId, { index, leave: this.#workers.count(index) })
    return index
  }

  /** Gives a participant a place: the one they have, or one on a worker that takes people. @throws RequestError `unavailable` */
  async placeOf(participantId: string): Promise<RoomPlace> {
    const index = this.seat(participantId)
    if (index === undefined) throw requestErrors.unavailable('The media engine')
    return this.#place(index)
  }

  /** A participant needs a place no more, or another one. */
  unseat(participantId: string): void {
    this.#seats.get(participantId)?.leave()
    this.#seats.delete(participantId)
  }

  /** Whether a worker takes people. */
  get hasWorker(): boolean {
    return this.#choose() !== undefined
  }

  /** Closes a place with all in it. @returns it, if it was there */
  closePlace(index: number): RoomPlace | undefined {
    const place = this.#live.get(index)
    this.#places.delete(index)
    this.#live.delete(index)
    place?.router.close()
    return place
  }

  /** Closes all places. */
  close(): void {
    this.#closed = true
    for (const participantId of [...this.#seats.keys()]) this.unseat(participantId)
    for (const index of [...this.#live.keys()]) this.closePlace(index)
  }

  #choose(): number | undefined {
    return this.#workers.choose((index) => this.seatedAt(index).length)
  }

  #place(index: number): Promise<RoomPlace> {
    const known = this.#places.get(index)
    if (known !== undefined) return known
    const making = this.#make(index)
    this.#places.set(index, making)
    making.catch(() => {
      if (this.#places.get(index) === making) this.#places.delete(index)
    })
    return making
  }

  async #make(index: number): Promise<RoomPlace> {
    const placed = await this.#workers.createRouter(index).catch(() => {
      throw requestErrors.unavailable('The media engine')
    })
    const place = { index, ...placed }
    if (this.#closed || place.router.closed) {
      place.router.close()
      throw requestErrors.unavailable('The media engine')
    }
    this.#rtpCapabilities ??= place.router.rtpCapabilities
    this.#live.set(index, place)
    place.router.on('workerclose', () => {
      if (this.#live.get(index) !== place) return
      this.#live.delete(index)
      this.#places.delete(index)
      this.#events.onLost(place)
    })
    return place
  }
}
