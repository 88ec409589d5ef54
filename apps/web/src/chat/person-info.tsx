import type { Person } from '@sangam/client'
import { Avatar } from '../design/avatar.tsx'
import { Dialog } from '../design/dialog.tsx'
import { SwitchField } from '../design/switch-field.tsx'
import { presenceWords } from '../shell/presence-words.ts'

interface PersonInfoProps {
  readonly open: boolean
  readonly onOpenChange: (open: boolean) => void
  readonly name: string
  readonly identity: string
  readonly person: Person | undefined
  readonly isBlocked: boolean | undefined
  readonly onBlock: (on: boolean) => void
}

/** The other person of a direct conversation, and whether they may write and call. */
export function PersonInfo(props: PersonInfoProps) {
  const { open, onOpenChange, name, identity, person, isBlocked, onBlock } = props
  return (
    <Dialog open={open} onOpenChange={onOpenChange} title={name}>
      <div className="mb-2 flex items-center gap-3">
        <Avatar
          name={name}
          identity={identity}
          {...(person === undefined ? {} : { presence: person.presence })}
        />
        <p className="text-ink-soft text-sm">
          {person === undefined ? 'Not here now' : presenceWords(person, Date.now())}
        </p>
      </div>
      <SwitchField
        label="Blocked"
        hint={`${name} can’t write to you or call you, and is not told. Groups that you share stay as they are.`}
        checked={isBlocked === true}
        disabled={isBlocked === undefined}
        testId="block"
        onChange={onBlock}
      />
    </Dialog>
  )
}

/** Stands over the composer while the other person is blocked. */
export function BlockedBar({ name, onUnblock }: { readonly name: string; readonly onUnblock: () => void }) {
  return (
    <p
      role="status"
      data-testid="blocked-bar"
      className="flex flex-wrap items-center justify-center gap-x-3 border-line border-b bg-sunken px-4 py-2 text-sm"
    >
      You have blocked {name}.
      <button
        type="button"
        className="rounded font-medium text-accent underline underline-offset-2"
        onClick={onUnblock}
      >
        Unblock
      </button>
    </p>
  )
}
