import type { ConversationSummary, Person, RoomSummary, Session } from '@sangam/client'
import { useConversations, usePeople, useRooms } from '@sangam/react'
import { Hash, MessageSquarePlus, Plus, Search, Users, Video } from 'lucide-react'
import { useState } from 'react'
import { Avatar } from '../design/avatar.tsx'
import { Button } from '../design/button.tsx'
import { IconButton } from '../design/icon-button.tsx'
import { Logo } from '../design/logo.tsx'
import { ListItem, ListSection } from './list-item.tsx'
import { MeMenu } from './me-menu.tsx'
import { NewConversationDialog, NewRoomDialog } from './new-dialogs.tsx'
import { matches, orderPeople, PRESENCE_WORDS } from './order-people.ts'
import { shortWhen } from './time-words.ts'

/** Rows of people beyond this wait behind a filter, so that the list stays quick. */
const PEOPLE_SHOWN = 200

/** As many of those who are not here stand in the list by themselves. */
const OFFLINE_SHOWN = 5

interface SidebarProps {
  readonly session: Session
  readonly onSignOut: () => void
}

/** The list: conversations, rooms and people, with one field that finds in all three. */
export function Sidebar({ session, onSignOut }: SidebarProps) {
  const [query, setQuery] = useState('')
  const [dialog, setDialog] = useState<'conversation' | 'room'>()
  const close = (open: boolean) => setDialog((current) => (open ? current : undefined))
  return (
    <nav aria-label="Conversations, rooms and people" className="flex h-full min-h-0 flex-col bg-canvas">
      <header className="safe-top flex items-center justify-between px-4 [--safe-lead:0.75rem] pb-2">
        <h1 className="flex items-center gap-2 font-semibold text-lg tracking-tight">
          <Logo className="size-6" />
          Sangam
        </h1>
        <MeMenu session={session} onSignOut={onSignOut} />
      </header>
      <FindField query={query} onQuery={setQuery} />
      <div className="safe-bottom min-h-0 flex-1 overflow-y-auto px-2 [--safe-gap:0.75rem]">
        <ConversationSection query={query} onNew={() => setDialog('conversation')} />
        <RoomSection query={query} onNew={() => setDialog('room')} />
        <PeopleSection query={query} />
      </div>
      <NewConversationDialog open={dialog === 'conversation'} onOpenChange={close} />
      <NewRoomDialog open={dialog === 'room'} onOpenChange={close} />
    </nav>
  )
}

function FindField({
  query,
  onQuery,
}: {
  readonly query: string
  readonly onQuery: (query: string) => void
}) {
  return (
    <div className="relative mx-4 mb-2">
      <Search aria-hidden size={16} className="absolute top-1/2 left-3 -translate-y-1/2 text-ink-faint" />
      <input
        type="search"
        aria-label="Find people, conversations and rooms"
        placeholder="Find"
        value={query}
        onChange={(event) => onQuery(event.target.value)}
        className="h-10 w-full rounded-xl bg-sunken pr-3 pl-9 text-base placeholder:text-ink-faint sm:text-sm"
      />
    </div>
  )
}

interface SectionProps {
  readonly query: string
  readonly onNew: () => void
}

function ConversationSection({ query, onNew }: SectionProps) {
  const conversations = useConversations()
  // A room's own chat lives in the room.
  const shown = conversations.filter(
    ({ conversationId, title }) => !conversationId.startsWith('room:') && matches(title, query),
  )
  return (
    <ListSection
      title="Conversations"
      action={
        <IconButton
          label="New conversation"
          data-testid="conversation-create"
          icon={<MessageSquarePlus size={18} />}
          onClick={onNew}
        />
      }
      empty={query === '' ? 'Nothing said yet. Write to somebody below.' : 'None by that name.'}
    >
      {shown.map((conversation) => (
        <ConversationItem key={conversation.conversationId} conversation={conversation} />
      ))}
    </ListSection>
  )
}

