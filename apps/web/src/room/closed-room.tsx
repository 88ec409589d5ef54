import { DoorClosed } from 'lucide-react'
import { useLocation } from 'wouter'
import { Button } from '../design/button.tsx'
import { Notice } from '../design/notice.tsx'
import type { ClosedWords } from './room-words.ts'

interface ClosedRoomProps {
  readonly name: string
  readonly reason: string
  readonly words: ClosedWords
  readonly onAgain: () => void
}

/** Why one is not, or no longer, in a room, and the way on. */
export function ClosedRoom({ name, reason, words, onAgain }: ClosedRoomProps) {
  const [, navigate] = useLocation()
  return (
    <section aria-label={`Room ${name}`} data-testid="room-closed" data-reason={reason} className="h-full">
      <Notice
        icon={<DoorClosed />}
        title={words.title}
        action={
          <>
            <Button onClick={() => navigate('/')}>Back to the list</Button>
            {words.again && (
              <Button variant="primary" data-testid="room-again" onClick={onAgain}>
                Try again
              </Button>
            )}
          </>
        }
      >
        {words.text}
      </Notice>
    </section>
  )
}
