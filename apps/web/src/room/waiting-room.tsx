import type { Knock } from '@sangam/client'
import { useKnock } from '@sangam/react'
import { Button } from '../design/button.tsx'
import { Spinner } from '../design/spinner.tsx'

interface WaitingRoomProps {
  readonly knock: Knock
  readonly name: string
  readonly onLeave: () => void
}

/** What somebody sees who waits to be let in. It goes on by itself once they are. */
export function WaitingRoom({ knock, name, onLeave }: WaitingRoomProps) {
  const { position } = useKnock(knock)
  return (
    <div data-testid="room-waiting" className="flex flex-col items-start gap-4">
      <div>
        <h1 className="text-balance font-semibold text-2xl tracking-tight">{name}</h1>
        <p role="status" className="mt-2 flex items-center gap-3 text-ink-soft">
          <Spinner />
          Somebody inside will let you in soon.
        </p>
      </div>
      <p className="text-ink-soft text-sm">
        {position > 1
          ? `${position - 1} ${position === 2 ? 'person was' : 'people were'} here before you. `
          : ''}
        Check how you look and sound meanwhile. You enter as soon as you are let in.
      </p>
      <Button data-testid="stop-waiting" onClick={onLeave}>
        Stop waiting
      </Button>
    </div>
  )
}
