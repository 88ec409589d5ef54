import { mediaDevices, type Room, type SangamError, type Session } from '@sangam/client'
import { usePeople, useStore } from '@sangam/react'
import { Camera, Mic, MicOff, Video, VideoOff } from 'lucide-react'
import { useEffect, useMemo, useState } from 'react'
import { BackLink } from '../chat/chat-pane.tsx'
import { Avatar } from '../design/avatar.tsx'
import { Button } from '../design/button.tsx'
import { IconButton } from '../design/icon-button.tsx'
import { useNotify } from '../design/toasts.tsx'
import { type DeviceChoice, loadDeviceChoice, saveDeviceChoice } from '../media/device-choice.ts'
import { StreamVideo } from '../media/stream-video.tsx'
import { errorWords } from '../session/error-words.ts'
import { ClosedRoom } from './closed-room.tsx'
import { DeviceSelect } from './device-select.tsx'
import { LevelMeter } from './level-meter.tsx'
import { closedWords } from './room-words.ts'
import { type PreviewTrack, usePreviewTrack } from './use-preview-track.ts'
import { useRoomEntry } from './use-room-entry.ts'
import { WaitingRoom } from './waiting-room.tsx'

interface LobbyProps {
  readonly session: Session
  readonly roomId: string
  readonly name: string
  /** How many are in the room already. */
  readonly participants: number
  /** Of the link that brought the person here. */
  readonly invite: string | undefined
  readonly onJoined: (room: Room) => void
}

/** Before a room: how one looks and sounds, which devices, and who waits inside. */
export function Lobby({ session, roomId, name, participants, invite, onJoined }: LobbyProps) {
  const [choice, setChoice] = useDeviceChoice()
  const microphone = usePreviewTrack('audio', choice.microphone, choice.microphoneDeviceId)
  const camera = usePreviewTrack('video', choice.camera, choice.cameraDeviceId)
  const notify = useNotify()
  const { entry, join, leave, again } = useRoomEntry({
    session,
    roomId,
    name,
    invite,
    onJoined: (room) => {
      onJoined(room)
      void publish(room, choice, microphone, camera).then((troubles) => {
        for (const trouble of troubles) notify(errorWords(trouble))
      })
    },
  })
  const words = entry.at === 'refused' ? closedWords(entry.reason) : undefined
  if (entry.at === 'refused' && words !== undefined) {
    return <ClosedRoom name={name} reason={entry.reason} words={words} onAgain={again} />
  }
  return (
    <section
      aria-label={`Lobby of ${name}`}
      className="safe-bottom h-full overflow-y-auto [--safe-gap:1.5rem]"
    >
      <div className="safe-top flex h-16 items-center px-2 sm:px-5">
        <BackLink />
      </div>
      <div className="mx-auto flex w-full max-w-4xl flex-col gap-8 px-5 md:flex-row md:items-center md:pt-[8vh]">
        <Preview
          session={session}
          choice={choice}
          onChoice={setChoice}
          microphone={microphone}
          camera={camera}
        />
        <div className="flex flex-1 flex-col">
          {entry.at === 'waiting' ? (
            <WaitingRoom knock={entry.knock} name={name} onLeave={leave} />
          ) : (
            <>
              <h1 className="text-balance font-semibold text-2xl tracking-tight">{name}</h1>
              <p className="mt-1 mb-6 text-ink-soft">{occupancyWords(participants)}</p>
              <DeviceChoices choice={choice} onChoice={setChoice} />
              <Button
                variant="primary"
                size="large"
                className="mt-6"
                data-testid="room-join"
                busy={entry.at === 'joining'}
                onClick={() => void join()}
              >
                Join
              </Button>
            </>
          )}
        </div>
      </div>
    </section>
  )
}

function useDeviceChoice() {
  const [choice, setChoice] = useState(loadDeviceChoice)
  useEffect(() => saveDeviceChoice(choice), [choice])
  return [choice, setChoice] as const
}

