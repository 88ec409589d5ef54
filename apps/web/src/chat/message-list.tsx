import type { Conversation, ConversationSnapshot } from '@sangam/client'
import { ArrowDown } from 'lucide-react'
import { memo, useMemo } from 'react'
import { Avatar } from '../design/avatar.tsx'
import { Spinner } from '../design/spinner.tsx'
import { dayHeading, timeOfDay } from '../shell/time-words.ts'
import { groupMessages, type MessageRun } from './group-messages.ts'
import { MessageBubble } from './message-bubble.tsx'
import { useMessageScroll } from './use-message-scroll.ts'

interface MessageListProps {
  readonly conversation: Conversation
  readonly snapshot: ConversationSnapshot
}

/** The log of a conversation: the newest at the bottom, earlier pages as one scrolls up. */
export function MessageList({ conversation, snapshot }: MessageListProps) {
  const { messages, hasEarlier } = snapshot
  const days = useMemo(() => groupMessages(messages), [messages])
  const scroll = useMessageScroll(conversation, snapshot)
  const receipt = readReceipt(snapshot)
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
          {days.map((day) => (
            <section key={day.key} aria-label={dayHeading(day.sentAt, Date.now())}>
              <h2 className="my-4 text-center text-ink-faint text-xs">
                {dayHeading(day.sentAt, Date.now())}
              </h2>
              {day.runs.map((run) => (
                <Run
                  key={run.key}
                  run={run}
                  conversation={conversation}
                  withSender={snapshot.kind === 'group'}
                />
              ))}
            </section>
          ))}
          <p className="min-h-5 pr-1 text-right text-ink-faint text-xs" data-testid="receipt">
            {receipt}
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

interface RunProps {
  readonly run: MessageRun
  readonly conversation: Conversation
  readonly withSender: boolean
}

const Run = memo(function Run({ run, conversation, withSender }: RunProps) {
  const picture = withSender && !run.own
  return (
    <div className="mb-3 flex gap-2.5">
      {picture && <Avatar name={run.senderName} identity={run.senderId} size="small" className="mt-5" />}
      <div className="min-w-0 flex-1">
        <p className={`mb-1 flex gap-2 px-1 text-xs ${run.own ? 'justify-end' : ''}`}>
          {run.own ? (
            <span className="sr-only">You</span>
          ) : (
            <span className={withSender ? 'font-medium text-ink-soft' : 'sr-only'}>{run.senderName}</span>
          )}
          <time dateTime={new Date(run.sentAt).toISOString()} className="tabular text-ink-faint">
            {timeOfDay(run.sentAt)}
          </time>
        </p>
        <ul className={`flex flex-col gap-1 ${run.own ? 'items-end' : 'items-start'}`}>
          {run.messages.map((message) => (
            <MessageBubble key={message.key} message={message} conversation={conversation} />
          ))}
        </ul>
      </div>
    </div>
  )
})

/** "Read" under the newest message when it is an own one that the other person has read. */
function readReceipt({ kind, messages, members, read }: ConversationSnapshot): string {
  const newest = messages.at(-1)
  if (newest?.number === undefined || !newest.own) return ''
  const number = newest.number
  const readers = members.filter(
    ({ identity }) => identity !== newest.senderId && (read.get(identity) ?? 0) >= number,
  )
  if (readers.length === 0) return ''
  return kind === 'direct' ? 'Read' : `Read by ${readersInWords(readers.map(({ name }) => name))}`
}

function readersInWords(names: readonly string[]): string {
  if (names.length <= 3) return new Intl.ListFormat('en').format(names)
  return `${names.length} people`
}
