import type { BannedPerson, Room, RoomInvite, RoomSettings, RoomSnapshot } from '@sangam/client'
import { type ReactNode, useCallback, useEffect, useState } from 'react'
import { Button } from '../design/button.tsx'
import { Dialog, DialogSection } from '../design/dialog.tsx'
import { SelectField } from '../design/select-field.tsx'
import { SwitchField } from '../design/switch-field.tsx'
import { errorWords } from '../session/error-words.ts'
import { roleWords, untilWords } from './room-words.ts'

interface RoomSettingsDialogProps {
  readonly room: Room
  readonly snapshot: RoomSnapshot
  readonly open: boolean
  readonly onOpenChange: (open: boolean) => void
}

type Options = readonly (readonly [value: string, label: string])[]

const LENGTHS: Options = [
  ['', 'No limit'],
  ['15', '15 minutes'],
  ['30', '30 minutes'],
  ['60', 'One hour'],
  ['120', 'Two hours'],
  ['480', 'Eight hours'],
]
const SIZES: Options = [
  ['', 'No limit'],
  ...['2', '5', '10', '25', '50', '100'].map((size) => [size, size] as const),
]
const ROLES: Options = [
  ['speaker', 'Speakers'],
  ['listener', 'Listeners'],
]

/** What is on or off. */
const SWITCHES = [
  {
    key: 'lobby',
    label: 'Lobby',
    hint: 'Newcomers wait until somebody lets them in.',
    testId: 'setting-lobby',
  },
  { key: 'locked', label: 'Locked', hint: 'Nobody new may enter.', testId: 'setting-locked' },
  {
    key: 'listed',
    label: 'In the list of rooms',
    hint: 'Otherwise people need its link.',
    testId: 'setting-listed',
  },
  {
    key: 'mayUnmute',
    label: 'People may unmute themselves',
    hint: 'After a host muted them.',
    testId: 'setting-unmute',
  },
] as const

/** What is one of a few; no limit is an empty value. */
const CHOICES = [
  {
    key: 'newcomerRole',
    label: 'Newcomers are',
    options: ROLES,
    testId: 'setting-newcomers',
    of: (text: string) => text,
  },
  { key: 'maxParticipants', label: 'At most', options: SIZES, testId: 'setting-size', of: limitOf },
  { key: 'maxMinutes', label: 'Ends after', options: LENGTHS, testId: 'setting-length', of: limitOf },
] as const

/** How the room is set up. Each change takes effect at once, for everybody. */
export function RoomSettingsDialog({ room, snapshot, open, onOpenChange }: RoomSettingsDialogProps) {
  const [problem, setProblem] = useState<string>()
  const { settings } = snapshot
  const run = useCallback((action: Promise<unknown>) => {
    setProblem(undefined)
    action.catch((error: unknown) => setProblem(errorWords(error)))
  }, [])
  const change = (part: Partial<RoomSettings>) => run(room.moderation.changeSettings(part))
  return (
    <Dialog open={open} onOpenChange={onOpenChange} title="Room settings">
      <div className="divide-y divide-line">
        {SWITCHES.map(({ key, ...field }) => (
          <SwitchField
            key={key}
            {...field}
            checked={settings[key]}
            onChange={(checked) => change({ [key]: checked })}
          />
        ))}
        {CHOICES.map(({ key, options, of, ...field }) => {
          const value = String(settings[key] ?? '')
          return (
            <SelectField
              key={key}
              {...field}
              value={value}
              options={withCurrent(options, value)}
              onChange={(chosen) => change({ [key]: of(chosen) })}
            />
          )
        })}
      </div>
      {problem !== undefined && (
        <p role="alert" className="mt-2 text-danger-ink text-sm">
          {problem}
        </p>
      )}
      {open && <Invites room={room} run={run} />}
      {open && <Bans room={room} run={run} />}
    </Dialog>
  )
}

function limitOf(text: string): number | null {
  return text === '' ? null : Number(text)
}

/** A value that an application set stands in the list, too. */
const withCurrent = (options: Options, value: string): Options =>
  options.some(([option]) => option === value) ? options : [...options, [value, value]]

interface ListProps {
  readonly room: Room
  readonly run: (action: Promise<unknown>) => void
}

function Invites({ room, run }: ListProps) {
  const [invites, setInvites] = useState<readonly RoomInvite[]>([])
  const load = useCallback(async () => setInvites(await room.moderation.invites()), [room])
  useEffect(() => run(load()), [load, run])
  return (
    <ListOf title="Invites that are valid" count={invites.length}>
      {invites.map(({ inviteId, role, expiresAt }) => (
        <Row
          key={inviteId}
          name={roleWords(role) ?? 'Speaker'}
          detail={`Expires ${untilWords(expiresAt, Date.now())}`}
          action="Take back"
          onAction={() => run(room.moderation.revokeInvite(inviteId).then(load))}
        />
      ))}
    </ListOf>
  )
}

function Bans({ room, run }: ListProps) {
  const [banned, setBanned] = useState<readonly BannedPerson[]>([])
  const load = useCallback(async () => setBanned(await room.moderation.bans()), [room])
  useEffect(() => run(load()), [load, run])
  return (
    <ListOf title="Banned" count={banned.length}>
      {banned.map(({ identity, name }) => (
        <Row
          key={identity}
          name={name}
          action="Lift"
          onAction={() => run(room.moderation.unban(identity).then(load))}
        />
      ))}
    </ListOf>
  )
}

interface ListOfProps {
  readonly title: string
  readonly count: number
  readonly children: ReactNode
}

function ListOf({ title, count, children }: ListOfProps) {
  if (count === 0) return null
  return (
    <DialogSection title={title}>
      <ul className="divide-y divide-line">{children}</ul>
    </DialogSection>
  )
}

interface RowProps {
  readonly name: string
  readonly detail?: string
  readonly action: string
  readonly onAction: () => void
}

function Row({ name, detail, action, onAction }: RowProps) {
  return (
    <li className="flex items-center justify-between gap-3 py-2">
      <span className="min-w-0">
        <span className="block truncate text-sm">{name}</span>
        {detail !== undefined && <span className="block text-ink-faint text-xs">{detail}</span>}
      </span>
      <Button onClick={onAction} aria-label={`${action}: ${name}`}>
        {action}
      </Button>
    </li>
  )
}
