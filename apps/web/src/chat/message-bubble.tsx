import type { ChatMessage, Conversation } from '@sangam/client'
import { CircleAlert, Clock } from 'lucide-react'
import { memo } from 'react'
import { classNames } from '../design/class-names.ts'
import { errorWords } from '../session/error-words.ts'

interface MessageBubbleProps {
  readonly message: ChatMessage
  readonly conversation: Conversation
}

/** One message. Its text is shown as text, never as markup. */
export const MessageBubble = memo(function MessageBubble({ message, conversation }: MessageBubbleProps) {
  const { own, state, text, number } = message
  return (
    <li
      data-testid="message"
      data-number={number ?? ''}
      data-state={state}
      data-own={own}
      className={classNames('flex max-w-[min(85%,36rem)] flex-col', own ? 'items-end' : 'items-start')}
    >
      <div className="flex max-w-full items-end gap-1.5">
        {state === 'sending' && (
          <span className="late mb-2 text-ink-faint">
            <Clock size={14} aria-hidden />
            <span className="sr-only">Sending</span>
          </span>
        )}
        <p
          dir="auto"
          data-testid="message-text"
          className={classNames(
            'wrap-anywhere whitespace-pre-wrap rounded-2xl px-3.5 py-2',
            own ? 'rounded-br-md bg-accent-soft' : 'rounded-bl-md bg-sunken',
            state === 'failed' && 'bg-danger-soft',
          )}
        >
          {text}
        </p>
      </div>
      {state === 'failed' && <FailedNote message={message} conversation={conversation} />}
    </li>
  )
})

function FailedNote({ message, conversation }: MessageBubbleProps) {
  const link = 'rounded font-medium underline underline-offset-2'
  // A second refusal shows as this same note, so the promise has nothing to add.
  const again = () => void conversation.retry(message.clientMessageId).catch(() => {})
  const discard = () => void conversation.discard(message.clientMessageId).catch(() => {})
  return (
    <p role="alert" className="mt-1 flex flex-wrap items-center justify-end gap-x-2 text-danger-ink text-xs">
      <CircleAlert size={14} aria-hidden />
      <span>Not sent. {message.error === undefined ? '' : errorWords(message.error)}</span>
      <button type="button" className={link} data-testid="retry" onClick={again}>
        Try again
      </button>
      <button type="button" className={link} data-testid="discard" onClick={discard}>
        Delete
      </button>
    </p>
  )
}
