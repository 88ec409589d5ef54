import type { Person, Session, SettablePresence } from '@sangam/client'
import { usePeople } from '@sangam/react'
import { Check, FileUser, LogOut, UserX } from 'lucide-react'
import { DropdownMenu } from 'radix-ui'
import { useState } from 'react'
import { Avatar } from '../design/avatar.tsx'
import { setTheme, type Theme, useTheme } from '../design/theme.ts'
import { useNotify } from '../design/toasts.tsx'
import { type PushChoice, type PushSetting, usePush } from '../push/use-push.ts'
import { errorWords, notificationErrorWords } from '../session/error-words.ts'
import { BlockedDialog } from './blocked-dialog.tsx'
import { OwnDataDialog } from './own-data-dialog.tsx'

const ITEM =
  'flex cursor-pointer select-none items-center gap-2.5 rounded-lg px-2.5 py-2 text-sm outline-none data-[highlighted]:bg-sunken'

/** Oneself: whether to be seen as here, how the app looks, and the way out. */
export function MeMenu({
  session,
  onSignOut,
}: {
  readonly session: Session
  readonly onSignOut: () => void
}) {
  const me = usePeople().find((person) => person.self)
  const [dialog, setDialog] = useState<'blocked' | 'ownData'>()
  return (
    <>
      <MeDropdown session={session} me={me} onChoose={setDialog} onSignOut={onSignOut} />
      <BlockedDialog
        session={session}
        open={dialog === 'blocked'}
        onOpenChange={() => setDialog(undefined)}
      />
      <OwnDataDialog
        session={session}
        open={dialog === 'ownData'}
        onOpenChange={() => setDialog(undefined)}
      />
    </>
  )
}

function MeDropdown(props: {
  readonly session: Session
  readonly me: Person | undefined
  readonly onChoose: (dialog: 'blocked' | 'ownData') => void
  readonly onSignOut: () => void
}) {
  const { session, me, onChoose, onSignOut } = props
  const [open, setOpen] = useState(false)
  const push = usePush(session, open)
  return (
    // Not modal: Radix's scroll lock injects a style element, which the policy forbids.
    <DropdownMenu.Root modal={false} open={open} onOpenChange={setOpen}>
      <DropdownMenu.Trigger
        aria-label={`${session.name}: status, theme and sign out`}
        data-testid="me-menu"
        className="rounded-full"
      >
        <Avatar
          name={session.name}
          identity={session.identity}
          size="small"
          presence={me?.presence ?? 'online'}
        />
      </DropdownMenu.Trigger>
      <DropdownMenu.Portal>
        <DropdownMenu.Content
          align="end"
          sideOffset={8}
          collisionPadding={8}
          className="z-50 min-w-56 animate-appear rounded-2xl border border-line bg-raised p-1.5 shadow-raised"
        >
          <p className="truncate px-2.5 py-2 font-semibold">{session.name}</p>
          <StatusItems session={session} current={me?.presence === 'away' ? 'away' : 'online'} />
          <Line />
          <ThemeItems />
          <Line />
          {push === undefined ? null : <PushItems push={push} />}
          <DropdownMenu.Item
            className={ITEM}
            onSelect={() => onChoose('blocked')}
            data-testid="blocked-people"
          >
            <UserX size={16} aria-hidden />
            Blocked people
          </DropdownMenu.Item>
          <DropdownMenu.Item className={ITEM} onSelect={() => onChoose('ownData')} data-testid="own-data">
            <FileUser size={16} aria-hidden />
            Your data
          </DropdownMenu.Item>
          <DropdownMenu.Item className={ITEM} onSelect={onSignOut} data-testid="sign-out">
            <LogOut size={16} aria-hidden />
            Sign out
          </DropdownMenu.Item>
        </DropdownMenu.Content>
      </DropdownMenu.Portal>
    </DropdownMenu.Root>
  )
}

function StatusItems({
  session,
  current,
}: {
  readonly session: Session
  readonly current: SettablePresence
}) {
  const notify = useNotify()
  const choose = (status: string) => {
    session.setStatus(status as SettablePresence).catch((error: unknown) => notify(errorWords(error)))
  }
  return (
    <DropdownMenu.RadioGroup aria-label="Status" value={current} onValueChange={choose}>
      <RadioItem value="online" label="Online" />
      <RadioItem value="away" label="Away" />
    </DropdownMenu.RadioGroup>
  )
}

function ThemeItems() {
  const theme = useTheme()
  return (
    <DropdownMenu.RadioGroup
      aria-label="Theme"
      value={theme}
      onValueChange={(value) => setTheme(value as Theme)}
    >
      <RadioItem value="system" label="Theme of the device" />
      <RadioItem value="light" label="Light" />
      <RadioItem value="dark" label="Dark" />
    </DropdownMenu.RadioGroup>
  )
}

function PushItems({ push }: { readonly push: PushSetting }) {
  const notify = useNotify()
  const choose = (choice: string) => {
    push.choose(choice as PushChoice).catch((error: unknown) => notify(notificationErrorWords(error)))
  }
  return (
    <>
      <DropdownMenu.RadioGroup
        aria-label="Notifications while this page is closed"
        value={push.choice ?? ''}
        onValueChange={choose}
      >
        <RadioItem value="off" label="No notifications" />
        <RadioItem value="plain" label="Notifications" />
        <RadioItem value="words" label="Notifications with the words" />
      </DropdownMenu.RadioGroup>
      <Line />
    </>
  )
}

function RadioItem({ value, label }: { readonly value: string; readonly label: string }) {
  return (
    <DropdownMenu.RadioItem value={value} className={ITEM}>
      <span className="grid size-4 place-items-center">
        <DropdownMenu.ItemIndicator>
          <Check size={16} className="text-accent" aria-hidden />
        </DropdownMenu.ItemIndicator>
      </span>
      {label}
    </DropdownMenu.RadioItem>
  )
}

function Line() {
  return <DropdownMenu.Separator className="mx-2.5 my-1.5 h-px bg-line" />
}
