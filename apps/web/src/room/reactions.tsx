import type { Reaction, Room } from '@sangam/client'
import { DropdownMenu } from 'radix-ui'
import { useEffect, useState } from 'react'
import { REACTIONS } from './room-words.ts'

interface Shown {
  readonly key: number
  readonly reaction: Reaction
  readonly name: string
}

const SHOWN_MS = 4000
const MOST_SHOWN = 8

/** The reactions of the last seconds, over the tiles. */
export function ReactionsShown({ room }: { readonly room: Room }) {
  const [shown, setShown] = useState<readonly Shown[]>([])
  useEffect(() => {
    let key = 0
    const timers = new Set<ReturnType<typeof setTimeout>>()
    const stop = room.on('reaction', ({ participantId, reaction }) => {
      key += 1
      const mine = key
      const name = room.participants.get().find((one) => one.participantId === participantId)?.name ?? ''
      setShown((before) => [...before.slice(1 - MOST_SHOWN), { key: mine, reaction, name }])
      const timer = setTimeout(() => {
        timers.delete(timer)
        setShown((before) => before.filter((one) => one.key !== mine))
      }, SHOWN_MS)
      timers.add(timer)
    })
    return () => {
      stop()
      for (const timer of timers) clearTimeout(timer)
    }
  }, [room])
  return (
    <div
      role="log"
      aria-label="Reactions"
      className="pointer-events-none absolute inset-x-0 bottom-2 z-10 flex flex-wrap justify-center gap-2 px-4"
    >
      {shown.map(({ key, reaction, name }) => {
        const [, picture, words] = REACTIONS.find(([candidate]) => candidate === reaction) ?? [
          reaction,
          '',
          '',
        ]
        return (
          <span
            key={key}
            data-testid="reaction"
            data-reaction={reaction}
            className="flex animate-rise items-center gap-1.5 rounded-full bg-black/60 py-1 pr-3 pl-2 text-sm text-white"
          >
            <span aria-hidden="true" className="text-xl">
              {picture}
            </span>
            <span className="max-w-32 truncate">{name}</span>
            <span className="sr-only">: {words}</span>
          </span>
        )
      })}
    </div>
  )
}

interface ReactionItemsProps {
  readonly onReact: (reaction: Reaction) => void
}

/** A row of reactions to choose from, at the head of a menu. */
export function ReactionItems({ onReact }: ReactionItemsProps) {
  return (
    <DropdownMenu.Group aria-label="Reactions" className="flex justify-between gap-0.5 px-1 py-1">
      {REACTIONS.map(([reaction, picture, words]) => (
        <DropdownMenu.Item
          key={reaction}
          aria-label={words}
          title={words}
          data-testid={`react-${reaction}`}
          onSelect={() => onReact(reaction)}
          className="grid size-10 cursor-pointer select-none place-items-center rounded-full text-xl outline-none data-[highlighted]:bg-sunken"
        >
          {picture}
        </DropdownMenu.Item>
      ))}
    </DropdownMenu.Group>
  )
}
