import type { ChatMessage } from '@sangam/client'
import { Ban, CircleAlert, Clock, MessagesSquare, Pin } from 'lucide-react'
import { memo } from 'react'
import { classNames } from '../design/class-names.ts'
import { Attachments } from '../files/attachments.tsx'
import { errorWords } from '../session/error-words.ts'
import { useChat } from './chat-context.tsx'
import { plainText } from './markdown.ts'
import { MessageActions } from './message-actions.tsx'
import { RichText } from './rich-text.tsx'

interface MessageBubbleProps {
  readonly message: ChatMessage
}

/** One message with what it answers, what stands under it and what can be done with it. */
export const MessageBubble = memo(function MessageBubble({ message }: MessageBubbleProps) {
  const { own, state, number, deletedAt, waiting = [] } = message
  const isWaiting = state === 'sending' || waiting.some((change) => change.state === 'sending')
  return (
    <li
      data-testid="message"
      data-number={number ?? ''}
      data-state={state}
      data-own={own}
      className={classNames(
        'group/message flex max-w-[min(95%,40rem)] flex-col',
        own ? 'items-end' : 'items-start',
      )}
    >
      <div className={classNames('flex max-w-full items-end gap-1', own && 'flex-row-reverse')}>
        {deletedAt === undefined ? <Body message={message} /> : <Tombstone />}
        {isWaiting && (
          <span className="late mb-2 text-ink-faint" data-testid="waiting">
            <Clock size={14} aria-hidden />
            <span className="sr-only">Sending</span>
          </span>
        )}
        {state !== 'failed' && deletedAt === undefined && <MessageActions message={message} />}
      </div>
      <Reactions message={message} />
      <ThreadLink message={message} />
      {state === 'failed' && (
        <FailedNote id={message.clientMessageId} words="Not sent." error={message.error} discard="Delete" />
      )}
      {waiting.map(
        ({ clientChangeId, type, error }) =>
          error !== undefined && (
            <FailedNote
              key={clientChangeId}
              id={clientChangeId}
              words={CHANGE_FAILED[type]}
              error={error}
              discard="Leave it"
            />
          ),
      )}
    </li>
  )
})

const CHANGE_FAILED = {
  edit: 'Not edited.',
  delete: 'Not deleted.',
  react: 'No reaction added.',
  pin: 'Not pinned.',
}

function Body({ message }: MessageBubbleProps) {
  const { self, nameOf } = useChat()
  const { own, state, text, replyTo, preview, editedAt, pinnedAt, attachments } = message
  return (
    <div
      dir="auto"
      className={classNames(
        'wrap-anywhere min-w-0 rounded-2xl px-3.5 py-2',
        own ? 'rounded-br-md bg-accent-soft' : 'rounded-bl-md bg-sunken',
        state === 'failed' && 'bg-danger-soft',
      )}
    >
      {replyTo !== undefined && <QuoteLine quote={replyTo} />}
      {attachments !== undefined && <Attachments attachments={attachments} />}
      {text !== '' && (
        <div data-testid="message-text" className="whitespace-pre-wrap">
          <RichText text={text} self={self} nameOf={nameOf} />
        </div>
      )}
      {preview !== undefined && <Preview preview={preview} />}
      {(editedAt !== undefined || pinnedAt !== undefined) && (
        <p className="flex items-center gap-1.5 text-ink-faint text-xs">
          {pinnedAt !== undefined && <Pin size={12} aria-label="Pinned" />}
          {editedAt !== undefined && <span data-testid="edited">edited</span>}
        </p>
      )}
    </div>
  )
}

function QuoteLine({ quote }: { readonly quote: NonNullable<ChatMessage['replyTo']> }) {
  const { onJump, nameOf } = useChat()
  return (
    <button
      type="button"
      data-testid="quote"
      onClick={() => onJump(quote.number)}
      className="mb-1 block w-full max-w-full rounded-md border-accent border-l-2 bg-surface/50 px-2 py-1 text-left text-sm"
    >
      <span className="block truncate font-medium text-accent text-xs">
        <span className="sr-only">Answer to </span>
        {quote.senderName}
      </span>
      <span className="block truncate text-ink-soft">
        {quote.text === '' ? 'Message deleted' : plainText(quote.text, nameOf)}
      </span>
    </button>
  )
}

