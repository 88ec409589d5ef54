import { randomBytes } from 'node:crypto'
import type { ParsedRequestOf, PayloadOf, ReplyOf, ServerEventName, TrackSource } from '@sangam/protocol'
import { may } from '../access/policy.ts'
import type { MediaCounts } from '../media/media-counts.ts'
import type { MediaWorkers } from '../media/media-workers.ts'
import { RoomMedia } from '../media/room-media.ts'
import type { Logger } from '../observability/log.ts'
import type { Clock, Notifier, Session } from '../ports.ts'
import { requestErrors } from '../request-errors.ts'
import { Coalescer } from '../socket/coalescer.ts'
import { type LeaveReason, type Member, participantOf, Room } from './room.ts'

/** What {@link RoomService} needs. */
export type RoomOptions = {
  readonly notifier: Notifier
  readonly now: Clock
  readonly log: Logger
  readonly media: Pick<MediaWorkers, 'place'>
  readonly counts: MediaCounts
  readonly graceMs: number
  readonly mostParticipants: number
  /** Somebody entered a room, or left one. */
  readonly onEngaged: (identity: string, engaged: boolean) => void
}

/** A live room: who is in it, and its media. */
export type LiveRoom = { readonly room: Room; readonly media: RoomMedia }

/** A participant at a connection, with the room. */
export type Seat = LiveRoom & { readonly member: Member }

const listedDelayMs = 100

/** The rooms that somebody is in: membership, places, notices. What travels in them is {@link RoomMedia}'s. */
export class RoomService {
  readonly #options: RoomOptions
  readonly #rooms = new Map<string, LiveRoom>()
  readonly #creating = new Map<string, Promise<LiveRoom>>()
  readonly #graceTimers = new Map<string, NodeJS.Timeout>()
  readonly #listed: Coalescer

  constructor(options: RoomOptions) {
    this.#options = options
    this.#listed = new Coalescer(listedDelayMs, (roomId) => this.#tellListing(roomId))
  }

  /** Rooms that somebody is in. */
  get size(): number {
    return this.#rooms.size
  }

