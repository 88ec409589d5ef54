import { randomBytes } from 'node:crypto'
import type { Moderator, ParsedRequestOf, ReplyOf } from '@sangam/protocol'
import type { InviteSigner } from '../access/invites.ts'
import { rankOf, roleDefinition } from '../access/roles.ts'
import type { RoomAction } from '../access/room-policy.ts'
import type { Clock, Session } from '../ports.ts'
import { requestErrors } from '../request-errors.ts'
import type { LiveRooms, Seat } from './live-rooms.ts'
import type { RecordBook } from './record-book.ts'
import type { Member } from './room.ts'
import type { RoomAccess } from './room-access.ts'
import type { RoomActions } from './room-actions.ts'
import { mostInvites } from './room-record.ts'

type Empty = Record<never, never>
type RoomRef = { readonly roomId: string }
type ParticipantRef = RoomRef & { readonly participantId: string }
type PersonRef = RoomRef & { readonly identity: string }

/** What {@link RoomModeration} needs. */
export type RoomModerationOptions = {
  readonly live: LiveRooms
  readonly access: RoomAccess
  readonly actions: RoomActions
  readonly book: RecordBook
  readonly invites: InviteSigner
  readonly now: Clock
}

const defaultInviteSeconds = 86_400

/** The requests of participants about the room's rules: each asks the policy, then does it. */
export class RoomModeration {
  readonly #options: RoomModerationOptions

  constructor(options: RoomModerationOptions) {
    this.#options = options
  }

