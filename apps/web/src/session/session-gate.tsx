import { browserGuestStorage, connect, type GuestStorage, isSangamError, type Session } from '@sangam/client'
import { type ReactNode, useCallback, useEffect, useMemo, useRef, useState } from 'react'
import { Button } from '../design/button.tsx'
import { Loading, Notice } from '../design/notice.tsx'
import { Welcome } from '../welcome/welcome.tsx'
import { errorWords } from './error-words.ts'

declare global {
  interface Window {
    /** A debugging aid: the session of this page, for a look from the browser's console. It grants nothing new. */
    __sangam?: { readonly session: Session }
  }
}

type Gate =
  | { readonly at: 'welcome'; readonly name: string; readonly problem?: string }
  | { readonly at: 'connecting'; readonly name: string; readonly returning: boolean }
  | { readonly at: 'refused'; readonly name: string; readonly error: unknown }
  | { readonly at: 'open'; readonly session: Session }

/** Errors that mean: these credentials are worth nothing any more. */
const SIGN_IN_AGAIN = [
  'unauthenticated',
  'tokenExpired',
  'guestsDisabled',
  'invalidMessage',
  'forbidden',
] as const

interface SessionGateProps {
  readonly children: (session: Session, signOut: () => void) => ReactNode
}

/** Lets a person in: by what is stored from an earlier visit, or by the name they give. */
export function SessionGate({ children }: SessionGateProps) {
  const storage = useMemo(() => browserGuestStorage(location.origin), [])
  const [gate, setGate] = useState<Gate>(() => firstGate(storage))
  const enter = useEnter(storage, setGate)

  // Once, for a person who was here before; a ref, since development mode runs effects twice.
  const begun = useRef(false)
  useEffect(() => {
    if (begun.current) return
    begun.current = true
    const stored = storage.load()
    if (stored !== undefined) enter(stored.name, true)
  }, [enter, storage])

  const signOut = useCallback(() => {
    storage.clear()
    // This device may be somebody else's next: nothing of this person stays on it.
    if (gate.at === 'open') void gate.session.close({ forget: true })
    setGate({ at: 'welcome', name: gate.at === 'open' ? gate.session.name : '' })
  }, [gate, storage])

  const session = gate.at === 'open' ? gate.session : undefined
  useEffect(
    () =>
      session?.on('closed', (error) => {
        if (isSangamError(error, 'erased')) setGate({ at: 'welcome', name: '', problem: errorWords(error) })
      }),
    [session],
  )

  if (gate.at === 'open') return children(gate.session, signOut)
  if (gate.at === 'refused') return <Refused error={gate.error} onRetry={() => enter(gate.name, true)} />
  if (gate.at === 'connecting' && gate.returning) return <Loading label={`Welcome back, ${gate.name}…`} />
  return (
    <Welcome
      name={gate.name}
      busy={gate.at === 'connecting'}
      {...(gate.at === 'welcome' && gate.problem !== undefined ? { problem: gate.problem } : {})}
      onContinue={(name) => enter(name, false)}
    />
  )
}

/** Somebody who was here before can't come back right now, though nothing is wrong with who they are. */
function Refused({ error, onRetry }: { readonly error: unknown; readonly onRetry: () => void }) {
  const outdated = isSangamError(error, 'protocolTooOld')
  return (
    <Notice
      title={outdated ? 'A newer Sangam is here' : 'You can’t be let in right now'}
      action={
        <Button variant="primary" onClick={outdated ? () => location.reload() : onRetry}>
          {outdated ? 'Reload' : 'Try again'}
        </Button>
      }
    >
      {errorWords(error)}
    </Notice>
  )
}

function firstGate(storage: GuestStorage): Gate {
  const stored = storage.load()
  if (stored === undefined) return { at: 'welcome', name: '' }
  return { at: 'connecting', name: stored.name, returning: true }
}

function useEnter(storage: GuestStorage, setGate: (gate: Gate) => void) {
  return useCallback(
    (name: string, returning: boolean) => {
      setGate({ at: 'connecting', name, returning })
      const known = storage.load()
      // Whoever was here before begins with what this device holds when the server can't be reached.
      const offline = returning && known?.name === name ? { offline: known } : {}
      connect(location.origin, { guest: { name, storage }, ...offline }).then(
        (session) => {
          window.__sangam = { session }
          setGate({ at: 'open', session })
        },
        (error: unknown) => {
          const again = isSangamError(error, ...SIGN_IN_AGAIN)
          if (again) storage.clear()
          if (returning && !again) setGate({ at: 'refused', name, error })
          else setGate({ at: 'welcome', name, problem: errorWords(error) })
        },
      )
    },
    [setGate, storage],
  )
}
