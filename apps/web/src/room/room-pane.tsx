import type { Session } from '@sangam/client'
import { useRooms } from '@sangam/react'
import { useHistoryState } from 'wouter/use-browser-location'
import { useLive } from '../live/live.tsx'
import { ClosedRoom } from './closed-room.tsx'
import { Lobby } from './lobby.tsx'
import { RoomScreen } from './room-screen.tsx'
import { closedWords } from './room-words.ts'

/** A room by its address: its lobby first, the room itself once joined. */
export default function RoomPane({
  session,
  roomId,
}: {
  readonly session: Session
  readonly roomId: string
}) {
  const { room, closedRoom, enterRoom, leaveRoom, dismissClosedRoom } = useLive()
  const known = useRooms().find((candidate) => candidate.roomId === roomId)
  const state: unknown = useHistoryState()
  if (room?.roomId === roomId) return <RoomScreen session={session} room={room} onLeave={leaveRoom} />
  const closed = closedRoom?.roomId === roomId ? closedRoom : undefined
  const words = closed && closedWords(closed.reason)
  if (closed !== undefined && words !== undefined) {
    return <ClosedRoom name={closed.name} reason={closed.reason} words={words} onAgain={dismissClosedRoom} />
  }
  return (
    <Lobby
      key={roomId}
      session={session}
      roomId={roomId}
      name={known?.name ?? nameFrom(state) ?? roomId}
      participants={known?.participants ?? 0}
      invite={inviteIn(location.hash)}
      onJoined={(joined) => {
        if (room !== undefined) void room.leave().catch(() => {})
        enterRoom(joined)
      }}
    />
  )
}

/** The invite of a link; it stands behind the #, so that it is sent to nobody but the room. */
function inviteIn(hash: string): string | undefined {
  return new URLSearchParams(hash.slice(1)).get('invite') ?? undefined
}

/** The name that the dialog gave a new room; it travels with the navigation, not in the address. */
function nameFrom(state: unknown): string | undefined {
  if (typeof state !== 'object' || state === null || !('name' in state)) return undefined
  return typeof state.name === 'string' && state.name !== '' ? state.name : undefined
}
