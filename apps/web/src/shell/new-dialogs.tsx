import { type FormEvent, useState } from 'react'
import { useLocation } from 'wouter'
import { Button } from '../design/button.tsx'
import { Dialog } from '../design/dialog.tsx'
import { TextField } from '../design/text-field.tsx'
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

/** Names a group conversation and opens it; it comes into being when it is first opened. */
export function NewConversationDialog({ open, onOpenChange }: DialogProps) {
  const [, navigate] = useLocation()
  const go = (name: string) => {
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
        action="Open"
        onName={go}
      />
    </Dialog>
  )
}

interface NameFormProps {
  readonly label: string
  readonly placeholder: string
  readonly testId: string
  readonly action: string
  readonly onName: (name: string) => void
}

function NameForm({ label, placeholder, testId, action, onName }: NameFormProps) {
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
      <Button
        type="submit"
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
