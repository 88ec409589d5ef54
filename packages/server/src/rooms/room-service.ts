import { createHash, randomBytes } from 'node:crypto'
import type {
  ParsedRequestOf,
  PayloadOf,
  ReplyOf,
  ServerEventName,
  StreamReason,
  TrackSource,
} from '@sangam/protocol'
import type { InviteSigner } from '../access/invites.ts'
import { may } from '../access/policy.ts'
import {
  type Decision,
  decideInRoom,
  type PersonFacts,
  type RoomAction,
  type RoomFacts,
} from '../access/room-policy.ts'
import type { MediaCounts } from '../media/media-counts.ts'
import { RoomMedia, type RoomMediaEvents } from '../media/room-media.ts'
import type { RoomWorkers } from '../media/room-routers.ts'
import { transportParametersOf } from '../media/transport-parameters.ts'
import type { Logger } from '../observability/log.ts'
import type { Clock, Notifier, Session } from '../ports.ts'
import { requestErrors } from '../request-errors.ts'
import { Coalescer } from '../socket/coalescer.ts'
import type { RecordBook, RecordEntry } from './record-book.ts'
import { type LeaveReason, type Member, participantOf, Room, seatOf } from './room.ts'
import { RoomClock } from './room-clock.ts'
import {
  type ActionDetails,
  decideForMember,
  grantIn,
  permissionFor,
  permissionsIn,
  personFacts,
  publishActionFor,
  roleInForce,
  roomFacts,
} from './room-gate.ts'
import { roleOnRecord } from './room-record.ts'
import type { InviteRow, RoomChange } from './store/room-store.ts'

/** What {@link RoomService} needs. */
export type RoomOptions = {
  readonly notifier: Notifier
  readonly now: Clock
  readonly log: Logger
  readonly media: RoomWorkers
  readonly counts: MediaCounts
  readonly book: RecordBook
  readonly invites: InviteSigner
  readonly graceMs: number
  /** How long a lost connection is waited for while media still flows. */
  readonly mediaGraceMs: number
  readonly mostParticipants: number
  /** Most voices, and most videos, that a participant receives at a time. */
  readonly maxVoices: number
  readonly maxVideos: number
  /** Somebody entered a room, or left one. */
  readonly onEngaged: (identity: string, engaged: boolean) => void
  /** Somebody has a place: anew, or again. */
  readonly onEntered: (live: LiveRoom, participantId: string) => void
  /** Whether somebody waits in the lobby of a room. */
  readonly hasWaiting: (roomId: string) => boolean
}

/** A live room: who is in it, and its media. */
export type LiveRoom = { readonly room: Room; readonly media: RoomMedia }

/** A participant at a connection, with the room. */
export type Seat = LiveRoom & { readonly member: Member }

const listedDelayMs = 100
/** A grace time may be set to nothing; flowing media is not looked at more often than this. */
const leastPauseMs = 1000

/** The rooms that somebody is in: membership, places, roles in force, notices. What travels in them is {@link RoomMedia}'s. */
export class RoomService {
  readonly #options: RoomOptions
  readonly #rooms = new Map<string, LiveRoom>()
  readonly #creating = new Map<string, Promise<LiveRoom>>()
  readonly #graceTimers = new Map<string, NodeJS.Timeout>()
  readonly #listed: Coalescer
  readonly #clock: RoomClock

