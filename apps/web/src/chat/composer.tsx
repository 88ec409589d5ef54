import { ArrowUp } from 'lucide-react'
import { type KeyboardEvent, useEffect, useLayoutEffect, useRef, useState } from 'react'
import { classNames } from '../design/class-names.ts'

/** The server takes at most this much of UTF-8 in one message. */
const LONGEST_BYTES = 16 * 1024
const TALLEST_PX = 200

/** What was begun and not sent, by conversation, for as long as the page lives. */
const drafts = new Map<string, string>()

interface ComposerProps {
  readonly conversationId: string
  readonly placeholder: string
  readonly onSend: (text: string) => void
}

/** Where one writes: Enter sends, Shift+Enter begins a line, and the field grows with the text. */
export function Composer({ conversationId, placeholder, onSend }: ComposerProps) {
  const [text, setText] = useState(() => drafts.get(conversationId) ?? '')
  const field = useRef<HTMLTextAreaElement>(null)
  useGrowing(field, text)
  useEffect(() => {
    if (text === '') drafts.delete(conversationId)
    else drafts.set(conversationId, text)
  }, [conversationId, text])
  // On a device with a keyboard one writes at once; on a phone the keyboard would cover what was said.
  useEffect(() => {
    if (matchMedia('(pointer: fine)').matches) field.current?.focus()
  }, [])

  const tooLong = text.length > LONGEST_BYTES / 4 && new TextEncoder().encode(text).length > LONGEST_BYTES
  const ready = text.trim() !== '' && !tooLong
  const send = () => {
    if (!ready) return
    onSend(text.trim())
    setText('')
    field.current?.focus()
  }
  const onKeyDown = (event: KeyboardEvent) => {
    // While an input method composes, Enter belongs to it.
    if (event.key !== 'Enter' || event.shiftKey || event.nativeEvent.isComposing) return
    event.preventDefault()
    send()
  }
  return (
    <form
      className="safe-bottom px-3 pt-1 [--safe-gap:0.75rem] sm:px-6 sm:[--safe-gap:1.25rem]"
      onSubmit={(event) => {
        event.preventDefault()
        send()
      }}
    >
      <div className="mx-auto flex max-w-3xl items-end gap-2 rounded-3xl border border-line bg-surface py-1 pr-1 pl-4 focus-within:border-line-strong">
        <textarea
          ref={field}
          rows={1}
          data-testid="composer"
          aria-label={placeholder}
          aria-invalid={tooLong || undefined}
          placeholder={placeholder}
          enterKeyHint="send"
          value={text}
          onChange={(event) => setText(event.target.value)}
          onKeyDown={onKeyDown}
          className="max-h-[200px] min-h-10 flex-1 resize-none bg-transparent py-2 text-base outline-none! placeholder:text-ink-faint"
        />
        <button
          type="submit"
          aria-label="Send"
          data-testid="send"
          disabled={!ready}
          className={classNames(
            'grid size-10 shrink-0 place-items-center rounded-full transition-colors duration-150',
            ready ? 'bg-accent text-on-accent hover:bg-accent-strong' : 'bg-sunken text-ink-faint',
          )}
        >
          <ArrowUp size={20} aria-hidden />
        </button>
      </div>
      <p aria-live="polite" className="mx-auto max-w-3xl px-4 text-danger-ink text-xs empty:hidden">
        {tooLong ? 'This is too long for one message. Send it in parts.' : ''}
      </p>
    </form>
  )
}

function useGrowing(field: React.RefObject<HTMLTextAreaElement | null>, text: string): void {
  // biome-ignore lint/correctness/useExhaustiveDependencies: the height follows the text
  useLayoutEffect(() => {
    const element = field.current
    if (element === null) return
    element.style.height = 'auto'
    element.style.height = `${Math.min(element.scrollHeight, TALLEST_PX)}px`
  }, [field, text])
}
