import type { ParsedRequestOf, ReplyOf } from '@sangam/protocol'
import type { Clock, Notifier, Session } from '../ports.ts'
import { requestErrors } from '../request-errors.ts'
import { Coalescer } from '../socket/coalescer.ts'
import type { LiveRoom, LiveRooms } from './live-rooms.ts'
import type { RecordBook } from './record-book.ts'
import type { RoomAccess } from './room-access.ts'
import type { RoomNotices } from './room-notices.ts'
import type { RoomRecord } from './room-record.ts'

type Empty = Record<never, never>
type PersonRef = { readonly roomId: string; readonly identity: string }

/** What {@link RoomLobby} needs. */
export type RoomLobbyOptions = {
  readonly live: LiveRooms
  readonly access: RoomAccess
  readonly notices: RoomNotices
  readonly book: RecordBook
  readonly notifier: Notifier
  readonly now: Clock
  /** How long somebody whose connection was lost keeps their place in the queue. */
  readonly graceMs: number
}

/** Most people who wait for one room. */
const mostWaiting = 500
const tellDelayMs = 50

/** The lobbies of all rooms: who waits at which connection, and what becomes of them. The queue itself is the record's. */
export class RoomLobby {
  readonly #options: RoomLobbyOptions
  /** Connections of those who wait: by room, then by person. */
  readonly #rooms = new Map<string, Map<string, Set<string>>>()
  readonly #graceTimers = new Map<string, NodeJS.Timeout>()
  readonly #changed: Coalescer

  constructor(options: RoomLobbyOptions) {
    this.#options = options
    this.#changed = new Coalescer(tellDelayMs, (roomId) => this.#tellModerators(roomId))
  }

  /** Whether somebody waits for a room. */
  hasWaiting(roomId: string): boolean {
    return this.#rooms.has(roomId)
  }

  /** `room.knock` */
  async knock(session: Session, request: ParsedRequestOf<'room.knock'>): Promise<ReplyOf<'room.knock'>> {
    const { live, access, book, now } = this.#options
    const { roomId, invite: secret } = request
    const invite = secret === undefined ? undefined : await access.readInvite(roomId, secret)
    const entry = await book.open(roomId, roomId.slice(0, 64))
    const { record } = entry
    const verdict = access.decideEntry(session, entry, { invite })
    if (verdict.allowed) {
      live.releaseIfUnused(roomId)
      return { state: 'open', name: record.name, position: 0 }
    }
    const { identity, name, connectionId } = session
    const isQueued = record.person(identity)?.standing === 'waiting'
    if (verdict.code !== 'waitInLobby' || (!isQueued && record.waiting().length >= mostWaiting)) {
      live.releaseIfUnused(roomId)
      if (verdict.code === 'waitInLobby') throw requestErrors.notAllowed('lobbyFull')
      throw requestErrors.notAllowed(verdict.code, verdict.reason)
    }
    const changes = record.setStanding(identity, name, 'waiting', now())
    this.#hold(roomId, identity, connectionId)
    this.#changed.add(roomId)
    await book.save(roomId, changes)
    // The connection may have ended meanwhile, and with it the waiting.
    if (!session.connected) this.connectionLost(session)
    const position = record.waiting().findIndex((person) => person.identity === identity) + 1
    // Admitted while the place was stored.
    return position === 0
      ? { state: 'open', name: record.name, position }
      : { state: 'waiting', name: record.name, position }
  }

  /** `room.stopWaiting` */
  async stopWaiting(session: Session, { roomId }: { readonly roomId: string }): Promise<Empty> {
    const connections = this.#rooms.get(roomId)?.get(session.identity)
    connections?.delete(session.connectionId)
    if (connections?.size === 0) await this.#drop(roomId, session.identity)
    return {}
  }

  /** `room.lobby` */
  list(session: Session, { roomId }: { readonly roomId: string }): ReplyOf<'room.lobby'> {
    const { room } = this.#options.access.seatFor(session, roomId, 'seeLobby')
    return { waiting: waitingOf(room.record) }
  }

  /** `room.admit` */
  async admit(session: Session, { roomId, identity }: PersonRef): Promise<Empty> {
    const { room } = this.#options.access.seatFor(session, roomId, 'admit')
    if (room.record.person(identity)?.standing !== 'waiting') {
      throw requestErrors.notFound('person in the lobby')
    }
    await this.letIn(room.record, [identity])
    return {}
  }

  /** `room.admitAll` */
  async admitAll(
    session: Session,
    { roomId }: { readonly roomId: string },
  ): Promise<ReplyOf<'room.admitAll'>> {
    const { room } = this.#options.access.seatFor(session, roomId, 'admit')
    const waiting = room.record.waiting().map(({ identity }) => identity)
    await this.letIn(room.record, waiting)
    return { admitted: waiting.length }
  }

  /** `room.refuse` */
  async refuse(session: Session, { roomId, identity }: PersonRef): Promise<Empty> {
    const { access, book, now } = this.#options
    const { record } = access.seatFor(session, roomId, 'admit').room
    const person = record.person(identity)
    if (person?.standing !== 'waiting') throw requestErrors.notFound('person in the lobby')
    const changes = record.setStanding(identity, person.name, 'none', now())
    this.turnAway(roomId, identity, 'refused')
    await book.save(roomId, changes)
    return {}
  }

