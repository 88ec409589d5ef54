import type { TrackSource } from '@sangam/protocol'
import type { InviteSigner } from '../access/invites.ts'
import {
  type Decision,
  decideInRoom,
  type PersonFacts,
  type RoomAction,
  type RoomFacts,
} from '../access/room-policy.ts'
import type { Clock, Session } from '../ports.ts'
import { requestErrors } from '../request-errors.ts'
import type { LiveRooms, Seat } from './live-rooms.ts'
import type { RecordBook, RecordEntry } from './record-book.ts'
import {
  type ActionDetails,
  decideForMember,
  grantIn,
  personFacts,
  publishActionFor,
  roomFacts,
} from './room-gate.ts'
import type { InviteRow } from './store/room-store.ts'

/** What {@link RoomAccess} needs. */
export type RoomAccessOptions = {
  readonly live: LiveRooms
  readonly book: RecordBook
  readonly invites: InviteSigner
  readonly now: Clock
  readonly mostParticipants: number
}

/** Asks the policy about people and rooms as they are now. Nothing is changed by asking. */
export class RoomAccess {
  readonly #options: RoomAccessOptions

  constructor(options: RoomAccessOptions) {
    this.#options = options
  }

  /** A room as the policy sees it. */
  facts(record: RecordEntry['record'], size: number): RoomFacts {
    const { mostParticipants, now } = this.#options
    return roomFacts(record, { size, mostParticipants, nowMs: now() })
  }

  /**
   * May this person enter, or wait, or come back?
   * @param by what they show: the hash of a participant's key, an invite
   */
  decideEntry(
    session: Pick<Session, 'identity' | 'deviceId' | 'grants'>,
    { record, seats }: RecordEntry,
    by: { readonly keyHash?: string | undefined; readonly invite?: InviteRow | undefined } = {},
  ): Decision {
    const { identity, deviceId } = session
    const room = this.#options.live.get(record.roomId)?.room
    const places = room === undefined ? seats : room.members
    const own = places.filter(
      (place) =>
        place.identity === identity &&
        (place.keyHash === by.keyHash ||
          (place.deviceId === deviceId && !('connectionId' in place && place.connectionId !== undefined))),
    )
    const facts = personFacts(record, identity, grantIn(session.grants, record.roomId))
    const role =
      by.invite !== undefined && record.person(identity)?.role === undefined ? by.invite.role : facts.role
    return decideInRoom({
      action: 'join',
      room: this.facts(record, places.length - own.length),
      person: {
        ...facts,
        role,
        admitted: facts.admitted || by.invite !== undefined,
        inRoom: own.length > 0,
        invitedToStage: false,
      },
    })
  }

  /**
   * Reads an invite's secret.
   * @throws RequestError `forbidden` (`inviteInvalid`, `inviteExpired`)
   */
  async readInvite(roomId: string, secret: string): Promise<InviteRow> {
    const { invites, live, book, now } = this.#options
    const claims = await invites.read(secret)
    if (typeof claims === 'string') throw requestErrors.notAllowed(claims)
    if (claims.roomId !== roomId) throw requestErrors.notAllowed('inviteInvalid')
    const { record } = await book.open(roomId, roomId.slice(0, 64))
    const row = record.invite(claims.inviteId)
    live.releaseIfUnused(roomId)
    if (row === undefined) throw requestErrors.notAllowed('inviteInvalid')
    if (row.expiresAtMs <= now()) throw requestErrors.notAllowed('inviteExpired')
    return row
  }

  /** Whether a participant may do something. */
  decide(
    { room, member }: Pick<Seat, 'room' | 'member'>,
    action: RoomAction,
    details: ActionDetails = {},
  ): Decision {
    return decideForMember(room, member, action, details, this.facts(room.record, room.size))
  }

  /**
   * Lets a participant do something, or refuses.
   * @throws RequestError `forbidden` with the policy's reason in its details
   */
  require(seat: Seat, action: RoomAction, details: ActionDetails = {}): void {
    const { allowed, code, reason } = this.decide(seat, action, details)
    if (!allowed) throw requestErrors.notAllowed(code, reason)
  }

  /** The participant of a connection, if it may do something. @throws RequestError `forbidden` */
  seatFor(session: Session, roomId: string, action: RoomAction, details: ActionDetails = {}): Seat {
    const seat = this.#options.live.find(session, roomId)
    if (seat === undefined) throw requestErrors.notAllowed('notInRoom')
    this.require(seat, action, details)
    return seat
  }

  /** Lets a participant publish a source, paused or not. Whom a moderator muted may publish it paused. */
  requirePublish(seat: Seat, source: TrackSource, paused: boolean): void {
    const verdict = this.decide(seat, publishActionFor(source))
    if (verdict.allowed || (paused && verdict.code === 'mutedByModerator')) return
    throw requestErrors.notAllowed(verdict.code, verdict.reason)
  }

  /** Whether somebody may read and write the chat of a room. */
  async decideChat(
    session: Pick<Session, 'identity' | 'grants' | 'connectionId'>,
    roomId: string,
    action: 'chat' | 'moderateChat' = 'chat',
  ): Promise<Decision> {
    const { live, book } = this.#options
    const { record } = await book.open(roomId, roomId.slice(0, 64))
    const room = live.get(roomId)?.room
    const member = room?.memberAt(session.connectionId) ?? room?.membersOf(session.identity)[0]
    const person: PersonFacts = {
      ...personFacts(record, session.identity, grantIn(session.grants, roomId)),
      ...(member === undefined ? {} : { role: member.role }),
      inRoom: member !== undefined,
      invitedToStage: false,
    }
    const verdict = decideInRoom({ action, room: this.facts(record, room?.size ?? 0), person })
    live.releaseIfUnused(roomId)
    return verdict
  }
}
