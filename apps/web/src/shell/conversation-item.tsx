import type { Conversation, ConversationSummary, Session } from '@sangam/client'
import { usePeople } from '@sangam/react'
import {
  Archive,
  ArchiveRestore,
  BellOff,
  BellRing,
  Download,
  Ellipsis,
  Hash,
  Lock,
  Pin,
  PinOff,
} from 'lucide-react'
import { DropdownMenu } from 'radix-ui'
import type { ReactNode } from 'react'
import { plainText } from '../chat/markdown.ts'
import { systemWords } from '../chat/system-words.ts'
import { Avatar } from '../design/avatar.tsx'
import { classNames } from '../design/class-names.ts'
import { useNotify } from '../design/toasts.tsx'
import { errorWords } from '../session/error-words.ts'
import { download } from './download.ts'
import { ListItem } from './list-item.tsx'
import { attention } from './order-conversations.ts'
import { SquareIcon } from './square-icon.tsx'
import { shortWhen } from './time-words.ts'

const ITEM =
  'flex cursor-pointer select-none items-center gap-2.5 rounded-lg px-2.5 py-2 text-sm outline-none data-[highlighted]:bg-sunken'
const HOUR_MS = 3_600_000
const FOR_EVER = Number.MAX_SAFE_INTEGER

interface ConversationItemProps {
  readonly session: Session
  readonly conversation: ConversationSummary
}

/** A conversation in the list, with its counts and a menu of its own. */
export function ConversationItem({ session, conversation }: ConversationItemProps) {
  const people = usePeople()
  const { conversationId, kind, access, title, members, lastMessage, unread, mentioned, mutedUntil, pinned } =
    conversation
  const self = session.identity
  const peer = kind === 'direct' ? members.find((member) => member.identity !== self) : undefined
  const presence = people.find((person) => person.identity === peer?.identity)?.presence
  const nameOf = (identity: string) => people.find((one) => one.identity === identity)?.name ?? identity
  const isMuted = mutedUntil > Date.now()
  return (
    <ListItem
      href={`/c/${encodeURIComponent(conversationId)}`}
      picture={
        peer === undefined ? (
          <SquareIcon icon={access === 'members' ? <Lock size={17} /> : <Hash size={18} />} />
        ) : (
          <Avatar name={title} identity={peer.identity} {...(presence === undefined ? {} : { presence })} />
        )
      }
      title={title}
      detail={lastLine(lastMessage, { self, kind, nameOf })}
      strong={attention(conversation, Date.now()) > 0}
      aside={
        <>
          {pinned && <Pin size={12} aria-label="Pinned" className="self-center text-ink-faint" />}
          {isMuted && <BellOff size={12} aria-label="Muted" className="self-center text-ink-faint" />}
          {lastMessage !== undefined && (
            <span className="text-ink-faint text-xs">{shortWhen(lastMessage.sentAt, Date.now())}</span>
          )}
          {mentioned > 0 && <Count count={mentioned} sign="@" words="mentions" testId="mentioned" />}
          {unread > 0 && <Count count={unread} words="unread" testId="unread" quiet={isMuted} />}
        </>
      }
      menu={<ItemMenu session={session} conversation={conversation} />}
      data={{ 'data-testid': 'conversation-item', 'data-conversation': conversationId }}
    />
  )
}

/** What was said last, in one line. */
function lastLine(
  last: ConversationSummary['lastMessage'],
  {
    self,
    kind,
    nameOf,
  }: {
    readonly self: string
    readonly kind: ConversationSummary['kind']
    readonly nameOf: (identity: string) => string
  },
): string {
  if (last === undefined) return 'No messages yet'
  const who = last.senderId === self ? 'You' : last.senderName
  if (last.deletedAt !== undefined) return 'Message deleted'
  if (last.system !== undefined) return systemWords(last.system, who)
  const speaker = who === 'You' || kind === 'group' ? `${who}: ` : ''
  // What has no words, and is neither deleted nor a line of the server, is made of files.
  return `${speaker}${last.text === '' ? 'Attachment' : plainText(last.text, nameOf)}`
}

