import { openDevices, type SangamError } from '@sangam/client'
import { useCallback, useEffect, useRef, useState } from 'react'

/** A device tried out before joining. */
export interface PreviewTrack {
  readonly track: MediaStreamTrack | undefined
  readonly error: SangamError | undefined
  /** Hands the track over: from here on its new owner stops it. */
  take(): MediaStreamTrack | undefined
}

/** Opens one device while `enabled`; lets it go when switched off, changed, or when the lobby closes. */
export function usePreviewTrack(
  kind: 'audio' | 'video',
  enabled: boolean,
  deviceId: string | undefined,
): PreviewTrack {
  const [track, setTrack] = useState<MediaStreamTrack>()
  const [error, setError] = useState<SangamError>()
  const taken = useRef(false)

  useEffect(() => {
    setError(undefined)
    if (!enabled) return
    let opened: MediaStreamTrack | undefined
    let current = true
    void openOne(kind, deviceId).then((result) => {
      if (!current) return result.track?.stop()
      opened = result.track
      setTrack(result.track)
      setError(result.error)
    })
    return () => {
      current = false
      if (!taken.current) opened?.stop()
      setTrack(undefined)
    }
  }, [kind, enabled, deviceId])

  const take = useCallback(() => {
    taken.current = track !== undefined
    return track
  }, [track])
  return { track, error, take }
}

async function openOne(kind: 'audio' | 'video', deviceId: string | undefined) {
  const { stream, errors } = await openDevices({ [kind]: deviceId === undefined ? true : { deviceId } })
  const [track] = stream.getTracks()
  // A device that was unplugged since the last visit gives way to the default one.
  if (track === undefined && deviceId !== undefined && errors[0]?.code === 'mediaNotFound') {
    const fallback = await openDevices({ [kind]: true })
    return { track: fallback.stream.getTracks()[0], error: fallback.errors[0] }
  }
  return { track, error: errors[0] }
}
