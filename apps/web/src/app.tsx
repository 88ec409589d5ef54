import { SangamProvider } from '@sangam/react'
import { Tooltip } from 'radix-ui'
import { ToastProvider } from './design/toasts.tsx'
import { LiveProvider } from './live/live.tsx'
import { SessionGate } from './session/session-gate.tsx'
import { Shell } from './shell/shell.tsx'

/** Everything, from the welcome page to the rooms. */
export function App() {
  return (
    <Tooltip.Provider delayDuration={500}>
      <ToastProvider>
        <SessionGate>
          {(session, signOut) => (
            <SangamProvider session={session}>
              <LiveProvider session={session}>
                <Shell session={session} onSignOut={signOut} />
              </LiveProvider>
            </SangamProvider>
          )}
        </SessionGate>
      </ToastProvider>
    </Tooltip.Provider>
  )
}
