import type { Participant, Track } from '@sangam/client'
import { useTrack } from '@sangam/react'
import { MicOff, MonitorUp } from 'lucide-react'
import { Avatar } from '../design/avatar.tsx'
import { classNames } from '../design/class-names.ts'
import { deliveryWords } from './delivery-words.ts'
import { PinButton } from './pins.tsx'
import type { Size } from './tile-layout.ts'
import { TrackVideo } from './track-video.tsx'

/** What a tile shows: somebody, or the screen that somebody shares. */
export interface TileContent {
  readonly key: string
  readonly participant: Participant
  readonly track: Track | undefined
  readonly screen: boolean
}

/** One tile per person, and one per shared screen, which stand first. */
export function tilesOf(participants: readonly Participant[]): readonly TileContent[] {
  const faces = participants.map((participant) => ({
    key: participant.participantId,
    participant,
    track: participant.tracks.find((track) => track.source === 'camera'),
    screen: false,
  }))
  const screens = participants.flatMap((participant) =>
    participant.tracks
      .filter((track) => track.source === 'screen')
      .map((track) => ({ key: track.trackId, participant, track, screen: true })),
  )
  return [...screens, ...faces]
}

interface TileProps {
  readonly content: TileContent
  readonly size?: Size
  readonly className?: string
}

/** A person's picture, or their initials, with the name, and a ring while they speak. */
export function Tile({ content, size, className }: TileProps) {
  const { participant, screen } = content
  const { name, local, microphoneEnabled, speaking } = participant
  const shownName = local ? `${name} (you)` : name
  const ring = speaking && !screen
  return (
    <li
      data-testid={screen ? 'screen-tile' : 'room-tile'}
      data-participant={participant.participantId}
      data-identity={participant.identity}
      data-local={local}
      data-speaking={speaking}
      style={size === undefined ? {} : { width: size.widthPx, height: size.heightPx }}
      className={classNames(
        'group relative list-none overflow-hidden rounded-2xl outline-3 -outline-offset-3 transition-[outline-color] duration-200',
        screen ? 'bg-surface/40' : 'bg-surface',
        ring ? 'outline-accent' : 'outline-transparent',
        className,
      )}
    >
      <Picture content={content} />
      <p className="absolute bottom-2 left-2 flex max-w-[calc(100%-1rem)] items-center gap-1.5 rounded-lg bg-black/55 px-2 py-1 text-white text-xs">
        {screen && <MonitorUp size={14} aria-hidden className="shrink-0" />}
        {!screen && !microphoneEnabled && (
          <span data-testid="muted" className="shrink-0">
            <MicOff size={14} aria-hidden />
            <span className="sr-only">Muted: </span>
          </span>
        )}
        <span className="truncate">{screen ? `${shownName}: screen` : shownName}</span>
        {ring && <span className="sr-only">, speaking</span>}
      </p>
    </li>
  )
}

function Picture({ content }: { readonly content: TileContent }) {
  const { participant, track } = content
  const fallback = (
    <div className="@container grid size-full place-items-center">
      <Avatar
        name={participant.name}
        identity={participant.identity}
        size="large"
        className="@max-[9rem]:scale-60 @max-[14rem]:scale-80"
      />
    </div>
  )
  return track === undefined ? fallback : <LivePicture content={content} track={track} fallback={fallback} />
}

interface LivePictureProps {
  readonly content: TileContent
  readonly track: Track
  readonly fallback: React.ReactNode
}

function LivePicture({ content, track, fallback }: LivePictureProps) {
  const { muted, ended, mediaStreamTrack, delivery } = useTrack(track)
  if (muted || ended || mediaStreamTrack === undefined) return fallback
  const { screen, participant } = content
  const held = deliveryWords(delivery)
  // The picture stays in place under the cover: that it is looked at brings it back.
  return (
    <>
      <TrackVideo
        track={track}
        label={screen ? `Screen of ${participant.name}` : `Picture of ${participant.name}`}
        mirrored={track.local && !screen}
        whole={screen}
      />
      {held !== undefined && (
        <div className="absolute inset-0 bg-surface">
          {fallback}
          <p
            data-testid="held-back"
            className="absolute inset-x-2 top-2 mx-auto w-fit max-w-full rounded-lg bg-black/55 px-2 py-1 text-center text-white text-xs"
          >
            {held}
          </p>
        </div>
      )}
      {!track.local && <PinButton trackId={track.trackId} name={participant.name} />}
    </>
  )
}
