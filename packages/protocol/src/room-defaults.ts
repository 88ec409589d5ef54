import type { RoomSettings } from './room-rules.ts'

/** How a room is set up when nobody said anything. */
export const defaultRoomSettings: RoomSettings = {
  listed: true,
  lobby: false,
  locked: false,
  newcomerRole: 'speaker',
  mayUnmute: true,
  standIn: true,
  maxParticipants: null,
  maxMinutes: null,
}
