import {
  type ChatMessage,
  type Conversation,
  type ConversationSnapshot,
  type HistoryView,
  isSangamError,
} from '@sangam/client'
import { usePeople, useSession, useStore } from '@sangam/react'
import { MessageCircle } from 'lucide-react'
import { useCallback, useEffect, useMemo, useRef, useState } from 'react'
import { Notice } from '../design/notice.tsx'
import { useNotify } from '../design/toasts.tsx'
import { DropZone } from '../files/drop-zone.tsx'
import { useDraftedFiles } from '../files/use-drafted-files.ts'
import { errorWords } from '../session/error-words.ts'
import { ChatContext, type ChatContextValue } from './chat-context.tsx'
import { Composer, type ComposerPurpose } from './composer.tsx'
import { HistoryList, showMessage } from './history-list.tsx'
import { plainText } from './markdown.ts'
import { MessageList } from './message-list.tsx'
import { PinnedBar } from './pinned-bar.tsx'
import { typingWords } from './receipt-words.ts'
import { ThreadPane } from './thread-pane.tsx'
import type { LinkPreview } from './use-link-preview.ts'

/** A message by its number, or the first one at or after a moment (milliseconds since 1970). */
export type ChatFocus = number | { readonly at: number }

interface ChatViewProps {
  readonly conversation: Conversation
  readonly placeholder: string
  /** A message to show first, or a moment: where a search led. */
  readonly focus?: ChatFocus | undefined
  /** Of the chat of a room, which has no members of its own: whether one moderates the room. */
  readonly moderates?: boolean
}

type Purpose =
  | { readonly type: 'reply'; readonly message: ChatMessage }
  | { readonly type: 'edit'; readonly message: ChatMessage }

/** The log with all that belongs to it: pinned messages, composer, typing line and thread. */
export function ChatView({ conversation, placeholder, focus, moderates = false }: ChatViewProps) {
  const session = useSession()
  const snapshot = useStore(conversation.state)
  const notify = useNotify()
  const [purpose, setPurpose] = useState<Purpose>()
  const [thread, setThread] = useState<number>()
  const [window, setWindow] = useState<{ readonly view: HistoryView; readonly focus: number }>()
  const log = useRef<HTMLDivElement>(null)
  const nameOf = useNames(snapshot)
  const drafted = useDraftedFiles(conversation.conversationId)
  const unreadFrom = useFirstUnread(snapshot, session.identity)

  useEffect(() => {
    // Without them the chat is as good; the bar stays away.
    conversation.loadPinned().catch(() => {})
  }, [conversation])

  const run = useCallback(
    (action: Promise<unknown>) => void action.catch((error: unknown) => notify(errorWords(error))),
    [notify],
  )
  const change = useCallback(
    (action: Promise<unknown>) =>
      void action.catch((error: unknown) => {
        if (isSangamError(error, 'wrongState', 'notFound')) notify(errorWords(error))
      }),
    [notify],
  )
  const jump = useCallback(
    (number: number) => {
      setThread(undefined)
      if (showMessage(log.current, number)) return
      run(conversation.history({ around: number }).then((view) => setWindow({ view, focus: number })))
    },
    [conversation, run],
  )
  useEffect(() => {
    if (typeof focus === 'number') jump(focus)
    else if (focus !== undefined) {
      run(conversation.history(focus).then((view) => setWindow({ view, focus: firstAt(view, focus.at) })))
    }
  }, [focus, jump, conversation, run])

  const own = snapshot.members.find(({ identity }) => identity === session.identity)?.role
  const mayModerate = moderates || (snapshot.kind === 'group' && (own === 'owner' || own === 'moderator'))
  const chat = useMemo<ChatContextValue>(
    () => ({
      conversation,
      kind: snapshot.kind,
      self: session.identity,
      nameOf,
      mayModerate,
      mayPin: mayModerate || snapshot.kind === 'direct',
      onReply: (message) => setPurpose({ type: 'reply', message }),
      onEdit: (message) => setPurpose({ type: 'edit', message }),
      onThread: setThread,
      onJump: jump,
      run,
      change,
    }),
    [conversation, snapshot.kind, session.identity, nameOf, mayModerate, jump, run, change],
  )

  const send = (text: string, preview: LinkPreview | undefined, inThread?: number) => {
    const described = preview === undefined ? {} : { preview }
    setPurpose(undefined)
    if (purpose?.type === 'edit') {
      const { number, clientMessageId } = purpose.message
      change(conversation.edit(number ?? clientMessageId, text, described))
    } else {
      const replyTo = purpose?.message.number
      const attachments = drafted.take()
      const options = {
        ...described,
        ...(attachments.length === 0 ? {} : { attachments }),
        ...(replyTo === undefined ? {} : { replyTo }),
        ...(inThread === undefined ? {} : { thread: inThread }),
      }
      // What goes wrong shows beside the message itself.
      void conversation.send(text, options).catch(() => {})
    }
    if (window !== undefined && inThread === undefined) setWindow(undefined)
  }
  const composer = (inThread?: number) => {
    const fits = purpose !== undefined && purpose.message.thread === inThread
    const shown = fits ? purposeOf(purpose, nameOf, () => setPurpose(undefined)) : undefined
    const place =
      inThread === undefined ? conversation.conversationId : `${conversation.conversationId} ${inThread}`
    return (
      <Composer
        // Editing begins with the text of the message, and leaves the draft alone.
        key={fits && purpose.type === 'edit' ? `edit ${purpose.message.key}` : place}
        draftKey={place}
        placeholder={inThread === undefined ? placeholder : 'Answer in thread'}
        mentionable={snapshot.members.filter(({ identity }) => identity !== session.identity)}
        nameOf={nameOf}
        purpose={shown}
        drafted={drafted}
        onError={(error) => notify(errorWords(error))}
        conversation={conversation}
        onSend={(text, preview) => send(text, preview, inThread)}
        onTyping={(typing) => conversation.setTyping(typing)}
      />
    )
  }

  return (
    <ChatContext value={chat}>
      <div className="flex min-h-0 flex-1">
        <DropZone ref={log} onFiles={(files) => drafted.add(files)}>
          <PinnedBar pinned={snapshot.pinned} nameOf={nameOf} onJump={jump} />
          {window !== undefined ? (
            <HistoryList
              view={window.view}
              focus={window.focus}
              withSender={snapshot.kind === 'group'}
              onError={(error) => notify(errorWords(error))}
              onNewest={() => setWindow(undefined)}
            />
          ) : snapshot.messages.length === 0 && !snapshot.hasEarlier ? (
            <div className="min-h-0 flex-1">
              <Notice icon={<MessageCircle />} title="Nothing said yet">
                Write the first message.
              </Notice>
            </div>
          ) : (
            <MessageList
              // What the device kept is shown at once; when it is caught up, the list begins anew at what is unread.
              key={String(snapshot.caughtUp)}
              conversation={conversation}
              snapshot={snapshot}
              unreadFrom={unreadFrom}
            />
          )}
          <p
            aria-live="polite"
            data-testid="typing"
            className="mx-auto h-5 w-full max-w-3xl truncate px-5 text-ink-faint text-xs"
          >
            {typingWords(snapshot.typing.map(({ name }) => name))}
          </p>
          {composer()}
        </DropZone>
        {thread !== undefined && (
          <ChatContext value={{ ...chat, onThread: undefined }}>
            <ThreadPane
              key={thread}
              conversation={conversation}
              root={thread}
              rootMessage={snapshot.messages.find(({ number }) => number === thread)}
              unsent={snapshot.messages.filter((one) => one.thread === thread && one.number === undefined)}
              composer={composer(thread)}
              onClose={() => setThread(undefined)}
            />
          </ChatContext>
        )}
      </div>
    </ChatContext>
  )
}