function Preview({ preview }: { readonly preview: NonNullable<ChatMessage['preview']> }) {
  return (
    <a
      href={preview.url}
      target="_blank"
      rel="noopener noreferrer nofollow"
      className="mt-1.5 block rounded-lg border border-line bg-surface px-3 py-2 text-sm"
    >
      <span className="block truncate font-medium">{preview.title}</span>
      {preview.description !== undefined && (
        <span className="line-clamp-2 text-ink-soft">{preview.description}</span>
      )}
      <span className="block truncate text-ink-faint text-xs">{URL.parse(preview.url)?.host}</span>
    </a>
  )
}

function Tombstone() {
  return (
    <p
      data-testid="deleted"
      className="flex items-center gap-1.5 rounded-2xl border border-line px-3.5 py-2 text-ink-faint text-sm italic"
    >
      <Ban size={14} aria-hidden />
      Message deleted
    </p>
  )
}

function Reactions({ message }: MessageBubbleProps) {
  const { conversation, self, nameOf, change } = useChat()
  const { reactions = [], number, clientMessageId } = message
  if (reactions.length === 0) return null
  return (
    <ul aria-label="Reactions" className="mt-1 flex flex-wrap gap-1">
      {reactions.map(({ emoji, by }) => {
        const mine = by.includes(self)
        const names = by.slice(0, 20).map(nameOf).join(', ')
        return (
          <li key={emoji}>
            <button
              type="button"
              data-testid="reaction"
              data-emoji={emoji}
              aria-pressed={mine}
              aria-label={`${emoji} ${by.length}, ${names}`}
              title={names}
              onClick={() => change(conversation.react(number ?? clientMessageId, emoji, !mine))}
              className={classNames(
                'tabular flex h-7 items-center gap-1 rounded-full border px-2 text-sm',
                mine ? 'border-accent bg-accent-soft' : 'border-line bg-surface hover:bg-sunken',
              )}
            >
              {emoji}
              <span className="text-ink-soft text-xs">{by.length}</span>
            </button>
          </li>
        )
      })}
    </ul>
  )
}

function ThreadLink({ message }: MessageBubbleProps) {
  const { onThread } = useChat()
  const { replies, number } = message
  if (replies === undefined || number === undefined || onThread === undefined) return null
  return (
    <button
      type="button"
      data-testid="thread-link"
      onClick={() => onThread(number)}
      className="mt-1 flex items-center gap-1.5 rounded-lg px-1.5 py-1 font-medium text-accent text-sm hover:bg-sunken"
    >
      <MessagesSquare size={15} aria-hidden />
      {replies.count === 1 ? '1 answer' : `${replies.count} answers`}
    </button>
  )
}

interface FailedNoteProps {
  /** What failed: a message's or a change's own id. */
  readonly id: string
  readonly words: string
  readonly error: ChatMessage['error']
  /** What giving it up is called. */
  readonly discard: string
}

function FailedNote({ id, words, error, discard }: FailedNoteProps) {
  const { conversation } = useChat()
  const link = 'rounded font-medium underline underline-offset-2'
  // A second refusal shows as this same note, so the promise has nothing to add.
  const again = () => void conversation.retry(id).catch(() => {})
  const giveUp = () => void conversation.discard(id).catch(() => {})
  return (
    <p role="alert" className="mt-1 flex flex-wrap items-center justify-end gap-x-2 text-danger-ink text-xs">
      <CircleAlert size={14} aria-hidden />
      <span>
        {words} {error === undefined ? '' : errorWords(error)}
      </span>
      <button type="button" className={link} data-testid="retry" onClick={again}>
        Try again
      </button>
      <button type="button" className={link} data-testid="discard" onClick={giveUp}>
        {discard}
      </button>
    </p>
  )
}
