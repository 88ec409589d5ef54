/** A frame's or a tile's size. */
export interface Size {
  readonly widthPx: number
  readonly heightPx: number
}

/** How tiles fill a frame. */
export interface TileLayout extends Size {
  readonly columns: number
  readonly rows: number
}

/** The shapes a tile may take, as width by height. */
export interface AspectRange {
  readonly narrowest: number
  readonly widest: number
}

/** A person's tile: as wide as a camera's picture; as narrow as a phone's, where the frame itself stands upright. */
export function faceAspect(frame: Size): AspectRange {
  return { narrowest: frame.widthPx < frame.heightPx ? 9 / 16 : 4 / 3, widest: 16 / 9 }
}

/** A shared screen's tile. */
export const SCREEN_ASPECT: AspectRange = { narrowest: 16 / 10, widest: 16 / 9 }

/** Below this a face is no longer seen: the grid scrolls instead. */
const SMALLEST_WIDTH_PX = 104

/**
 * The grid of equal tiles that shows the most of every picture: all numbers of columns are tried, and the one
 * with the largest tile wins; between equals, the one with fewer empty places.
 */
export function tileLayout(
  count: number,
  frame: Size,
  gapPx: number,
  aspect = faceAspect(frame),
): TileLayout {
  let best: TileLayout = { columns: 1, rows: 1, widthPx: 0, heightPx: 0 }
  let bestArea = -1
  for (let columns = 1; columns <= Math.max(1, count); columns += 1) {
    const layout = fitted(Math.max(1, count), columns, frame, { gapPx, aspect })
    const area = layout.widthPx * layout.heightPx
    const empty = layout.columns * layout.rows - count
    const bestEmpty = best.columns * best.rows - count
    const clearlyLarger = area > bestArea * 1.001
    const asLarge = area > bestArea * 0.999
    if (clearlyLarger || (asLarge && empty < bestEmpty)) {
      best = layout
      bestArea = area
    }
  }
  if (best.widthPx >= SMALLEST_WIDTH_PX || count < 2) return best
  return scrolling(count, frame, gapPx)
}

interface Fit {
  readonly gapPx: number
  readonly aspect: AspectRange
}

function fitted(count: number, columns: number, frame: Size, { gapPx, aspect }: Fit): TileLayout {
  const rows = Math.ceil(count / columns)
  const cellWidthPx = Math.max(0, (frame.widthPx - gapPx * (columns - 1)) / columns)
  const cellHeightPx = Math.max(0, (frame.heightPx - gapPx * (rows - 1)) / rows)
  return {
    columns,
    rows,
    widthPx: Math.floor(Math.min(cellWidthPx, cellHeightPx * aspect.widest)),
    heightPx: Math.floor(Math.min(cellHeightPx, cellWidthPx / aspect.narrowest)),
  }
}

function scrolling(count: number, frame: Size, gapPx: number): TileLayout {
  const columns = Math.max(1, Math.floor((frame.widthPx + gapPx) / (SMALLEST_WIDTH_PX + gapPx)))
  const widthPx = Math.floor((frame.widthPx - gapPx * (columns - 1)) / columns)
  return { columns, rows: Math.ceil(count / columns), widthPx, heightPx: Math.floor(widthPx * (3 / 4)) }
}
