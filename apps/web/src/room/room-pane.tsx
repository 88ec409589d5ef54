import type { Session } from '@sangam/client'
import { useRooms } from '@sangam/react'
import { useHistoryState } from 'wouter/use-browser-location'
import { useLive } from '../live/live.tsx'
import { Lobby } from './lobby.tsx'
import { RoomScreen } from './room-screen.tsx'

/** A room by its address: its lobby first, the room itself once joined. */
export default function RoomPane({
  session,
  roomId,
}: {
  readonly session: Session
  readonly roomId: string
}) {
  const { room, enterRoom, leaveRoom } = useLive()
  const known = useRooms().find((candidate) => candidate.roomId === roomId)
  const state: unknown = useHistoryState()
  if (room?.roomId === roomId) return <RoomScreen session={session} room={room} onLeave={leaveRoom} />
  return (
    <Lobby
      key={roomId}
      session={session}
      roomId={roomId}
      name={known?.name ?? nameFrom(state) ?? roomId}
      participants={known?.participants ?? 0}
      onJoined={(joined) => {
        if (room !== undefined) void room.leave().catch(() => {})
        enterRoom(joined)
      }}
    />
  )
}

/** The name that the dialog gave a new room; it travels with the navigation, not in the address. */
function nameFrom(state: unknown): string | undefined {
  if (typeof state !== 'object' || state === null || !('name' in state)) return undefined
  return typeof state.name === 'string' && state.name !== '' ? state.name : undefined
}
