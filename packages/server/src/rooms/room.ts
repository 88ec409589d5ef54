import type { Participant, RoomPermission, RoomSummary, Track } from '@sangam/protocol'
import type { RoomGrant } from '../access/grants.ts'
import type { RoomRecord } from './room-record.ts'
import type { SeatRow } from './store/room-store.ts'
import { standInOf } from './succession.ts'
import { chooseTopology, type TopologyChoice } from './topology.ts'

/** Why somebody is no longer in a room. */
export type LeaveReason = 'left' | 'disconnected' | 'revoked' | 'removed' | 'banned'

/** Somebody in a room. It changes only through {@link Room}. */
export type Member = {
  readonly participantId: string
  /** Secret that gives this participant back after a reconnect; after a restart unknown until they come with it. */
  participantKey: string | undefined
  /** SHA-256 of the key, base64url. */
  readonly keyHash: string
  readonly identity: string
  readonly deviceId: string
  readonly name: string
  readonly joinedAtMs: number
  /** Undefined while the connection is lost. */
  connectionId: string | undefined
  lostAtMs: number | undefined
  readonly tracks: Map<string, Track>
  /** What the token grants here; undefined after a restart, until they come back. */
  grant: RoomGrant | undefined
  /** Until when. */
  grantedUntilMs: number
  /** The role in force, and what it comes to with the token. */
  role: string
  permissions: readonly RoomPermission[]
  handRaisedAtMs: number | undefined
  /** A moderator offered them the role of a speaker. */
  isInvitedToStage: boolean
}

/** What a new participant brings. */
export type Newcomer = Pick<
  Member,
  'participantId' | 'keyHash' | 'identity' | 'deviceId' | 'name' | 'joinedAtMs' | 'grant' | 'grantedUntilMs'
> & { readonly participantKey: string; readonly connectionId: string }

/** Who is in a room and what they publish; no clock, no socket, no engine. */
export class Room {
  readonly record: RoomRecord
  readonly topology: TopologyChoice = chooseTopology()
  readonly #members = new Map<string, Member>()
  #standIn: string | undefined

  constructor(record: RoomRecord) {
    this.record = record
  }

  get roomId(): string {
    return this.record.roomId
  }

  get name(): string {
    return this.record.name
  }

  /** Identity of whoever stands in as host. */
  get standIn(): string | undefined {
    return this.#standIn
  }

  /**
   * Decides anew who stands in as host.
   * @param roleOf role on record of a member
   */
  chooseStandIn(roleOf: (member: Member) => string): void {
    const { settings, customRoles } = this.record
    const candidates = this.members.map((member) => ({
      identity: member.identity,
      role: roleOf(member),
      joinedAtMs: member.joinedAtMs,
      mayModerate: member.grant?.moderate !== false,
    }))
    this.#standIn = settings.standIn ? standInOf(candidates, customRoles, this.#standIn) : undefined
  }

  /** How many participants are in it, those whose connection is lost included. */
  get size(): number {
    return this.#members.size
  }

