import type { Person } from '@sangam/client'
import { Flag } from 'lucide-react'
import { useState } from 'react'
import { Avatar } from '../design/avatar.tsx'
import { Button } from '../design/button.tsx'
import { Dialog } from '../design/dialog.tsx'
import { SwitchField } from '../design/switch-field.tsx'
import { presenceWords } from '../shell/presence-words.ts'
import { ReportDialog } from './report-dialog.tsx'

interface PersonInfoProps {
  readonly open: boolean
  readonly onOpenChange: (open: boolean) => void
  readonly name: string
  readonly identity: string
  readonly person: Person | undefined
  readonly isBlocked: boolean | undefined
  readonly onBlock: (on: boolean) => void
  readonly onReport: (reason: string) => Promise<void>
}

/** The other person of a direct conversation: whether they may write and call, and a way to report them. */
export function PersonInfo(props: PersonInfoProps) {
  const { open, onOpenChange, name, identity, person, isBlocked, onBlock, onReport } = props
  const [reports, setReports] = useState(false)
  return (
    <>
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
        <Button
          className="mt-3"
          data-testid="report-person"
          onClick={() => {
            onOpenChange(false)
            setReports(true)
          }}
        >
          <Flag size={16} aria-hidden />
          Report {name}
        </Button>
      </Dialog>
      <ReportDialog
        open={reports}
        onOpenChange={setReports}
        title={`Report ${name}`}
        description={`Your reason goes to whoever runs the server. ${name} is not told.`}
        onReport={onReport}
      />
    </>
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
