import type { Room, RoomSnapshot, Session } from '@sangam/client'
import { X } from 'lucide-react'
import { ChatView } from '../chat/chat-view.tsx'
import { useOpenConversation } from '../chat/use-open-conversation.ts'
import { IconButton } from '../design/icon-button.tsx'
import { Loading, Notice } from '../design/notice.tsx'
import { errorWords } from '../session/error-words.ts'
import { PeoplePanel } from './people-panel.tsx'

/** What stands beside the tiles. */
export type RoomPanelKind = 'people' | 'chat'

interface RoomPanelProps {
  readonly kind: RoomPanelKind
  readonly session: Session
  readonly room: Room
  readonly snapshot: RoomSnapshot
  readonly onClose: () => void
}

/** The people or the chat of a room; over the tiles on a small screen, beside them on a wide one. */
export function RoomPanel({ kind, session, room, snapshot, onClose }: RoomPanelProps) {
  const title = kind === 'people' ? `People (${snapshot.participants.length})` : 'Chat'
  return (
    <aside
      aria-label={title}
      data-testid={`room-${kind}`}
      className="fixed inset-0 z-20 flex animate-appear flex-col border-line bg-surface sm:left-auto sm:w-90 sm:border-l sm:shadow-raised lg:static lg:z-auto lg:shadow-none"
    >
      <header className="safe-top flex items-center justify-between px-5 [--safe-lead:0.75rem] pb-3">
        <h2 className="font-semibold">{title}</h2>
        <IconButton label="Close" icon={<X size={20} />} className="-mr-2" onClick={onClose} />
      </header>
      {kind === 'people' ? (
        <PeoplePanel room={room} snapshot={snapshot} />
      ) : (
        <RoomChat session={session} roomId={room.roomId} />
      )}
    </aside>
  )
}

function RoomChat({ session, roomId }: { readonly session: Session; readonly roomId: string }) {
  const opening = useOpenConversation(session, `room:${roomId}`, 'id')
  if (opening.at === 'opening') return <Loading label="Opening…" />
  if (opening.at === 'failed')
    return <Notice title="The chat can’t be opened">{errorWords(opening.error)}</Notice>
  return <ChatView conversation={opening.conversation} placeholder="Message the room" />
}
