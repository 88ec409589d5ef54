import type { Conversation } from '@sangam/client'
import { ArrowUp, Link2, Smile, X } from 'lucide-react'
import { type KeyboardEvent, useEffect, useLayoutEffect, useRef, useState } from 'react'
import { classNames } from '../design/class-names.ts'
import { AttachButton, VoiceButton } from '../files/attach-buttons.tsx'
import { FileTray } from '../files/file-tray.tsx'
import type { DraftedFiles } from '../files/use-drafted-files.ts'
import { matches } from '../shell/order-people.ts'
import { EmojiPicker } from './emoji-picker.tsx'
import { type Mentionable, mentionOf, mentionQuery, withIdentities, withNames } from './mention-text.ts'
import { type LinkPreview, useLinkPreview } from './use-link-preview.ts'

/** The server takes at most this much of UTF-8 in one message. */
const LONGEST_BYTES = 16 * 1024
const TALLEST_PX = 200
const SUGGESTIONS = 5

/** What was begun and not sent, by conversation, for as long as the page lives. */
const drafts = new Map<string, string>()

/** What a message that is being written answers or replaces. */
export interface ComposerPurpose {
  readonly title: string
  readonly text: string
  /** The text to begin with: that of the message that is edited. */
  readonly initial?: string
  /** The preview that it bears already. */
  readonly preview?: LinkPreview | undefined
  readonly onCancel: () => void
}

interface ComposerProps {
  /** What a draft is kept under. */
  readonly draftKey: string
  readonly placeholder: string
  readonly mentionable: readonly Mentionable[]
  readonly nameOf: (identity: string) => string
  readonly purpose?: ComposerPurpose | undefined
  readonly drafted: DraftedFiles
  readonly conversation: Conversation
  readonly onError: (error: unknown) => void
  readonly onSend: (text: string, preview: LinkPreview | undefined) => void
  readonly onTyping: (typing: boolean) => void
}

