import type { ChatMessage, Conversation, HistoryView } from '@sangam/client'
import { useStore } from '@sangam/react'
import { X } from 'lucide-react'
import { type ReactNode, useEffect, useRef, useState } from 'react'
import { Button } from '../design/button.tsx'
import { IconButton } from '../design/icon-button.tsx'
import { Loading, Notice } from '../design/notice.tsx'
import { errorWords } from '../session/error-words.ts'
import { useAction } from '../session/use-action.ts'
import { MessageDays } from './message-days.tsx'

interface ThreadPaneProps {
  readonly conversation: Conversation
  /** Number of the message that begins it. */
  readonly root: number
  readonly rootMessage: ChatMessage | undefined
  /** Own answers on their way. */
  readonly unsent: readonly ChatMessage[]
  readonly composer: ReactNode
  readonly onClose: () => void
}

/** A thread beside the conversation; over it on a small screen. */
export function ThreadPane(props: ThreadPaneProps) {
  const { conversation, root, composer, onClose } = props
  const [view, setView] = useState<HistoryView>()
  const [error, setError] = useState<unknown>()
  useEffect(() => {
    let current: HistoryView | undefined
    let gone = false
    conversation.history({ thread: root }).then(
      (opened) => {
        current = opened
        if (gone) opened.close()
        else setView(opened)
      },
      (caught: unknown) => setError(caught),
    )
    return () => {
      gone = true
      current?.close()
      setView(undefined)
      setError(undefined)
    }
  }, [conversation, root])
  return (
    <aside
      aria-label="Thread"
      data-testid="thread"
      className="fixed inset-0 z-20 flex animate-appear flex-col border-line bg-surface sm:left-auto sm:w-96 sm:border-l sm:shadow-raised xl:static xl:z-auto xl:shadow-none"
    >
      <header className="safe-top flex items-center justify-between border-line border-b px-5 [--safe-lead:0.625rem] pb-2.5">
        <h2 className="font-semibold">Thread</h2>
        <IconButton label="Close the thread" icon={<X size={20} />} className="-mr-2" onClick={onClose} />
      </header>
      {error !== undefined && <Notice title="The thread can’t be opened">{errorWords(error)}</Notice>}
      {view === undefined && error === undefined && <Loading label="Opening…" />}
      {view !== undefined && <Thread {...props} view={view} />}
      {composer}
    </aside>
  )
}

function Thread({ view, rootMessage, unsent }: ThreadPaneProps & { readonly view: HistoryView }) {
  const { messages, hasEarlier } = useStore(view.state)
  const held = new Set(messages.map(({ key }) => key))
  const answers = [...messages, ...unsent.filter(({ key }) => !held.has(key))]
  const earlier = useAction(
    () => view.loadEarlier(),
    () => {},
  )
  const end = useRef<HTMLDivElement>(null)
  // biome-ignore lint/correctness/useExhaustiveDependencies: new answers come into sight
  useEffect(() => {
    // Newer browsers give a promise, which is no clean-up.
    void end.current?.scrollIntoView({ block: 'end' })
  }, [answers.length])
  return (
    <div className="min-h-0 flex-1 overflow-y-auto px-4 py-2">
      {rootMessage !== undefined && (
        <div className="mb-2 border-line border-b pb-2">
          <MessageDays messages={[rootMessage]} withSender />
        </div>
      )}
      {hasEarlier && (
        <Button variant="quiet" className="mx-auto flex" busy={earlier.busy} onClick={earlier.run}>
          Show earlier
        </Button>
      )}
      {answers.length === 0 ? (
        <p className="py-6 text-center text-ink-faint text-sm">No answers yet. Write the first one.</p>
      ) : (
        <MessageDays messages={answers} withSender />
      )}
      <div ref={end} />
    </div>
  )
}
