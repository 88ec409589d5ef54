import type { Session } from '@sangam/client'
import { useStore } from '@sangam/react'
import { WifiOff } from 'lucide-react'
import { useSyncExternalStore } from 'react'
import { classNames } from '../design/class-names.ts'
import { Spinner } from '../design/spinner.tsx'
import { connectionWords } from './connection-words.ts'

/** One calm line while the connection is not there; otherwise nothing that anyone sees. */
export function ConnectionBanner({
  session,
  onSignIn,
}: {
  readonly session: Session
  readonly onSignIn: () => void
}) {
  const connection = useStore(session.connection)
  const networkUp = useSyncExternalStore(subscribeNetwork, () => navigator.onLine)
  const words = connectionWords(connection, networkUp)
  return (
    <div role="status" data-testid="connection-state" data-state={connection.state}>
      {words !== undefined && (
        <div
          className={classNames(
            'safe-top flex items-center justify-center gap-2.5 px-4 [--safe-lead:0.5rem] pb-2 text-sm',
            words.tone === 'waiting' ? 'late bg-warn-soft text-ink' : 'bg-danger-soft text-danger-ink',
          )}
        >
          {words.tone === 'waiting' && networkUp ? (
            <Spinner className="size-4" />
          ) : (
            <WifiOff aria-hidden size={16} />
          )}
          <span>{words.text}</span>
          {words.action !== undefined && (
            <button
              type="button"
              className="rounded font-medium underline underline-offset-2"
              onClick={words.action === 'reload' ? () => location.reload() : onSignIn}
            >
              {words.action === 'reload' ? 'Reload' : 'Sign in again'}
            </button>
          )}
        </div>
      )}
    </div>
  )
}

function subscribeNetwork(listener: () => void): () => void {
  window.addEventListener('online', listener)
  window.addEventListener('offline', listener)
  return () => {
    window.removeEventListener('online', listener)
    window.removeEventListener('offline', listener)
  }
}
