import type { Participant as WireParticipant } from '@sangam/protocol'
import type { Participant, TrackSource } from '../api.ts'
import type { TrackHandle } from '../media/track.ts'

/** One participant's parts. */
export interface ParticipantParts {
  readonly person: WireParticipant
  readonly local: boolean
  readonly tracks: readonly TrackHandle[]
  readonly speaking: boolean
}

/** A participant as the application sees it, out of its parts; the object before if nothing changed. */
export function participantView(parts: ParticipantParts, before: Participant | undefined): Participant {
  const { person, local, tracks, speaking } = parts
  const sends = (source: TrackSource): boolean =>
    local
      ? tracks.some((track) => track.source === source && !track.state.get().muted)
      : person.tracks.some((track) => track.source === source && !track.paused)
  const view: Participant = {
    participantId: person.participantId,
    identity: person.identity,
    name: person.name,
    role: person.role,
    handRaisedAt: person.handRaisedAt,
    local,
    tracks,
    microphoneEnabled: sends('microphone'),
    cameraEnabled: sends('camera'),
    screenShareEnabled: sends('screen'),
    speaking,
  }
  return before !== undefined && same(before, view) ? before : view
}

function same(a: Participant, b: Participant): boolean {
  const { tracks: tracksOfA, ...restOfA } = a
  const keys = Object.keys(restOfA) as (keyof typeof restOfA)[]
  return (
    keys.every((key) => a[key] === b[key]) &&
    tracksOfA.length === b.tracks.length &&
    tracksOfA.every((track, index) => track === b.tracks[index])
  )
}
