import { useEffect, useRef } from 'react'
import { classNames } from '../design/class-names.ts'

interface StreamVideoProps {
  readonly stream: MediaStream
  readonly label: string
  /** Oneself, as in a mirror. */
  readonly mirrored?: boolean
  readonly className?: string
}

/** The picture of a stream, always silent: sound is played by an element that outlives the screen. */
export function StreamVideo({ stream, label, mirrored = false, className }: StreamVideoProps) {
  const element = useRef<HTMLVideoElement>(null)
  useEffect(() => {
    if (element.current !== null && element.current.srcObject !== stream) element.current.srcObject = stream
  }, [stream])
  return (
    <video
      ref={element}
      aria-label={label}
      autoPlay
      muted
      playsInline
      className={classNames(mirrored && '-scale-x-100', className)}
    />
  )
}

/** Plays the sound of a stream; shows nothing. */
export function StreamAudio({ stream }: { readonly stream: MediaStream }) {
  const element = useRef<HTMLAudioElement>(null)
  useEffect(() => {
    if (element.current !== null && element.current.srcObject !== stream) element.current.srcObject = stream
  }, [stream])
  // biome-ignore lint/a11y/useMediaCaption: live speech of a call has no caption track
  return <audio ref={element} autoPlay className="hidden" />
}
