import type { Room, RoomSnapshot } from '@sangam/client'
import { CircleStop, EllipsisVertical, Hand, MicOff, Settings2, UserPlus } from 'lucide-react'
import { useState } from 'react'
import { IconButton } from '../design/icon-button.tsx'
import { Menu, MenuItem, MenuLine } from '../design/menu.tsx'
import { useNotify } from '../design/toasts.tsx'
import { errorWords } from '../session/error-words.ts'
import { InviteDialog } from './invite-dialog.tsx'
import { Question } from './person-menu.tsx'
import { ReactionItems } from './reactions.tsx'
import { RoomSettingsDialog } from './room-settings-dialog.tsx'

interface MoreMenuProps {
  readonly room: Room
  readonly snapshot: RoomSnapshot
}

/** What is needed less often: hand and reactions for all; invites, settings and the end for those who moderate. */
export function MoreMenu({ room, snapshot }: MoreMenuProps) {
  const [open, setOpen] = useState<'invite' | 'settings' | 'end'>()
  const notify = useNotify()
  const run = (action: Promise<unknown>) => void action.catch((error: unknown) => notify(errorWords(error)))
  const { permissions, role, participants, name } = snapshot
  const moderates = permissions.includes('moderate')
  const isHost = role === 'host'
  const raised = participants.find((one) => one.local)?.handRaisedAt !== undefined
  const dialog = (kind: typeof open) => (next: boolean) => setOpen(next ? kind : undefined)
  return (
    <>
      <Menu
        side="top"
        trigger={
          <IconButton
            label="More"
            tone="stage"
            data-testid="room-more"
            icon={<EllipsisVertical size={22} />}
          />
        }
      >
        <ReactionItems onReact={(reaction) => run(room.react(reaction))} />
        <MenuLine />
        <MenuItem
          icon={<Hand size={16} />}
          testId="raise-hand"
          onSelect={() => run(room.setHandRaised(!raised))}
        >
          {raised ? 'Take your hand down' : 'Raise your hand'}
        </MenuItem>
        {moderates && (
          <>
            <MenuLine />
            <MenuItem icon={<UserPlus size={16} />} testId="room-invite" onSelect={() => setOpen('invite')}>
              Invite people…
            </MenuItem>
            <MenuItem
              icon={<MicOff size={16} />}
              testId="mute-all"
              onSelect={() =>
                run(
                  room.moderation
                    .muteAll()
                    .then((muted) =>
                      notify(muted === 1 ? 'One microphone muted' : `${muted} microphones muted`),
                    ),
                )
              }
            >
              Mute everybody
            </MenuItem>
            <MenuItem
              icon={<Settings2 size={16} />}
              testId="room-settings"
              onSelect={() => setOpen('settings')}
            >
              Room settings…
            </MenuItem>
          </>
        )}
        {isHost && (
          <MenuItem danger icon={<CircleStop size={16} />} testId="end-room" onSelect={() => setOpen('end')}>
            End for everybody…
          </MenuItem>
        )}
      </Menu>
      <InviteDialog room={room} isHost={isHost} open={open === 'invite'} onOpenChange={dialog('invite')} />
      <RoomSettingsDialog
        room={room}
        snapshot={snapshot}
        open={open === 'settings'}
        onOpenChange={dialog('settings')}
      />
      <Question
        open={open === 'end'}
        onClose={() => setOpen(undefined)}
        title={`End ${name} for everybody?`}
        text="Everybody is put out. For an hour only hosts and co-hosts can open the room again."
        action="End the room"
        onAction={() => {
          setOpen(undefined)
          run(room.moderation.end())
        }}
      />
    </>
  )
}
