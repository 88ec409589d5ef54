import type { ChatMessage } from '@sangam/client'
import {
  Copy,
  CornerUpLeft,
  Ellipsis,
  MessagesSquare,
  Pencil,
  Pin,
  PinOff,
  SmilePlus,
  Trash2,
} from 'lucide-react'
import { DropdownMenu } from 'radix-ui'
import { type ReactNode, useState } from 'react'
import { Button } from '../design/button.tsx'
import { Dialog } from '../design/dialog.tsx'
import { useChat } from './chat-context.tsx'
import { QUICK_EMOJI } from './emoji.ts'
import { EmojiPicker } from './emoji-picker.tsx'
import { plainText } from './markdown.ts'

const ITEM =
  'flex cursor-pointer select-none items-center gap-2.5 rounded-lg px-2.5 py-2 text-sm outline-none data-[highlighted]:bg-sunken'
const BUTTON =
  'grid size-8 place-items-center rounded-full text-ink-faint hover:bg-sunken hover:text-ink data-[state=open]:bg-sunken'

type Stored = ChatMessage & { readonly number: number }

/** What one can do with a message: an emoji and an answer at once, all else in a menu. */
export function MessageActions({ message }: { readonly message: Stored }) {
  const { conversation, onReply, run } = useChat()
  return (
    <div
      className="flex shrink-0 self-center opacity-0 transition-opacity duration-100 focus-within:opacity-100 group-hover/message:opacity-100 has-data-[state=open]:opacity-100 pointer-coarse:opacity-100"
      data-testid="message-actions"
    >
      <span className="pointer-coarse:hidden contents">
        <EmojiPicker onPick={(emoji) => run(conversation.react(message.number, emoji, true))}>
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
      <MoreMenu message={message} />
    </div>
  )
}

function MoreMenu({ message }: { readonly message: Stored }) {
  const { conversation, mayModerate, mayPin, onReply, onEdit, onThread, nameOf, run } = useChat()
  const [deleting, setDeleting] = useState(false)
  const { number, own, system, text, pinnedAt } = message
  const isOwn = own && system === undefined
  const react = (emoji: string) => run(conversation.react(number, emoji, true))
  return (
    <>
      <DropdownMenu.Root modal={false}>
        <DropdownMenu.Trigger aria-label="More" data-testid="message-menu" className={BUTTON}>
          <Ellipsis size={17} aria-hidden />
        </DropdownMenu.Trigger>
        <DropdownMenu.Portal>
          <DropdownMenu.Content
            align="end"
            sideOffset={4}
            collisionPadding={8}
            className="z-50 min-w-52 animate-appear rounded-2xl border border-line bg-raised p-1.5 shadow-raised"
          >
            <div className="flex justify-between px-1 pb-1">
              {QUICK_EMOJI.map((emoji) => (
                <DropdownMenu.Item
                  key={emoji}
                  aria-label={`React with ${emoji}`}
                  data-testid="quick-react"
                  className="grid size-9 cursor-pointer place-items-center rounded-full text-lg outline-none data-[highlighted]:bg-sunken"
                  onSelect={() => react(emoji)}
                >
                  {emoji}
                </DropdownMenu.Item>
              ))}
            </div>
            <Item icon={<CornerUpLeft size={16} />} label="Reply" onSelect={() => onReply(message)} />
            {onThread !== undefined && (
              <Item
                icon={<MessagesSquare size={16} />}
                label={message.replies === undefined ? 'Start a thread' : 'Open the thread'}
                testId="open-thread"
                onSelect={() => onThread(message.thread ?? number)}
              />
            )}
            {text !== '' && (
              <Item
                icon={<Copy size={16} />}
                label="Copy text"
                onSelect={() => run(navigator.clipboard.writeText(plainText(text, nameOf)))}
              />
            )}
            {mayPin && (
              <Item
                icon={pinnedAt === undefined ? <Pin size={16} /> : <PinOff size={16} />}
                label={pinnedAt === undefined ? 'Pin' : 'Unpin'}
                testId="pin"
                onSelect={() => run(conversation.pin(number, pinnedAt === undefined))}
              />
            )}
            {isOwn && (
              <Item icon={<Pencil size={16} />} label="Edit" testId="edit" onSelect={() => onEdit(message)} />
            )}
            {(isOwn || mayModerate) && (
              <Item
                icon={<Trash2 size={16} />}
                label="Delete"
                testId="delete"
                danger
                onSelect={() => setDeleting(true)}
              />
            )}
          </DropdownMenu.Content>
        </DropdownMenu.Portal>
      </DropdownMenu.Root>
      <Dialog
        open={deleting}
        onOpenChange={setDeleting}
        title="Delete this message?"
        description="It goes for everybody, with its history and reactions."
      >
        <div className="flex justify-end gap-2">
          <Button onClick={() => setDeleting(false)}>Keep it</Button>
          <Button
            variant="danger"
            data-testid="confirm-delete"
            onClick={() => {
              setDeleting(false)
              run(conversation.delete(number))
            }}
          >
            Delete
          </Button>
        </div>
      </Dialog>
    </>
  )
}

interface ItemProps {
  readonly icon: ReactNode
  readonly label: string
  readonly testId?: string
  readonly danger?: boolean
  readonly onSelect: () => void
}

function Item({ icon, label, testId, danger = false, onSelect }: ItemProps) {
  return (
    <DropdownMenu.Item
      className={danger ? `${ITEM} text-danger-ink` : ITEM}
      data-testid={testId}
      onSelect={onSelect}
    >
      <span aria-hidden>{icon}</span>
      {label}
    </DropdownMenu.Item>
  )
}