  constructor(options: RoomOptions) {
    this.#options = options
    this.#listed = new Coalescer(listedDelayMs, (roomId) => this.#tellListing(roomId))
    this.#clock = new RoomClock(options.now, {
      onEndingSoon: (roomId, endsAt) => {
        const live = this.#rooms.get(roomId)
        if (live !== undefined) this.tell(live.room, 'room.endingSoon', { roomId, endsAt })
      },
      onOver: (roomId) => void this.end(roomId, 'tooLong').catch(() => undefined),
    })
  }

  /** Rooms that somebody is in. */
  get size(): number {
    return this.#rooms.size
  }

  /** Participants of all rooms. */
  get participants(): number {
    return [...this.#rooms.values()].reduce((sum, { room }) => sum + room.size, 0)
  }

  /** The rooms that somebody is in. */
  get live(): readonly LiveRoom[] {
    return [...this.#rooms.values()]
  }

  /** A room that somebody is in. */
  liveRoom(roomId: string): LiveRoom | undefined {
    return this.#rooms.get(roomId)
  }

  /** Copies of streams on their way from one media worker to another. */
  get pipes(): number {
    return [...this.#rooms.values()].reduce((sum, { media }) => sum + media.pipes, 0)
  }

  /** Streams of receivers by why they are forwarded, or not. */
  countReasons(): Map<StreamReason, number> {
    const counts = new Map<StreamReason, number>()
    for (const { media } of this.#rooms.values())
      for (const [reason, count] of media.countReasons())
        counts.set(reason, (counts.get(reason) ?? 0) + count)
    return counts
  }

  /** `room.list` */
  list(session: Session): ReplyOf<'room.list'> {
    const rooms = this.live
      .filter((live) => isListedFor(live.room, session))
      .map(({ room }) => room.summary())
    return { rooms: rooms.slice(0, 1000) }
  }

  /** `room.join` */
  async join(session: Session, request: ParsedRequestOf<'room.join'>): Promise<ReplyOf<'room.join'>> {
    const { roomId, name, participantKey, invite: secret } = request
    const keyHash = participantKey === undefined ? undefined : hashOf(participantKey)
    const invite = secret === undefined ? undefined : await this.readInvite(roomId, secret)
    for (;;) {
      const entry = await this.#options.book.open(roomId, name ?? roomId.slice(0, 64))
      const present = this.#rooms.get(roomId)?.room.memberAt(session.connectionId)
      if (present === undefined) {
        this.#refuseUnless(this.decideEntry(session, entry, { keyHash, invite }), roomId)
      }
      const live = this.#rooms.get(roomId)
      // The record may have been released while its room was made: then all is asked again.
      if (live === undefined) await this.#create(entry).catch((error: unknown) => this.#giveUp(roomId, error))
      else if (present !== undefined) return joinReply(live, present, true)
      else return this.#take(live, session, entry, { participantKey, keyHash, invite })
    }
  }

  /** `room.leave` */
  leave(session: Session, { roomId }: ParsedRequestOf<'room.leave'>): ReplyOf<'room.leave'> {
    const seat = this.seat(session, roomId)
    this.remove(seat, seat.member, 'left')
    return {}
  }

  /**
   * May this person enter, or wait, or come back? Nothing is changed by asking.
   * @param by what they show: the hash of a participant's key, an invite
   */
  decideEntry(
    session: Pick<Session, 'identity' | 'deviceId' | 'grants'>,
    { record, seats }: RecordEntry,
    by: { readonly keyHash?: string | undefined; readonly invite?: InviteRow | undefined } = {},
  ): Decision {
    const { identity, deviceId } = session
    const room = this.#rooms.get(record.roomId)?.room
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

  /** A room as the policy sees it. */
  facts(record: RecordEntry['record'], size: number): RoomFacts {
    const { mostParticipants, now } = this.#options
    return roomFacts(record, { size, mostParticipants, nowMs: now() })
  }

  /**
   * Reads an invite's secret.
   * @throws RequestError `forbidden` (`inviteInvalid`, `inviteExpired`)
   */
  async readInvite(roomId: string, secret: string): Promise<InviteRow> {
    const { invites, book, now } = this.#options
    const claims = await invites.read(secret)
    if (typeof claims === 'string') throw requestErrors.notAllowed(claims)
    if (claims.roomId !== roomId) throw requestErrors.notAllowed('inviteInvalid')
    const { record } = await book.open(roomId, roomId.slice(0, 64))
    const row = record.invite(claims.inviteId)
    this.releaseIfUnused(roomId)
    if (row === undefined) throw requestErrors.notAllowed('inviteInvalid')
    if (row.expiresAtMs <= now()) throw requestErrors.notAllowed('inviteExpired')
    return row
  }

  /**
   * The participant that a connection is in a room.
   * @throws RequestError `notFound`
   */
  seat(session: Session, roomId: string): Seat {
    const live = this.#rooms.get(roomId)
    const member = live?.room.memberAt(session.connectionId)
    if (live === undefined || member === undefined) throw requestErrors.notFound('room, or you are not in it')
    return { ...live, member }
  }

  /** Whether a participant may do something. */
  decide({ room, member }: Seat, action: RoomAction, details: ActionDetails = {}): Decision {
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
    const live = this.#rooms.get(roomId)
    const member = live?.room.memberAt(session.connectionId)
    if (live === undefined || member === undefined) throw requestErrors.notAllowed('notInRoom')
    const seat = { ...live, member }
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
  async decideChat(session: Session, roomId: string): Promise<Decision> {
    const { record } = await this.#options.book.open(roomId, roomId.slice(0, 64))
    const live = this.#rooms.get(roomId)
    const member = live?.room.memberAt(session.connectionId) ?? live?.room.membersOf(session.identity)[0]
    const person: PersonFacts = {
      ...personFacts(record, session.identity, grantIn(session.grants, roomId)),
      ...(member === undefined ? {} : { role: member.role }),
      inRoom: member !== undefined,
      invitedToStage: false,
    }
    const verdict = decideInRoom({ action: 'chat', room: this.facts(record, live?.room.size ?? 0), person })
    this.releaseIfUnused(roomId)
    return verdict
  }

  /** Notes a stream that a participant publishes and tells the others. */
  published(
    seat: Seat,
    producerId: string,
    track: { kind: 'audio' | 'video'; source: TrackSource; paused: boolean },
  ): void {
    const { room, member } = seat
    const { participantId } = member
    room.publish(participantId, { producerId, ...track })
    if (!track.paused) this.#unmuted(seat, track.source)
    this.tell(
      room,
      'room.trackPublished',
      { roomId: room.roomId, participantId, track: { producerId, ...track } },
      participantId,
    )
  }

  /** Forgets streams that are no longer published, and tells the others. */
  unpublished({ room, member }: Seat, producerIds: readonly string[]): void {
    const { participantId } = member
    for (const producerId of producerIds) {
      if (!room.unpublish(participantId, producerId)) continue
      const payload = { roomId: room.roomId, participantId, producerId }
      this.tell(room, 'room.trackUnpublished', payload, participantId)
    }
  }

  /** Notes that a stream was paused or goes on, and tells the others. */
  paused({ room, member }: Seat, producerId: string, paused: boolean, mutedBy?: string): void {
    const { participantId } = member
    const { roomId } = room
    if (!room.setPaused(participantId, producerId, paused, mutedBy)) return
    if (paused) {
      const muter = mutedBy === undefined ? {} : { mutedBy }
      this.tell(room, 'room.trackPaused', { roomId, participantId, producerId, ...muter }, participantId)
      return
    }
    this.tell(room, 'room.trackResumed', { roomId, participantId, producerId }, participantId)
    this.#unmuted({ room, member }, member.tracks.get(producerId)?.source)
  }

  /** Somebody whom a moderator muted sends again: the muting is over. */
  #unmuted({ room, member }: Pick<Seat, 'room' | 'member'>, source: TrackSource | undefined): void {
    if (source === undefined) return
    const { book, now } = this.#options
    book.saveLater(room.roomId, room.record.setMuted(member.identity, member.name, source, false, now()))
  }

  /** A connection is gone: its participants wait for the grace time. */
  connectionLost(session: Session): void {
    for (const live of this.#rooms.values()) {
      const member = live.room.connectionLost(session.connectionId, this.#options.now())
      if (member !== undefined) this.#wait(live, member)
    }
  }

  /** A connection renewed its token: what it no longer grants ends. */
  grantsChanged(session: Session): void {
    for (const live of this.live) {
      const { room } = live
      const member = room.memberAt(session.connectionId)
      if (member === undefined) continue
      member.grant = grantIn(session.grants, room.roomId)
      if (member.grant?.join === true) this.refresh(live)
      else this.expel(live, member, 'revoked')
    }
  }

  /**
   * Brings everybody's role and rights in line with the record and the tokens, tells who is concerned, and ends the
   * media that somebody may no longer send or receive.
   */
  refresh(live: LiveRoom): void {
    const { room } = live
    this.#chooseStandIn(room)
    for (const member of room.members) this.#refreshMember(live, member)
  }

  #chooseStandIn(room: Room): void {
    room.chooseStandIn(({ identity, grant }) => roleOnRecord(room.record, identity, grant?.role))
  }

  #refreshMember(live: LiveRoom, member: Member): void {
    const { room } = live
    const role = roleInForce(room, member)
    const permissions = permissionsIn(room, member, role)
    const hasNewRole = role !== member.role
    const hasNewRights = permissions.join() !== member.permissions.join()
    member.role = role
    member.permissions = permissions
    if (hasNewRole) this.tellOfMember(room, member)
    if (!hasNewRole && !hasNewRights) return
    const { roomId } = room
    const rights = { roomId, role, permissions: [...permissions] }
    this.tellOne(room, member.participantId, 'room.permissionsChanged', rights)
    this.#endWhatIsNotAllowed(live, member)
  }

  #endWhatIsNotAllowed({ media }: LiveRoom, member: Member): void {
    // Not back yet after a restart: there is nothing to end, and no token to judge by.
    if (member.grant === undefined) return
    for (const { producerId, source } of [...member.tracks.values()]) {
      if (member.permissions.includes(permissionFor(source))) continue
      void media.controlProducer(member.participantId, producerId, 'close').catch(() => undefined)
    }
    media.setReceiving(member.participantId, member.permissions.includes('subscribe'))
  }

  /** Puts a participant out: tells them why, then the others. */
  expel(live: LiveRoom, member: Member, reason: 'revoked' | 'removed' | 'banned'): void {
    const { roomId } = live.room
    this.tellOne(live.room, member.participantId, 'room.closed', { roomId, reason })
    this.remove(live, member, reason)
  }

  /** Ends a room for everybody. @throws StoreError */
  async end(roomId: string, reason: 'ended' | 'tooLong'): Promise<void> {
    const { book, now } = this.#options
    const entry = book.get(roomId)
    if (entry === undefined) return
    const live = this.#rooms.get(roomId)
    const changes = entry.record.end(now())
    if (live !== undefined) {
      this.tell(live.room, 'room.closed', { roomId, reason })
      for (const { participantId } of live.room.members) changes.push({ type: 'seatGone', participantId })
      this.#drop(live)
      live.media.close()
      this.#listed.add(roomId)
      this.#options.log.info({ roomId, reason }, 'room ended')
    }
    entry.seats = []
    try {
      await book.save(roomId, changes)
    } finally {
      this.releaseIfUnused(roomId)
    }
  }

  /** The room's settings changed: everybody learns it, and its end moves with its length. */
  settingsChanged({ room }: LiveRoom): void {
    const { roomId, name, record } = room
    const endsAt = record.endsAtMs ?? null
    this.tell(room, 'room.settingsChanged', { roomId, name, settings: record.settings, endsAt })
    this.#clock.watch(roomId, record.endsAtMs)
    this.#listed.add(roomId)
  }

  /** Closes all rooms. Their participants find them again after the start, for a while. */
  close(): void {
    this.#listed.close()
    for (const timer of this.#graceTimers.values()) clearTimeout(timer)
    for (const live of this.live) {
      this.tell(live.room, 'room.closed', { roomId: live.room.roomId, reason: 'serverStopping' })
      this.#drop(live)
      live.media.close()
    }
  }

  /** Makes the live room of a record. Whoever asks meanwhile waits for the same. */
  #create(entry: RecordEntry): Promise<LiveRoom> {
    const { roomId } = entry.record
    let creating = this.#creating.get(roomId)
    if (creating === undefined) {
      creating = this.#make(entry).finally(() => this.#creating.delete(roomId))
      this.#creating.set(roomId, creating)
    }
    return creating
  }

  async #make(entry: RecordEntry): Promise<LiveRoom> {
    const { media: workers, counts, log, now, maxVoices, maxVideos } = this.#options
    const { record } = entry
    const { roomId } = record
    const room = new Room(record)
    const events: RoomMediaEvents = {
      onProducerClosed: (participantId, producerId) => {
        if (!room.unpublish(participantId, producerId)) return
        this.tell(room, 'room.trackUnpublished', { roomId, participantId, producerId }, participantId)
      },
      onConsumersAdded: (participantId, { transportId, batch, consumers }) => {
        const payload = { roomId, transportId, batch, consumers: [...consumers] }
        this.tellOne(room, participantId, 'room.consumersAdded', payload)
      },
      onConsumersRemoved: (participantId, consumerIds) => {
        const payload = { roomId, consumerIds: [...consumerIds] }
        this.tellOne(room, participantId, 'room.consumersRemoved', payload)
      },
      onConsumeFailed: (participantId, producerId, err) => {
        log.error({ roomId, participantId, producerId, err }, 'a stream could not be forwarded')
      },
      onStreamStates: (participantId, states) => {
        this.tellOne(room, participantId, 'room.streamStates', { roomId, states: [...states] })
      },
      onLayersWanted: (participantId, producerId, spatialLayer) => {
        this.tellOne(room, participantId, 'room.layersWanted', { roomId, producerId, spatialLayer })
      },
      onMoved: (participantId, reason, engineTransport) => {
        const transport = transportParametersOf(engineTransport)
        this.tellOne(room, participantId, 'room.mediaMoved', { roomId, reason, transport })
        log.info({ roomId, participantId, reason }, 'media moved')
      },
    }
    const maySendData = (participantId: string): boolean => {
      const member = room.member(participantId)
      if (member === undefined) return false
      return decideForMember(room, member, 'publishData', {}, this.facts(room.record, room.size)).allowed
    }
    const media = await RoomMedia.open({ workers, counts, now, events, maySendData, maxVoices, maxVideos })
    const live: LiveRoom = { room, media }
    this.#rooms.set(roomId, live)
    this.#restore(live, entry)
    log.info({ roomId }, 'room opened')
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
      media.add(member.participantId)
      onEngaged(member.identity, true)
      this.#wait(live, member)
    }
    if (seats.length === 0) return
    this.#chooseStandIn(room)
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
    const { room, media } = live
    const { identity, deviceId, name, connectionId } = session
    for (const abandoned of room.abandonedBy(identity, deviceId))
      this.remove(live, abandoned, 'disconnected', false)
    const participantKey = randomBytes(24).toString('base64url')
    const member = room.join({
      participantId: randomBytes(9).toString('hex'),
      participantKey,
      keyHash: hashOf(participantKey),
      identity,
      deviceId,
      name,
      connectionId,
      joinedAtMs: this.#options.now(),
      grant: grantIn(session.grants, room.roomId),
    })
    media.add(member.participantId)
    this.#options.onEngaged(identity, true)
    this.#chooseStandIn(room)
    member.role = roleInForce(room, member)
    member.permissions = permissionsIn(room, member, member.role)
    this.tell(
      room,
      'room.participantJoined',
      { roomId: room.roomId, participant: participantOf(member) },
      member.participantId,
    )
    this.refresh(live)
    this.#listed.add(room.roomId)
    this.#options.log.info(
      { roomId: room.roomId, participantId: member.participantId, identity },
      'participant joined',
    )
    // The connection may have ended while the room was made.
    if (!session.connected) this.connectionLost(session)
    return member
  }

  #resume(live: LiveRoom, session: Session, member: Member): void {
    const { roomId } = live.room
    clearTimeout(this.#graceTimers.get(member.participantId))
    this.#graceTimers.delete(member.participantId)
    const replaced = member.connectionId
    member.connectionId = session.connectionId
    member.lostAtMs = undefined
    if (replaced !== undefined && replaced !== session.connectionId) {
      this.#options.notifier.toConnection(replaced, 'room.closed', { roomId, reason: 'replaced' })
    }
    // The token may be another one than before: what it no longer grants ends.
    member.grant = grantIn(session.grants, roomId)
    this.refresh(live)
    if (!session.connected) this.connectionLost(session)
  }

  /** Whoever is still seen and heard keeps the place for longer: only the signalling is away. */
  #wait(live: LiveRoom, member: Member, waitedMs = 0): void {
    const { graceMs, mediaGraceMs } = this.#options
    const { participantId } = member
    const pauseMs = waitedMs === 0 ? graceMs : Math.max(graceMs, leastPauseMs)
    const timer = setTimeout(() => {
      const soFarMs = waitedMs + pauseMs
      if (soFarMs < mediaGraceMs && live.media.flows(participantId)) this.#wait(live, member, soFarMs)
      else this.remove(live, member, 'disconnected')
    }, pauseMs)
    this.#graceTimers.set(participantId, timer)
  }

  /** Somebody is gone, with all that was theirs. */
  remove(live: LiveRoom, member: Member, reason: LeaveReason, closeEmpty = true): void {
    const { room, media } = live
    const { participantId } = member
    clearTimeout(this.#graceTimers.get(participantId))
    this.#graceTimers.delete(participantId)
    if (!room.remove(participantId)) return
    // Out of the room first: that its streams close says nothing new to the others.
    media.remove(participantId)
    this.#options.onEngaged(member.identity, false)
    this.#options.book.saveLater(room.roomId, [{ type: 'seatGone', participantId }])
    this.tell(room, 'room.participantLeft', { roomId: room.roomId, participantId, reason })
    this.#options.log.info({ roomId: room.roomId, participantId, reason }, 'participant left')
    this.#listed.add(room.roomId)
    this.refresh(live)
    if (closeEmpty) this.#closeIfEmpty(live)
  }

  #closeIfEmpty(live: LiveRoom): void {
    const { roomId, record, size } = live.room
    if (size > 0 || this.#rooms.get(roomId)?.room !== live.room) return
    this.#rooms.delete(roomId)
    live.media.close()
    this.#clock.forget(roomId)
    const { book, now } = this.#options
    book.saveLater(roomId, record.closed(now()))
    this.releaseIfUnused(roomId)
    this.#listed.add(roomId)
    this.#options.log.info({ roomId }, 'room closed')
  }

  /** Nobody is in the room or waits for it: its record is released. */
  releaseIfUnused(roomId: string): void {
    const { book, hasWaiting, now } = this.#options
    if (this.#rooms.has(roomId) || this.#creating.has(roomId) || hasWaiting(roomId)) return
    // Places wait there since the server went down: their people are on their way.
    const entry = book.get(roomId)
    if (entry !== undefined && entry.seats.length > 0 && entry.seatsUntilMs > now()) return
    book.release(roomId)
  }

  #refuseUnless({ allowed, code, reason }: Decision, roomId: string): void {
    if (allowed) return
    this.releaseIfUnused(roomId)
    if (code === 'roomFull') throw requestErrors.roomFull()
    throw requestErrors.notAllowed(code, reason)
  }

  #giveUp(roomId: string, error: unknown): never {
    this.releaseIfUnused(roomId)
    throw error
  }

  #drop({ room }: LiveRoom): void {
    this.#rooms.delete(room.roomId)
    this.#clock.forget(room.roomId)
    for (const member of room.members) {
      clearTimeout(this.#graceTimers.get(member.participantId))
      this.#graceTimers.delete(member.participantId)
      room.remove(member.participantId)
      this.#options.onEngaged(member.identity, false)
    }
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

  #tellListing(roomId: string): void {
    const live = this.#rooms.get(roomId)
    const mayList = (session: Session): boolean => may(session.grants, { type: 'room.list', roomId }).allowed
    const sees = (session: Session): boolean => live !== undefined && isListedFor(live.room, session)
    const { notifier } = this.#options
    if (live !== undefined) notifier.toSessions(sees, 'room.listed', { room: live.room.summary() })
    // Whoever may see it no longer, since it is over or was taken off the list.
    notifier.toSessions((session) => mayList(session) && !sees(session), 'room.unlisted', { roomId })
  }
}

const hashOf = (participantKey: string): string =>
  createHash('sha256').update(participantKey).digest('base64url')

/** Whether a room stands in somebody's list: unlisted ones do in those of the people who are in them. */
const isListedFor = (room: Room, session: Session): boolean =>
  may(session.grants, { type: 'room.list', roomId: room.roomId }).allowed &&
  !room.record.isBanned(session.identity) &&
  (room.record.settings.listed || room.membersOf(session.identity).length > 0)

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
