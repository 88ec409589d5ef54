import type { ChatMessage, Conversation } from '@sangam/client'
import { Dialog } from '../design/dialog.tsx'
import { LoadedList } from '../design/loaded-list.tsx'
import { dayHeading, timeOfDay } from '../shell/time-words.ts'
import { useChat } from './chat-context.tsx'
import { RichText } from './rich-text.tsx'

interface VersionsDialogProps {
  readonly open: boolean
  readonly onOpenChange: (open: boolean) => void
  readonly conversation: Conversation
  readonly message: ChatMessage & { readonly number: number }
}

/** What a message said before it was edited, the newest first. */
export function VersionsDialog({ open, onOpenChange, conversation, message }: VersionsDialogProps) {
  const { number, text, editedAt } = message
  const load = async () => [
    { text, at: editedAt ?? 0, current: true },
    ...(await conversation.versions(number)).toReversed().map((one) => ({ ...one, current: false })),
  ]
  return (
    <Dialog open={open} onOpenChange={onOpenChange} title="Versions of this message">
      {open && (
        <LoadedList label="Versions" load={load} empty="It was never edited.">
          {({ text: words, at, current }) => <Version key={at} words={words} at={at} current={current} />}
        </LoadedList>
      )}
    </Dialog>
  )
}

function Version(props: { readonly words: string; readonly at: number; readonly current: boolean }) {
  const { words, at, current } = props
  const { self, nameOf } = useChat()
  return (
    <li data-testid="version" className="border-line border-b py-3 last:border-0">
      <p className="tabular mb-1 text-ink-faint text-xs">
        {dayHeading(at, Date.now())}, {timeOfDay(at)}
        {current && ' · as it stands'}
      </p>
      <div className="wrap-anywhere whitespace-pre-wrap text-sm">
        <RichText text={words} self={self} nameOf={nameOf} />
      </div>
    </li>
  )
}
