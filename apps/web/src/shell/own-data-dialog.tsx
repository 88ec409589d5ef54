import type { Session } from '@sangam/client'
import { Download } from 'lucide-react'
import { type FormEvent, useState } from 'react'
import { Button } from '../design/button.tsx'
import { Dialog } from '../design/dialog.tsx'
import { TextField } from '../design/text-field.tsx'
import { useNotify } from '../design/toasts.tsx'
import { errorWords } from '../session/error-words.ts'
import { useAction } from '../session/use-action.ts'
import { download } from './download.ts'

interface OwnDataDialogProps {
  readonly session: Session
  readonly open: boolean
  readonly onOpenChange: (open: boolean) => void
}

/** What the server keeps of oneself: a copy of it, and its end. */
export function OwnDataDialog({ session, open, onOpenChange }: OwnDataDialogProps) {
  return (
    <Dialog open={open} onOpenChange={onOpenChange} title="Your data">
      <SaveCopy session={session} />
      <hr className="my-5 border-line" />
      {open && <EraseForm session={session} />}
    </Dialog>
  )
}

function SaveCopy({ session }: { readonly session: Session }) {
  const notify = useNotify()
  const save = useAction(
    async () => download(await session.exportOwnData(), 'my-data.json'),
    (error) => notify(errorWords(error)),
  )
  return (
    <section aria-labelledby="own-data-copy">
      <h3 id="own-data-copy" className="font-medium text-sm">
        Save a copy
      </h3>
      <p className="mt-1 mb-3 text-ink-soft text-sm">
        All your messages and what else is kept of you, as a JSON file.
      </p>
      <Button busy={save.busy} onClick={() => save.run()} data-testid="save-own-data">
        <Download size={16} aria-hidden />
        Save my data
      </Button>
    </section>
  )
}

function EraseForm({ session }: { readonly session: Session }) {
  const notify = useNotify()
  const [typed, setTyped] = useState('')
  const erase = useAction(
    () => session.eraseOwnData(),
    (error) => notify(errorWords(error)),
  )
  const isSure = typed.trim() === session.name
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (isSure) erase.run()
  }
  return (
    <form onSubmit={submit} aria-labelledby="own-data-end">
      <h3 id="own-data-end" className="font-medium text-sm">
        Erase yourself
      </h3>
      <p className="mt-1 mb-3 text-ink-soft text-sm">
        Your messages, files, reactions and memberships go, for everybody and for good, and you are signed out
        everywhere. What others wrote stays. This can’t be undone.
      </p>
      <TextField
        label={`Type your name, ${session.name}, to confirm`}
        autoComplete="off"
        value={typed}
        data-testid="erase-name"
        onChange={(event) => setTyped(event.target.value)}
      />
      <Button
        type="submit"
        variant="danger"
        disabled={!isSure}
        busy={erase.busy}
        data-testid="erase-own-data"
      >
        Erase me
      </Button>
    </form>
  )
}
