import type { Participant } from '@sangam/client'
import { useMemo } from 'react'
import { Tile, type TileContent, tilesOf } from './tile.tsx'
import { type AspectRange, SCREEN_ASPECT, tileLayout } from './tile-layout.ts'
import { useSize } from './use-size.ts'

const GAP_PX = 10

/** Everybody in equal tiles; while a screen is shared, it takes the stage and the people stand beside it. */
export function TileGrid({ participants }: { readonly participants: readonly Participant[] }) {
  const tiles = useMemo(() => tilesOf(participants), [participants])
  const screens = tiles.filter((tile) => tile.screen)
  if (screens.length === 0) return <EvenGrid tiles={tiles} label="People in the room" />
  return (
    <div className="flex size-full flex-col gap-2.5 lg:flex-row">
      <div className="min-h-0 min-w-0 flex-1">
        <EvenGrid tiles={screens} aspect={SCREEN_ASPECT} label="Shared screens" />
      </div>
      <ul
        aria-label="People in the room"
        className="flex shrink-0 gap-2.5 overflow-auto p-1 lg:w-52 lg:flex-col"
      >
        {tiles
          .filter((tile) => !tile.screen)
          .map((tile) => (
            <Tile key={tile.key} content={tile} className="aspect-video h-24 shrink-0 lg:h-auto lg:w-full" />
          ))}
      </ul>
    </div>
  )
}

interface EvenGridProps {
  readonly tiles: readonly TileContent[]
  /** Default: a face's. */
  readonly aspect?: AspectRange
  readonly label: string
}

function EvenGrid({ tiles, aspect, label }: EvenGridProps) {
  const { ref, size } = useSize<HTMLUListElement>()
  const layout = tileLayout(tiles.length, size, GAP_PX, aspect)
  return (
    <ul
      ref={ref}
      aria-label={label}
      className="flex size-full flex-wrap content-center-safe justify-center gap-2.5 overflow-y-auto overflow-x-hidden"
    >
      {tiles.map((tile) => (
        <Tile key={tile.key} content={tile} size={layout} />
      ))}
    </ul>
  )
}
