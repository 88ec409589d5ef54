import { Phone, Video, X } from 'lucide-react'
import { useEffect, useState } from 'react'
import { Button } from '../design/button.tsx'
import { IconButton } from '../design/icon-button.tsx'
import type { EndedCall } from '../live/ended-call.ts'
import type { Live } from '../live/live.tsx'
import { endedWords } from './ended-words.ts'

/** Long enough to read and to reach the button; it stays while it is pointed at or focused. */
const STAYS_MS = 12_000

interface EndedCardProps {
  readonly ended: EndedCall
  readonly onDismiss: () => void
  readonly onCall: Live['startCall']
}

/** How a call ended, in words, and the way to ring (back). Takes nothing over. */
export function EndedCard({ ended, onDismiss, onCall }: EndedCardProps) {
  const words = endedWords(ended)
  const [held, setHeld] = useState(false)
  useEffect(() => {
    if (held) return
    const timer = setTimeout(onDismiss, STAYS_MS)
    return () => clearTimeout(timer)
  }, [held, onDismiss])
  return (
    <div
      role="status"
      data-testid="call-state"
      data-state="ended"
      data-reason={ended.reason}
      onPointerEnter={() => setHeld(true)}
      onPointerLeave={() => setHeld(false)}
      onFocus={() => setHeld(true)}
      onBlur={() => setHeld(false)}
      className="fixed inset-x-3 top-17 z-30 mt-[env(safe-area-inset-top)] animate-rise rounded-2xl border border-line bg-raised p-4 shadow-raised sm:top-auto sm:right-6 sm:bottom-6 sm:left-auto sm:w-88"
    >
      <div className="flex items-start gap-3">
        <div className="min-w-0 flex-1">
          <p className="font-semibold">{words.title}</p>
          {words.detail !== undefined && <p className="mt-0.5 text-ink-soft text-sm">{words.detail}</p>}
        </div>
        <IconButton
          label="Dismiss"
          data-testid="dismiss-ended"
          icon={<X size={18} />}
          className="-mt-2 -mr-2"
          onClick={onDismiss}
        />
      </div>
      {words.callAgain && (
        <Button
          className="mt-3 w-full"
          data-testid="call-again"
          onClick={() => onCall(ended.peer, ended.video)}
        >
          {ended.video ? <Video size={16} aria-hidden /> : <Phone size={16} aria-hidden />}
          {ended.direction === 'incoming' ? 'Call back' : 'Call again'}
        </Button>
      )}
    </div>
  )
}
