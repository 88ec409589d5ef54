import type { PayloadOf, ReplyOf, ServerEventName } from '@sangam/protocol'
import { may } from '../access/policy.ts'
import type { Notifier, Session } from '../ports.ts'
import { Coalescer } from '../socket/coalescer.ts'
import type { LiveRooms } from './live-rooms.ts'
import type { Member, Room } from './room.ts'

/** What {@link RoomNotices} needs. */
export type RoomNoticesOptions = { readonly notifier: Notifier; readonly live: LiveRooms }

const listedDelayMs = 100
/** Most rooms in one list. */
const mostListed = 1000

/** What people are told of rooms: those inside at once, everybody else of the list, gathered. */
export class RoomNotices {
  readonly #options: RoomNoticesOptions
  readonly #listed: Coalescer

  constructor(options: RoomNoticesOptions) {
    this.#options = options
    this.#listed = new Coalescer(listedDelayMs, (roomId) => this.#tellListing(roomId))
  }

  /** Tells everybody in a room, but one. */
  tell<Name extends ServerEventName>(
    room: Room,
    event: Name,
    payload: PayloadOf<Name>,
    exceptParticipantId?: string,
  ): void {
    for (const connectionId of room.connectionsBut(exceptParticipantId)) {
      this.#options.notifier.toConnection(connectionId, event, payload)
    }
  }

  /** Tells one participant. */
  tellOne<Name extends ServerEventName>(
    room: Room,
    participantId: string,
    event: Name,
    payload: PayloadOf<Name>,
  ): void {
    const connectionId = room.member(participantId)?.connectionId
    if (connectionId !== undefined) this.#options.notifier.toConnection(connectionId, event, payload)
  }

  /** Tells everybody of somebody's role and hand. */
  tellOfMember(room: Room, { participantId, role, handRaisedAtMs }: Member): void {
    const handRaisedAt = handRaisedAtMs ?? null
    this.tell(room, 'room.participantChanged', { roomId: room.roomId, participantId, role, handRaisedAt })
  }

  /** The rooms in somebody's list. */
  listFor(session: Session): ReplyOf<'room.list'> {
    const rooms = this.#options.live.all.filter(({ room }) => isListedFor(room, session))
    return { rooms: rooms.map(({ room }) => room.summary()).slice(0, mostListed) }
  }

  /** What the list says of a room changed: whoever may see it, or saw it, is told soon. */
  listingChanged(roomId: string): void {
    this.#listed.add(roomId)
  }

  /** Nobody is told of the list any more. */
  close(): void {
    this.#listed.close()
  }

  #tellListing(roomId: string): void {
    const { notifier, live } = this.#options
    const room = live.get(roomId)?.room
    const mayList = (session: Session): boolean => may(session.grants, { type: 'room.list', roomId }).allowed
    const sees = (session: Session): boolean => room !== undefined && isListedFor(room, session)
    if (room !== undefined) notifier.toSessions(sees, 'room.listed', { room: room.summary() })
    // Whoever may see it no longer, since it is over or was taken off the list.
    notifier.toSessions((session) => mayList(session) && !sees(session), 'room.unlisted', { roomId })
  }
}

/** Whether a room stands in somebody's list: unlisted ones do in those of the people who are in them. */
const isListedFor = (room: Room, session: Session): boolean =>
  may(session.grants, { type: 'room.list', roomId: room.roomId }).allowed &&
  !room.record.isBanned(session.identity) &&
  (room.record.settings.listed || room.membersOf(session.identity).length > 0)
