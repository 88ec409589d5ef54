import type { Call, CallSnapshot } from '@sangam/client'
import { useCall } from '@sangam/react'
import { Mic, MicOff, Minimize2, Video, VideoOff, Zap } from 'lucide-react'
import type { ReactNode } from 'react'
import { Avatar } from '../design/avatar.tsx'
import { HangUpIcon } from '../design/hang-up-icon.tsx'
import { IconButton } from '../design/icon-button.tsx'
import { useNotify } from '../design/toasts.tsx'
import { FlowLine } from '../media/flow-line.tsx'
import { StreamVideo } from '../media/stream-video.tsx'
import { callTopologyWords } from '../media/topology-words.ts'
import { useNow } from '../media/use-now.ts'
import { errorWords } from '../session/error-words.ts'
import { clock } from './duration.ts'
import { Ringing } from './incoming-call.tsx'
import { useCallPath } from './use-call-path.ts'

interface CallScreenProps {
  readonly call: Call
  readonly onMinimise: () => void
}

/** A call that this device dials or is in: the other large, oneself small. */
export function CallScreen({ call, onMinimise }: CallScreenProps) {
  const snapshot = useCall(call)
  const path = useCallPath(call, snapshot.state)
  const picture = snapshot.remoteVideo ? snapshot.remoteStream : undefined
  return (
    <CallFrame label={`Call with ${snapshot.peer.name}`} state={snapshot.state}>
      <header className="safe-top relative z-10 flex items-start gap-3 px-4 [--safe-lead:0.75rem] pb-2 sm:px-6">
        <div className="min-w-0 flex-1">
          <h1 className="truncate font-semibold text-lg">
            {snapshot.peer.name}
            <span className="tabular ml-3 font-normal text-base text-ink-soft">
              <Elapsed snapshot={snapshot} />
            </span>
          </h1>
          {snapshot.connectedAt !== undefined && (
            <FlowLine
              icon={<Zap size={14} aria-hidden className="shrink-0 text-accent" />}
              words={callTopologyWords(path)}
              stats={call.stats}
            />
          )}
        </div>
        <IconButton label="Make the call small" icon={<Minimize2 size={20} />} onClick={onMinimise} />
      </header>
      <div className="relative min-h-0 flex-1 px-2 sm:px-6">
        {picture === undefined ? (
          <Centre snapshot={snapshot} />
        ) : (
          <StreamVideo
            stream={picture}
            label={`Picture of ${snapshot.peer.name}`}
            className="size-full rounded-3xl bg-canvas object-cover sm:object-contain"
          />
        )}
        <SelfView snapshot={snapshot} />
      </div>
      <MediaTrouble snapshot={snapshot} />
      <Controls call={call} snapshot={snapshot} />
    </CallFrame>
  )
}

/** The stage of a call: dark in either theme, so that the picture is what shines. */
export function CallFrame(props: {
  readonly label: string
  readonly state: string
  readonly children: ReactNode
}) {
  return (
    <section
      data-theme="dark"
      aria-label={props.label}
      data-testid="call-state"
      data-state={props.state}
      className="fixed inset-0 z-30 flex animate-appear flex-col bg-canvas text-ink"
    >
      {props.children}
    </section>
  )
}

function Elapsed({ snapshot }: { readonly snapshot: CallSnapshot }) {
  const nowMs = useNow()
  if (snapshot.state === 'connected' && snapshot.connectedAt !== undefined) {
    return <span data-testid="duration">{clock(nowMs - snapshot.connectedAt)}</span>
  }
  return <span role="status">{STATE_WORDS[snapshot.state]}</span>
}

const STATE_WORDS: Record<CallSnapshot['state'], string> = {
  outgoing: 'Ringing…',
  incoming: 'Ringing…',
  connecting: 'Connecting…',
  connected: '',
  reconnecting: 'Reconnecting…',
  ended: 'Ended',
}

function Centre({ snapshot }: { readonly snapshot: CallSnapshot }) {
  const { peer, state, remoteAudio } = snapshot
  const quiet = state === 'connected' && !remoteAudio
  return (
    <div className="grid size-full place-items-center rounded-3xl bg-surface/60">
      <div className="flex flex-col items-center gap-4 text-center">
        {state === 'outgoing' ? (
          <Ringing name={peer.name} identity={peer.identity} />
        ) : (
          <Avatar name={peer.name} identity={peer.identity} size="large" />
        )}
        {state === 'connected' && (
          <p className="text-ink-soft">{quiet ? 'Microphone and camera are off' : 'Camera is off'}</p>
        )}
      </div>
    </div>
  )
}

function SelfView({ snapshot }: { readonly snapshot: CallSnapshot }) {
  const { localStream, cameraEnabled } = snapshot
  if (!cameraEnabled || localStream === undefined) return null
  return (
    <div className="absolute right-5 bottom-3 aspect-[3/4] w-24 overflow-hidden rounded-2xl bg-sunken shadow-raised ring-1 ring-line sm:right-9 sm:aspect-video sm:w-56">
      <StreamVideo
        stream={localStream}
        label="Your own picture"
        mirrored
        className="size-full object-cover"
      />
    </div>
  )
}

function MediaTrouble({ snapshot }: { readonly snapshot: CallSnapshot }) {
  const [first] = snapshot.mediaErrors
  if (first === undefined) return null
  return (
    <p role="status" className="px-6 pt-2 text-center text-ink-soft text-sm">
      {errorWords(first)}
    </p>
  )
}

function Controls({ call, snapshot }: { readonly call: Call; readonly snapshot: CallSnapshot }) {
  const notify = useNotify()
  const { microphoneEnabled, cameraEnabled, state } = snapshot
  const fail = (error: unknown) => notify(errorWords(error))
  const rings = state === 'outgoing'
  return (
    <div className="safe-bottom flex justify-center gap-4 px-4 pt-4 [--safe-gap:1.5rem]">
      <IconButton
        label={microphoneEnabled ? 'Mute the microphone' : 'Unmute the microphone'}
        tone={microphoneEnabled ? 'stage' : 'stage-off'}
        aria-pressed={!microphoneEnabled}
        data-testid="mic-toggle"
        data-enabled={microphoneEnabled}
        icon={microphoneEnabled ? <Mic size={22} /> : <MicOff size={22} />}
        onClick={() => call.setMicrophoneEnabled(!microphoneEnabled).catch(fail)}
      />
      <IconButton
        label={cameraEnabled ? 'Switch the camera off' : 'Switch the camera on'}
        tone={cameraEnabled ? 'stage' : 'stage-off'}
        aria-pressed={!cameraEnabled}
        data-testid="camera-toggle"
        data-enabled={cameraEnabled}
        icon={cameraEnabled ? <Video size={22} /> : <VideoOff size={22} />}
        onClick={() => call.setCameraEnabled(!cameraEnabled).catch(fail)}
      />
      <IconButton
        label={rings ? 'Cancel the call' : 'Hang up'}
        tone="danger"
        data-testid={rings ? 'cancel' : 'hangup'}
        icon={<HangUpIcon size={22} />}
        onClick={() => call.hangUp().catch(fail)}
      />
    </div>
  )
}
