import type { Person, RoomSummary, Session } from '@sangam/client'
import { useConversations, usePeople, useRooms } from '@sangam/react'
import { MessageSquarePlus, Plus, Search, TextSearch, Users, Video } from 'lucide-react'
import { useState } from 'react'
import { useLocation } from 'wouter'
import { SearchDialog } from '../chat/search-dialog.tsx'
import { Avatar } from '../design/avatar.tsx'
import { Button } from '../design/button.tsx'
import { IconButton } from '../design/icon-button.tsx'
import { Logo } from '../design/logo.tsx'
import { ConversationItem } from './conversation-item.tsx'
import { ListItem, ListSection } from './list-item.tsx'
import { MeMenu } from './me-menu.tsx'
import { NewConversationDialog, NewRoomDialog } from './new-dialogs.tsx'
import { orderConversations } from './order-conversations.ts'
import { matches, orderPeople } from './order-people.ts'
import { presenceWords } from './presence-words.ts'
import { SquareIcon } from './square-icon.tsx'

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
  const [dialog, setDialog] = useState<'conversation' | 'room' | 'search'>()
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
      <div className="mx-4 mb-2 flex items-center gap-1">
        <FindField query={query} onQuery={setQuery} />
        <IconButton
          label="Search messages"
          data-testid="search-messages"
          icon={<TextSearch size={18} />}
          onClick={() => setDialog('search')}
        />
      </div>
      <div className="safe-bottom min-h-0 flex-1 overflow-y-auto px-2 [--safe-gap:0.75rem]">
        <ConversationSection session={session} query={query} onNew={() => setDialog('conversation')} />
        <RoomSection query={query} onNew={() => setDialog('room')} />
        <PeopleSection query={query} />
      </div>
      <MessageSearch session={session} open={dialog === 'search'} onOpenChange={close} />
      <NewConversationDialog session={session} open={dialog === 'conversation'} onOpenChange={close} />
      <NewRoomDialog open={dialog === 'room'} onOpenChange={close} />
    </nav>
  )
}

function MessageSearch(props: {
  readonly session: Session
  readonly open: boolean
  readonly onOpenChange: (open: boolean) => void
}) {
  const people = usePeople()
  const [, navigate] = useLocation()
  return (
    <SearchDialog
      {...props}
      nameOf={(identity) => people.find((one) => one.identity === identity)?.name ?? identity}
      onPick={({ conversationId, number }) => {
        props.onOpenChange(false)
        navigate(`/c/${encodeURIComponent(conversationId)}?at=${number}`)
      }}
    />
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
    <div className="relative min-w-0 flex-1">
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

function ConversationSection({ session, query, onNew }: SectionProps & { readonly session: Session }) {
  const [withArchived, setWithArchived] = useState(false)
  // A room's own chat lives in the room.
  const conversations = useConversations().filter(
    ({ conversationId, title }) => !conversationId.startsWith('room:') && matches(title, query),
  )
  const { shown, archived } = orderConversations(conversations)
  const all = withArchived || query !== '' ? [...shown, ...archived] : shown
  return (
    <>
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
        {all.map((conversation) => (
          <ConversationItem key={conversation.conversationId} session={session} conversation={conversation} />
        ))}
      </ListSection>
      {archived.length > 0 && query === '' && (
        <Button variant="quiet" className="-mt-3 mb-5 w-full" onClick={() => setWithArchived(!withArchived)}>
          {withArchived ? 'Hide archived' : `Archived (${archived.length})`}
        </Button>
      )}
    </>
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
      detail={presenceWords(person, Date.now())}
      data={{
        'data-testid': 'people-item',
        'data-identity': person.identity,
        'data-presence': person.presence,
      }}
    />
  )
}
