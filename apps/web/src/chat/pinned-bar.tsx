import type { ChatMessage } from '@sangam/client'
import { ChevronDown, Pin } from 'lucide-react'
import { DropdownMenu } from 'radix-ui'
import { plainText } from './markdown.ts'

interface PinnedBarProps {
  readonly pinned: readonly ChatMessage[]
  readonly nameOf: (identity: string) => string
  readonly onJump: (number: number) => void
}

/** The message pinned last, and the others in a menu. */
export function PinnedBar({ pinned, nameOf, onJump }: PinnedBarProps) {
  const [newest] = pinned
  if (newest === undefined) return null
  const line = (message: ChatMessage) => plainText(message.text, nameOf).replaceAll('\n', ' ')
  return (
    <div
      data-testid="pinned-bar"
      className="flex items-center gap-2 border-line border-b bg-canvas px-3 py-1.5 text-sm sm:px-5"
    >
      <Pin size={15} aria-hidden className="shrink-0 text-accent" />
      <button
        type="button"
        className="min-w-0 flex-1 truncate rounded px-1 text-left hover:bg-sunken"
        onClick={() => onJump(newest.number ?? 0)}
      >
        <span className="sr-only">Pinned: </span>
        {line(newest)}
      </button>
      {pinned.length > 1 && (
        <DropdownMenu.Root modal={false}>
          <DropdownMenu.Trigger
            aria-label={`All ${pinned.length} pinned messages`}
            className="flex h-8 items-center gap-1 rounded-full px-2 text-ink-soft hover:bg-sunken"
          >
            {pinned.length}
            <ChevronDown size={14} aria-hidden />
          </DropdownMenu.Trigger>
          <DropdownMenu.Portal>
            <DropdownMenu.Content
              align="end"
              sideOffset={4}
              collisionPadding={8}
              className="z-50 max-h-80 w-80 max-w-[calc(100vw-1rem)] animate-appear overflow-y-auto rounded-2xl border border-line bg-raised p-1.5 shadow-raised"
            >
              {pinned.map((message) => (
                <DropdownMenu.Item
                  key={message.key}
                  className="cursor-pointer rounded-lg px-2.5 py-2 text-sm outline-none data-[highlighted]:bg-sunken"
                  onSelect={() => onJump(message.number ?? 0)}
                >
                  <span className="block truncate font-medium text-xs">{message.senderName}</span>
                  <span className="block truncate text-ink-soft">{line(message)}</span>
                </DropdownMenu.Item>
              ))}
            </DropdownMenu.Content>
          </DropdownMenu.Portal>
        </DropdownMenu.Root>
      )}
    </div>
  )
}
