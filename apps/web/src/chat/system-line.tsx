import type { ChatMessage, SystemLine } from '@sangam/client'
import { Phone, PhoneMissed, Users, Video } from 'lucide-react'
import { systemWords } from './system-words.ts'

/** A line that the server wrote: what became of a call, who came and went. */
export function SystemLineItem({
  message,
  line,
}: {
  readonly message: ChatMessage
  readonly line: SystemLine
}) {
  return (
    <li
      data-testid="system-line"
      data-number={message.number ?? ''}
      className="my-1 flex items-center justify-center gap-2 self-center rounded-full bg-sunken px-3 py-1 text-center text-ink-soft text-xs"
    >
      <LineIcon line={line} />
      {systemWords(line, message.own ? 'You' : message.senderName)}
    </li>
  )
}

function LineIcon({ line }: { readonly line: SystemLine }) {
  if (line.type !== 'call') return <Users size={13} aria-hidden />
  if (line.outcome !== 'answered') return <PhoneMissed size={13} aria-hidden className="text-danger-ink" />
  return line.video ? <Video size={13} aria-hidden /> : <Phone size={13} aria-hidden />
}
