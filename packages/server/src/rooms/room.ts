import type { Participant, RoomSummary, Track } from '@sangam/protocol'
import { chooseTopology, type TopologyChoice } from './topology.ts'

/** Why somebody is no longer in a room. */
export type LeaveReason = 'left' | 'disconnected' | 'revoked'

/** Somebody in a room. It changes only through {@link Room}. */
export type Member = {
  readonly participantId: string
  /** Secret that gives this participant back after a reconnect. */
  readonly participantKey: string
  readonly identity: string
  readonly deviceId: string
  readonly name: string
  /** Undefined while the connection is lost. */
  connectionId: string | undefined
  lostAtMs: number | undefined
  readonly tracks: Map<string, Track>
}

/** What a new participant brings. */
export type Newcomer = Pick<Member, 'participantId' | 'participantKey' | 'identity' | 'deviceId' | 'name'> & {
  readonly connectionId: string
}

/** Who is in a room and what they publish; no clock, no socket, no engine. */
export class Room {
  readonly roomId: string
  readonly name: string
  readonly topology: TopologyChoice = chooseTopology()
  readonly #members = new Map<string, Member>()

  constructor(roomId: string, name: string) {
    this.roomId = roomId
    this.name = name
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
    const member: Member = { ...newcomer, lostAtMs: undefined, tracks: new Map() }
    this.#members.set(member.participantId, member)
    return member
  }

  /**
   * Gives a participant back to the person whose key this is, on another connection.
   * @returns the participant and the connection that it had, or undefined when nobody has the key
   */
  resume(
    participantKey: string,
    identity: string,
    connectionId: string,
  ): { member: Member; replaced: string | undefined } | undefined {
    const member = this.members.find(
      (candidate) => candidate.participantKey === participantKey && candidate.identity === identity,
    )
    if (member === undefined) return undefined
    const replaced = member.connectionId === connectionId ? undefined : member.connectionId
    member.connectionId = connectionId
    member.lostAtMs = undefined
    return { member, replaced }
  }

  /** The participant of a connection. */
  memberAt(connectionId: string): Member | undefined {
    return this.members.find((member) => member.connectionId === connectionId)
  }

  /** The participant with an id. */
  member(participantId: string): Member | undefined {
    return this.#members.get(participantId)
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

  /** Notes whether a stream is paused. Gives whether that changed. */
  setPaused(participantId: string, producerId: string, paused: boolean): boolean {
    const tracks = this.#members.get(participantId)?.tracks
    const track = tracks?.get(producerId)
    if (tracks === undefined || track === undefined || track.paused === paused) return false
    tracks.set(producerId, { ...track, paused })
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

/** A participant as clients see them. */
export const participantOf = (member: Member): Participant => ({
  participantId: member.participantId,
  identity: member.identity,
  name: member.name,
  tracks: [...member.tracks.values()],
})
