import type { Conversation, ConversationSnapshot } from '@sangam/client'
import { ArrowDown } from 'lucide-react'
import { useMemo } from 'react'
import { Spinner } from '../design/spinner.tsx'
import { MessageDays } from './message-days.tsx'
import { receiptWords } from './receipt-words.ts'
import { useMessageScroll } from './use-message-scroll.ts'

interface MessageListProps {
  readonly conversation: Conversation
  readonly snapshot: ConversationSnapshot
  readonly unreadFrom: number | undefined
}

/** The log of a conversation: the newest at the bottom, earlier pages as one scrolls up. */
export function MessageList({ conversation, snapshot, unreadFrom }: MessageListProps) {
  const { messages, hasEarlier } = snapshot
  // What is said in a thread stands there.
  const shown = useMemo(() => messages.filter(({ thread }) => thread === undefined), [messages])
  const scroll = useMessageScroll(conversation, snapshot, unreadFrom !== undefined)
  return (
    <div className="relative min-h-0 flex-1">
      <div
        ref={scroll.frame}
        role="log"
        aria-label="Messages"
        aria-live="polite"
        // A scrolling region must be reachable by keyboard.
        // biome-ignore lint/a11y/noNoninteractiveTabindex: see above
        tabIndex={0}
        data-testid="message-list"
        className="h-full overflow-y-auto overscroll-contain px-4 pt-4 pb-2 -outline-offset-2! sm:px-6"
      >
        <div className="mx-auto flex min-h-full max-w-3xl flex-col justify-end">
          <div ref={scroll.top} className="grid h-10 shrink-0 place-items-center text-ink-faint">
            {hasEarlier ? <Spinner /> : null}
          </div>
          <MessageDays messages={shown} withSender={snapshot.kind === 'group'} unreadFrom={unreadFrom} />
          <p className="min-h-5 pr-1 text-right text-ink-faint text-xs" data-testid="receipt">
            {receiptWords(snapshot)}
          </p>
        </div>
      </div>
      {!scroll.atNewest && (
        <button
          type="button"
          data-testid="jump-to-newest"
          onClick={scroll.jump}
          className="-translate-x-1/2 absolute bottom-3 left-1/2 flex h-9 animate-rise items-center gap-2 rounded-full border border-line bg-raised px-4 font-medium text-sm shadow-raised hover:bg-sunken"
        >
          <ArrowDown size={16} aria-hidden />
          {scroll.newBelow > 0 ? `${scroll.newBelow} new` : 'Newest'}
        </button>
      )}
    </div>
  )
}