function ConversationItem({ conversation }: { readonly conversation: ConversationSummary }) {
  const people = usePeople()
  const { conversationId, kind, title, members, lastMessage, unread } = conversation
  const self = people.find((person) => person.self)?.identity
  const peer = kind === 'direct' ? members.find((member) => member.identity !== self) : undefined
  const presence = people.find((person) => person.identity === peer?.identity)?.presence
  const speaker =
    lastMessage?.senderId === self ? 'You: ' : kind === 'group' ? `${lastMessage?.senderName}: ` : ''
  return (
    <ListItem
      href={`/c/${encodeURIComponent(conversationId)}`}
      picture={
        peer === undefined ? (
          <SquareIcon icon={<Hash size={18} />} />
        ) : (
          <Avatar name={title} identity={peer.identity} {...(presence === undefined ? {} : { presence })} />
        )
      }
      title={title}
      detail={lastMessage === undefined ? 'No messages yet' : `${speaker}${lastMessage.text}`}
      strong={unread > 0}
      aside={
        <>
          {lastMessage !== undefined && (
            <span className="text-ink-faint text-xs">{shortWhen(lastMessage.sentAt, Date.now())}</span>
          )}
          {unread > 0 && <UnreadCount count={unread} />}
        </>
      }
      data={{ 'data-testid': 'conversation-item', 'data-conversation': conversationId }}
    />
  )
}

function UnreadCount({ count }: { readonly count: number }) {
  return (
    <span
      data-testid="unread"
      className="tabular min-w-5 self-center rounded-full bg-accent px-1.5 text-center font-semibold text-on-accent text-xs leading-5"
    >
      {count > 99 ? '99+' : count}
      <span className="sr-only"> unread</span>
    </span>
  )
}

function RoomSection({ query, onNew }: SectionProps) {
  const rooms = useRooms().filter(({ name }) => matches(name, query))
  return (
    <ListSection
      title="Rooms"
      action={
        <IconButton label="Create room" data-testid="room-create" icon={<Plus size={18} />} onClick={onNew} />
      }
      empty={query === '' ? 'Nobody is meeting right now.' : 'None by that name.'}
    >
      {rooms.map((room) => (
        <RoomItem key={room.roomId} room={room} />
      ))}
    </ListSection>
  )
}

function RoomItem({ room }: { readonly room: RoomSummary }) {
  return (
    <ListItem
      href={`/rooms/${encodeURIComponent(room.roomId)}`}
      picture={<SquareIcon icon={<Video size={18} />} />}
      title={room.name}
      aside={
        <span className="tabular flex items-center gap-1 self-center text-ink-soft text-sm">
          <Users size={14} aria-hidden />
          {room.participants}
          <span className="sr-only">{room.participants === 1 ? ' person' : ' people'}</span>
        </span>
      }
      data={{ 'data-testid': 'room-item', 'data-room': room.roomId }}
    />
  )
}

function PeopleSection({ query }: { readonly query: string }) {
  const [all, setAll] = useState(false)
  const everybody = orderPeople(usePeople())
  const found = everybody.filter(({ name }) => matches(name, query))
  const reachable = found.filter(({ presence }) => presence !== 'offline').length
  const shown = all || query !== '' ? PEOPLE_SHOWN : Math.min(PEOPLE_SHOWN, reachable + OFFLINE_SHOWN)
  return (
    <>
      <ListSection
        title="People"
        empty={
          everybody.length === 0
            ? 'Nobody else is here yet. Share the address of this page.'
            : 'None by that name.'
        }
      >
        {found.slice(0, shown).map((person) => (
          <PersonItem key={person.identity} person={person} />
        ))}
      </ListSection>
      {shown < found.length && (
        <Button variant="quiet" className="-mt-3 mb-5 w-full" onClick={() => setAll(true)}>
          Show all {found.length} people
        </Button>
      )}
    </>
  )
}

function PersonItem({ person }: { readonly person: Person }) {
  return (
    <ListItem
      href={`/people/${encodeURIComponent(person.identity)}`}
      picture={<Avatar name={person.name} identity={person.identity} presence={person.presence} />}
      title={person.name}
      detail={PRESENCE_WORDS[person.presence]}
      data={{
        'data-testid': 'people-item',
        'data-identity': person.identity,
        'data-presence': person.presence,
      }}
    />
  )
}

function SquareIcon({ icon }: { readonly icon: React.ReactNode }) {
  return (
    <span
      aria-hidden="true"
      className="grid size-10 shrink-0 place-items-center rounded-xl bg-sunken text-ink-soft"
    >
      {icon}
    </span>
  )
}