/** Publishes what the preview opened. A device that fails costs only itself; what failed is returned. */
async function publish(room: Room, choice: DeviceChoice, microphone: PreviewTrack, camera: PreviewTrack) {
  const { permissions } = room.state.get()
  const own = (preview: PreviewTrack) => {
    const mediaStreamTrack = preview.take()
    return mediaStreamTrack === undefined ? undefined : { mediaStreamTrack }
  }
  const attempts = await Promise.allSettled([
    choice.microphone && microphone.error === undefined && permissions.includes('microphone')
      ? room.setMicrophoneEnabled(true, own(microphone))
      : undefined,
    choice.camera && camera.error === undefined && permissions.includes('camera')
      ? room.setCameraEnabled(true, own(camera))
      : undefined,
  ])
  return attempts.flatMap((attempt) => (attempt.status === 'rejected' ? [attempt.reason as unknown] : []))
}

interface PreviewProps {
  readonly session: Session
  readonly choice: DeviceChoice
  readonly onChoice: (choice: DeviceChoice) => void
  readonly microphone: PreviewTrack
  readonly camera: PreviewTrack
}

function Preview({ session, choice, onChoice, microphone, camera }: PreviewProps) {
  const me = usePeople().find((person) => person.self)
  const stream = useMemo(
    () => (camera.track === undefined ? undefined : new MediaStream([camera.track])),
    [camera.track],
  )
  const trouble = troubleWords(microphone.error ?? camera.error)
  return (
    <div className="md:w-[58%]">
      <div
        data-theme="dark"
        className="relative aspect-[4/3] overflow-hidden rounded-3xl bg-surface text-ink sm:aspect-video"
      >
        {stream === undefined ? (
          <div className="grid size-full place-items-center pb-12">
            <Avatar name={me?.name ?? session.name} identity={session.identity} size="large" />
          </div>
        ) : (
          <StreamVideo stream={stream} label="Your own picture" mirrored className="size-full object-cover" />
        )}
        <div className="absolute inset-x-0 bottom-4 flex justify-center gap-4">
          <IconButton
            label={choice.microphone ? 'Join muted' : 'Join with the microphone on'}
            tone={choice.microphone ? 'stage' : 'stage-off'}
            data-testid="mic-toggle"
            data-enabled={choice.microphone}
            aria-pressed={!choice.microphone}
            icon={choice.microphone ? <Mic size={22} /> : <MicOff size={22} />}
            onClick={() => onChoice({ ...choice, microphone: !choice.microphone })}
          />
          <IconButton
            label={choice.camera ? 'Join without the camera' : 'Join with the camera on'}
            tone={choice.camera ? 'stage' : 'stage-off'}
            data-testid="camera-toggle"
            data-enabled={choice.camera}
            aria-pressed={!choice.camera}
            icon={choice.camera ? <Video size={22} /> : <VideoOff size={22} />}
            onClick={() => onChoice({ ...choice, camera: !choice.camera })}
          />
        </div>
        {microphone.track !== undefined && (
          <span className="absolute bottom-7 left-5 rounded-full bg-black/50 px-2.5 py-1.5">
            <LevelMeter track={microphone.track} />
          </span>
        )}
      </div>
      <p role="status" className="mt-2 min-h-5 px-2 text-ink-soft text-sm">
        {trouble}
      </p>
    </div>
  )
}

interface DeviceChoicesProps {
  readonly choice: DeviceChoice
  readonly onChoice: (choice: DeviceChoice) => void
}

function DeviceChoices({ choice, onChoice }: DeviceChoicesProps) {
  const devices = useStore(mediaDevices())
  return (
    <div className="space-y-2.5">
      <DeviceSelect
        label="Microphone"
        icon={<Mic size={16} />}
        devices={devices.microphones}
        deviceId={choice.microphoneDeviceId}
        onChoose={(microphoneDeviceId) => onChoice({ ...choice, microphoneDeviceId })}
      />
      <DeviceSelect
        label="Camera"
        icon={<Camera size={16} />}
        devices={devices.cameras}
        deviceId={choice.cameraDeviceId}
        onChoose={(cameraDeviceId) => onChoice({ ...choice, cameraDeviceId })}
      />
    </div>
  )
}

function occupancyWords(participants: number): string {
  if (participants === 0) return 'Nobody is here yet. You will be the first.'
  return participants === 1 ? 'One person is here.' : `${participants} people are here.`
}

function troubleWords(error: SangamError | undefined): string {
  return error === undefined ? '' : `${errorWords(error)} You can join without.`
}