/** The number of the first message of a view at or after a moment. */
function firstAt(view: HistoryView, atMs: number): number {
  const { messages } = view.state.get()
  return (messages.find(({ sentAt }) => sentAt >= atMs) ?? messages.at(-1))?.number ?? 0
}

/** Names of everybody whom a message may name. */
function useNames({ members }: ConversationSnapshot): (identity: string) => string {
  const people = usePeople()
  return useMemo(() => {
    const names = new Map(people.map(({ identity, name }) => [identity, name]))
    for (const { identity, name } of members) names.set(identity, name)
    return (identity) => names.get(identity) ?? identity
  }, [people, members])
}

/**
 * The first message that was unread when the conversation came into sight and was caught up; it stays there while one
 * reads.
 */
function useFirstUnread(snapshot: ConversationSnapshot, self: string): number | undefined {
  const [found, setFound] = useState<{ readonly first: number | undefined }>()
  if (found !== undefined) return found.first
  if (!snapshot.caughtUp) return undefined
  const readTo = snapshot.read.get(self) ?? 0
  const first = snapshot.messages.find(
    ({ number = 0, own, thread }) => !own && thread === undefined && number > readTo,
  )?.number
  // Set while rendering: React renders again at once, before anything is shown.
  setFound({ first })
  return first
}

function purposeOf(
  { type, message }: Purpose,
  nameOf: (identity: string) => string,
  onCancel: () => void,
): ComposerPurpose {
  const text = plainText(message.text, nameOf).replaceAll('\n', ' ')
  if (type === 'edit')
    return { title: 'Edit', text, initial: message.text, preview: message.preview, onCancel }
  return { title: `Answer to ${message.own ? 'yourself' : message.senderName}`, text, onCancel }
}
