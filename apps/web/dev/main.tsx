import '@fontsource-variable/inter'
import '../src/styles.css'
import type { CallEndReason, CallSnapshot } from '@sangam/client'
import { SangamProvider } from '@sangam/react'
import { Tooltip } from 'radix-ui'
import { createRoot } from 'react-dom/client'
import { EndedCard } from '../src/call/ended-card.tsx'
import { ToastProvider } from '../src/design/toasts.tsx'
import { LiveProvider } from '../src/live/live.tsx'
import { Shell } from '../src/shell/shell.tsx'
import { Welcome } from '../src/welcome/welcome.tsx'
import { storyCall, storySession } from './fixtures.ts'

// /c/team?call=connected&video=1&theme=dark&connection=reconnecting&empty=1&people=4&screen=1&weak=1&ended=busy, /?welcome=1
const query = new URLSearchParams(location.search)
const theme = query.get('theme')
if (theme !== null) document.documentElement.dataset.theme = theme
const callState = query.get('call') as CallSnapshot['state'] | null
const ended = query.get('ended') as CallEndReason | null

const session = storySession({
  call: callState === null ? undefined : storyCall(callState, { video: query.has('video') }),
  connection: query.get('connection') ?? 'online',
  empty: query.has('empty'),
  people: Number(query.get('people') ?? 3),
  screen: query.has('screen'),
})

const root = document.getElementById('root')
if (root !== null) {
  createRoot(root).render(
    <Tooltip.Provider delayDuration={500}>
      <ToastProvider>
        {query.has('welcome') ? (
          <Welcome
            name=""
            busy={query.has('busy')}
            {...(query.has('problem') ? { problem: 'The server can’t be reached. Try again.' } : {})}
            onContinue={() => {}}
          />
        ) : (
          <SangamProvider session={session}>
            <LiveProvider session={session}>
              <Shell session={session} onSignOut={() => {}} />
            </LiveProvider>
            {ended !== null && (
              <EndedCard
                ended={{
                  peer: { identity: 'ravi', name: 'Ravi Menon' },
                  direction: 'outgoing',
                  video: true,
                  reason: ended,
                  durationMs: 151_000,
                }}
                onDismiss={() => {}}
                onCall={() => {}}
              />
            )}
          </SangamProvider>
        )}
      </ToastProvider>
    </Tooltip.Provider>,
  )
}
