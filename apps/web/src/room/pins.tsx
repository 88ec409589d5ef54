import type { Room } from '@sangam/client'
import { Pin } from 'lucide-react'
import { createContext, type ReactNode, useContext, useEffect, useMemo, useState } from 'react'
import { classNames } from '../design/class-names.ts'

interface Pins {
  readonly pinned: ReadonlySet<string>
  readonly toggle: (trackId: string) => void
}

const PinsContext = createContext<Pins>({ pinned: new Set(), toggle: () => undefined })

/** What is pinned in a room, for as long as it is not left: also while another page is shown. */
const pinnedIn = new WeakMap<Room, ReadonlySet<string>>()

/** Keeps which pictures the person wants before others, and tells the server. */
export function PinsProvider({ room, children }: { readonly room: Room; readonly children: ReactNode }) {
  const [pinned, setPinned] = useState<ReadonlySet<string>>(() => pinnedIn.get(room) ?? new Set())
  useEffect(() => {
    pinnedIn.set(room, pinned)
    room.setReceiving(pinned.size === 0 ? {} : { pinned: [...pinned] })
  }, [room, pinned])
  const pins = useMemo(
    () => ({
      pinned,
      toggle: (trackId: string) =>
        setPinned((before) =>
          before.has(trackId)
            ? new Set([...before].filter((one) => one !== trackId))
            : new Set([...before, trackId]),
        ),
    }),
    [pinned],
  )
  return <PinsContext.Provider value={pins}>{children}</PinsContext.Provider>
}

/** Keeps a picture coming whoever speaks. Shows itself when the tile is pointed at or reached by keyboard, or is pinned. */
export function PinButton({ trackId, name }: { readonly trackId: string; readonly name: string }) {
  const { pinned, toggle } = useContext(PinsContext)
  const isPinned = pinned.has(trackId)
  return (
    <button
      type="button"
      data-testid="pin"
      aria-pressed={isPinned}
      aria-label={`Always show ${name}`}
      title={isPinned ? 'Shown whoever speaks' : 'Show whoever speaks'}
      onClick={() => toggle(trackId)}
      className={classNames(
        'absolute top-2 right-2 grid size-8 place-items-center rounded-lg bg-black/55 text-white transition-opacity focus-visible:opacity-100 group-hover:opacity-100 pointer-coarse:opacity-100',
        isPinned ? 'opacity-100' : 'opacity-0',
      )}
    >
      <Pin size={16} aria-hidden fill={isPinned ? 'currentColor' : 'none'} />
    </button>
  )
}
