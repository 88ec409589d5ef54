import type { Track } from '@sangam/client'
import { useEffect, useRef } from 'react'
import { classNames } from '../design/class-names.ts'

interface TrackVideoProps {
  readonly track: Track
  readonly label: string
  /** Oneself, as in a mirror. */
  readonly mirrored: boolean
  /** A screen is shown whole; a face fills its tile. */
  readonly whole: boolean
}

/** The picture of a track. */
export function TrackVideo({ track, label, mirrored, whole }: TrackVideoProps) {
  const element = useRef<HTMLVideoElement>(null)
  useEffect(() => {
    const video = element.current
    if (video === null) return
    track.attach(video)
    return () => {
      track.detach(video)
    }
  }, [track])
  return (
    <video
      ref={element}
      aria-label={label}
      autoPlay
      muted
      playsInline
      className={classNames(
        'size-full',
        whole ? 'object-contain' : 'object-cover',
        mirrored && '-scale-x-100',
      )}
    />
  )
}
