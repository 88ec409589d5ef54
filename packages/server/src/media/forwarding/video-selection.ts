import type { StreamReason, View } from '@sangam/protocol'

// Which videos a receiver gets, and in which layers at most: docs/forwarding.md lists the phases. Pure.

/** A video that somebody else publishes. */
export type VideoStream = {
  readonly producerId: string
  readonly participantId: string
  readonly source: 'camera' | 'screen'
  /** Pixels of each spatial layer's picture, the lowest first; one entry where there is nothing to choose. */
  readonly layerHeights: readonly number[]
}

/** What the choice for one receiver goes by. */
export type VideoInput = {
  /** In the order of publication. */
  readonly streams: readonly VideoStream[]
  /** What the receiver shows; undefined before it said so: then everything counts as seen, in full size. */
  readonly view: View | undefined
  /** Participants by when they were last the dominant speaker, the latest first. Who never was is missing. */
  readonly speakers: readonly string[]
  /** The room's limit of videos per receiver. */
  readonly maxVideos: number
  /** Whether the receiver's network is so bad that it carries one small picture beside sound, if any. */
  readonly inDistress: boolean
}

/** What becomes of one video. */
export type VideoDecision = {
  readonly producerId: string
  readonly forwarded: boolean
  readonly reason: StreamReason
  /** The highest that its tile has a use for. */
  readonly spatialLayer: number
  /** 1 to 255: who gets bandwidth first, when there is not enough. */
  readonly priority: number
}

const priorities = { screen: 200, pinned: 150, speaking: 100, most: 60, least: 10 } as const
/** A picture may be enlarged by this much before the next layer is worth its bits. */
const enlargement = 4 / 3
/** A tile of this area or more has the highest priority of those that nobody asked for. */
const largeTilePixels = 1280 * 720

type Candidate = {
  readonly stream: VideoStream
  readonly tile: View['tiles'][number] | undefined
  readonly reason: 'screenShare' | 'pinned' | 'speaking' | 'wanted'
  /** Place in `speakers`; Infinity for who never spoke. */
  readonly spokeAt: number
}

/** The decisions for one receiver, in the order of `streams`. */
export const selectVideos = (input: VideoInput): VideoDecision[] => {
  const { inDistress } = input
  const seen: Candidate[] = []
  const decisions = new Map<string, VideoDecision>()
  for (const stream of input.streams) {
    const tile = input.view?.tiles.find(({ producerId }) => producerId === stream.producerId)
    const isSeen = input.view === undefined || tile?.visible === true
    const without = input.view?.audioOnly === true ? 'audioOnly' : isSeen ? undefined : 'notVisible'
    if (without === undefined) seen.push(candidateOf(stream, tile, input.speakers))
    else decisions.set(stream.producerId, refused(stream, without))
  }
  const limit = Math.min(input.maxVideos, input.view?.maxVideos ?? Number.POSITIVE_INFINITY)
  seen.sort(byRank)
  const left = inDistress && limit > 0 ? seen.find(({ stream }) => stream.layerHeights.length > 1) : undefined
  for (const [place, candidate] of seen.entries()) {
    const { stream } = candidate
    const within = place < limit ? granted(candidate) : refused(stream, 'lastN')
    const outcome =
      candidate === left ? { ...granted(candidate), spatialLayer: 0 } : refused(stream, 'distress')
    decisions.set(stream.producerId, inDistress ? outcome : within)
  }
  return input.streams.flatMap(({ producerId }) => decisions.get(producerId) ?? [])
}

const candidateOf = (
  stream: VideoStream,
  tile: Candidate['tile'],
  speakers: readonly string[],
): Candidate => {
  const place = speakers.indexOf(stream.participantId)
  const spokeAt = place === -1 ? Number.POSITIVE_INFINITY : place
  const speaking = place === 0 ? 'speaking' : 'wanted'
  const reason = stream.source === 'screen' ? 'screenShare' : tile?.pinned === true ? 'pinned' : speaking
  return { stream, tile, reason, spokeAt }
}

/** What the receiver pinned, screens, then who spoke last; among those who never did, the larger tile. Stable. */
const byRank = (a: Candidate, b: Candidate): number => {
  const pins = Number(b.tile?.pinned ?? false) - Number(a.tile?.pinned ?? false)
  if (pins !== 0) return pins
  const screens = Number(b.reason === 'screenShare') - Number(a.reason === 'screenShare')
  if (screens !== 0) return screens
  if (a.spokeAt !== b.spokeAt) return a.spokeAt - b.spokeAt
  return areaOf(b.tile) - areaOf(a.tile)
}

const granted = ({ stream, tile, reason }: Candidate): VideoDecision => ({
  producerId: stream.producerId,
  forwarded: true,
  reason,
  spatialLayer: layerFor(stream, tile),
  priority: priorityOf(reason, tile),
})

const refused = ({ producerId }: VideoStream, reason: StreamReason): VideoDecision => ({
  producerId,
  forwarded: false,
  reason,
  spatialLayer: -1,
  priority: 1,
})

/** The lowest layer that fills the tile; of a screen, where a reader needs every pixel, the highest. */
const layerFor = ({ source, layerHeights }: VideoStream, tile: Candidate['tile']): number => {
  const highest = layerHeights.length - 1
  if (tile === undefined || source === 'screen') return highest
  const fitting = layerHeights.findIndex((height) => height * enlargement >= tile.height)
  return fitting === -1 ? highest : fitting
}

const priorityOf = (reason: Candidate['reason'], tile: Candidate['tile']): number => {
  if (reason === 'screenShare') return priorities.screen
  if (reason === 'pinned') return priorities.pinned
  if (reason === 'speaking') return priorities.speaking
  const share = Math.min(1, areaOf(tile) / largeTilePixels)
  return Math.round(priorities.least + share * (priorities.most - priorities.least))
}

const areaOf = (tile: Candidate['tile']): number => (tile === undefined ? 0 : tile.width * tile.height)
