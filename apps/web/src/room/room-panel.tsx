import type { Participant, Room, Session } from '@sangam/client'
import { Mic, MicOff, MonitorUp, VideoOff, X } from 'lucide-react'
import { Messages } from '../chat/chat-pane.tsx'
import { useOpenConversation } from '../chat/use-open-conversation.ts'
import { Avatar } from '../design/avatar.tsx'
import { IconButton } from '../design/icon-button.tsx'
import { Loading, Notice } from '../design/notice.tsx'
import { errorWords } from '../session/error-words.ts'

/** What stands beside the tiles. */
export type RoomPanelKind = 'people' | 'chat'

interface RoomPanelProps {
  readonly kind: RoomPanelKind
  readonly session: Session
  readonly room: Room
  readonly participants: readonly Participant[]
  readonly onClose: () => void
}

/** The people or the chat of a room; over the tiles on a small screen, beside them on a wide one. */
export function RoomPanel({ kind, session, room, participants, onClose }: RoomPanelProps) {
  const title = kind === 'people' ? `People (${participants.length})` : 'Chat'
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
        <People participants={participants} />
      ) : (
        <RoomChat session={session} roomId={room.roomId} />
      )}
    </aside>
  )
}

function People({ participants }: { readonly participants: readonly Participant[] }) {
  return (
    <ul className="min-h-0 flex-1 space-y-1 overflow-y-auto px-3 pb-4">
      {participants.map(({ participantId, identity, name, local, ...state }) => (
        <li key={participantId} className="flex items-center gap-3 rounded-xl px-2 py-2">
          <Avatar name={name} identity={identity} />
          <span className="min-w-0 flex-1 truncate">{local ? `${name} (you)` : name}</span>
          <span className="flex gap-2 text-ink-faint">
            {state.screenShareEnabled && (
              <Labelled label="Shares the screen" icon={<MonitorUp size={18} />} />
            )}
            {!state.cameraEnabled && <Labelled label="Camera is off" icon={<VideoOff size={18} />} />}
            {state.microphoneEnabled ? (
              <Labelled label="Microphone is on" icon={<Mic size={18} className="text-ink" />} />
            ) : (
              <Labelled label="Muted" icon={<MicOff size={18} />} />
            )}
          </span>
        </li>
      ))}
    </ul>
  )
}

function Labelled({ label, icon }: { readonly label: string; readonly icon: React.ReactNode }) {
  return (
    <span title={label}>
      {icon}
      <span className="sr-only">{label}</span>
    </span>
  )
}

function RoomChat({ session, roomId }: { readonly session: Session; readonly roomId: string }) {
  const opening = useOpenConversation(session, `room:${roomId}`, 'id')
  if (opening.at === 'opening') return <Loading label="Opening…" />
  if (opening.at === 'failed')
    return <Notice title="The chat can’t be opened">{errorWords(opening.error)}</Notice>
  return <Messages conversation={opening.conversation} placeholder="Message the room" />
}
