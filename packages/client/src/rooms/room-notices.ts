import type { PayloadOf, ServerEventName } from '@sangam/protocol'
import {
  participantChanged,
  participantJoined,
  participantLeft,
  type Roster,
  type RosterStep,
  trackPaused,
  trackPublished,
  trackUnpublished,
} from './roster.ts'

/** Every event that tells of a room this device is in. */
export const ROOM_NOTICES = [
  'room.participantJoined',
  'room.participantLeft',
  'room.participantChanged',
  'room.trackPublished',
  'room.trackUnpublished',
  'room.trackPaused',
  'room.trackResumed',
  'room.consumersAdded',
  'room.consumersRemoved',
  'room.streamStates',
  'room.layersWanted',
  'room.mediaMoved',
  'room.transportClosed',
  'room.topologyChanged',
  'room.closed',
] as const satisfies readonly ServerEventName[]

/** One of them with its payload. */
export type RoomNotice = {
  [Name in (typeof ROOM_NOTICES)[number]]: { readonly name: Name; readonly payload: PayloadOf<Name> }
}[(typeof ROOM_NOTICES)[number]]

/** What a notice does to the roster of the others; undefined when it is of the own participant, or of none. */
export function rosterStepOf(roster: Roster, notice: RoomNotice, ownId: string): RosterStep | undefined {
  switch (notice.name) {
    case 'room.participantJoined': {
      const { participant } = notice.payload
      return participant.participantId === ownId ? undefined : participantJoined(roster, participant)
    }
    case 'room.participantChanged':
      return participantChanged(roster, notice.payload)
    case 'room.participantLeft':
      return participantLeft(roster, notice.payload.participantId)
    case 'room.trackPublished':
      return trackPublished(roster, notice.payload.participantId, notice.payload.track)
    case 'room.trackUnpublished':
      return trackUnpublished(roster, notice.payload.participantId, notice.payload.producerId)
    case 'room.trackPaused':
      return trackPaused(roster, notice.payload.participantId, notice.payload.producerId, true)
    case 'room.trackResumed':
      return trackPaused(roster, notice.payload.participantId, notice.payload.producerId, false)
    default:
      return undefined
  }
}
