import type { Participant, Room, RoomSnapshot } from '@sangam/client'
import { Hand, Mic, MicOff, MonitorUp, UserCheck, UserX, VideoOff } from 'lucide-react'
import type { ReactNode } from 'react'
import { Avatar } from '../design/avatar.tsx'
import { Button } from '../design/button.tsx'
import { IconButton } from '../design/icon-button.tsx'
import { useNotify } from '../design/toasts.tsx'
import { errorWords } from '../session/error-words.ts'
import { PersonMenu } from './person-menu.tsx'
import { roleWords } from './room-words.ts'

interface PeoplePanelProps {
  readonly room: Room
  readonly snapshot: RoomSnapshot
}

/** Who is in the room, who wants to speak, and who wants to come in. */
export function PeoplePanel({ room, snapshot }: PeoplePanelProps) {
  const { participants, waiting, permissions, role } = snapshot
  const moderates = permissions.includes('moderate')
  const hands = participants
    .filter((one) => one.handRaisedAt !== undefined)
    .sort((a, b) => (a.handRaisedAt ?? 0) - (b.handRaisedAt ?? 0))
  return (
    <div className="min-h-0 flex-1 overflow-y-auto px-3 pb-4">
      {moderates && waiting.length > 0 && <LobbyList room={room} waiting={waiting} />}
      {hands.length > 0 && (
        <Section title={`Raised hands (${hands.length})`}>
          {hands.map((participant, index) => (
            <li
              key={participant.participantId}
              data-testid="hand-item"
              className="flex items-center gap-3 px-2 py-1.5"
            >
              <span className="tabular w-5 text-center text-ink-faint text-sm">{index + 1}</span>
              <span className="min-w-0 flex-1 truncate">{nameOf(participant)}</span>
              <Hand size={18} aria-hidden className="text-warn" />
            </li>
          ))}
        </Section>
      )}
      <Section title={waiting.length > 0 || hands.length > 0 ? 'In the room' : undefined}>
        {participants.map((participant) => (
          <PersonRow
            key={participant.participantId}
            room={room}
            participant={participant}
            mayActOn={moderates && !participant.local && ranks(role) > ranks(participant.role)}
            isHost={role === 'host'}
          />
        ))}
      </Section>
    </div>
  )
}

/** Roles of an application count as those of speakers here; the server has the last word. */
const ranks = (role: string): number => (role === 'host' ? 3 : role === 'cohost' ? 2 : 1)

const nameOf = ({ local, name }: Participant): string => (local ? `${name} (you)` : name)

function Section({ title, children }: { readonly title: string | undefined; readonly children: ReactNode }) {
  return (
    <section className="mb-4">
      {title !== undefined && <h3 className="px-2 pb-1 font-medium text-ink-soft text-sm">{title}</h3>}
      <ul className="space-y-0.5">{children}</ul>
    </section>
  )
}

function LobbyList({ room, waiting }: { readonly room: Room; readonly waiting: RoomSnapshot['waiting'] }) {
  const notify = useNotify()
  const run = (action: Promise<unknown>) => void action.catch((error: unknown) => notify(errorWords(error)))
  return (
    <section className="mb-4 rounded-2xl bg-sunken p-2" data-testid="lobby-list">
      <div className="flex items-center justify-between gap-2 px-2 py-1">
        <h3 className="font-medium text-sm">Waiting to come in ({waiting.length})</h3>
        {waiting.length > 1 && (
          <Button variant="primary" data-testid="admit-all" onClick={() => run(room.moderation.admitAll())}>
            Admit all
          </Button>
        )}
      </div>
      <ul>
        {waiting.map(({ identity, name }) => (
          <li
            key={identity}
            data-testid="waiting-item"
            data-identity={identity}
            className="flex items-center gap-3 px-2 py-1.5"
          >
            <Avatar name={name} identity={identity} size="small" />
            <span className="min-w-0 flex-1 truncate">{name}</span>
            <IconButton
              label={`Turn ${name} away`}
              data-testid="refuse"
              icon={<UserX size={20} />}
              onClick={() => run(room.moderation.refuse(identity))}
            />
            <IconButton
              label={`Let ${name} in`}
              data-testid="admit"
              className="bg-accent text-on-accent hover:bg-accent-strong hover:text-on-accent"
              icon={<UserCheck size={20} />}
              onClick={() => run(room.moderation.admit(identity))}
            />
          </li>
        ))}
      </ul>
    </section>
  )
}

interface PersonRowProps {
  readonly room: Room
  readonly participant: Participant
  readonly mayActOn: boolean
  readonly isHost: boolean
}

function PersonRow({ room, participant, mayActOn, isHost }: PersonRowProps) {
  const badge = roleWords(participant.role)
  return (
    <li
      data-testid="participant-item"
      data-identity={participant.identity}
      data-role={participant.role}
      className="flex min-h-13 items-center gap-3 rounded-xl px-2 py-1.5"
    >
      <Avatar name={participant.name} identity={participant.identity} />
      <span className="min-w-0 flex-1">
        <span className="block truncate">{nameOf(participant)}</span>
        {badge !== undefined && <span className="block truncate text-ink-faint text-xs">{badge}</span>}
      </span>
      <span className="flex items-center gap-2 text-ink-faint">
        {participant.handRaisedAt !== undefined && (
          <Labelled label="Hand is raised" icon={<Hand size={18} className="text-warn" />} />
        )}
        {participant.screenShareEnabled && (
          <Labelled label="Shares the screen" icon={<MonitorUp size={18} />} />
        )}
        {!participant.cameraEnabled && <Labelled label="Camera is off" icon={<VideoOff size={18} />} />}
        {participant.microphoneEnabled ? (
          <Labelled label="Microphone is on" icon={<Mic size={18} className="text-ink" />} />
        ) : (
          <Labelled label="Muted" icon={<MicOff size={18} />} />
        )}
        {mayActOn && <PersonMenu room={room} participant={participant} isHost={isHost} />}
      </span>
    </li>
  )
}

function Labelled({ label, icon }: { readonly label: string; readonly icon: ReactNode }) {
  return (
    <span title={label}>
      {icon}
      <span className="sr-only">{label}</span>
    </span>
  )
}
