import type {
  Call,
  CallSnapshot,
  Knock,
  KnockSnapshot,
  MediaStats,
  Room,
  RoomSnapshot,
  Track,
  TrackSnapshot,
} from '@sangam/client'
import { useStore } from './use-store.ts'

/** A call's snapshot. */
export function useCall(call: Call): CallSnapshot {
  return useStore(call.state)
}

/** What flows in a call, each second. */
export function useCallStats(call: Call): MediaStats {
  return useStore(call.stats)
}

/** A room's snapshot. */
export function useRoom(room: Room): RoomSnapshot {
  return useStore(room.state)
}

/** How waiting in the lobby of a room goes. */
export function useKnock(knock: Knock): KnockSnapshot {
  return useStore(knock.state)
}

/** What flows in a room, each second. */
export function useRoomStats(room: Room): MediaStats {
  return useStore(room.stats)
}

/** A track's snapshot: muted, ended, its browser track and its loudness. */
export function useTrack(track: Track): TrackSnapshot {
  return useStore(track.state)
}
