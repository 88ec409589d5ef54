import { createHash, randomBytes } from 'node:crypto'
import type { ParsedRequestOf, ReplyOf } from '@sangam/protocol'
import { may } from '../access/policy.ts'
import type { Decision } from '../access/room-policy.ts'
import type { MediaCounts } from '../media/media-counts.ts'
import { RoomMedia } from '../media/room-media.ts'
import type { RoomWorkers } from '../media/room-routers.ts'
import type { Logger } from '../observability/log.ts'
import type { Clock, Notifier, Session } from '../ports.ts'
import { requestErrors } from '../request-errors.ts'
import { GraceTimes, type GraceTimesOptions } from './grace-times.ts'
import type { LiveRoom, LiveRooms } from './live-rooms.ts'
import type { RecordBook, RecordEntry } from './record-book.ts'
import { type LeaveReason, type Member, participantOf, Room, seatOf } from './room.ts'
import type { RoomAccess } from './room-access.ts'
import { RoomClock } from './room-clock.ts'
import { grantIn, roleInForce } from './room-gate.ts'
import { mediaNotices } from './room-media-notices.ts'
import type { RoomNotices } from './room-notices.ts'
import { bringUpToDate, chooseStandIn, refreshRights } from './room-rights.ts'
import type { InviteRow, RoomChange } from './store/room-store.ts'

/** What {@link RoomService} needs. */
export type RoomOptions = GraceTimesOptions & {
  readonly live: LiveRooms
  readonly notices: RoomNotices
  readonly access: RoomAccess
  readonly notifier: Notifier
  readonly now: Clock
  readonly log: Logger
  readonly media: RoomWorkers
  readonly counts: MediaCounts
  readonly book: RecordBook
  /** Most voices, and most videos, that a participant receives at a time. */
  readonly maxVoices: number
  readonly maxVideos: number
  /** Somebody entered a room, or left one. */
  readonly onEngaged: (identity: string, engaged: boolean) => void
  /** Somebody has a place: anew, or again. */
  readonly onEntered: (live: LiveRoom, participantId: string) => void
}

/** How people come, go and come back, and how rooms begin and end. What travels in them is {@link RoomMedia}'s. */
export class RoomService {
  readonly #options: RoomOptions
  readonly #grace: GraceTimes
  readonly #clock: RoomClock

