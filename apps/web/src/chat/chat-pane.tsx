import type { Conversation, ConversationSnapshot, Person, Session } from '@sangam/client'
import { usePeople, useStore } from '@sangam/react'
import { ChevronLeft, Hash, Info, Lock, MessageCircle, Phone, Search, Video } from 'lucide-react'
import { useCallback, useEffect, useState } from 'react'
import { Link, useLocation, useSearchParams } from 'wouter'
import { Avatar } from '../design/avatar.tsx'
import { Button } from '../design/button.tsx'
import { IconButton } from '../design/icon-button.tsx'
import { Loading, Notice } from '../design/notice.tsx'
import { useNotify } from '../design/toasts.tsx'
import { useLive } from '../live/live.tsx'
import { errorWords } from '../session/error-words.ts'
import { presenceWords } from '../shell/presence-words.ts'
import { type ChatFocus, ChatView } from './chat-view.tsx'
import { GroupInfo } from './group-info.tsx'
import { BlockedBar, PersonInfo } from './person-info.tsx'
import { SearchDialog } from './search-dialog.tsx'
import { useBlocked } from './use-blocked.ts'
import { useOpenConversation } from './use-open-conversation.ts'

interface ChatPaneProps {
  readonly session: Session
  readonly target: string
  readonly kind: 'id' | 'person'
}

/** One conversation, opened by its id or by the person it is with. */
export function ChatPane({ session, target, kind }: ChatPaneProps) {
  const opening = useOpenConversation(session, target, kind)
  if (opening.at === 'opening') return <Loading label="Opening…" />
  if (opening.at === 'failed') {
    return (
      <Notice
        icon={<MessageCircle />}
        title="This conversation can’t be opened"
        action={
          <>
            <Button variant="primary" onClick={opening.retry}>
              Try again
            </Button>
            <Link
              href="/"
              className="inline-flex h-10 items-center rounded-xl px-4 font-medium text-sm hover:bg-sunken"
            >
              Back
            </Link>
          </>
        }
      >
        {errorWords(opening.error)}
      </Notice>
    )
  }
  const { conversation } = opening
  return <OpenChat key={conversation.conversationId} session={session} conversation={conversation} />
}

interface OpenChatProps {
  readonly session: Session
  readonly conversation: Conversation
}

function OpenChat({ session, conversation }: OpenChatProps) {
  const snapshot = useStore(conversation.state)
  const people = usePeople()
  const notify = useNotify()
  const [, navigate] = useLocation()
  const [focus, setFocus] = useFocus()
  const [dialog, setDialog] = useState<'info' | 'search'>()
  const peerId =
    snapshot.kind === 'direct'
      ? snapshot.members.find((member) => member.identity !== session.identity)?.identity
      : undefined
  const peer = people.find((person) => person.identity === peerId)
  const { gone, title } = snapshot
  useEffect(() => {
    if (gone === undefined) return
    notify(gone === 'left' ? `You left ${title}.` : `You were removed from ${title}.`)
    navigate('/')
  }, [gone, title, notify, navigate])
  const close = () => setDialog(undefined)
  const onError = useCallback((error: unknown) => notify(errorWords(error)), [notify])
  const { isBlocked, setBlocked } = useBlocked(session, peerId, onError)
  const show = (number: number | undefined) => {
    close()
    setFocus(number)
  }
  return (
    <section aria-label={title} className="flex h-full min-h-0 flex-col">
      <ChatHeader
        title={title}
        detail={peer === undefined ? membersInWords(membersOf(snapshot)) : presenceWords(peer, Date.now())}
        isPrivate={snapshot.access === 'members'}
        peerId={peerId}
        peer={peer}
        onSearch={() => setDialog('search')}
        onInfo={() => setDialog('info')}
      />
      {isBlocked === true && <BlockedBar name={title} onUnblock={() => setBlocked(false)} />}
      <ChatView conversation={conversation} placeholder={`Message ${title}`} focus={focus} />
      {peerId === undefined ? (
        <GroupInfo
          open={dialog === 'info'}
          onOpenChange={close}
          conversation={conversation}
          snapshot={snapshot}
          self={session.identity}
          run={(action) => void action.catch(onError)}
          onShow={show}
        />
      ) : (
        <PersonInfo
          open={dialog === 'info'}
          onOpenChange={close}
          name={title}
          identity={peerId}
          person={peer}
          isBlocked={isBlocked}
          onBlock={setBlocked}
          onReport={(reason) => session.report(peerId, reason)}
        />
      )}
      <SearchDialog
        session={session}
        open={dialog === 'search'}
        onOpenChange={close}
        conversationId={conversation.conversationId}
        nameOf={(identity) => people.find((one) => one.identity === identity)?.name ?? identity}
        onPick={({ number }) => show(number)}
        onDate={(at) => {
          close()
          setFocus({ at })
        }}
      />
    </section>
  )
}