  /** `room.changeSettings` */
  async changeSettings(
    session: Session,
    { roomId, settings, name }: ParsedRequestOf<'room.changeSettings'>,
  ): Promise<ReplyOf<'room.changeSettings'>> {
    const { room, member } = this.#options.access.seatFor(session, roomId, 'changeSettings')
    const { newcomerRole } = settings
    if (newcomerRole !== undefined) this.#checkRole(room.record.customRoles, member, newcomerRole)
    return { settings: await this.#options.actions.changeSettings(roomId, settings, name) }
  }

  /** `room.createInvite` */
  async createInvite(
    session: Session,
    { roomId, role, ttlSeconds = defaultInviteSeconds }: ParsedRequestOf<'room.createInvite'>,
  ): Promise<ReplyOf<'room.createInvite'>> {
    const { access, book, invites, now } = this.#options
    const { room, member } = access.seatFor(session, roomId, 'invite')
    const given = role ?? room.record.settings.newcomerRole
    this.#checkRole(room.record.customRoles, member, given)
    if (room.record.invites(now()).length >= mostInvites) throw requestErrors.tooMany('invites')
    const invite = {
      inviteId: randomBytes(12).toString('base64url'),
      role: given,
      createdBy: session.identity,
      // Whole seconds, as the signature says it.
      expiresAtMs: (Math.ceil(now() / 1000) + ttlSeconds) * 1000,
    }
    await book.save(roomId, room.record.addInvite(invite, now()))
    const secret = await invites.sign({ roomId, inviteId: invite.inviteId }, invite.expiresAtMs)
    const { expiresAtMs: expiresAt, ...rest } = invite
    return { ...rest, expiresAt, invite: secret }
  }

  /** `room.invites` */
  invites(session: Session, { roomId }: RoomRef): ReplyOf<'room.invites'> {
    const { access, now } = this.#options
    const { room } = access.seatFor(session, roomId, 'invite')
    const invites = room.record.invites(now())
    return { invites: invites.map(({ expiresAtMs: expiresAt, ...rest }) => ({ ...rest, expiresAt })) }
  }

  /** `room.revokeInvite` */
  async revokeInvite(
    session: Session,
    { roomId, inviteId }: ParsedRequestOf<'room.revokeInvite'>,
  ): Promise<Empty> {
    const { access, book } = this.#options
    const { room } = access.seatFor(session, roomId, 'invite')
    const changes = room.record.revokeInvite(inviteId)
    if (changes.length === 0) throw requestErrors.notFound('invite')
    await book.save(roomId, changes)
    return {}
  }

  /** `room.setHand` */
  async setHand(session: Session, { roomId, raised }: ParsedRequestOf<'room.setHand'>): Promise<Empty> {
    const seat = this.#options.access.seatFor(session, roomId, 'raiseHand')
    await this.#options.actions.setHand(seat, seat.member, raised)
    return {}
  }

  /** `room.lowerHand` */
  async lowerHand(session: Session, { roomId, participantId }: ParticipantRef): Promise<Empty> {
    const seat = this.#options.access.seatFor(session, roomId, 'lowerHand')
    const target = seat.room.member(participantId)
    if (target === undefined) throw requestErrors.notAllowed('targetNotFound')
    await this.#options.actions.setHand(seat, target, false)
    return {}
  }

  /** `room.inviteToStage` */
  inviteToStage(session: Session, request: ParticipantRef): Empty {
    const { seat, target, by } = this.#act(session, 'inviteToStage', request)
    this.#options.actions.inviteToStage(seat, target, by)
    return {}
  }

  /** `room.answerStage` */
  async answerStage(
    session: Session,
    { roomId, accept }: ParsedRequestOf<'room.answerStage'>,
  ): Promise<Empty> {
    const seat = this.#options.access.seatFor(session, roomId, 'answerStage')
    await this.#options.actions.answerStage(seat, seat.member, accept)
    return {}
  }

  /** `room.mute` */
  async mute(session: Session, request: ParticipantRef): Promise<Empty> {
    const { seat, target, by } = this.#act(session, 'mute', request)
    await this.#options.actions.mute(seat, target, by)
    return {}
  }

  /** `room.muteAll` */
  async muteAll(session: Session, { roomId }: RoomRef): Promise<ReplyOf<'room.muteAll'>> {
    const { access, actions } = this.#options
    const seat = access.seatFor(session, roomId, 'muteAll')
    const by = moderatorOf(seat.member)
    const others = seat.room.members.filter(
      ({ identity }) => access.decide(seat, 'mute', { targetIdentity: identity }).allowed,
    )
    const muted = await Promise.all(others.map((member) => actions.mute(seat, member, by)))
    return { muted: muted.filter(Boolean).length }
  }

  /** `room.allowUnmute` */
  async allowUnmute(session: Session, request: ParticipantRef): Promise<Empty> {
    const { seat, target, by } = this.#act(session, 'mute', request)
    await this.#options.actions.allowUnmute(seat, target, by)
    return {}
  }

  /** `room.stopVideo` */
  async stopVideo(session: Session, request: ParsedRequestOf<'room.stopVideo'>): Promise<Empty> {
    const { seat, target, by } = this.#act(session, 'stopVideo', request)
    await this.#options.actions.stopVideo(seat, target, request.source, by)
    return {}
  }

  /** `room.setRole` */
  async setRole(session: Session, request: ParsedRequestOf<'room.setRole'>): Promise<Empty> {
    const { seat, target } = this.#act(session, 'setRole', request, request.role)
    await this.#options.actions.setRole(seat, target.identity, request.role)
    return {}
  }

  /** `room.transferHost` */
  async transferHost(session: Session, request: ParticipantRef): Promise<Empty> {
    const { seat, target } = this.#act(session, 'transferHost', request)
    await this.#options.actions.transferHost(seat, session.identity, target.identity)
    return {}
  }

  /** `room.remove` */
  async remove(session: Session, request: ParticipantRef): Promise<Empty> {
    const { seat, target } = this.#act(session, 'remove', request)
    await this.#options.actions.remove(seat, target)
    return {}
  }

  /** `room.ban` */
  async ban(session: Session, { roomId, identity }: PersonRef): Promise<Empty> {
    this.#options.access.seatFor(session, roomId, 'ban', { targetIdentity: identity })
    await this.#options.actions.ban(roomId, identity)
    return {}
  }

  /** `room.unban` */
  async unban(session: Session, { roomId, identity }: PersonRef): Promise<Empty> {
    this.#options.access.seatFor(session, roomId, 'unban')
    await this.#options.actions.unban(roomId, identity)
    return {}
  }

  /** `room.bans` */
  bans(session: Session, { roomId }: RoomRef): ReplyOf<'room.bans'> {
    const { room } = this.#options.access.seatFor(session, roomId, 'unban')
    const banned = room.record.banned().slice(0, 1000)
    return { banned: banned.map(({ identity, name, sinceMs }) => ({ identity, name, since: sinceMs })) }
  }

  /** `room.end` */
  async end(session: Session, { roomId }: RoomRef): Promise<Empty> {
    this.#options.access.seatFor(session, roomId, 'end')
    await this.#options.actions.end(roomId)
    return {}
  }

  /** Finds who is to be acted on, and asks the policy. */
  #act(
    session: Session,
    action: RoomAction,
    { roomId, participantId }: ParticipantRef,
    role?: string,
  ): { seat: Seat; target: Member; by: Moderator } {
    const { live, access } = this.#options
    const target = live.get(roomId)?.room.member(participantId)
    const seat = access.seatFor(session, roomId, action, { targetIdentity: target?.identity, role })
    // The policy refused an unknown target before.
    if (target === undefined) throw requestErrors.notAllowed('targetNotFound')
    return { seat, target, by: moderatorOf(seat.member) }
  }

  /** A role that is given away must be known, and of a lower rank than the giver's. */
  #checkRole(customRoles: Parameters<typeof rankOf>[1], giver: Member, role: string): void {
    if (roleDefinition(role, customRoles) === undefined) throw requestErrors.notAllowed('unknownRole')
    if (rankOf(role, customRoles) >= rankOf(giver.role, customRoles)) {
      throw requestErrors.notAllowed('targetOutranks', 'A role can be given by those of a higher rank only.')
    }
  }
}

const moderatorOf = ({ identity, name }: Member): Moderator => ({ identity, name })