  constructor(options: RoomOptions) {
    this.#options = options
    const { live, notices, now } = options
    this.#grace = new GraceTimes(options)
    this.#clock = new RoomClock(now, {
      onEndingSoon: (roomId, endsAt) => {
        const room = live.get(roomId)?.room
        if (room !== undefined) notices.tell(room, 'room.endingSoon', { roomId, endsAt })
      },
      onOver: (roomId) => void this.end(roomId, 'tooLong').catch(() => undefined),
    })
  }

  /** `room.join` */
  async join(session: Session, request: ParsedRequestOf<'room.join'>): Promise<ReplyOf<'room.join'>> {
    const { roomId, name, participantKey, invite: secret } = request
    const keyHash = participantKey === undefined ? undefined : hashOf(participantKey)
    this.#requireGrant(session, roomId, keyHash)
    const { live, access, book } = this.#options
    const invite = secret === undefined ? undefined : await access.readInvite(roomId, secret)
    for (;;) {
      const entry = await book.open(roomId, name ?? roomId.slice(0, 64))
      const present = live.find(session, roomId)
      if (present === undefined) {
        this.#refuseUnless(access.decideEntry(session, entry, { keyHash, invite }), roomId)
      }
      const room = live.get(roomId)
      // The record may have been released while its room was made: then all is asked again.
      if (room === undefined) await this.#open(entry)
      else if (present !== undefined) return joinReply(room, present.member, true)
      else return this.#take(room, session, entry, { participantKey, keyHash, invite })
    }
  }

  /** `room.leave` */
  leave(session: Session, { roomId }: ParsedRequestOf<'room.leave'>): ReplyOf<'room.leave'> {
    const seat = this.#options.live.seat(session, roomId)
    this.remove(seat, seat.member, 'left')
    return {}
  }

  /** A connection is gone: its participants wait for the grace time. */
  connectionLost(session: Session): void {
    for (const live of this.#options.live.all) {
      const member = live.room.connectionLost(session.connectionId, this.#options.now())
      if (member !== undefined) this.#wait(live, member)
    }
  }

  /** A connection renewed its token: what it no longer grants ends. */
  grantsChanged(session: Session): void {
    for (const live of this.#options.live.all) {
      const { room } = live
      const member = room.memberAt(session.connectionId)
      if (member === undefined) continue
      takeGrant(room, member, session)
      if (member.grant?.join === true) this.refresh(live)
      else this.expel(live, member, 'revoked')
    }
  }

  /** Brings everybody's role, rights and media in line with the record and the tokens. */
  refresh(live: LiveRoom): void {
    refreshRights(live, this.#options.notices)
  }

  /** Puts a participant out: tells them why, then the others. */
  expel(live: LiveRoom, member: Member, reason: 'revoked' | 'removed' | 'banned'): void {
    const { roomId } = live.room
    this.#options.notices.tellOne(live.room, member.participantId, 'room.closed', { roomId, reason })
    this.remove(live, member, reason)
  }

  /** Ends a room for everybody. @throws StoreError */
  async end(roomId: string, reason: 'ended' | 'tooLong'): Promise<void> {
    const { live: rooms, notices, book, now, log } = this.#options
    const entry = book.get(roomId)
    if (entry === undefined) return
    const live = rooms.get(roomId)
    const changes = entry.record.end(now())
    if (live !== undefined) {
      notices.tell(live.room, 'room.closed', { roomId, reason })
      for (const { participantId } of live.room.members) changes.push({ type: 'seatGone', participantId })
      this.#drop(live)
      live.media.close()
      notices.listingChanged(roomId)
      log.info({ roomId, reason }, 'room ended')
    }
    entry.seats = []
    try {
      await book.save(roomId, changes)
    } finally {
      rooms.releaseIfUnused(roomId)
    }
  }

  /** The room's settings changed: everybody learns it, and its end moves with its length. */
  settingsChanged({ room }: LiveRoom): void {
    const { roomId, name, record } = room
    const { notices } = this.#options
    const endsAt = record.endsAtMs ?? null
    notices.tell(room, 'room.settingsChanged', { roomId, name, settings: record.settings, endsAt })
    this.#clock.watch(roomId, record.endsAtMs)
    notices.listingChanged(roomId)
  }

  /** Closes all rooms. Their participants find them again after the start, for a while. */
  close(): void {
    const { live: rooms, notices } = this.#options
    for (const live of rooms.all) {
      notices.tell(live.room, 'room.closed', { roomId: live.room.roomId, reason: 'serverStopping' })
      this.#drop(live)
      live.media.close()
    }
  }

  async #open(entry: RecordEntry): Promise<void> {
    const { live } = this.#options
    const { roomId } = entry.record
    try {
      await live.open(roomId, () => this.#make(entry))
    } catch (error) {
      live.releaseIfUnused(roomId)
      throw error
    }
  }

  async #make(entry: RecordEntry): Promise<LiveRoom> {
    const { media: workers, counts, access, notices, log, now, maxVoices, maxVideos } = this.#options
    const { record } = entry
    const room = new Room(record)
    const events = mediaNotices(room, notices, log)
    const maySendData = (participantId: string): boolean => {
      const member = room.member(participantId)
      return member !== undefined && access.decide({ room, member }, 'publishData').allowed
    }
    const media = await RoomMedia.open({ workers, counts, now, events, maySendData, maxVoices, maxVideos })
    const live: LiveRoom = { room, media }
    this.#options.live.add(live)
    this.#restore(live, entry)
    log.info({ roomId: room.roomId }, 'room opened')
    return live
  }

  /** Places that wait for their participants since the server or the media went down. */
  #restore(live: LiveRoom, entry: RecordEntry): void {
    const { now, onEngaged } = this.#options
    const { room, media } = live
    const seats = entry.seatsUntilMs > now() ? entry.seats : []
    entry.seats = []
    for (const seat of seats) {
      const member = room.restore(seat, now())
      // What they may receive is known when they are back with a token.
      media.add(member.participantId, false)
      onEngaged(member.identity, true)
      this.#wait(live, member)
    }
    if (seats.length === 0) return
    chooseStandIn(room)
    for (const member of room.members) member.role = roleInForce(room, member)
    this.#clock.watch(room.roomId, room.record.endsAtMs)
  }

  /** Gives somebody who may enter their place: the one that waits for them, or a new one. */
  async #take(
    live: LiveRoom,
    session: Session,
    entry: RecordEntry,
    by: { participantKey: string | undefined; keyHash: string | undefined; invite: InviteRow | undefined },
  ): Promise<ReplyOf<'room.join'>> {
    const { room, media } = live
    const waiting = by.keyHash === undefined ? undefined : room.holderOf(by.keyHash, session.identity)
    if (waiting !== undefined) {
      waiting.participantKey = by.participantKey
      const isMediaAlive = waiting.grant !== undefined
      this.#resume(live, session, waiting)
      const reply = joinReply(live, waiting, isMediaAlive)
      if (isMediaAlive) media.tellAgain(waiting.participantId)
      this.#options.onEntered(live, waiting.participantId)
      return reply
    }
    const changes = this.#changesOnEntry(live, session, entry, by.invite)
    const member = this.#enter(live, session)
    const { record } = room
    try {
      await this.#options.book.save(room.roomId, [...changes, { type: 'seat', seat: seatOf(member) }])
    } catch (error) {
      this.remove(live, member, 'disconnected')
      throw error
    }
    this.#clock.watch(room.roomId, record.endsAtMs)
    this.#options.onEntered(live, member.participantId)
    return joinReply(live, member, false)
  }

  /** What entering changes in the record: the room opens, its creator is host, an invite gives its role. */
  #changesOnEntry(
    { room }: LiveRoom,
    session: Session,
    { isFresh }: RecordEntry,
    invite: InviteRow | undefined,
  ): RoomChange[] {
    const { record } = room
    const { identity, name } = session
    const nowMs = this.#options.now()
    const grant = grantIn(session.grants, room.roomId)
    const changes = room.size === 0 ? record.open(nowMs) : record.touch(nowMs)
    const creates = isFresh && room.size === 0 && !record.hasHost
    if (creates && grant?.role === undefined && grant?.moderate !== false) {
      changes.push(...record.setRole(identity, name, 'host', nowMs))
    } else if (invite !== undefined && record.person(identity)?.role === undefined) {
      changes.push(...record.setRole(identity, name, invite.role, nowMs))
    }
    // Remembered, so that they need no admission again when they come back.
    if (record.settings.lobby || invite !== undefined) {
      changes.push(...record.setStanding(identity, name, 'admitted', nowMs))
    }
    return changes
  }

  #enter(live: LiveRoom, session: Session): Member {
    const { notices, log, now, onEngaged } = this.#options
    const { room, media } = live
    const { roomId } = room
    const { identity, deviceId, name, connectionId } = session
    for (const abandoned of room.abandonedBy(identity, deviceId))
      this.remove(live, abandoned, 'disconnected', false)
    const participantKey = randomBytes(24).toString('base64url')
    const participantId = randomBytes(9).toString('hex')
    const member = room.join({
      participantId,
      participantKey,
      keyHash: hashOf(participantKey),
      identity,
      deviceId,
      name,
      connectionId,
      joinedAtMs: now(),
      grant: grantIn(session.grants, roomId),
      grantedUntilMs: session.expiresAtMs,
    })
    onEngaged(identity, true)
    chooseStandIn(room)
    bringUpToDate(room, member)
    media.add(participantId, member.permissions.includes('subscribe'))
    const participant = participantOf(member)
    notices.tell(room, 'room.participantJoined', { roomId, participant }, participantId)
    this.refresh(live)
    notices.listingChanged(roomId)
    log.info({ roomId, participantId, identity }, 'participant joined')
    // The connection may have ended while the room was made.
    if (!session.connected) this.connectionLost(session)
    return member
  }

  #resume(live: LiveRoom, session: Session, member: Member): void {
    const { roomId } = live.room
    this.#grace.end(member.participantId)
    const replaced = member.connectionId
    member.connectionId = session.connectionId
    member.lostAtMs = undefined
    if (replaced !== undefined && replaced !== session.connectionId) {
      this.#options.notifier.toConnection(replaced, 'room.closed', { roomId, reason: 'replaced' })
    }
    // The token may be another one than before: what it no longer grants ends.
    takeGrant(live.room, member, session)
    this.refresh(live)
    if (!session.connected) this.connectionLost(session)
  }

  /** The place of somebody whose connection is lost waits for them; for longer while their media flows and their token holds. */
  #wait(live: LiveRoom, member: Member): void {
    const { now } = this.#options
    const { participantId } = member
    this.#grace.begin(participantId, {
      isWorthWaiting: () => member.grantedUntilMs > now() && live.media.flows(participantId),
      onOver: () => this.remove(live, member, 'disconnected'),
    })
  }

  /** Somebody is gone, with all that was theirs. */
  remove(live: LiveRoom, member: Member, reason: LeaveReason, closeEmpty = true): void {
    const { notices, book, log, onEngaged } = this.#options
    const { room, media } = live
    const { roomId } = room
    const { participantId } = member
    this.#grace.end(participantId)
    if (!room.remove(participantId)) return
    // Out of the room first: that its streams close says nothing new to the others.
    media.remove(participantId)
    onEngaged(member.identity, false)
    book.saveLater(roomId, [{ type: 'seatGone', participantId }])
    notices.tell(room, 'room.participantLeft', { roomId, participantId, reason })
    log.info({ roomId, participantId, reason }, 'participant left')
    notices.listingChanged(roomId)
    this.refresh(live)
    if (closeEmpty) this.#closeIfEmpty(live)
  }

  #closeIfEmpty(live: LiveRoom): void {
    const { live: rooms, notices, book, now, log } = this.#options
    const { roomId, record, size } = live.room
    if (size > 0 || !rooms.delete(live)) return
    live.media.close()
    this.#clock.forget(roomId)
    book.saveLater(roomId, record.closed(now()))
    rooms.releaseIfUnused(roomId)
    notices.listingChanged(roomId)
    log.info({ roomId }, 'room closed')
  }

  /** Whose token does not grant a room does not enter, and the place that waits there for them is theirs no more. */
  #requireGrant(session: Session, roomId: string, keyHash: string | undefined): void {
    const verdict = may(session.grants, { type: 'room.join', roomId })
    if (verdict.allowed) return
    const live = this.#options.live.get(roomId)
    const waiting = keyHash === undefined ? undefined : live?.room.holderOf(keyHash, session.identity)
    if (live !== undefined && waiting !== undefined) this.expel(live, waiting, 'revoked')
    throw requestErrors.forbidden(verdict.reason)
  }

  #refuseUnless({ allowed, code, reason }: Decision, roomId: string): void {
    if (allowed) return
    const { live } = this.#options
    live.releaseIfUnused(roomId)
    if (code === 'roomFull') throw requestErrors.roomFull()
    throw requestErrors.notAllowed(code, reason)
  }

  #drop(live: LiveRoom): void {
    const { room } = live
    this.#options.live.delete(live)
    this.#clock.forget(room.roomId)
    for (const member of room.members) {
      this.#grace.end(member.participantId)
      room.remove(member.participantId)
      this.#options.onEngaged(member.identity, false)
    }
  }
}

const takeGrant = ({ roomId }: Room, member: Member, { grants, expiresAtMs }: Session): void => {
  member.grant = grantIn(grants, roomId)
  member.grantedUntilMs = expiresAtMs
}

const hashOf = (participantKey: string): string =>
  createHash('sha256').update(participantKey).digest('base64url')

const joinReply = ({ room, media }: LiveRoom, member: Member, resumed: boolean): ReplyOf<'room.join'> => {
  const held = resumed ? media.held(member.participantId) : undefined
  return {
    roomId: room.roomId,
    name: room.name,
    participantId: member.participantId,
    participantKey: member.participantKey ?? '',
    resumed,
    role: member.role,
    permissions: [...member.permissions],
    settings: room.record.settings,
    endsAt: room.record.endsAtMs ?? null,
    topology: room.topology.topology,
    topologyReason: room.topology.reason,
    routerRtpCapabilities: media.rtpCapabilities,
    ...(held === undefined ? {} : { media: held }),
    participants: room.participants(),
  }
}
