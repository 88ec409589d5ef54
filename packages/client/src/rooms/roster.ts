/**
 * Who is in a room and what they publish, as the server tells it: pure. Events change it one by one; after a
 * reconnect the server's whole list is compared with what is held.
 */
import type { Participant as WireParticipant, Track as WireTrack } from '@sangam/protocol'

/** Everybody in the room by participant id, in the order of joining. Treat it as a value. */
export type Roster = ReadonlyMap<string, WireParticipant>

/** What a change of the roster means for whoever subscribes to tracks. */
export interface RosterChanges {
  readonly joined: readonly WireParticipant[]
  readonly left: readonly WireParticipant[]
  readonly published: readonly { readonly participantId: string; readonly track: WireTrack }[]
  readonly unpublished: readonly { readonly participantId: string; readonly track: WireTrack }[]
  readonly pausedChanged: readonly { readonly participantId: string; readonly track: WireTrack }[]
}

/** The new roster and what changed. */
export interface RosterStep {
  readonly roster: Roster
  readonly changes: RosterChanges
}

/** Nobody. */
export const EMPTY_ROSTER: Roster = new Map()

/** Takes the server's whole list; the changes lead from `held` to it. */
export function syncRoster(held: Roster, list: readonly WireParticipant[]): RosterStep {
  const roster = new Map(list.map((participant) => [participant.participantId, participant]))
  const joined = list.filter(({ participantId }) => !held.has(participantId))
  const left = [...held.values()].filter(({ participantId }) => !roster.has(participantId))
  const before = tracksOf(held)
  const after = tracksOf(roster)
  const published = [...after.values()].filter(({ track }) => !before.has(track.producerId))
  const unpublished = [...before.values()].filter(({ track }) => !after.has(track.producerId))
  const pausedChanged = [...after.values()].filter(({ track }) => {
    const old = before.get(track.producerId)
    return old !== undefined && old.track.paused !== track.paused
  })
  return { roster, changes: { joined, left, published, unpublished, pausedChanged } }
}

/** Somebody came; one who is held already (told twice) is replaced. */
export function participantJoined(held: Roster, participant: WireParticipant): RosterStep {
  return syncRoster(held, [...without(held, participant.participantId), participant])
}

/** Somebody's role or raised hand, as an event tells it. */
export interface ParticipantChange {
  readonly participantId: string
  readonly role: string
  readonly handRaisedAt: number | null
}

/** A participant with another role or hand. */
export function withChange(
  participant: WireParticipant,
  { role, handRaisedAt }: ParticipantChange,
): WireParticipant {
  const { handRaisedAt: _before, ...rest } = participant
  return { ...rest, role, ...(handRaisedAt === null ? {} : { handRaisedAt }) }
}

/** Somebody's role or hand changed. */
export function participantChanged(held: Roster, change: ParticipantChange): RosterStep {
  const list = [...held.values()].map((one) =>
    one.participantId === change.participantId ? withChange(one, change) : one,
  )
  return syncRoster(held, list)
}

/** Somebody left, and all their tracks with them. */
export function participantLeft(held: Roster, participantId: string): RosterStep {
  return syncRoster(held, without(held, participantId))
}

/** A track is published; of somebody unknown it is ignored: the list of the next join has both. */
export function trackPublished(held: Roster, participantId: string, track: WireTrack): RosterStep {
  return changeTracks(held, participantId, (tracks) => [
    ...tracks.filter(({ producerId }) => producerId !== track.producerId),
    track,
  ])
}

/** A track is gone. */
export function trackUnpublished(held: Roster, participantId: string, producerId: string): RosterStep {
  return changeTracks(held, participantId, (tracks) =>
    tracks.filter((track) => track.producerId !== producerId),
  )
}

/** A track was muted or opened. */
export function trackPaused(
  held: Roster,
  participantId: string,
  producerId: string,
  paused: boolean,
): RosterStep {
  return changeTracks(held, participantId, (tracks) =>
    tracks.map((track) => (track.producerId === producerId ? { ...track, paused } : track)),
  )
}

function changeTracks(
  held: Roster,
  participantId: string,
  change: (tracks: readonly WireTrack[]) => WireTrack[],
): RosterStep {
  const list = [...held.values()].map((participant) =>
    participant.participantId === participantId
      ? { ...participant, tracks: change(participant.tracks) }
      : participant,
  )
  return syncRoster(held, list)
}

function without(held: Roster, participantId: string): readonly WireParticipant[] {
  return [...held.values()].filter((participant) => participant.participantId !== participantId)
}

function tracksOf(
  roster: Roster,
): ReadonlyMap<string, { readonly participantId: string; readonly track: WireTrack }> {
  const tracks = new Map<string, { participantId: string; track: WireTrack }>()
  for (const { participantId, tracks: published } of roster.values()) {
    for (const track of published) tracks.set(track.producerId, { participantId, track })
  }
  return tracks
}
