import type { Conversation, Room, RoomSnapshot, Session } from '@sangam/client'
import { Download, Ellipsis, Search } from 'lucide-react'
import { useState } from 'react'
import { type ChatFocus, ChatView } from '../chat/chat-view.tsx'
import { SearchDialog } from '../chat/search-dialog.tsx'
import { useOpenConversation } from '../chat/use-open-conversation.ts'
import { IconButton } from '../design/icon-button.tsx'
import { Menu, MenuItem } from '../design/menu.tsx'
import { Loading, Notice } from '../design/notice.tsx'
import { useNotify } from '../design/toasts.tsx'
import { errorWords } from '../session/error-words.ts'
import { download } from '../shell/download.ts'
import { PanelFrame } from './panel-frame.tsx'

interface RoomChatProps {
  readonly session: Session
  readonly room: Room
  readonly snapshot: RoomSnapshot
  readonly onClose: () => void
}

/** The chat of a room: as any other, with the rights that one has in the room. */
export function RoomChat({ session, room, snapshot, onClose }: RoomChatProps) {
  const opening = useOpenConversation(session, `room:${room.roomId}`, 'id')
  if (opening.at === 'open') {
    const { conversation } = opening
    return (
      <OpenRoomChat session={session} conversation={conversation} snapshot={snapshot} onClose={onClose} />
    )
  }
  return (
    <PanelFrame title="Chat" testId="room-chat" onClose={onClose}>
      {opening.at === 'opening' ? (
        <Loading label="Opening…" />
      ) : (
        <Notice title="The chat can’t be opened">{errorWords(opening.error)}</Notice>
      )}
    </PanelFrame>
  )
}

interface OpenRoomChatProps extends Omit<RoomChatProps, 'room'> {
  readonly conversation: Conversation
}

function OpenRoomChat({ session, conversation, snapshot, onClose }: OpenRoomChatProps) {
  const [focus, setFocus] = useState<ChatFocus>()
  const [searches, setSearches] = useState(false)
  const nameOf = (identity: string) =>
    snapshot.participants.find((one) => one.identity === identity)?.name ?? identity
  const show = (next: ChatFocus | undefined) => {
    setSearches(false)
    setFocus(next)
  }
  return (
    <PanelFrame
      title="Chat"
      testId="room-chat"
      onClose={onClose}
      actions={
        <>
          <IconButton
            label="Search this chat"
            icon={<Search size={19} />}
            onClick={() => setSearches(true)}
          />
          <SaveMenu session={session} conversationId={conversation.conversationId} name={snapshot.name} />
        </>
      }
    >
      <ChatView
        conversation={conversation}
        placeholder="Message the room"
        focus={focus}
        moderates={snapshot.permissions.includes('moderate')}
      />
      <SearchDialog
        session={session}
        open={searches}
        onOpenChange={setSearches}
        conversationId={conversation.conversationId}
        nameOf={nameOf}
        onPick={({ number }) => show(number)}
        onDate={(at) => show({ at })}
      />
    </PanelFrame>
  )
}

interface SaveMenuProps {
  readonly session: Session
  readonly conversationId: string
  readonly name: string
}

function SaveMenu({ session, conversationId, name }: SaveMenuProps) {
  const notify = useNotify()
  const save = (format: 'json' | 'html') => {
    session.exportConversation(conversationId, format).then(
      (file) => download(file, `${name}.${format}`),
      (error: unknown) => notify(errorWords(error)),
    )
  }
  return (
    <Menu
      trigger={
        <IconButton label="Save this chat" data-testid="room-chat-menu" icon={<Ellipsis size={20} />} />
      }
    >
      <MenuItem icon={<Download size={16} />} testId="save-html" onSelect={() => save('html')}>
        Save as a page
      </MenuItem>
      <MenuItem icon={<Download size={16} />} testId="save-json" onSelect={() => save('json')}>
        Save as JSON
      </MenuItem>
    </Menu>
  )
}
