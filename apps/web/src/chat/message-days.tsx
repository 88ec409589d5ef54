import type { ChatMessage } from '@sangam/client'
import { Fragment, memo, useMemo } from 'react'
import { Avatar } from '../design/avatar.tsx'
import { dayHeading, timeOfDay } from '../shell/time-words.ts'
import { groupMessages, type MessageRun } from './group-messages.ts'
import { MessageBubble } from './message-bubble.tsx'
import { SystemLineItem } from './system-line.tsx'

interface MessageDaysProps {
  readonly messages: readonly ChatMessage[]
  readonly withSender: boolean
  /** The first message that was unread when the conversation was opened. */
  readonly unreadFrom?: number | undefined
}

/** Messages by day and sender, with a line where the unread ones begin. */
export function MessageDays({ messages, withSender, unreadFrom }: MessageDaysProps) {
  const days = useMemo(() => groupMessages(messages, unreadFrom), [messages, unreadFrom])
  return days.map((day) => (
    <section key={day.key} aria-label={dayHeading(day.sentAt, Date.now())}>
      <h2 className="my-4 text-center text-ink-faint text-xs">{dayHeading(day.sentAt, Date.now())}</h2>
      {day.runs.map((run) => (
        <Fragment key={run.key}>
          {unreadFrom !== undefined && run.messages[0]?.number === unreadFrom && <UnreadLine />}
          <Run run={run} withSender={withSender} />
        </Fragment>
      ))}
    </section>
  ))
}

function UnreadLine() {
  return (
    <p
      data-testid="unread-line"
      data-unread-line=""
      className="my-3 flex items-center gap-3 font-medium text-accent text-xs before:h-px before:flex-1 before:bg-accent after:h-px after:flex-1 after:bg-accent"
    >
      New messages
    </p>
  )
}

const Run = memo(function Run({
  run,
  withSender,
}: {
  readonly run: MessageRun
  readonly withSender: boolean
}) {
  const [first] = run.messages
  if (first?.system !== undefined) {
    return (
      <ul className="mb-3 flex flex-col">
        <SystemLineItem message={first} line={first.system} />
      </ul>
    )
  }
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
            <MessageBubble key={message.key} message={message} />
          ))}
        </ul>
      </div>
    </div>
  )
})