/** Where one writes: Enter sends, Shift+Enter begins a line, and the field grows with the text. */
export function Composer(props: ComposerProps) {
  const { draftKey, placeholder, mentionable, nameOf, purpose, drafted, conversation } = props
  const { onError, onSend, onTyping } = props
  const begun = purpose?.initial === undefined ? undefined : withNames(purpose.initial, nameOf)
  const [text, setText] = useState(() => begun?.text ?? drafts.get(draftKey) ?? '')
  const [chosen, setChosen] = useState<readonly Mentionable[]>(begun?.chosen ?? [])
  const [cursor, setCursor] = useState(0)
  const field = useRef<HTMLTextAreaElement>(null)
  useGrowing(field, text)
  const { preview, leaveOff } = useLinkPreview(conversation, text, purpose?.preview)
  const isEdit = purpose?.initial !== undefined
  useEffect(() => {
    if (isEdit) return
    if (text === '') drafts.delete(draftKey)
    else drafts.set(draftKey, text)
  }, [draftKey, text, isEdit])
  // On a device with a keyboard one writes at once; on a phone the keyboard would cover what was said.
  const purposeKey = purpose === undefined ? '' : `${purpose.title} ${purpose.text}`
  useEffect(() => {
    if (purposeKey !== '' || matchMedia('(pointer: fine)').matches) field.current?.focus()
  }, [purposeKey])

  const tooLong = text.length > LONGEST_BYTES / 4 && new TextEncoder().encode(text).length > LONGEST_BYTES
  const hasFiles = !isEdit && drafted.files.length > 0
  const ready = (text.trim() !== '' || hasFiles) && !tooLong && (isEdit || drafted.ready)
  const query = mentionQuery(text, cursor)
  const suggested =
    query === undefined ? [] : mentionable.filter(({ name }) => matches(name, query)).slice(0, SUGGESTIONS)

  const change = (value: string) => {
    setText(value)
    onTyping(value !== '')
  }
  const insert = (piece: string, from: number, to: number) => {
    change(text.slice(0, from) + piece + text.slice(to))
    requestAnimationFrame(() => {
      field.current?.focus()
      field.current?.setSelectionRange(from + piece.length, from + piece.length)
      setCursor(from + piece.length)
    })
  }
  const mention = (one: Mentionable) => {
    setChosen((all) => [...all.filter(({ identity }) => identity !== one.identity), one])
    insert(`${mentionOf(one)} `, cursor - (query?.length ?? 0) - 1, cursor)
  }
  const send = () => {
    if (!ready) return
    onSend(withIdentities(text.trim(), chosen), preview)
    setText('')
    setChosen([])
    field.current?.focus()
  }
  const onKeyDown = (event: KeyboardEvent) => {
    // While an input method composes, Enter belongs to it.
    if (event.nativeEvent.isComposing) return
    if (event.key === 'Escape' && purpose !== undefined) purpose.onCancel()
    const [first] = suggested
    if (first !== undefined && (event.key === 'Tab' || event.key === 'Enter') && !event.shiftKey) {
      event.preventDefault()
      mention(first)
    } else if (event.key === 'Enter' && !event.shiftKey) {
      event.preventDefault()
      send()
    }
  }
  return (
    <form
      className="safe-bottom px-3 pt-1 [--safe-gap:0.75rem] sm:px-6 sm:[--safe-gap:1.25rem]"
      onSubmit={(event) => {
        event.preventDefault()
        send()
      }}
    >
      <div className="mx-auto max-w-3xl">
        {!isEdit && <FileTray drafted={drafted} />}
        {purpose !== undefined && <PurposeLine purpose={purpose} />}
        {preview !== undefined && <DraftedPreview preview={preview} onRemove={leaveOff} />}
        {suggested.length > 0 && (
          <ul
            aria-label="People to mention"
            className="mb-1 rounded-2xl border border-line bg-raised p-1 shadow-raised"
          >
            {suggested.map((one) => (
              <li key={one.identity}>
                <button
                  type="button"
                  data-testid="mention-suggestion"
                  onClick={() => mention(one)}
                  className="w-full rounded-xl px-3 py-1.5 text-left text-sm hover:bg-sunken"
                >
                  {one.name}
                </button>
              </li>
            ))}
          </ul>
        )}
        <div className="flex items-end gap-1 rounded-3xl border border-line bg-surface py-1 pr-1 pl-1 focus-within:border-line-strong">
          {isEdit ? <span className="w-3" /> : <AttachButton onFiles={(files) => drafted.add(files)} />}
          <textarea
            ref={field}
            rows={1}
            data-testid="composer"
            aria-label={placeholder}
            aria-invalid={tooLong || undefined}
            placeholder={placeholder}
            enterKeyHint="send"
            value={text}
            onChange={(event) => {
              change(event.target.value)
              setCursor(event.target.selectionStart)
            }}
            onSelect={(event) => setCursor(event.currentTarget.selectionStart)}
            onKeyDown={onKeyDown}
            onPaste={(event) => {
              if (isEdit || event.clipboardData.files.length === 0) return
              event.preventDefault()
              drafted.add(event.clipboardData.files)
            }}
            className="max-h-[200px] min-h-10 min-w-0 flex-1 resize-none bg-transparent py-2 text-base outline-none! placeholder:truncate placeholder:text-ink-faint"
          />
          <EmojiPicker onPick={(emoji) => insert(emoji, cursor, cursor)}>
            <button
              type="button"
              aria-label="Emoji"
              className="grid size-10 shrink-0 place-items-center rounded-full text-ink-faint hover:bg-sunken hover:text-ink"
            >
              <Smile size={20} aria-hidden />
            </button>
          </EmojiPicker>
          {!isEdit && text === '' && (
            <VoiceButton onVoice={(file, facts) => drafted.add([file], facts)} onError={onError} />
          )}
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
      </div>
      <p aria-live="polite" className="mx-auto max-w-3xl px-4 text-danger-ink text-xs empty:hidden">
        {tooLong ? 'This is too long for one message. Send it in parts.' : ''}
      </p>
    </form>
  )
}

function PurposeLine({ purpose }: { readonly purpose: ComposerPurpose }) {
  return (
    <div
      data-testid="composer-purpose"
      className="mb-1 flex items-center gap-2 rounded-xl border-accent border-l-2 bg-sunken py-1 pr-1 pl-3 text-sm"
    >
      <p className="min-w-0 flex-1">
        <span className="block font-medium text-accent text-xs">{purpose.title}</span>
        <span className="block truncate text-ink-soft">{purpose.text}</span>
      </p>
      <button
        type="button"
        aria-label="Cancel"
        onClick={purpose.onCancel}
        className="grid size-8 place-items-center rounded-full text-ink-faint hover:bg-pressed"
      >
        <X size={16} aria-hidden />
      </button>
    </div>
  )
}

function DraftedPreview(props: { readonly preview: LinkPreview; readonly onRemove: () => void }) {
  const { preview, onRemove } = props
  return (
    <div
      data-testid="drafted-preview"
      className="mb-1 flex items-center gap-2 rounded-xl border border-line bg-surface py-1.5 pr-1 pl-3 text-sm"
    >
      <Link2 size={16} aria-hidden className="shrink-0 text-accent" />
      <p className="min-w-0 flex-1">
        <span className="block truncate font-medium">{preview.title}</span>
        {preview.description !== undefined && (
          <span className="block truncate text-ink-soft">{preview.description}</span>
        )}
      </p>
      <button
        type="button"
        aria-label="Send without the preview"
        title="Send without the preview"
        onClick={onRemove}
        className="grid size-8 place-items-center rounded-full text-ink-faint hover:bg-pressed"
      >
        <X size={16} aria-hidden />
      </button>
    </div>
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
