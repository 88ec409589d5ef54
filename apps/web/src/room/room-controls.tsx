import type { Room, RoomSnapshot } from '@sangam/client'
import { MessageSquare, Mic, MicOff, MonitorUp, MonitorX, Users, Video, VideoOff } from 'lucide-react'
import type { ReactNode } from 'react'
import { HangUpIcon } from '../design/hang-up-icon.tsx'
import { IconButton } from '../design/icon-button.tsx'
import { useNotify } from '../design/toasts.tsx'
import { loadDeviceChoice } from '../media/device-choice.ts'
import { errorWords } from '../session/error-words.ts'
import { useAction } from '../session/use-action.ts'
import type { RoomPanelKind } from './room-panel.tsx'

interface RoomControlsProps {
  readonly room: Room
  readonly snapshot: RoomSnapshot
  readonly panel: RoomPanelKind | undefined
  readonly onPanel: (kind: RoomPanelKind) => void
  readonly onLeave: () => Promise<void>
}

/** What one can do in a room, always in the same place. */
export function RoomControls({ room, snapshot, panel, onPanel, onLeave }: RoomControlsProps) {
  const me = snapshot.participants.find((participant) => participant.local)
  const devices = loadDeviceChoice()
  const canShare = typeof navigator.mediaDevices?.getDisplayMedia === 'function'
  return (
    <div
      role="toolbar"
      aria-label="Room controls"
      className="safe-bottom flex items-center justify-center gap-2.5 px-3 pt-3 [--safe-gap:1rem] sm:gap-4"
    >
      <MediaToggle
        testId="mic-toggle"
        enabled={me?.microphoneEnabled === true}
        onLabel="Mute the microphone"
        offLabel="Unmute the microphone"
        onIcon={<Mic size={22} />}
        offIcon={<MicOff size={22} />}
        set={(enabled) => room.setMicrophoneEnabled(enabled, optionalDevice(devices.microphoneDeviceId))}
      />
      <MediaToggle
        testId="camera-toggle"
        enabled={me?.cameraEnabled === true}
        onLabel="Switch the camera off"
        offLabel="Switch the camera on"
        onIcon={<Video size={22} />}
        offIcon={<VideoOff size={22} />}
        set={(enabled) => room.setCameraEnabled(enabled, optionalDevice(devices.cameraDeviceId))}
      />
      {canShare && (
        <MediaToggle
          testId="screen-toggle"
          enabled={me?.screenShareEnabled === true}
          calmWhenOff
          onLabel="Stop sharing the screen"
          offLabel="Share the screen"
          onIcon={<MonitorX size={22} />}
          offIcon={<MonitorUp size={22} />}
          set={(enabled) => room.setScreenShareEnabled(enabled)}
        />
      )}
      <IconButton
        label="People in the room"
        tone={panel === 'people' ? 'accent' : 'stage'}
        aria-expanded={panel === 'people'}
        data-testid="people-toggle"
        icon={<Users size={22} />}
        onClick={() => onPanel('people')}
      />
      <IconButton
        label="Chat of the room"
        tone={panel === 'chat' ? 'accent' : 'stage'}
        aria-expanded={panel === 'chat'}
        data-testid="chat-toggle"
        icon={<MessageSquare size={22} />}
        onClick={() => onPanel('chat')}
      />
      <IconButton
        label="Leave the room"
        tone="danger"
        data-testid="leave"
        icon={<HangUpIcon size={22} />}
        onClick={() => void onLeave().catch(() => {})}
      />
    </div>
  )
}

function optionalDevice(deviceId: string | undefined): { readonly deviceId: string } | undefined {
  return deviceId === undefined ? undefined : { deviceId }
}

interface MediaToggleProps {
  readonly testId: string
  readonly enabled: boolean
  /** Off is the usual state of a screen share; of a camera it is worth a look. */
  readonly calmWhenOff?: boolean
  readonly onLabel: string
  readonly offLabel: string
  readonly onIcon: ReactNode
  readonly offIcon: ReactNode
  readonly set: (enabled: boolean) => Promise<void>
}

function MediaToggle(props: MediaToggleProps) {
  const { testId, enabled, calmWhenOff = false, onLabel, offLabel, onIcon, offIcon, set } = props
  const notify = useNotify()
  const change = useAction(set, (error) => notify(errorWords(error)))
  const onTone = calmWhenOff ? 'accent' : 'stage'
  const offTone = calmWhenOff ? 'stage' : 'stage-off'
  return (
    <IconButton
      label={enabled ? onLabel : offLabel}
      tone={enabled ? onTone : offTone}
      aria-busy={change.busy || undefined}
      data-testid={testId}
      data-enabled={enabled}
      icon={enabled ? onIcon : offIcon}
      onClick={() => change.run(!enabled)}
    />
  )
}
