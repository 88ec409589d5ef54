import type { Room, RoomSnapshot, Session } from '@sangam/client'
import { useRoom } from '@sangam/react'
import { Check, Link2, Server, Volume2 } from 'lucide-react'
import { useEffect, useState } from 'react'
import { BackLink } from '../chat/chat-pane.tsx'
import { Button } from '../design/button.tsx'
import { useNotify } from '../design/toasts.tsx'
import { FlowLine } from '../media/flow-line.tsx'
import { roomTopologyWords } from '../media/topology-words.ts'
import { errorWords } from '../session/error-words.ts'
import { NetworkHint } from './network-hint.tsx'
import { PinsProvider } from './pins.tsx'
import { ReactionsShown } from './reactions.tsx'
import { RoomControls } from './room-controls.tsx'
import { RoomNotices } from './room-notices.tsx'
import { RoomPanel, type RoomPanelKind } from './room-panel.tsx'
import { TileGrid } from './tile-grid.tsx'

interface RoomScreenProps {
  readonly session: Session
  readonly room: Room
  readonly onLeave: () => Promise<void>
}

/** A room that this device is in. */
export function RoomScreen({ session, room, onLeave }: RoomScreenProps) {
  const snapshot = useRoom(room)
  const [panel, setPanel] = useState<RoomPanelKind>()
  useRoomNews(room)
  return (
    <section
      data-theme="dark"
      data-testid="room"
      data-room={room.roomId}
      data-state={snapshot.state}
      data-topology={snapshot.topology}
      aria-label={`Room ${snapshot.name}`}
      className="flex h-full bg-canvas text-ink"
    >
      <div className="flex min-w-0 flex-1 flex-col">
        <RoomHeader room={room} snapshot={snapshot} />
        {snapshot.playbackBlocked && <SoundBlocked room={room} />}
        <RoomNotices room={room} snapshot={snapshot} />
        <NetworkHint participants={snapshot.participants} />
        <div className="relative min-h-0 flex-1 px-2.5 sm:px-5">
          <ReactionsShown room={room} />
          <PinsProvider room={room}>
            <TileGrid participants={snapshot.participants} />
          </PinsProvider>
        </div>
        <RoomControls
          room={room}
          snapshot={snapshot}
          panel={panel}
          onPanel={(kind) => setPanel((open) => (open === kind ? undefined : kind))}
          onLeave={onLeave}
        />
      </div>
      {panel !== undefined && (
        <RoomPanel
          kind={panel}
          session={session}
          room={room}
          snapshot={snapshot}
          onClose={() => setPanel(undefined)}
        />
      )}
    </section>
  )
}

function RoomHeader({ room, snapshot }: { readonly room: Room; readonly snapshot: RoomSnapshot }) {
  const { participants, topology, name, state } = snapshot
  const sending = participants.some(
    ({ local, microphoneEnabled, cameraEnabled, screenShareEnabled }) =>
      local && (microphoneEnabled || cameraEnabled || screenShareEnabled),
  )
  return (
    <header className="safe-top grid grid-cols-[auto_1fr_auto] items-center px-1.5 pb-2.5 [--safe-lead:0.625rem] sm:px-5">
      <BackLink />
      <h1 className="min-w-0 truncate font-semibold text-lg max-md:col-start-2 md:col-span-2">
        {name}
        {state === 'reconnecting' && (
          <span role="status" className="ml-3 font-normal text-base text-ink-soft">
            Reconnecting…
          </span>
        )}
      </h1>
      <CopyLink />
      <div className="col-span-3 max-md:px-2.5">
        <FlowLine
          icon={<Server size={14} aria-hidden className="shrink-0 text-accent" />}
          words={roomTopologyWords({ topology, participants: participants.length, sending })}
          stats={room.stats}
        />
      </div>
    </header>
  )
}

function CopyLink() {
  const notify = useNotify()
  const [copied, setCopied] = useState(false)
  useEffect(() => {
    if (!copied) return
    const timer = setTimeout(() => setCopied(false), 2500)
    return () => clearTimeout(timer)
  }, [copied])
  const copy = () => {
    navigator.clipboard.writeText(location.href).then(
      () => setCopied(true),
      () => notify(`Copy it by hand: ${location.href}`),
    )
  }
  return (
    <Button data-testid="copy-link" className="shrink-0 bg-transparent!" onClick={copy}>
      {copied ? <Check size={16} aria-hidden /> : <Link2 size={16} aria-hidden />}
      <span aria-live="polite" className="max-sm:sr-only">
        {copied ? 'Copied' : 'Copy link'}
      </span>
    </Button>
  )
}

function SoundBlocked({ room }: { readonly room: Room }) {
  const notify = useNotify()
  return (
    <div className="mx-2.5 mb-2.5 flex items-center justify-center gap-3 rounded-2xl bg-accent-soft px-4 py-2 text-sm sm:mx-5">
      The browser holds the sound back until you allow it.
      <Button
        variant="primary"
        data-testid="resume-playback"
        onClick={() => room.resumePlayback().catch((error: unknown) => notify(errorWords(error)))}
      >
        <Volume2 size={16} aria-hidden />
        Play sound
      </Button>
    </div>
  )
}

/** In a larger room, coming and going is no news. */
const NEWS_UP_TO = 12

/** Says in passing who came, who went, and what changed by itself. */
function useRoomNews(room: Room): void {
  const notify = useNotify()
  useEffect(() => {
    let known = room.state.get().waiting.length
    const few = () => room.participants.get().length <= NEWS_UP_TO
    const removals = [
      room.on('participantJoined', ({ name }) => few() && notify(`${name} joined`)),
      room.on('participantLeft', ({ name }) => few() && notify(`${name} left`)),
      room.on('lobbyChanged', (waiting) => {
        const newest = waiting.at(-1)
        if (newest !== undefined && waiting.length > known) notify(`${newest.name} waits to come in`)
        known = waiting.length
      }),
      room.on('localTrackEnded', (source) => notify(ENDED_WORDS[source])),
      room.on('topologyChanged', ({ reason }) => notify(reason)),
    ]
    return () => {
      for (const remove of removals) remove()
    }
  }, [room, notify])
}

const ENDED_WORDS = {
  microphone: 'Your microphone went away',
  camera: 'Your camera went away',
  screen: 'You no longer share your screen',
  screenAudio: 'Your screen’s sound stopped',
} as const
