import { useCallback, useEffect, useRef, useState } from 'react'

/** A device tried out before joining. */
export interface PreviewTrack {
  readonly track: MediaStreamTrack | undefined
  /** The browser's name for what went wrong (`NotAllowedError`, `NotFoundError`…). */
  readonly errorName: string | undefined
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
  const [errorName, setErrorName] = useState<string>()
  const taken = useRef(false)

  useEffect(() => {
    setErrorName(undefined)
    if (!enabled) return
    let opened: MediaStreamTrack | undefined
    let current = true
    openDevice(kind, deviceId).then(
      (result) => {
        if (!current) return result.stop()
        opened = result
        setTrack(result)
      },
      (error: unknown) => {
        if (current) setErrorName(error instanceof Error ? error.name : 'Error')
      },
    )
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
  return { track, errorName, take }
}

async function openDevice(kind: 'audio' | 'video', deviceId: string | undefined): Promise<MediaStreamTrack> {
  if (navigator.mediaDevices === undefined) throw new DOMException('Not a secure page', 'NotSupportedError')
  // Not `exact`: a device that was unplugged since the last visit gives way to the default one.
  const device = deviceId === undefined ? {} : { deviceId }
  const stream = await navigator.mediaDevices.getUserMedia(
    kind === 'audio'
      ? { audio: { ...device, echoCancellation: true, noiseSuppression: true, autoGainControl: true } }
      : { video: { ...device, width: { ideal: 1280 }, height: { ideal: 720 }, frameRate: { ideal: 30 } } },
  )
  const [track] = stream.getTracks()
  if (track === undefined) throw new DOMException('No track', 'NotFoundError')
  return track
}
