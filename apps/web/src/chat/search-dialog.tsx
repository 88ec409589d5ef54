import type { ChatMessage, Session } from '@sangam/client'
import { useConversations } from '@sangam/react'
import { Search } from 'lucide-react'
import { useEffect, useState } from 'react'
import { Dialog } from '../design/dialog.tsx'
import { Spinner } from '../design/spinner.tsx'
import { errorWords } from '../session/error-words.ts'
import { shortWhen } from '../shell/time-words.ts'
import { plainText } from './markdown.ts'

/** Typing pauses for so long before it is searched. */
const PAUSE_MS = 250

interface SearchDialogProps {
  readonly session: Session
  readonly open: boolean
  readonly onOpenChange: (open: boolean) => void
  /** Searches this conversation alone. */
  readonly conversationId?: string | undefined
  readonly nameOf: (identity: string) => string
  readonly onPick: (message: ChatMessage) => void
  /** Goes to the first message of a day; milliseconds since 1970. */
  readonly onDate?: (atMs: number) => void
}

type Found =
  | { readonly at: 'nothing' }
  | { readonly at: 'searching' }
  | { readonly at: 'found'; readonly messages: readonly ChatMessage[]; readonly more: boolean }
  | { readonly at: 'failed'; readonly error: unknown }

/** Finds messages by their words, in one conversation or in all of one's own. */
export function SearchDialog(props: SearchDialogProps) {
  const { open, onOpenChange, conversationId } = props
  return (
    <Dialog
      open={open}
      onOpenChange={onOpenChange}
      title={conversationId === undefined ? 'Search messages' : 'Search this conversation'}
    >
      {open && <SearchForm {...props} />}
    </Dialog>
  )
}

function SearchForm({ session, conversationId, nameOf, onPick, onDate }: SearchDialogProps) {
  const [query, setQuery] = useState('')
  const found = useSearch(session, query, conversationId)
  return (
    <div>
      <div className="relative">
        <Search aria-hidden size={16} className="absolute top-1/2 left-3 -translate-y-1/2 text-ink-faint" />
        <input
          type="search"
          aria-label="Words to find"
          placeholder="Words to find"
          data-testid="search-input"
          value={query}
          maxLength={200}
          onChange={(event) => setQuery(event.target.value)}
          className="h-11 w-full rounded-xl bg-sunken pr-3 pl-9 text-base placeholder:text-ink-faint"
        />
      </div>
      {onDate !== undefined && (
        <label className="mt-3 flex items-center justify-between gap-3 text-ink-soft text-sm">
          Go to a day
          <input
            type="date"
            data-testid="search-date"
            max={dayOf(Date.now())}
            onChange={(event) => {
              const atMs = startOfDay(event.target.value)
              if (atMs !== undefined) onDate(atMs)
            }}
            className="h-9 rounded-lg bg-sunken px-2 text-ink"
          />
        </label>
      )}
      <div aria-live="polite" className="mt-3 h-80 overflow-y-auto">
        {found.at === 'searching' && (
          <p className="late grid h-full place-items-center text-ink-faint">
            <Spinner />
            <span className="sr-only">Searching</span>
          </p>
        )}
        {found.at === 'failed' && <Hint>{errorWords(found.error)}</Hint>}
        {found.at === 'nothing' && (
          <Hint>All words must be in a message; the last one may be a beginning.</Hint>
        )}
        {found.at === 'found' && found.messages.length === 0 && <Hint>No message holds these words.</Hint>}
        {found.at === 'found' && (
          <ul>
            {found.messages.map((message) => (
              <li key={`${message.conversationId} ${message.key}`}>
                <Result
                  message={message}
                  withPlace={conversationId === undefined}
                  nameOf={nameOf}
                  onPick={onPick}
                />
              </li>
            ))}
          </ul>
        )}
        {found.at === 'found' && found.more && <Hint>There are more. Add a word to find fewer.</Hint>}
      </div>
    </div>
  )
}

/** A local day as a date field writes it. */
function dayOf(atMs: number): string {
  const day = new Date(atMs)
  return `${day.getFullYear()}-${String(day.getMonth() + 1).padStart(2, '0')}-${String(day.getDate()).padStart(2, '0')}`
}

/** The beginning of such a day; undefined while it is only half typed. */
function startOfDay(value: string): number | undefined {
  const atMs = new Date(`${value}T00:00`).getTime()
  return Number.isNaN(atMs) || atMs < 0 ? undefined : atMs
}

function Hint({ children }: { readonly children: React.ReactNode }) {
  return <p className="px-4 py-6 text-center text-ink-faint text-sm">{children}</p>
}

interface ResultProps extends Pick<SearchDialogProps, 'nameOf' | 'onPick'> {
  readonly message: ChatMessage
  readonly withPlace: boolean
}

function Result({ message, withPlace, nameOf, onPick }: ResultProps) {
  const conversations = useConversations()
  const place = conversations.find(({ conversationId }) => conversationId === message.conversationId)
  return (
    <button
      type="button"
      data-testid="search-result"
      onClick={() => onPick(message)}
      className="block w-full rounded-xl px-3 py-2 text-left hover:bg-sunken"
    >
      <span className="flex items-baseline gap-2 text-xs">
        <span className="min-w-0 flex-1 truncate font-medium">
          {message.senderName}
          {withPlace && place !== undefined && <span className="text-ink-faint"> in {place.title}</span>}
        </span>
        <span className="text-ink-faint">{shortWhen(message.sentAt, Date.now())}</span>
      </span>
      <span className="line-clamp-2 text-ink-soft text-sm">{plainText(message.text, nameOf)}</span>
    </button>
  )
}

function useSearch(session: Session, query: string, conversationId: string | undefined): Found {
  const [found, setFound] = useState<Found>({ at: 'nothing' })
  useEffect(() => {
    const words = query.trim()
    if (words === '') {
      setFound({ at: 'nothing' })
      return
    }
    let current = true
    const timer = setTimeout(() => {
      setFound({ at: 'searching' })
      session.search(words, conversationId === undefined ? {} : { conversationId }).then(
        (result) => current && setFound({ at: 'found', ...result }),
        (error: unknown) => current && setFound({ at: 'failed', error }),
      )
    }, PAUSE_MS)
    return () => {
      current = false
      clearTimeout(timer)
    }
  }, [session, query, conversationId])
  return found
}
