import type { StreamReason } from '@sangam/protocol'
import type { RoomMedia } from '../media/room-media.ts'
import type { Clock, Session } from '../ports.ts'
import { requestErrors } from '../request-errors.ts'
import type { RecordBook } from './record-book.ts'
import type { Member, Room } from './room.ts'

/** A live room: who is in it, and its media. */
export type LiveRoom = { readonly room: Room; readonly media: RoomMedia }

/** A participant at a connection, with the room. */
export type Seat = LiveRoom & { readonly member: Member }

/** What {@link LiveRooms} needs. */
export type LiveRoomsOptions = {
  readonly book: RecordBook
  readonly now: Clock
  /** Whether somebody waits in the lobby of a room. */
  readonly hasWaiting: (roomId: string) => boolean
}

/** The rooms that somebody is in, by id. A room's record is held as long as it is here, or somebody waits for it. */
export class LiveRooms {
  readonly #options: LiveRoomsOptions
  readonly #rooms = new Map<string, LiveRoom>()
  readonly #opening = new Map<string, Promise<LiveRoom>>()

  constructor(options: LiveRoomsOptions) {
    this.#options = options
  }

  /** How many there are. */
  get size(): number {
    return this.#rooms.size
  }

  /** All of them. */
  get all(): readonly LiveRoom[] {
    return [...this.#rooms.values()]
  }

  /** Participants of all rooms. */
  get participants(): number {
    return this.all.reduce((sum, { room }) => sum + room.size, 0)
  }

  /** Copies of streams on their way from one media worker to another. */
  get pipes(): number {
    return this.all.reduce((sum, { media }) => sum + media.pipes, 0)
  }

  /** Streams of receivers by why they are forwarded, or not. */
  countReasons(): Map<StreamReason, number> {
    const counts = new Map<StreamReason, number>()
    for (const { media } of this.all)
      for (const [reason, count] of media.countReasons())
        counts.set(reason, (counts.get(reason) ?? 0) + count)
    return counts
  }

  /** A room that somebody is in. */
  get(roomId: string): LiveRoom | undefined {
    return this.#rooms.get(roomId)
  }

  /** The participant that a connection is in a room, if it is. */
  find(session: Session, roomId: string): Seat | undefined {
    const live = this.#rooms.get(roomId)
    const member = live?.room.memberAt(session.connectionId)
    return live === undefined || member === undefined ? undefined : { ...live, member }
  }

  /**
   * The participant that a connection is in a room.
   * @throws RequestError `notFound`
   */
  seat(session: Session, roomId: string): Seat {
    const seat = this.find(session, roomId)
    if (seat === undefined) throw requestErrors.notFound('room, or you are not in it')
    return seat
  }

  /** Opens a room. Whoever asks meanwhile waits for the same. */
  open(roomId: string, make: () => Promise<LiveRoom>): Promise<LiveRoom> {
    let opening = this.#opening.get(roomId)
    if (opening === undefined) {
      opening = make().finally(() => this.#opening.delete(roomId))
      this.#opening.set(roomId, opening)
    }
    return opening
  }

  /** A room is open. */
  add(live: LiveRoom): void {
    this.#rooms.set(live.room.roomId, live)
  }

  /** A room is over. Gives whether it was there. */
  delete({ room }: LiveRoom): boolean {
    if (this.#rooms.get(room.roomId)?.room !== room) return false
    return this.#rooms.delete(room.roomId)
  }

  /** Nobody is in the room or waits for it: its record is released. */
  releaseIfUnused(roomId: string): void {
    const { book, hasWaiting, now } = this.#options
    if (this.#rooms.has(roomId) || this.#opening.has(roomId) || hasWaiting(roomId)) return
    // Places wait there since the server went down: their people are on their way.
    const entry = book.get(roomId)
    if (entry !== undefined && entry.seats.length > 0 && entry.seatsUntilMs > now()) return
    book.release(roomId)
  }
}
