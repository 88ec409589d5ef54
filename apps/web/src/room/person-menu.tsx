import type { Participant, Room } from '@sangam/client'
import {
  Ban,
  Crown,
  Ellipsis,
  Hand,
  Headphones,
  Mic,
  MicOff,
  MonitorX,
  ShieldCheck,
  ShieldOff,
  UserMinus,
  VideoOff,
} from 'lucide-react'
import { useState } from 'react'
import { Button } from '../design/button.tsx'
import { Dialog } from '../design/dialog.tsx'
import { IconButton } from '../design/icon-button.tsx'
import { Menu, MenuItem, MenuLine } from '../design/menu.tsx'
import { useNotify } from '../design/toasts.tsx'
import { errorWords } from '../session/error-words.ts'

interface PersonMenuProps {
  readonly room: Room
  readonly participant: Participant
  readonly isHost: boolean
}

/** What a moderator may do with somebody of a lower rank. */
export function PersonMenu({ room, participant, isHost }: PersonMenuProps) {
  const [asking, setAsking] = useState<'ban' | 'host'>()
  const notify = useNotify()
  const { participantId, identity, name, role } = participant
  const { moderation } = room
  const run = (action: Promise<unknown>) => {
    setAsking(undefined)
    action.catch((error: unknown) => notify(errorWords(error)))
  }
  return (
    <>
      <Menu
        trigger={
          <IconButton
            label={`What to do with ${name}`}
            data-testid="person-menu"
            icon={<Ellipsis size={20} />}
          />
        }
      >
        {participant.microphoneEnabled ? (
          <MenuItem
            icon={<MicOff size={16} />}
            testId="person-mute"
            onSelect={() => run(moderation.mute(participantId))}
          >
            Mute
          </MenuItem>
        ) : (
          <MenuItem icon={<Mic size={16} />} onSelect={() => run(moderation.allowUnmute(participantId))}>
            Ask to unmute
          </MenuItem>
        )}
        {participant.cameraEnabled && (
          <MenuItem icon={<VideoOff size={16} />} onSelect={() => run(moderation.stopCamera(participantId))}>
            Stop the camera
          </MenuItem>
        )}
        {participant.screenShareEnabled && (
          <MenuItem
            icon={<MonitorX size={16} />}
            onSelect={() => run(moderation.stopScreenShare(participantId))}
          >
            Stop the screen share
          </MenuItem>
        )}
        {participant.handRaisedAt !== undefined && (
          <MenuItem icon={<Hand size={16} />} onSelect={() => run(moderation.lowerHand(participantId))}>
            Take the hand down
          </MenuItem>
        )}
        <MenuLine />
        {role === 'listener' ? (
          <MenuItem
            icon={<Mic size={16} />}
            testId="person-stage"
            onSelect={() => run(moderation.inviteToStage(participantId))}
          >
            Invite to speak
          </MenuItem>
        ) : (
          <MenuItem
            icon={<Headphones size={16} />}
            testId="person-listener"
            onSelect={() => run(moderation.setRole(participantId, 'listener'))}
          >
            Make a listener
          </MenuItem>
        )}
        {isHost &&
          (role === 'cohost' ? (
            <MenuItem
              icon={<ShieldOff size={16} />}
              onSelect={() => run(moderation.setRole(participantId, 'speaker'))}
            >
              No longer a co-host
            </MenuItem>
          ) : (
            <MenuItem
              icon={<ShieldCheck size={16} />}
              testId="person-cohost"
              onSelect={() => run(moderation.setRole(participantId, 'cohost'))}
            >
              Make a co-host
            </MenuItem>
          ))}
        {isHost && (
          <MenuItem icon={<Crown size={16} />} onSelect={() => setAsking('host')}>
            Make the host
          </MenuItem>
        )}
        <MenuLine />
        <MenuItem
          danger
          icon={<UserMinus size={16} />}
          testId="person-remove"
          onSelect={() => run(moderation.remove(participantId))}
        >
          Remove
        </MenuItem>
        <MenuItem danger icon={<Ban size={16} />} testId="person-ban" onSelect={() => setAsking('ban')}>
          Ban…
        </MenuItem>
      </Menu>
      <Question
        open={asking === 'ban'}
        onClose={() => setAsking(undefined)}
        title={`Ban ${name}?`}
        text="They are put out on all their devices and can’t come back until a host lifts the ban in the settings."
        action="Ban"
        onAction={() => run(moderation.ban(identity))}
      />
      <Question
        open={asking === 'host'}
        onClose={() => setAsking(undefined)}
        title={`Make ${name} the host?`}
        text="You stay as a co-host. Only the new host can give the room back."
        action="Make the host"
        onAction={() => run(moderation.transferHost(participantId))}
      />
    </>
  )
}

interface QuestionProps {
  readonly open: boolean
  readonly onClose: () => void
  readonly title: string
  readonly text: string
  readonly action: string
  readonly onAction: () => void
}

/** Asks before something that is not easily undone. */
export function Question({ open, onClose, title, text, action, onAction }: QuestionProps) {
  return (
    <Dialog open={open} onOpenChange={(next) => next || onClose()} title={title} description={text}>
      <div className="flex justify-end gap-2">
        <Button onClick={onClose}>Cancel</Button>
        <Button variant="danger" data-testid="confirm" onClick={onAction}>
          {action}
        </Button>
      </div>
    </Dialog>
  )
}
