import type { Call, CallState, ConnectionInfo } from '@sangam/client'
import { useEffect, useState } from 'react'

const EVERY_MS = 4000

/** Whether the call runs directly or through a relay; looked at again from time to time, since ICE may move it. */
export function useCallPath(call: Call, state: CallState): ConnectionInfo['path'] {
  const [path, setPath] = useState<ConnectionInfo['path']>('unknown')
  useEffect(() => {
    if (state !== 'connected') return
    let current = true
    const look = () =>
      call.connectionInfo().then(
        (info) => {
          if (current) setPath(info.path)
        },
        // Between two states there may be nothing to tell; the next look will.
        () => {},
      )
    void look()
    const timer = setInterval(() => void look(), EVERY_MS)
    return () => {
      current = false
      clearInterval(timer)
    }
  }, [call, state])
  return path
}
