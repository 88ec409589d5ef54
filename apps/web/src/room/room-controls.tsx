import type { Room, RoomPermission, RoomSnapshot } from '@sangam/client'
import { Hand, MessageSquare, Mic, MicOff, MonitorUp, MonitorX, Users, Video, VideoOff } from 'lucide-react'
import type { ReactNode } from 'react'
import { HangUpIcon } from '../design/hang-up-icon.tsx'
import { IconButton } from '../design/icon-button.tsx'
import { useNotify } from '../design/toasts.tsx'
import { loadDeviceChoice } from '../media/device-choice.ts'
import { errorWords } from '../session/error-words.ts'
import { useAction } from '../session/use-action.ts'
import { MoreMenu } from './more-menu.tsx'
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
  const notify = useNotify()
  const hand = useAction(
    (raise: boolean) => room.setHandRaised(raise),
    (error) => notify(errorWords(error)),
  )
  const may = (permission: RoomPermission) => snapshot.permissions.includes(permission)
  const raised = me?.handRaisedAt !== undefined
  const waiting = snapshot.waiting.length
  const devices = loadDeviceChoice()
  const canShare = typeof navigator.mediaDevices?.getDisplayMedia === 'function'
  return (
    <div
      role="toolbar"
      aria-label="Room controls"
      className="safe-bottom flex items-center justify-center gap-1.5 px-2 pt-3 max-sm:[&_button]:size-11 [--safe-gap:1rem] sm:gap-4"
    >
      {may('microphone') && (
        <MediaToggle
          testId="mic-toggle"
          enabled={me?.microphoneEnabled === true}
          onLabel="Mute the microphone"
          offLabel="Unmute the microphone"
          onIcon={<Mic size={22} />}
          offIcon={<MicOff size={22} />}
          set={(enabled) => room.setMicrophoneEnabled(enabled, optionalDevice(devices.microphoneDeviceId))}
        />
      )}
      {may('camera') && (
        <MediaToggle
          testId="camera-toggle"
          enabled={me?.cameraEnabled === true}
          onLabel="Switch the camera off"
          offLabel="Switch the camera on"
          onIcon={<Video size={22} />}
          offIcon={<VideoOff size={22} />}
          set={(enabled) => room.setCameraEnabled(enabled, optionalDevice(devices.cameraDeviceId))}
        />
      )}
      {!may('microphone') && (
        <IconButton
          label={raised ? 'Take your hand down' : 'Raise your hand'}
          tone={raised ? 'accent' : 'stage'}
          aria-pressed={raised}
          data-testid="hand-toggle"
          icon={<Hand size={22} />}
          onClick={() => hand.run(!raised)}
        />
      )}
      {canShare && may('screen') && (
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
        label={waiting > 0 ? `People in the room, ${waiting} waiting` : 'People in the room'}
        tone={panel === 'people' ? 'accent' : 'stage'}
        aria-expanded={panel === 'people'}
        data-testid="people-toggle"
        icon={
          <>
            <Users size={22} />
            {waiting > 0 && <Badge count={waiting} />}
          </>
        }
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
      <MoreMenu room={room} snapshot={snapshot} />
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

/** How many wait in the lobby. */
function Badge({ count }: { readonly count: number }) {
  return (
    <span
      aria-hidden="true"
      data-testid="waiting-count"
      className="tabular absolute -top-1 -right-1 min-w-5 rounded-full bg-danger px-1.5 text-center font-semibold text-on-danger text-xs leading-5"
    >
      {count > 99 ? '99+' : count}
    </span>
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
