import type { Room, RoomSnapshot } from '@sangam/client'
import { Clock, Mic, MicOff } from 'lucide-react'
import { type ReactNode, useEffect } from 'react'
import { Button } from '../design/button.tsx'
import { useNotify } from '../design/toasts.tsx'
import { useNow } from '../media/use-now.ts'
import { errorWords } from '../session/error-words.ts'
import { roleWords, untilWords } from './room-words.ts'

interface RoomNoticesProps {
  readonly room: Room
  readonly snapshot: RoomSnapshot
}

/** From here on the end of a room is told all the time. */
const ENDING_SOON_MS = 5 * 60_000

/** What concerns oneself and stays until it is answered or over: an offer of the stage, a muting, the room's end. */
export function RoomNotices({ room, snapshot }: RoomNoticesProps) {
  const notify = useNotify()
  const now = useNow()
  useOwnNews(room)
  const { stageInvitation, mutedBy, endsAt } = snapshot
  const run = (action: Promise<unknown>) => void action.catch((error: unknown) => notify(errorWords(error)))
  return (
    <>
      {stageInvitation !== undefined && (
        <Strip
          testId="stage-offer"
          icon={<Mic size={18} />}
          words={`${stageInvitation.name} invites you to speak.`}
        >
          <Button data-testid="stage-decline" onClick={() => run(room.answerStage(false))}>
            Not now
          </Button>
          <Button variant="primary" data-testid="stage-accept" onClick={() => run(room.answerStage(true))}>
            Speak
          </Button>
        </Strip>
      )}
      {mutedBy !== undefined && (
        <Strip
          testId="muted-by"
          icon={<MicOff size={18} />}
          words={
            mutedBy.mayUnmute
              ? `${mutedBy.by.name} muted you.`
              : `${mutedBy.by.name} muted you. Only a host can let you speak again.`
          }
        >
          {mutedBy.mayUnmute && <Button onClick={() => run(room.setMicrophoneEnabled(true))}>Unmute</Button>}
        </Strip>
      )}
      {endsAt !== undefined && endsAt - now < ENDING_SOON_MS && (
        <Strip
          testId="ending-soon"
          icon={<Clock size={18} />}
          words={`The room ends ${untilWords(endsAt, now)}.`}
        />
      )}
    </>
  )
}

interface StripProps {
  readonly testId: string
  readonly icon: ReactNode
  readonly words: string
  readonly children?: ReactNode
}

function Strip({ testId, icon, words, children }: StripProps) {
  return (
    <div
      role="status"
      data-testid={testId}
      className="mx-2.5 mb-2.5 flex flex-wrap items-center justify-center gap-3 rounded-2xl bg-accent-soft px-4 py-2 text-sm sm:mx-5"
    >
      <span aria-hidden="true">{icon}</span>
      {words}
      {children}
    </div>
  )
}

/** Says in passing what a moderator did to oneself. */
function useOwnNews(room: Room): void {
  const notify = useNotify()
  useEffect(() => {
    let role = room.state.get().role
    const removals = [
      room.on('roleChanged', (change) => {
        if (change.role !== role) notify(`You are now ${articleWords(change.role)}.`)
        role = change.role
      }),
      room.on('muted', ({ source, by }) => {
        if (source === 'camera') notify(`${by.name} stopped your camera`)
        if (source === 'screen') notify(`${by.name} stopped your screen share`)
      }),
      room.on('unmuteAllowed', (by) => notify(`${by.name} asks you to unmute yourself`)),
    ]
    return () => {
      for (const remove of removals) remove()
    }
  }, [room, notify])
}

function articleWords(role: string): string {
  const words = (roleWords(role) ?? 'Speaker').toLowerCase()
  return role === 'host' ? 'the host' : `a ${words}`
}
