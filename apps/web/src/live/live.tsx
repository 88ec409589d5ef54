import { type Call, type CallEndReason, policyReasonOf, type Room, type Session } from '@sangam/client'
import { useStore } from '@sangam/react'
import { createContext, type ReactNode, useCallback, useContext, useEffect, useMemo, useState } from 'react'
import { errorWords } from '../session/error-words.ts'
import type { EndedCall } from './ended-call.ts'

/** What goes on now beside reading and writing: at most one call and one room. */
export interface Live {
  /** The call that this device is in or dials; a call that rings here stands in `incoming`. */
  readonly call: Call | undefined
  readonly incoming: Call | undefined
  readonly endedCall: EndedCall | undefined
  /** Between the click and the first ring. */
  readonly dialling: { readonly identity: string; readonly name: string } | undefined
  readonly room: Room | undefined
  /** The room that this device was put out of, until it is looked at or left behind. */
  readonly closedRoom: ClosedRoomInfo | undefined
  startCall(peer: { readonly identity: string; readonly name: string }, video: boolean): void
  dismissEndedCall(): void
  enterRoom(room: Room): void
  leaveRoom(): Promise<void>
  dismissClosedRoom(): void
}

/** A room that closed by itself, and why. */
export interface ClosedRoomInfo {
  readonly roomId: string
  readonly name: string
  readonly reason: string
}

const LiveContext = createContext<Live | undefined>(undefined)

/** The call and the room of this page. */
export function useLive(): Live {
  const live = useContext(LiveContext)
  if (live === undefined) throw new Error('useLive() stands outside of LiveProvider')
  return live
}

/** Holds the call and the room above the routes, so that both go on while a person looks elsewhere. */
export function LiveProvider({
  session,
  children,
}: {
  readonly session: Session
  readonly children: ReactNode
}) {
  const calls = useStore(session.calls)
  const { room, closedRoom, enterRoom, leaveRoom, dismissClosedRoom } = useLiveRoom()
  const [endedCall, setEndedCall] = useState<EndedCall>()
  const [dialling, setDialling] = useState<Live['dialling']>()
  useEndedCalls(calls, setEndedCall)

  const startCall = useCallback<Live['startCall']>(
    (peer, video) => {
      setEndedCall(undefined)
      setDialling(peer)
      session
        .call(peer.identity, { video })
        .catch((error: unknown) => setEndedCall(failedToRing(peer, video, error)))
        .finally(() => setDialling(undefined))
    },
    [session],
  )

  // Read at every render, not memoized: a call changes its state while the list of calls stays the same.
  const incoming = calls.find((candidate) => candidate.state.get().state === 'incoming')
  const call = calls.find((candidate) => !['incoming', 'ended'].includes(candidate.state.get().state))
  const live = useMemo<Live>(
    () => ({
      call,
      incoming,
      endedCall,
      dialling,
      room,
      closedRoom,
      startCall,
      dismissEndedCall: () => setEndedCall(undefined),
      enterRoom,
      leaveRoom,
      dismissClosedRoom,
    }),
    [
      call,
      incoming,
      endedCall,
      dialling,
      room,
      closedRoom,
      startCall,
      enterRoom,
      leaveRoom,
      dismissClosedRoom,
    ],
  )
  return <LiveContext.Provider value={live}>{children}</LiveContext.Provider>
}

function useLiveRoom() {
  const [room, setRoom] = useState<Room>()
  const [closedRoom, setClosedRoom] = useState<ClosedRoomInfo>()
  useEffect(
    () =>
      room?.on('closed', (closeReason) => {
        const { roomId, name, error } = room.state.get()
        const reason = policyReasonOf(error) ?? closeReason
        if (reason !== 'left' && reason !== 'sessionClosed') setClosedRoom({ roomId, name, reason })
        setRoom((current) => (current === room ? undefined : current))
      }),
    [room],
  )
  const leaveRoom = useCallback(async () => {
    setRoom(undefined)
    await room?.leave()
  }, [room])
  const enterRoom = useCallback((entered: Room) => {
    setClosedRoom(undefined)
    setRoom(entered)
  }, [])
  const dismissClosedRoom = useCallback(() => setClosedRoom(undefined), [])
  return { room, closedRoom, enterRoom, leaveRoom, dismissClosedRoom }
}

/** Watches every call to its end; also makes this component render as calls change state. */
function useEndedCalls(calls: readonly Call[], onEnded: (ended: EndedCall) => void): void {
  const [, setVersion] = useState(0)
  useEffect(() => {
    const removals = calls.flatMap((call) => [
      call.on('stateChanged', () => setVersion((version) => version + 1)),
      call.on('ended', (reason) => {
        const snapshot = call.state.get()
        onEnded({
          peer: snapshot.peer,
          direction: snapshot.direction,
          video: snapshot.media.video,
          reason,
          ...(snapshot.connectedAt === undefined ? {} : { durationMs: Date.now() - snapshot.connectedAt }),
          ...(snapshot.error === undefined ? {} : { problem: errorWords(snapshot.error) }),
        })
      }),
    ])
    return () => {
      for (const remove of removals) remove()
    }
  }, [calls, onEnded])
}

function failedToRing(peer: EndedCall['peer'], video: boolean, error: unknown): EndedCall {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  const reason: CallEndReason = code === 'busy' ? 'busy' : 'failed'
  const offline = code === 'unavailable' || code === 'notFound'
  return {
    peer,
    direction: 'outgoing',
    video,
    reason,
    problem: offline ? `${peer.name} is not online.` : errorWords(error),
  }
}
