import type { HistoryView } from '@sangam/client'
import { useStore } from '@sangam/react'
import { ArrowDown } from 'lucide-react'
import { useEffect, useRef } from 'react'
import { Button } from '../design/button.tsx'
import { useAction } from '../session/use-action.ts'
import { MessageDays } from './message-days.tsx'

interface HistoryListProps {
  readonly view: HistoryView
  /** The message to show first. */
  readonly focus: number
  readonly withSender: boolean
  readonly onError: (error: unknown) => void
  readonly onNewest: () => void
}

/** A part of the log far from its end, with the ways on in both directions. */
export function HistoryList({ view, focus, withSender, onError, onNewest }: HistoryListProps) {
  const { messages, hasEarlier, hasLater } = useStore(view.state)
  const frame = useRef<HTMLDivElement>(null)
  const earlier = useAction(() => view.loadEarlier(), onError)
  const later = useAction(() => view.loadLater(), onError)
  useEffect(() => {
    showMessage(frame.current, focus)
  }, [focus])
  useEffect(() => () => view.close(), [view])
  return (
    <div className="relative min-h-0 flex-1" data-testid="history">
      <div
        ref={frame}
        role="log"
        aria-label="Earlier messages"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region must be reachable by keyboard
        tabIndex={0}
        className="h-full overflow-y-auto overscroll-contain px-4 pt-4 pb-16 -outline-offset-2! sm:px-6"
      >
        <div className="mx-auto flex max-w-3xl flex-col">
          {hasEarlier && (
            <Button variant="quiet" className="self-center" busy={earlier.busy} onClick={earlier.run}>
              Show earlier
            </Button>
          )}
          <MessageDays messages={messages} withSender={withSender} />
          {hasLater && (
            <Button variant="quiet" className="self-center" busy={later.busy} onClick={later.run}>
              Show later
            </Button>
          )}
        </div>
      </div>
      <button
        type="button"
        data-testid="back-to-newest"
        onClick={onNewest}
        className="-translate-x-1/2 absolute bottom-3 left-1/2 flex h-9 animate-rise items-center gap-2 rounded-full border border-line bg-raised px-4 font-medium text-sm shadow-raised hover:bg-sunken"
      >
        <ArrowDown size={16} aria-hidden />
        Back to the newest
      </button>
    </div>
  )
}

/** Brings a message into sight and marks it for a moment. Gives whether it is there. */
export function showMessage(frame: ParentNode | null, number: number): boolean {
  const element = frame?.querySelector(`[data-testid="message"][data-number="${number}"]`)
  if (element === null || element === undefined) return false
  element.scrollIntoView({ block: 'center' })
  element.classList.remove('marked')
  // Read, so that the mark begins anew.
  void element.getBoundingClientRect()
  element.classList.add('marked')
  return true
}
