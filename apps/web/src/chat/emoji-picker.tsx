import { Popover } from 'radix-ui'
import { type KeyboardEvent, type ReactNode, useRef, useState } from 'react'
import { findEmoji } from './emoji.ts'

const COLUMNS = 8

interface EmojiPickerProps {
  /** What opens it. */
  readonly children: ReactNode
  readonly onPick: (emoji: string) => void
}

/** A field that finds and a grid to choose from; arrows move in the grid. */
export function EmojiPicker({ children, onPick }: EmojiPickerProps) {
  const [open, setOpen] = useState(false)
  const [query, setQuery] = useState('')
  const grid = useRef<HTMLFieldSetElement>(null)
  const found = findEmoji(query)
  const pick = (emoji: string) => {
    setOpen(false)
    setQuery('')
    onPick(emoji)
  }
  const onKeyDown = (event: KeyboardEvent) => {
    const buttons = [...(grid.current?.querySelectorAll('button') ?? [])]
    const current = buttons.indexOf(document.activeElement as HTMLButtonElement)
    const step = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: COLUMNS, ArrowUp: -COLUMNS }[event.key]
    if (step === undefined) return
    event.preventDefault()
    buttons[current === -1 ? 0 : Math.max(0, Math.min(buttons.length - 1, current + step))]?.focus()
  }
  return (
    <Popover.Root open={open} onOpenChange={setOpen}>
      <Popover.Trigger asChild>{children}</Popover.Trigger>
      <Popover.Portal>
        <Popover.Content
          sideOffset={8}
          collisionPadding={8}
          aria-label="Emoji"
          data-testid="emoji-picker"
          className="z-50 w-80 max-w-[calc(100vw-1rem)] animate-appear rounded-2xl border border-line bg-raised p-2 shadow-raised"
        >
          <input
            type="search"
            aria-label="Find an emoji"
            placeholder="Find an emoji"
            value={query}
            onChange={(event) => setQuery(event.target.value)}
            onKeyDown={(event) => {
              if (event.key === 'ArrowDown') onKeyDown(event)
              if (event.key === 'Enter' && found[0] !== undefined) pick(found[0].emoji)
            }}
            className="mb-2 h-9 w-full rounded-lg bg-sunken px-3 text-base placeholder:text-ink-faint sm:text-sm"
          />
          <fieldset
            ref={grid}
            className="grid max-h-60 grid-cols-8 overflow-y-auto"
            onKeyDown={onKeyDown}
            aria-label="Found"
          >
            {found.map(({ emoji, words }) => (
              <button
                key={emoji}
                type="button"
                aria-label={words}
                title={words}
                onClick={() => pick(emoji)}
                className="grid aspect-square place-items-center rounded-lg text-xl hover:bg-sunken"
              >
                {emoji}
              </button>
            ))}
          </fieldset>
          {found.length === 0 && <p className="p-3 text-center text-ink-faint text-sm">None by that word.</p>}
        </Popover.Content>
      </Popover.Portal>
    </Popover.Root>
  )
}
