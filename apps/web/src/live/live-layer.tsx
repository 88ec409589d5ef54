import type { Call, Room } from '@sangam/client'
import { useCall, useRoom } from '@sangam/react'
import { LogOut, Maximize2 } from 'lucide-react'
import { lazy, type ReactNode, Suspense, useState } from 'react'
import { useLocation, useRoute } from 'wouter'
import { clock } from '../call/duration.ts'
import { EndedCard } from '../call/ended-card.tsx'
import { IncomingCall } from '../call/incoming-call.tsx'
import { HangUpIcon } from '../design/hang-up-icon.tsx'
import { IconButton } from '../design/icon-button.tsx'
import { StreamAudio } from '../media/stream-video.tsx'
import { useNow } from '../media/use-now.ts'
import { useLive } from './live.tsx'

const CallScreen = lazy(() =>
  import('../call/call-screen.tsx').then((module) => ({ default: module.CallScreen })),
)
const DiallingScreen = lazy(() =>
  import('../call/dialling-screen.tsx').then((module) => ({ default: module.DiallingScreen })),
)
const RoomAudio = lazy(() =>
  import('../room/room-audio.tsx').then((module) => ({ default: module.RoomAudio })),
)

/** Everything live that stands above the routes: rings, the call, its end, and the sound of both call and room. */
export function LiveLayer() {
  const { call, incoming, dialling, endedCall, room, startCall, dismissEndedCall } = useLive()
  return (
    <Suspense fallback={null}>
      {room !== undefined && <RoomAudio room={room} />}
      {room !== undefined && <RoomPill room={room} />}
      {call !== undefined && <RunningCall key={call.state.get().callId ?? 'dialling'} call={call} />}
      {call === undefined && dialling !== undefined && <DiallingScreen peer={dialling} />}
      {incoming !== undefined && <IncomingCall call={incoming} />}
      {endedCall !== undefined && call === undefined && dialling === undefined && (
        <EndedCard ended={endedCall} onDismiss={dismissEndedCall} onCall={startCall} />
      )}
    </Suspense>
  )
}

function RunningCall({ call }: { readonly call: Call }) {
  const { remoteStream } = useCall(call)
  const [small, setSmall] = useState(false)
  return (
    <>
      {remoteStream !== undefined && <StreamAudio stream={remoteStream} />}
      {small ? (
        <CallPill call={call} onReturn={() => setSmall(false)} />
      ) : (
        <CallScreen call={call} onMinimise={() => setSmall(true)} />
      )}
    </>
  )
}

function CallPill({ call, onReturn }: { readonly call: Call; readonly onReturn: () => void }) {
  const { peer, connectedAt, state } = useCall(call)
  const nowMs = useNow()
  return (
    <Pill
      title={peer.name}
      detail={connectedAt === undefined ? 'Ringing…' : clock(nowMs - connectedAt)}
      state={state}
      testId="call-state"
    >
      <IconButton
        label="Return to the call"
        data-testid="return-to-call"
        icon={<Maximize2 size={18} />}
        onClick={onReturn}
      />
      <IconButton
        label="Hang up"
        data-testid="hangup"
        className="bg-danger! text-on-danger!"
        icon={<HangUpIcon size={18} />}
        onClick={() => void call.hangUp().catch(() => {})}
      />
    </Pill>
  )
}

function RoomPill({ room }: { readonly room: Room }) {
  const { name, participants, state } = useRoom(room)
  const [here] = useRoute(`/rooms/${encodeURIComponent(room.roomId)}`)
  const [, navigate] = useLocation()
  const { leaveRoom, call } = useLive()
  if (here || call !== undefined) return null
  return (
    <Pill title={name} detail={`${participants.length} in the room`} state={state} testId="room-state">
      <IconButton
        label="Return to the room"
        data-testid="return-to-room"
        icon={<Maximize2 size={18} />}
        onClick={() => navigate(`/rooms/${encodeURIComponent(room.roomId)}`)}
      />
      <IconButton
        label="Leave the room"
        data-testid="leave"
        className="bg-danger! text-on-danger!"
        icon={<LogOut size={18} />}
        onClick={() => void leaveRoom().catch(() => {})}
      />
    </Pill>
  )
}

interface PillProps {
  readonly title: string
  readonly detail: string
  readonly state: string
  readonly testId: string
  readonly children: ReactNode
}

/** What goes on elsewhere, small: who, how long, the way back and the way out. */
function Pill({ title, detail, state, testId, children }: PillProps) {
  return (
    <aside
      data-theme="dark"
      aria-label={title}
      data-testid={testId}
      data-state={state}
      className="-translate-x-1/2 fixed top-17 left-1/2 z-30 md:top-3 mt-[env(safe-area-inset-top)] flex max-w-[calc(100vw-1.5rem)] animate-rise items-center gap-2 rounded-full bg-raised py-1.5 pr-1.5 pl-5 text-ink shadow-raised"
    >
      <p className="min-w-0">
        <span className="block truncate font-medium text-sm leading-tight">{title}</span>
        <span className="tabular block text-ink-soft text-xs leading-tight">{detail}</span>
      </p>
      {children}
    </aside>
  )
}