  /** Everybody in it. */
  get members(): readonly Member[] {
    return [...this.#members.values()]
  }

  /** As it stands in the list. */
  summary(): RoomSummary {
    return { roomId: this.roomId, name: this.name, participants: this.size }
  }

  /** Everybody in it, as clients see them. */
  participants(): Participant[] {
    return this.members.map(participantOf)
  }

  /** Somebody enters. */
  join(newcomer: Newcomer): Member {
    const member: Member = { ...newcomer, lostAtMs: undefined, ...nothingYet() }
    this.#members.set(member.participantId, member)
    return member
  }

  /** A place of an earlier run of the server waits for its participant. */
  restore(seat: SeatRow, nowMs: number): Member {
    const member: Member = {
      ...nothingYet(),
      ...seat,
      participantKey: undefined,
      connectionId: undefined,
      lostAtMs: nowMs,
      grant: undefined,
      grantedUntilMs: 0,
    }
    this.#members.set(member.participantId, member)
    return member
  }

  /** The participant of a person whose key has this hash. */
  holderOf(keyHash: string, identity: string): Member | undefined {
    return this.members.find((member) => member.keyHash === keyHash && member.identity === identity)
  }

  /** The participant of a connection. */
  memberAt(connectionId: string): Member | undefined {
    return this.members.find((member) => member.connectionId === connectionId)
  }

  /** The participant with an id. */
  member(participantId: string): Member | undefined {
    return this.#members.get(participantId)
  }

  /** The participants of a person, one for each device. */
  membersOf(identity: string): Member[] {
    return this.members.filter((member) => member.identity === identity)
  }

  /** Participants that a device left behind without its key: a page that was loaded anew. */
  abandonedBy(identity: string, deviceId: string): Member[] {
    return this.members.filter(
      (member) =>
        member.identity === identity && member.deviceId === deviceId && member.connectionId === undefined,
    )
  }

  /** A connection is lost: its participant waits for the grace time. */
  connectionLost(connectionId: string, nowMs: number): Member | undefined {
    const member = this.memberAt(connectionId)
    if (member === undefined) return undefined
    member.connectionId = undefined
    member.lostAtMs = nowMs
    return member
  }

  /** Participants who were lost for `graceMs` or longer. */
  overdue(nowMs: number, graceMs: number): Member[] {
    return this.members.filter(
      (member) => member.lostAtMs !== undefined && member.lostAtMs + graceMs <= nowMs,
    )
  }

  /** Somebody is gone. */
  remove(participantId: string): boolean {
    return this.#members.delete(participantId)
  }

  /** Notes a stream that somebody publishes. */
  publish(participantId: string, track: Track): void {
    this.#members.get(participantId)?.tracks.set(track.producerId, track)
  }

  /** Forgets a stream. Gives whether there was one. */
  unpublish(participantId: string, producerId: string): boolean {
    return this.#members.get(participantId)?.tracks.delete(producerId) ?? false
  }

  /** Notes whether a stream is paused, and by which moderator. Gives whether that changed. */
  setPaused(participantId: string, producerId: string, paused: boolean, mutedBy?: string): boolean {
    const tracks = this.#members.get(participantId)?.tracks
    const track = tracks?.get(producerId)
    if (tracks === undefined || track === undefined) return false
    if (track.paused === paused && (track.mutedBy === mutedBy || mutedBy === undefined)) return false
    const { mutedBy: _before, ...rest } = track
    tracks.set(producerId, { ...rest, paused, ...(paused && mutedBy !== undefined ? { mutedBy } : {}) })
    return true
  }

  /** Connections of everybody, but one participant. */
  connectionsBut(participantId?: string): string[] {
    return this.members.flatMap((member) =>
      member.participantId === participantId || member.connectionId === undefined
        ? []
        : [member.connectionId],
    )
  }
}

/** What every participant begins with. */
const nothingYet = () => ({
  tracks: new Map<string, Track>(),
  role: 'listener',
  permissions: [] as readonly RoomPermission[],
  handRaisedAtMs: undefined as number | undefined,
  isInvitedToStage: false,
})

/** A participant as clients see them. */
export const participantOf = (member: Member): Participant => ({
  participantId: member.participantId,
  identity: member.identity,
  name: member.name,
  role: member.role,
  ...(member.handRaisedAtMs === undefined ? {} : { handRaisedAt: member.handRaisedAtMs }),
  tracks: [...member.tracks.values()],
})

/** A participant's place as it is stored. */
export const seatOf = (member: Member): SeatRow => ({
  participantId: member.participantId,
  keyHash: member.keyHash,
  identity: member.identity,
  deviceId: member.deviceId,
  name: member.name,
  joinedAtMs: member.joinedAtMs,
  handRaisedAtMs: member.handRaisedAtMs,
})
