import type { Call } from '@sangam/client'
import { useCall } from '@sangam/react'
import { Phone, Video } from 'lucide-react'
import { Dialog } from 'radix-ui'
import { useEffect, useRef } from 'react'
import { Avatar } from '../design/avatar.tsx'
import { classNames } from '../design/class-names.ts'
import { HangUpIcon } from '../design/hang-up-icon.tsx'
import { useNotify } from '../design/toasts.tsx'
import { useLive } from '../live/live.tsx'
import { errorWords } from '../session/error-words.ts'
import { startRinging } from './ring-tone.ts'

/** Somebody rings. Focus goes to the dialog, not to a button: a key pressed while typing must not answer it. */
export function IncomingCall({ call }: { readonly call: Call }) {
  const { peer, media } = useCall(call)
  const { room, call: running, leaveRoom } = useLive()
  const notify = useNotify()
  const content = useRef<HTMLDivElement>(null)
  useEffect(() => startRinging(), [])
  useRingingTitle(peer.name)

  const fail = (error: unknown) => notify(errorWords(error))
  const accept = async (video: boolean) => {
    await running?.hangUp()
    if (room !== undefined) await leaveRoom()
    await call.accept({ video })
  }
  const aside = room === undefined ? '' : ' Answering leaves the room.'
  return (
    <Dialog.Root open>
      <Dialog.Portal>
        <div aria-hidden="true" className="fixed inset-0 z-40 animate-appear bg-shade" />
        <Dialog.Content
          ref={content}
          role="alertdialog"
          aria-modal="true"
          data-testid="incoming-call"
          data-identity={peer.identity}
          onOpenAutoFocus={(event) => {
            event.preventDefault()
            content.current?.focus()
          }}
          onPointerDownOutside={(event) => event.preventDefault()}
          className="safe-bottom fixed inset-x-0 bottom-0 z-50 flex animate-rise flex-col items-center rounded-t-3xl bg-raised px-6 pt-10 text-center shadow-raised outline-none [--safe-gap:2rem] sm:inset-x-auto sm:top-1/2 sm:bottom-auto sm:left-1/2 sm:w-[24rem] sm:-translate-x-1/2 sm:-translate-y-1/2 sm:rounded-3xl"
        >
          <Ringing name={peer.name} identity={peer.identity} />
          <Dialog.Title className="mt-6 font-semibold text-2xl">{peer.name}</Dialog.Title>
          <Dialog.Description className="mt-1 mb-8 text-ink-soft" aria-live="assertive">
            {media.video ? 'Video call' : 'Voice call'} for you.{aside}
          </Dialog.Description>
          <div className="flex w-full justify-center gap-6">
            <Answer
              label="Decline"
              testId="decline"
              tone="bg-danger text-on-danger"
              icon={<HangUpIcon size={24} />}
              onClick={() => call.reject('declined').catch(fail)}
            />
            <Answer
              label={media.video ? 'Voice only' : 'Accept'}
              testId={media.video ? 'accept-voice' : 'accept'}
              tone={media.video ? 'bg-sunken text-ink' : 'bg-accent text-on-accent'}
              icon={<Phone size={24} />}
              onClick={() => accept(false).catch(fail)}
            />
            <Answer
              label={media.video ? 'Accept' : 'With video'}
              testId={media.video ? 'accept' : 'accept-video'}
              tone={media.video ? 'bg-accent text-on-accent' : 'bg-sunken text-ink'}
              icon={<Video size={24} />}
              onClick={() => accept(true).catch(fail)}
            />
          </div>
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog.Root>
  )
}

/** A large avatar from which rings spread. */
export function Ringing({ name, identity }: { readonly name: string; readonly identity: string }) {
  return (
    <span className="relative inline-block">
      <span
        aria-hidden
        className="absolute inset-0 animate-ring rounded-full bg-accent opacity-0 motion-reduce:hidden"
      />
      <Avatar name={name} identity={identity} size="large" />
    </span>
  )
}

interface AnswerProps {
  readonly label: string
  readonly testId: string
  readonly tone: string
  readonly icon: React.ReactNode
  readonly onClick: () => void
}

function Answer({ label, testId, tone, icon, onClick }: AnswerProps) {
  return (
    <button
      type="button"
      data-testid={testId}
      onClick={onClick}
      className="flex w-20 flex-col items-center gap-2 rounded-2xl text-sm"
    >
      <span
        className={classNames(
          'grid size-16 place-items-center rounded-full transition hover:brightness-105',
          tone,
        )}
      >
        {icon}
      </span>
      {label}
    </button>
  )
}

function useRingingTitle(name: string): void {
  useEffect(() => {
    const before = document.title
    document.title = `${name} is calling`
    return () => {
      document.title = before
    }
  }, [name])
}
