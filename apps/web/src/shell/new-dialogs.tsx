import type { Session } from '@sangam/client'
import { usePeople } from '@sangam/react'
import { type FormEvent, type ReactNode, useState } from 'react'
import { useLocation } from 'wouter'
import { Button } from '../design/button.tsx'
import { Dialog } from '../design/dialog.tsx'
import { TextField } from '../design/text-field.tsx'
import { useNotify } from '../design/toasts.tsx'
import { errorWords } from '../session/error-words.ts'
import { useAction } from '../session/use-action.ts'
import { orderPeople } from './order-people.ts'
import { slugOf } from './slug.ts'

const NAME_LENGTH = 64

interface DialogProps {
  readonly open: boolean
  readonly onOpenChange: (open: boolean) => void
}

/** Names a room and goes to its lobby; it comes into being when the first person joins. */
export function NewRoomDialog({ open, onOpenChange }: DialogProps) {
  const [, navigate] = useLocation()
  const go = (name: string) => {
    onOpenChange(false)
    navigate(`/rooms/${encodeURIComponent(slugOf(name))}`, { state: { name } })
  }
  return (
    <Dialog
      open={open}
      onOpenChange={onOpenChange}
      title="Create a room"
      description="A place to meet by voice and video. Whoever has its address can join."
    >
      <NameForm
        label="Name of the room"
        placeholder="Standup"
        testId="room-name"
        action="Continue"
        onName={go}
      />
    </Dialog>
  )
}

/** Names a group: an open one that is found by its name, or a private one of chosen people. */
export function NewConversationDialog({
  session,
  open,
  onOpenChange,
}: DialogProps & { readonly session: Session }) {
  const [, navigate] = useLocation()
  const notify = useNotify()
  const [isPrivate, setPrivate] = useState(false)
  const [members, setMembers] = useState<readonly string[]>([])
  const create = useAction(
    async (title: string) => {
      const conversation = await session.createConversation({ title, members })
      setMembers([])
      onOpenChange(false)
      navigate(`/c/${encodeURIComponent(conversation.conversationId)}`)
    },
    (error) => notify(errorWords(error)),
  )
  const go = (name: string) => {
    if (isPrivate) {
      create.run(name)
      return
    }
    onOpenChange(false)
    navigate(`/c/${encodeURIComponent(slugOf(name))}`)
  }
  return (
    <Dialog
      open={open}
      onOpenChange={onOpenChange}
      title="New conversation"
      description="For a team or a topic. To write to one person, choose them from the list."
    >
      <NameForm
        label="Name of the conversation"
        placeholder="Team"
        testId="conversation-name"
        action={isPrivate ? 'Create' : 'Open'}
        busy={create.busy}
        onName={go}
      >
        <label className="mb-2 flex items-center gap-3 text-sm">
          <input
            type="checkbox"
            data-testid="conversation-private"
            checked={isPrivate}
            onChange={(event) => setPrivate(event.target.checked)}
            className="size-5 accent-accent"
          />
          <span>
            Private
            <span className="block text-ink-faint text-xs">
              {isPrivate ? 'Only its members see it.' : 'Everybody here may find it by its name and read it.'}
            </span>
          </span>
        </label>
        {isPrivate && <PeopleChoice chosen={members} onChange={setMembers} />}
      </NameForm>
    </Dialog>
  )
}

function PeopleChoice(props: {
  readonly chosen: readonly string[]
  readonly onChange: (chosen: readonly string[]) => void
}) {
  const { chosen, onChange } = props
  const people = orderPeople(usePeople())
  if (people.length === 0) return <p className="py-2 text-ink-faint text-sm">Nobody else is here yet.</p>
  const toggle = (identity: string, on: boolean) =>
    onChange(on ? [...chosen, identity] : chosen.filter((one) => one !== identity))
  return (
    <ul aria-label="Members" className="max-h-48 overflow-y-auto rounded-xl border border-line p-1">
      {people.slice(0, 200).map(({ identity, name }) => (
        <li key={identity}>
          <label className="flex items-center gap-3 rounded-lg px-2 py-1.5 hover:bg-sunken">
            <input
              type="checkbox"
              data-testid="choose-person"
              checked={chosen.includes(identity)}
              onChange={(event) => toggle(identity, event.target.checked)}
              className="size-4 accent-accent"
            />
            <span className="min-w-0 truncate">{name}</span>
          </label>
        </li>
      ))}
    </ul>
  )
}

interface NameFormProps {
  readonly label: string
  readonly placeholder: string
  readonly testId: string
  readonly action: string
  readonly busy?: boolean
  readonly onName: (name: string) => void
  readonly children?: ReactNode
}

function NameForm({ label, placeholder, testId, action, busy = false, onName, children }: NameFormProps) {
  const [name, setName] = useState('')
  const [missing, setMissing] = useState(false)
  const submit = (event: FormEvent) => {
    event.preventDefault()
    const trimmed = name.trim()
    if (trimmed === '') setMissing(true)
    else onName(trimmed)
  }
  return (
    <form onSubmit={submit} noValidate>
      <TextField
        label={label}
        data-testid={testId}
        autoComplete="off"
        maxLength={NAME_LENGTH}
        placeholder={placeholder}
        value={name}
        onChange={(event) => setName(event.target.value)}
        error={missing && name.trim() === '' ? 'Enter a name to go on.' : undefined}
      />
      {children}
      <Button
        type="submit"
        busy={busy}
        variant="primary"
        size="large"
        className="mt-2 w-full"
        data-testid={`${testId.split('-')[0]}-create-submit`}
      >
        {action}
      </Button>
    </form>
  )
}
