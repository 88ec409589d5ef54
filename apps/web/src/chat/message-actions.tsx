import type { ChatMessage } from '@sangam/client'
import {
  Copy,
  CornerUpLeft,
  Ellipsis,
  Flag,
  History,
  MessagesSquare,
  Pencil,
  Pin,
  PinOff,
  SmilePlus,
  Trash2,
} from 'lucide-react'
import { DropdownMenu } from 'radix-ui'
import { useState } from 'react'
import { Menu, MenuItem } from '../design/menu.tsx'
import { useChat } from './chat-context.tsx'
import { DeleteDialog } from './delete-dialog.tsx'
import { QUICK_EMOJI } from './emoji.ts'
import { EmojiPicker } from './emoji-picker.tsx'
import { plainText } from './markdown.ts'
import { ReportDialog } from './report-dialog.tsx'
import { VersionsDialog } from './versions-dialog.tsx'

const BUTTON =
  'grid size-8 place-items-center rounded-full text-ink-faint hover:bg-sunken hover:text-ink data-[state=open]:bg-sunken'

interface MessageProps {
  readonly message: ChatMessage
}

/** What one can do with a message: an emoji and an answer at once, all else in a menu. */
export function MessageActions({ message }: MessageProps) {
  const { conversation, onReply, change } = useChat()
  return (
    <div
      className="flex shrink-0 self-center opacity-0 transition-opacity duration-100 focus-within:opacity-100 group-hover/message:opacity-100 has-data-[state=open]:opacity-100 pointer-coarse:opacity-100"
      data-testid="message-actions"
    >
      {message.number !== undefined && (
        <span className="pointer-coarse:hidden contents">
          <EmojiPicker onPick={(emoji) => change(conversation.react(idOf(message), emoji, true))}>
            <button type="button" aria-label="React" title="React" data-testid="react" className={BUTTON}>
              <SmilePlus size={17} aria-hidden />
            </button>
          </EmojiPicker>
          <button
            type="button"
            aria-label="Reply"
            title="Reply"
            data-testid="reply"
            className={`${BUTTON} pointer-coarse:hidden`}
            onClick={() => onReply(message)}
          >
            <CornerUpLeft size={17} aria-hidden />
          </button>
        </span>
      )}
      <MoreMenu message={message} />
    </div>
  )
}

/** What names a message: its number, or its own id while it has none. */
const idOf = ({ number, clientMessageId }: ChatMessage): number | string => number ?? clientMessageId

function MoreMenu({ message }: MessageProps) {
  const { conversation, mayModerate, onEdit, nameOf, run, change } = useChat()
  const [dialog, setDialog] = useState<'delete' | 'report' | 'versions'>()
  const close = () => setDialog(undefined)
  const { number, own, system, text, editedAt } = message
  const isOwn = own && system === undefined
  return (
    <>
      <Menu
        trigger={
          <button type="button" aria-label="More" data-testid="message-menu" className={BUTTON}>
            <Ellipsis size={17} aria-hidden />
          </button>
        }
      >
        {number !== undefined && <StoredItems message={{ ...message, number }} />}
        {text !== '' && (
          <MenuItem
            icon={<Copy size={16} />}
            onSelect={() => run(navigator.clipboard.writeText(plainText(text, nameOf)))}
          >
            Copy text
          </MenuItem>
        )}
        {editedAt !== undefined && number !== undefined && (
          <MenuItem icon={<History size={16} />} testId="versions" onSelect={() => setDialog('versions')}>
            Earlier versions
          </MenuItem>
        )}
        {isOwn && (
          <MenuItem icon={<Pencil size={16} />} testId="edit" onSelect={() => onEdit(message)}>
            Edit
          </MenuItem>
        )}
        {!own && system === undefined && number !== undefined && (
          <MenuItem icon={<Flag size={16} />} testId="report" onSelect={() => setDialog('report')}>
            Report
          </MenuItem>
        )}
        {(isOwn || mayModerate) && (
          <MenuItem icon={<Trash2 size={16} />} testId="delete" danger onSelect={() => setDialog('delete')}>
            Delete
          </MenuItem>
        )}
      </Menu>
      <DeleteDialog
        open={dialog === 'delete'}
        onOpenChange={close}
        onDelete={() => change(conversation.delete(idOf(message)))}
      />
      {number !== undefined && (
        <>
          <ReportDialog
            open={dialog === 'report'}
            onOpenChange={close}
            title="Report this message"
            description={`Its words and your reason go to the moderators and to whoever runs the server. ${message.senderName} is not told.`}
            onReport={(reason) => conversation.report(number, reason)}
          />
          <VersionsDialog
            open={dialog === 'versions'}
            onOpenChange={close}
            conversation={conversation}
            message={{ ...message, number }}
          />
        </>
      )}
    </>
  )
}

/** What only a message with a number can have: emoji, answers, a thread, a pin. */
function StoredItems({ message }: { readonly message: ChatMessage & { readonly number: number } }) {
  const { conversation, mayPin, onReply, onThread, change } = useChat()
  const { number, pinnedAt, thread, replies } = message
  return (
    <>
      <div className="flex justify-between px-1 pb-1">
        {QUICK_EMOJI.map((emoji) => (
          <DropdownMenu.Item
            key={emoji}
            aria-label={`React with ${emoji}`}
            data-testid="quick-react"
            className="grid size-9 cursor-pointer place-items-center rounded-full text-lg outline-none data-[highlighted]:bg-sunken"
            onSelect={() => change(conversation.react(number, emoji, true))}
          >
            {emoji}
          </DropdownMenu.Item>
        ))}
      </div>
      <MenuItem icon={<CornerUpLeft size={16} />} onSelect={() => onReply(message)}>
        Reply
      </MenuItem>
      {onThread !== undefined && (
        <MenuItem
          icon={<MessagesSquare size={16} />}
          testId="open-thread"
          onSelect={() => onThread(thread ?? number)}
        >
          {replies === undefined ? 'Start a thread' : 'Open the thread'}
        </MenuItem>
      )}
      {mayPin && (
        <MenuItem
          icon={pinnedAt === undefined ? <Pin size={16} /> : <PinOff size={16} />}
          testId="pin"
          onSelect={() => change(conversation.pin(number, pinnedAt === undefined))}
        >
          {pinnedAt === undefined ? 'Pin' : 'Unpin'}
        </MenuItem>
      )}
    </>
  )
}
