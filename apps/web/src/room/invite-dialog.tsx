import type { NewRoomInvite, Room } from '@sangam/client'
import { Check, Copy } from 'lucide-react'
import { useState } from 'react'
import { Button } from '../design/button.tsx'
import { Dialog } from '../design/dialog.tsx'
import { SelectField } from '../design/select-field.tsx'
import { errorWords } from '../session/error-words.ts'
import { useAction } from '../session/use-action.ts'
import { untilWords } from './room-words.ts'

interface InviteDialogProps {
  readonly room: Room
  readonly isHost: boolean
  readonly open: boolean
  readonly onOpenChange: (open: boolean) => void
}

const VALID_FOR = [
  ['3600', 'One hour'],
  ['86400', 'One day'],
  ['604800', 'One week'],
  ['2592000', '30 days'],
] as const

/** Makes a link that lets people in with a role, past the lobby, for a while. */
export function InviteDialog({ room, isHost, open, onOpenChange }: InviteDialogProps) {
  const [role, setRole] = useState('speaker')
  const [ttlSeconds, setTtlSeconds] = useState('86400')
  const [made, setMade] = useState<NewRoomInvite>()
  const [problem, setProblem] = useState<string>()
  const make = useAction(
    async () => {
      setProblem(undefined)
      setMade(await room.moderation.createInvite({ role, ttlSeconds: Number(ttlSeconds) }))
    },
    (error) => setProblem(errorWords(error)),
  )
  const close = (next: boolean) => {
    if (!next) setMade(undefined)
    onOpenChange(next)
  }
  return (
    <Dialog
      open={open}
      onOpenChange={close}
      title="Invite people"
      description="Whoever opens the link comes in without waiting in the lobby, until it expires or you take it back in the settings."
    >
      {made === undefined ? (
        <>
          <SelectField
            label="They come in as"
            value={role}
            testId="invite-role"
            options={[
              ['speaker', 'Speaker'],
              ['listener', 'Listener'],
              ...(isHost ? [['cohost', 'Co-host'] as const] : []),
            ]}
            onChange={setRole}
          />
          <SelectField
            label="The link is valid for"
            value={ttlSeconds}
            testId="invite-ttl"
            options={VALID_FOR}
            onChange={setTtlSeconds}
          />
          {problem !== undefined && (
            <p role="alert" className="mt-2 text-danger-ink text-sm">
              {problem}
            </p>
          )}
          <Button
            variant="primary"
            size="large"
            className="mt-4 w-full"
            data-testid="invite-create"
            busy={make.busy}
            onClick={() => make.run()}
          >
            Make a link
          </Button>
        </>
      ) : (
        <MadeLink invite={made} />
      )}
    </Dialog>
  )
}

function MadeLink({ invite }: { readonly invite: NewRoomInvite }) {
  const [copied, setCopied] = useState(false)
  const link = inviteLink(invite.invite)
  const copy = () => {
    // Where the browser forbids it, the field is there to be copied by hand.
    navigator.clipboard.writeText(link).then(
      () => setCopied(true),
      () => undefined,
    )
  }
  return (
    <>
      <label className="mb-1.5 block font-medium text-sm" htmlFor="invite-link">
        The link
      </label>
      <input
        id="invite-link"
        data-testid="invite-link"
        readOnly
        value={link}
        onFocus={(event) => event.target.select()}
        className="h-12 w-full rounded-xl border border-line-strong bg-sunken px-4 text-base"
      />
      <p className="mt-1.5 text-ink-soft text-sm">
        Expires {untilWords(invite.expiresAt, Date.now())}. It is shown only now: copy it.
      </p>
      <Button variant="primary" size="large" className="mt-4 w-full" data-testid="invite-copy" onClick={copy}>
        {copied ? <Check size={18} aria-hidden /> : <Copy size={18} aria-hidden />}
        <span aria-live="polite">{copied ? 'Copied' : 'Copy the link'}</span>
      </Button>
    </>
  )
}

/** The invite stands behind the #: it is in no request, and so in no log. */
function inviteLink(invite: string): string {
  const { origin, pathname } = location
  return `${origin}${pathname}#invite=${invite}`
}