/** The message that the address names (`?at=12`), or that was chosen since. */
function useFocus(): [focus: ChatFocus | undefined, setFocus: (focus: ChatFocus | undefined) => void] {
  const [params] = useSearchParams()
  const named = Number(params.get('at')) || undefined
  const [focus, setFocus] = useState<ChatFocus | undefined>(named)
  useEffect(() => setFocus(named), [named])
  return [focus, setFocus]
}

interface ChatHeaderProps {
  readonly title: string
  readonly detail: string
  readonly isPrivate: boolean
  readonly peerId: string | undefined
  readonly peer: Person | undefined
  readonly onSearch: () => void
  readonly onInfo: () => void
}

function ChatHeader(props: ChatHeaderProps) {
  const { title, detail, isPrivate, peerId, peer, onSearch, onInfo } = props
  return (
    <header className="safe-top flex items-center gap-3 border-line border-b px-2 [--safe-lead:0.625rem] pb-2.5 sm:px-5">
      <BackLink />
      {peerId === undefined ? (
        <span
          aria-hidden
          className="grid size-10 shrink-0 place-items-center rounded-xl bg-sunken text-ink-soft"
        >
          {isPrivate ? <Lock size={17} /> : <Hash size={18} />}
        </span>
      ) : (
        <Avatar name={title} identity={peerId} {...(peer === undefined ? {} : { presence: peer.presence })} />
      )}
      <div className="min-w-0 flex-1">
        <h1 className="truncate font-semibold leading-tight">{title}</h1>
        <p className="truncate text-ink-soft text-sm leading-tight">{detail}</p>
      </div>
      <IconButton
        label="Search this conversation"
        data-testid="search-conversation"
        icon={<Search size={19} />}
        onClick={onSearch}
      />
      <IconButton
        label={peerId === undefined ? 'Members and settings' : `About ${title}`}
        data-testid={peerId === undefined ? 'group-info' : 'person-info'}
        icon={<Info size={20} />}
        onClick={onInfo}
      />
      {peerId !== undefined && <CallButtons peer={{ identity: peerId, name: title }} />}
    </header>
  )
}

function CallButtons({ peer }: { readonly peer: { readonly identity: string; readonly name: string } }) {
  const { call, dialling, startCall } = useLive()
  const taken = call !== undefined || dialling !== undefined
  return (
    <div className="flex gap-0.5">
      <IconButton
        label={`Call ${peer.name} by voice`}
        data-testid="call-voice"
        disabled={taken}
        icon={<Phone size={20} />}
        onClick={() => startCall(peer, false)}
      />
      <IconButton
        label={`Call ${peer.name} by video`}
        data-testid="call-video"
        disabled={taken}
        icon={<Video size={21} />}
        onClick={() => startCall(peer, true)}
      />
    </div>
  )
}

/** On a phone, the way back to the list. */
export function BackLink() {
  return (
    <Link
      href="/"
      aria-label="Back to the list"
      className="grid size-10 shrink-0 place-items-center rounded-full text-ink-soft hover:bg-sunken md:hidden"
    >
      <ChevronLeft size={24} aria-hidden />
    </Link>
  )
}

/** Everybody who is known to take part; those who came after it was opened show by what they wrote or read. */
function membersOf({ members, messages, read }: ConversationSnapshot): number {
  const known = [
    ...members.map(({ identity }) => identity),
    ...messages.map(({ senderId }) => senderId),
    ...read.keys(),
  ]
  return new Set(known).size
}

function membersInWords(count: number): string {
  return count === 1 ? 'Only you so far' : `${count} members`
}
