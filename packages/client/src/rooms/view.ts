/** What a receiver shows, out of the elements that play its tracks: pure. */
import type { Tile, View } from '@sangam/protocol'
import type { ReceiveWishes } from '../api.ts'

/** An element that plays a track. */
export interface ShownElement {
  /** Device pixels. */
  readonly width: number
  readonly height: number
  /** Within the window, as far as the element goes; a hidden page is told apart from it. */
  readonly visible: boolean
}

/** A remote video track and where it plays. */
export interface ShownTrack {
  readonly producerId: string
  readonly elements: readonly ShownElement[]
}

/** Larger than any screen: the protocol's bound. */
const MOST_PIXELS = 16_384

/** The view that the server is told. A track that no element plays, and nobody pinned, has no tile. */
export function viewOf(tracks: readonly ShownTrack[], wishes: ReceiveWishes, pageVisible: boolean): View {
  const pinned = new Set(wishes.pinned)
  const tiles = tracks
    .filter(({ producerId, elements }) => elements.length > 0 || pinned.has(producerId))
    .map(({ producerId, elements }) => tileOf(producerId, elements, pageVisible, pinned.has(producerId)))
  return { tiles, ...limitsOf(wishes) }
}

/** The view of a device that renders by itself: every track, as large as it comes. */
export function viewOfAll(producerIds: readonly string[], wishes: ReceiveWishes): View {
  const pinned = new Set(wishes.pinned)
  const tiles = producerIds.map((producerId) => ({
    producerId,
    width: MOST_PIXELS,
    height: MOST_PIXELS,
    visible: true,
    pinned: pinned.has(producerId),
  }))
  return { tiles, ...limitsOf(wishes) }
}

function tileOf(
  producerId: string,
  elements: readonly ShownElement[],
  pageVisible: boolean,
  pinned: boolean,
): Tile {
  const seen = pageVisible ? elements.filter(({ visible }) => visible) : []
  const longest = (side: 'width' | 'height'): number =>
    Math.min(MOST_PIXELS, Math.max(0, ...seen.map((element) => Math.round(element[side]))))
  const [width, height] = [longest('width'), longest('height')]
  return { producerId, width, height, visible: width > 0 && height > 0, pinned }
}

function limitsOf({ maxVideos, audioOnly }: ReceiveWishes): Pick<View, 'maxVideos' | 'audioOnly'> {
  return {
    ...(maxVideos === undefined ? {} : { maxVideos }),
    ...(audioOnly === undefined ? {} : { audioOnly }),
  }
}
