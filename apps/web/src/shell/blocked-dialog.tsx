import type { Session } from '@sangam/client'
import { usePeople } from '@sangam/react'
import { Avatar } from '../design/avatar.tsx'
import { Button } from '../design/button.tsx'
import { Dialog } from '../design/dialog.tsx'
import { LoadedList } from '../design/loaded-list.tsx'
import { useNotify } from '../design/toasts.tsx'
import { errorWords } from '../session/error-words.ts'

interface BlockedDialogProps {
  readonly session: Session
  readonly open: boolean
  readonly onOpenChange: (open: boolean) => void
}

/** Everybody whom this person has blocked. */
export function BlockedDialog({ session, open, onOpenChange }: BlockedDialogProps) {
  const people = usePeople()
  const notify = useNotify()
  const nameOf = (identity: string) => people.find((one) => one.identity === identity)?.name ?? identity
  return (
    <Dialog
      open={open}
      onOpenChange={onOpenChange}
      title="Blocked people"
      description="They can’t write to you or call you, and are not told."
    >
      {open && (
        <LoadedList
          label="Blocked people"
          load={() => session.blocked()}
          empty="Nobody. To block somebody, open your conversation with them and choose the person at the top."
        >
          {(identity, reload) => (
            <li key={identity} data-testid="blocked-person" className="flex items-center gap-3 py-1.5">
              <Avatar name={nameOf(identity)} identity={identity} size="small" />
              <span className="min-w-0 flex-1 truncate">{nameOf(identity)}</span>
              <Button
                aria-label={`Unblock ${nameOf(identity)}`}
                onClick={() => {
                  session.block(identity, false).then(reload, (error: unknown) => notify(errorWords(error)))
                }}
              >
                Unblock
              </Button>
            </li>
          )}
        </LoadedList>
      )}
    </Dialog>
  )
}