  /** Lets people in who wait: they are told once it is stored. @throws StoreError */
  async letIn(record: RoomRecord, identities: readonly string[]): Promise<void> {
    const { book, now } = this.#options
    const { roomId } = record
    const changes = identities.flatMap((identity) =>
      record.setStanding(identity, record.person(identity)?.name ?? identity, 'admitted', now()),
    )
    await book.save(roomId, changes)
    for (const identity of identities) {
      for (const connectionId of this.#release(roomId, identity)) {
        this.#options.notifier.toConnection(connectionId, 'room.admitted', { roomId })
      }
    }
  }

  /** Tells somebody who waits that they wait no more; their standing is changed by the caller. */
  turnAway(roomId: string, identity: string, reason: 'refused' | 'banned' | 'ended'): void {
    for (const connectionId of this.#release(roomId, identity)) {
      this.#options.notifier.toConnection(connectionId, 'room.turnedAway', { roomId, reason })
    }
  }

  /** The lobby was opened: whoever waits may come in. The room ended: nobody waits any more. */
  async clear(record: RoomRecord, because: 'opened' | 'ended'): Promise<void> {
    const waiting = record.waiting()
    if (because === 'opened') {
      await this.letIn(
        record,
        waiting.map(({ identity }) => identity),
      )
      return
    }
    const { book, now } = this.#options
    const changes = waiting.flatMap(({ identity, name }) => record.setStanding(identity, name, 'none', now()))
    for (const { identity } of waiting) this.turnAway(record.roomId, identity, 'ended')
    await book.save(record.roomId, changes)
  }

  /** A connection is gone: whoever waited at it keeps the place in the queue for the grace time. */
  connectionLost(session: Session): void {
    for (const [roomId, people] of this.#rooms) {
      const connections = people.get(session.identity)
      if (connections?.delete(session.connectionId) !== true || connections.size > 0) continue
      const key = timerKey(roomId, session.identity)
      clearTimeout(this.#graceTimers.get(key))
      const timer = setTimeout(() => {
        this.#graceTimers.delete(key)
        if ((this.#rooms.get(roomId)?.get(session.identity)?.size ?? 1) === 0) {
          this.#drop(roomId, session.identity).catch(() => undefined)
        }
      }, this.#options.graceMs)
      this.#graceTimers.set(key, timer)
    }
  }

  /** What a moderator who just entered sees of the lobby. */
  tellNewcomer(live: LiveRoom, participantId: string): void {
    const { roomId, record } = live.room
    const waiting = waitingOf(record)
    if (waiting.length === 0) return
    if (live.room.member(participantId)?.permissions.includes('moderate') !== true) return
    this.#options.notices.tellOne(live.room, participantId, 'room.lobbyChanged', { roomId, waiting })
  }

  /** Forgets everybody; the store keeps the queue. */
  close(): void {
    this.#changed.close()
    for (const timer of this.#graceTimers.values()) clearTimeout(timer)
    this.#rooms.clear()
  }

  #hold(roomId: string, identity: string, connectionId: string): void {
    const people = this.#rooms.get(roomId) ?? new Map<string, Set<string>>()
    this.#rooms.set(roomId, people)
    const connections = people.get(identity) ?? new Set<string>()
    people.set(identity, connections)
    connections.add(connectionId)
    const key = timerKey(roomId, identity)
    clearTimeout(this.#graceTimers.get(key))
    this.#graceTimers.delete(key)
  }

  /** Somebody waits no more. Gives the connections that they waited at. */
  #release(roomId: string, identity: string): readonly string[] {
    const people = this.#rooms.get(roomId)
    const connections = people?.get(identity)
    people?.delete(identity)
    if (people?.size === 0) this.#rooms.delete(roomId)
    this.#changed.add(roomId)
    return [...(connections ?? [])]
  }

  /** Somebody gave up waiting. */
  async #drop(roomId: string, identity: string): Promise<void> {
    const { book, now, live } = this.#options
    this.#release(roomId, identity)
    const record = book.get(roomId)?.record
    const person = record?.person(identity)
    if (record !== undefined && person?.standing === 'waiting') {
      await book.save(roomId, record.setStanding(identity, person.name, 'none', now()))
    }
    live.releaseIfUnused(roomId)
  }

  #tellModerators(roomId: string): void {
    const { live, notices } = this.#options
    const room = live.get(roomId)?.room
    if (room === undefined) return
    const waiting = waitingOf(room.record)
    for (const { participantId, permissions } of room.members) {
      if (!permissions.includes('moderate')) continue
      notices.tellOne(room, participantId, 'room.lobbyChanged', { roomId, waiting })
    }
  }
}

const timerKey = (roomId: string, identity: string): string => `${roomId}\n${identity}`

const waitingOf = (record: RoomRecord): ReplyOf<'room.lobby'>['waiting'] =>
  record.waiting().map(({ identity, name, sinceMs }) => ({ identity, name, since: sinceMs }))