interface CountProps {
  readonly count: number
  readonly words: string
  readonly testId: string
  readonly sign?: string
  readonly quiet?: boolean
}

function Count({ count, words, testId, sign = '', quiet = false }: CountProps) {
  return (
    <span
      data-testid={testId}
      className={classNames(
        'tabular min-w-5 self-center rounded-full px-1.5 text-center font-semibold text-xs leading-5',
        quiet ? 'bg-pressed text-ink-soft' : 'bg-accent text-on-accent',
      )}
    >
      {sign}
      {count > 99 ? '99+' : count}
      <span className="sr-only"> {words}</span>
    </span>
  )
}

function ItemMenu({ session, conversation }: ConversationItemProps) {
  const notify = useNotify()
  const { conversationId, title, pinned, archived, mutedUntil } = conversation
  const set = (preferences: Parameters<Conversation['setPreferences']>[0]) => {
    session
      .conversation(conversationId)
      .then((opened) => opened.setPreferences(preferences))
      .catch((error: unknown) => notify(errorWords(error)))
  }
  const save = (format: 'json' | 'html') => {
    session
      .exportConversation(conversationId, format)
      .then((file) => download(file, `${title}.${format}`))
      .catch((error: unknown) => notify(errorWords(error)))
  }
  const isMuted = mutedUntil > Date.now()
  return (
    <DropdownMenu.Root modal={false}>
      <DropdownMenu.Trigger
        aria-label={`Settings of ${title}`}
        data-testid="conversation-menu"
        className="absolute right-1.5 bottom-1 grid size-7 place-items-center rounded-full bg-raised text-ink-soft opacity-0 shadow-sm focus-visible:opacity-100 group-hover/row:opacity-100 data-[state=open]:opacity-100"
      >
        <Ellipsis size={15} aria-hidden />
      </DropdownMenu.Trigger>
      <DropdownMenu.Portal>
        <DropdownMenu.Content
          align="end"
          sideOffset={4}
          collisionPadding={8}
          className="z-50 min-w-52 animate-appear rounded-2xl border border-line bg-raised p-1.5 shadow-raised"
        >
          <MenuItem
            icon={pinned ? <PinOff size={16} /> : <Pin size={16} />}
            label={pinned ? 'Unpin' : 'Pin to the top'}
            onSelect={() => set({ pinned: !pinned })}
          />
          {isMuted ? (
            <MenuItem icon={<BellRing size={16} />} label="Unmute" onSelect={() => set({ mutedUntil: 0 })} />
          ) : (
            <>
              <MenuItem
                icon={<BellOff size={16} />}
                label="Mute for 8 hours"
                onSelect={() => set({ mutedUntil: Date.now() + 8 * HOUR_MS })}
              />
              <MenuItem
                icon={<BellOff size={16} />}
                label="Mute"
                onSelect={() => set({ mutedUntil: FOR_EVER })}
              />
            </>
          )}
          <MenuItem
            icon={archived ? <ArchiveRestore size={16} /> : <Archive size={16} />}
            label={archived ? 'Bring back' : 'Archive'}
            onSelect={() => set({ archived: !archived })}
          />
          <MenuItem icon={<Download size={16} />} label="Save as a page" onSelect={() => save('html')} />
          <MenuItem icon={<Download size={16} />} label="Save as JSON" onSelect={() => save('json')} />
        </DropdownMenu.Content>
      </DropdownMenu.Portal>
    </DropdownMenu.Root>
  )
}

function MenuItem(props: {
  readonly icon: ReactNode
  readonly label: string
  readonly onSelect: () => void
}) {
  return (
    <DropdownMenu.Item className={ITEM} onSelect={props.onSelect}>
      <span aria-hidden>{props.icon}</span>
      {props.label}
    </DropdownMenu.Item>
  )
}
