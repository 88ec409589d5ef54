import type { Session } from '@sangam/client'
import { useConversations } from '@sangam/react'
import { MessagesSquare } from 'lucide-react'
import { lazy, Suspense, useEffect } from 'react'
import { Route, Switch, useRoute } from 'wouter'
import { ChatPane } from '../chat/chat-pane.tsx'
import { classNames } from '../design/class-names.ts'
import { Loading, Notice } from '../design/notice.tsx'
import { LiveLayer } from '../live/live-layer.tsx'
import { ConnectionBanner } from '../session/connection-banner.tsx'
import { attention } from './order-conversations.ts'
import { Sidebar } from './sidebar.tsx'
import { useAutoAway } from './use-auto-away.ts'

const RoomPane = lazy(() => import('../room/room-pane.tsx'))

/** The frame of the app: the list at the left, what is open at the right; on a phone one or the other. */
export function Shell({ session, onSignOut }: { readonly session: Session; readonly onSignOut: () => void }) {
  const [atList] = useRoute('/')
  useAutoAway(session)
  useUnreadTitle()
  return (
    <div className="flex h-dvh flex-col">
      <ConnectionBanner session={session} onSignIn={onSignOut} />
      <main className="flex min-h-0 flex-1">
        <div
          className={classNames(
            'w-full md:block md:w-80 md:shrink-0 md:border-line md:border-r',
            !atList && 'hidden',
          )}
        >
          <Sidebar session={session} onSignOut={onSignOut} />
        </div>
        <div className={classNames('min-w-0 flex-1 bg-surface md:block', atList && 'hidden')}>
          <Panes session={session} />
        </div>
      </main>
      <LiveLayer />
    </div>
  )
}

function Panes({ session }: { readonly session: Session }) {
  return (
    <Switch>
      <Route path="/">
        <Notice icon={<MessagesSquare />} title={`Hello, ${session.name}`}>
          Choose somebody to write to or ring, or a room to meet in.
        </Notice>
      </Route>
      <Route path="/c/:conversationId">
        {({ conversationId }) => <ChatPane session={session} target={decoded(conversationId)} kind="id" />}
      </Route>
      <Route path="/people/:identity">
        {({ identity }) => <ChatPane session={session} target={decoded(identity)} kind="person" />}
      </Route>
      <Route path="/rooms/:roomId">
        {({ roomId }) => (
          <Suspense fallback={<Loading label="Opening…" />}>
            <RoomPane session={session} roomId={decoded(roomId)} />
          </Suspense>
        )}
      </Route>
      <Route>
        <Notice title="There is nothing here">The address may be mistyped, or what it named is gone.</Notice>
      </Route>
    </Switch>
  )
}

/** A part of the address as written by a person, who may have typed a stray percent sign. */
function decoded(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}

function useUnreadTitle(): void {
  const conversations = useConversations()
  const unread = conversations.reduce((sum, one) => sum + attention(one, Date.now()), 0)
  useEffect(() => {
    document.title = unread > 0 ? `(${unread}) Sangam` : 'Sangam'
  }, [unread])
}