  /** Participants of all rooms. */
  get participants(): number {
    return [...this.#rooms.values()].reduce((sum, { room }) => sum + room.size, 0)
  }

  /** `room.list` */
  list(session: Session): ReplyOf<'room.list'> {
    const rooms = [...this.#rooms.values()]
      .map(({ room }) => room.summary())
      .filter(({ roomId }) => may(session.grants, { type: 'room.join', roomId }).allowed)
    return { rooms: rooms.slice(0, 1000) }
  }

  /** `room.join` */
  async join(session: Session, request: ParsedRequestOf<'room.join'>): Promise<ReplyOf<'room.join'>> {
    const live = await this.#open(request.roomId, request.name)
    const present = live.room.memberAt(session.connectionId)
    if (present !== undefined) return joinReply(live, present, true)
    const resumed = this.#resume(live, session, request.participantKey)
    if (resumed !== undefined) {
      const reply = joinReply(live, resumed, true)
      live.media.tellAgain(resumed.participantId)
      return reply
    }
    try {
      return joinReply(live, this.#enter(live, session), false)
    } finally {
      this.#closeIfEmpty(live)
    }
  }

  /** `room.leave` */
  leave(session: Session, { roomId }: ParsedRequestOf<'room.leave'>): ReplyOf<'room.leave'> {
    const seat = this.seat(session, roomId)
    this.#remove(seat, seat.member, 'left')
    return {}
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

  /** Notes a stream that a participant publishes and tells the others. */
  published(
    seat: Seat,
    producerId: string,
    track: { kind: 'audio' | 'video'; source: TrackSource; paused: boolean },
  ): void {
    const { room, member } = seat
    const { participantId } = member
    room.publish(participantId, { producerId, ...track })
    this.#tell(
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
      this.#tell(room, 'room.trackUnpublished', payload, participantId)
    }
  }

  /** Notes that a stream was paused or goes on, and tells the others. */
  paused({ room, member }: Seat, producerId: string, paused: boolean): void {
    const { participantId } = member
    if (!room.setPaused(participantId, producerId, paused)) return
    const event = paused ? 'room.trackPaused' : 'room.trackResumed'
    this.#tell(room, event, { roomId: room.roomId, participantId, producerId }, participantId)
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
    for (const live of [...this.#rooms.values()]) {
      const { room, media } = live
      const member = room.memberAt(session.connectionId)
      if (member === undefined) continue
      const { roomId } = room
      if (!may(session.grants, { type: 'room.join', roomId }).allowed) {
        this.#options.notifier.toConnection(session.connectionId, 'room.closed', {
          roomId,
          reason: 'revoked',
        })
        this.#remove(live, member, 'revoked')
      } else if (!may(session.grants, { type: 'room.publish', roomId }).allowed) {
        for (const producerId of [...member.tracks.keys()]) {
          void media.controlProducer(member.participantId, producerId, 'close').catch(() => undefined)
        }
      }
      if (!may(session.grants, { type: 'room.subscribe', roomId }).allowed) {
        media.stopReceiving(member.participantId)
      }
    }
  }

  /** Closes all rooms. */
  close(): void {
    this.#listed.close()
    for (const live of [...this.#rooms.values()]) {
      this.#tell(live.room, 'room.closed', { roomId: live.room.roomId, reason: 'serverStopping' })
      this.#drop(live)
      live.media.close()
    }
  }

  /** The room, made when it is not there. A room that closed while it was waited for is made anew. */
  async #open(roomId: string, name?: string): Promise<LiveRoom> {
    for (;;) {
      const live = this.#rooms.get(roomId)
      if (live !== undefined) return live
      let creating = this.#creating.get(roomId)
      if (creating === undefined) {
        creating = this.#create(roomId, name ?? roomId.slice(0, 64)).finally(() =>
          this.#creating.delete(roomId),
        )
        this.#creating.set(roomId, creating)
      }
      await creating
    }
  }

  async #create(roomId: string, name: string): Promise<LiveRoom> {
    const { media: workers, counts, notifier, log } = this.#options
    const place = await workers.place().catch(() => undefined)
    if (place === undefined) throw requestErrors.unavailable('The media engine')
    const room = new Room(roomId, name)
    const media = new RoomMedia(place, counts, {
      onLost: () => this.#lost(live),
      onProducerClosed: (participantId, producerId) => {
        if (!room.unpublish(participantId, producerId)) return
        this.#tell(room, 'room.trackUnpublished', { roomId, participantId, producerId }, participantId)
      },
      onConsumerClosed: (participantId, consumerId) => {
        const connectionId = room.member(participantId)?.connectionId
        if (connectionId !== undefined)
          notifier.toConnection(connectionId, 'room.consumerClosed', { roomId, consumerId })
      },
      onConsumersAdded: (participantId, { transportId, batch, consumers }) => {
        const payload = { roomId, transportId, batch, consumers: [...consumers] }
        this.#tellOne(room, participantId, 'room.consumersAdded', payload)
      },
      onConsumersRemoved: (participantId, consumerIds) => {
        const payload = { roomId, consumerIds: [...consumerIds] }
        this.#tellOne(room, participantId, 'room.consumersRemoved', payload)
      },
    })
    const live: LiveRoom = { room, media }
    this.#rooms.set(roomId, live)
    log.info({ roomId }, 'room opened')
    return live
  }

