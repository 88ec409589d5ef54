import { fetchServerInfo, type ServerInfo } from '@sangam/client'
import { useEffect, useState } from 'react'

/** What the server says about itself, once it has said it. Its absence is no error: entering will tell. */
export function useServerInfo(): ServerInfo | undefined {
  const [info, setInfo] = useState<ServerInfo>()
  useEffect(() => {
    let current = true
    fetchServerInfo(location.origin).then(
      (loaded) => {
        if (current) setInfo(loaded)
      },
      () => {},
    )
    return () => {
      current = false
    }
  }, [])
  return info
}
