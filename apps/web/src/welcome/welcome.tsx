import { type FormEvent, useState } from 'react'
import { Button } from '../design/button.tsx'
import { Logo } from '../design/logo.tsx'
import { TextField } from '../design/text-field.tsx'
import { ThemeSwitch } from '../design/theme-switch.tsx'
import { useServerInfo } from './use-server-info.ts'

const NAME_LENGTH = 64

interface WelcomeProps {
  /** What the field begins with. */
  readonly name: string
  readonly busy: boolean
  /** Why the last attempt failed, in words. */
  readonly problem?: string
  readonly onContinue: (name: string) => void
}

/** The first thing anybody sees: what this is, and the one question. */
export function Welcome({ name: initialName, busy, problem, onContinue }: WelcomeProps) {
  const info = useServerInfo()
  const closed = info?.guests === false
  return (
    <div className="grid min-h-dvh grid-rows-[auto_1fr_auto] bg-canvas p-6 sm:p-8">
      <header className="flex justify-end">
        <ThemeSwitch />
      </header>
      <main className="mx-auto flex w-full max-w-sm flex-col justify-center py-8">
        <Logo className="mb-8 size-12" />
        <h1 className="font-semibold text-3xl tracking-tight">Sangam</h1>
        <p className="mt-2 mb-10 text-balance text-ink-soft text-lg">
          Chat, call and meet, on a server of your own.
        </p>
        {closed ? (
          <p role="status" className="rounded-2xl bg-sunken p-4 text-ink-soft">
            This server does not let guests in. Ask whoever runs it for an invitation.
          </p>
        ) : (
          <NameForm initialName={initialName} busy={busy} problem={problem} onContinue={onContinue} />
        )}
      </main>
      <footer className="text-center text-ink-faint text-xs">
        {info === undefined ? ' ' : location.host}
      </footer>
    </div>
  )
}

interface NameFormProps extends Pick<WelcomeProps, 'busy' | 'onContinue'> {
  readonly initialName: string
  readonly problem: string | undefined
}

function NameForm({ initialName, busy, problem, onContinue }: NameFormProps) {
  const [name, setName] = useState(initialName)
  const [missing, setMissing] = useState(false)
  const submit = (event: FormEvent) => {
    event.preventDefault()
    const trimmed = name.trim()
    setMissing(trimmed === '')
    if (trimmed !== '') onContinue(trimmed)
  }
  return (
    <form onSubmit={submit} noValidate>
      <TextField
        label="What should people call you?"
        data-testid="name-input"
        name="name"
        autoComplete="nickname"
        autoFocus
        maxLength={NAME_LENGTH}
        placeholder="Your name"
        value={name}
        onChange={(event) => setName(event.target.value)}
        error={missing && name.trim() === '' ? 'Enter a name to go on.' : problem}
      />
      <Button
        type="submit"
        variant="primary"
        size="large"
        className="mt-3 w-full"
        busy={busy}
        data-testid="continue"
      >
        Continue
      </Button>
    </form>
  )
}