  #enter(live: LiveRoom, session: Session): Member {
    const { room, media } = live
    const { identity, deviceId, name, connectionId } = session
    for (const abandoned of room.abandonedBy(identity, deviceId))
      this.#remove(live, abandoned, 'disconnected', false)
    if (room.size >= this.#options.mostParticipants) throw requestErrors.roomFull()
    const member = room.join({
      participantId: randomBytes(9).toString('hex'),
      participantKey: randomBytes(24).toString('base64url'),
      identity,
      deviceId,
      name,
      connectionId,
    })
    media.add(member.participantId)
    this.#options.onEngaged(identity, true)
    this.#tell(
      room,
      'room.participantJoined',
      { roomId: room.roomId, participant: participantOf(member) },
      member.participantId,
    )
    this.#listed.add(room.roomId)
    this.#options.log.info(
      { roomId: room.roomId, participantId: member.participantId, identity },
      'participant joined',
    )
    // The connection may have ended while the room was made.
    if (!session.connected) this.connectionLost(session)
    return member
  }

  #resume(live: LiveRoom, session: Session, participantKey: string | undefined): Member | undefined {
    if (participantKey === undefined) return undefined
    const resumed = live.room.resume(participantKey, session.identity, session.connectionId)
    if (resumed === undefined) return undefined
    const { member, replaced } = resumed
    clearTimeout(this.#graceTimers.get(member.participantId))
    this.#graceTimers.delete(member.participantId)
    if (replaced !== undefined) {
      const { roomId } = live.room
      this.#options.notifier.toConnection(replaced, 'room.closed', { roomId, reason: 'replaced' })
    }
    if (!session.connected) this.connectionLost(session)
    return member
  }

  #wait(live: LiveRoom, member: Member): void {
    const { graceMs } = this.#options
    const timer = setTimeout(() => this.#remove(live, member, 'disconnected'), graceMs)
    this.#graceTimers.set(member.participantId, timer)
  }

  #remove(live: LiveRoom, member: Member, reason: LeaveReason, closeEmpty = true): void {
    const { room, media } = live
    const { participantId } = member
    clearTimeout(this.#graceTimers.get(participantId))
    this.#graceTimers.delete(participantId)
    if (!room.remove(participantId)) return
    // Out of the room first: that its streams close says nothing new to the others.
    media.remove(participantId)
    this.#options.onEngaged(member.identity, false)
    this.#tell(room, 'room.participantLeft', { roomId: room.roomId, participantId, reason })
    this.#options.log.info({ roomId: room.roomId, participantId, reason }, 'participant left')
    this.#listed.add(room.roomId)
    if (closeEmpty) this.#closeIfEmpty(live)
  }

  #closeIfEmpty(live: LiveRoom): void {
    if (live.room.size > 0 || this.#rooms.get(live.room.roomId)?.room !== live.room) return
    this.#rooms.delete(live.room.roomId)
    live.media.close()
    this.#listed.add(live.room.roomId)
    this.#options.log.info({ roomId: live.room.roomId }, 'room closed')
  }

  /** The worker of a room died: its participants are told to join again, and find it on another worker. */
  #lost(live: LiveRoom): void {
    this.#tell(live.room, 'room.closed', { roomId: live.room.roomId, reason: 'mediaWorkerDied' })
    this.#drop(live)
    this.#listed.add(live.room.roomId)
    this.#options.log.warn({ roomId: live.room.roomId }, 'room lost with its media worker')
  }

  #drop({ room }: LiveRoom): void {
    this.#rooms.delete(room.roomId)
    for (const member of room.members) {
      clearTimeout(this.#graceTimers.get(member.participantId))
      this.#graceTimers.delete(member.participantId)
      room.remove(member.participantId)
      this.#options.onEngaged(member.identity, false)
    }
  }

  #tell<Name extends ServerEventName>(
    room: Room,
    event: Name,
    payload: PayloadOf<Name>,
    exceptParticipantId?: string,
  ): void {
    for (const connectionId of room.connectionsBut(exceptParticipantId)) {
      this.#options.notifier.toConnection(connectionId, event, payload)
    }
  }

  #tellOne<Name extends ServerEventName>(
    room: Room,
    participantId: string,
    event: Name,
    payload: PayloadOf<Name>,
  ): void {
    const connectionId = room.member(participantId)?.connectionId
    if (connectionId !== undefined) this.#options.notifier.toConnection(connectionId, event, payload)
  }

  #tellListing(roomId: string): void {
    const mayJoin = (session: Session): boolean => may(session.grants, { type: 'room.join', roomId }).allowed
    const live = this.#rooms.get(roomId)
    if (live === undefined) this.#options.notifier.toSessions(mayJoin, 'room.unlisted', { roomId })
    else this.#options.notifier.toSessions(mayJoin, 'room.listed', { room: live.room.summary() })
  }
}

const joinReply = ({ room, media }: LiveRoom, member: Member, resumed: boolean): ReplyOf<'room.join'> => {
  const held = resumed ? media.held(member.participantId) : undefined
  return {
    roomId: room.roomId,
    name: room.name,
    participantId: member.participantId,
    participantKey: member.participantKey,
    resumed,
    topology: room.topology.topology,
    topologyReason: room.topology.reason,
    routerRtpCapabilities: media.rtpCapabilities,
    ...(held === undefined ? {} : { media: held }),
    participants: room.participants(),
  }
}
