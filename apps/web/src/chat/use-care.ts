import type { CareSettings, Conversation } from '@sangam/client'
import { useEffect, useState } from 'react'

/** How a conversation is kept, up to date; `undefined` until the server said so. */
export function useCare(conversation: Conversation): CareSettings | undefined {
  const [care, setCare] = useState<CareSettings>()
  useEffect(() => {
    const stop = conversation.on('careChanged', setCare)
    let current = true
    conversation.care().then(
      (settings) => current && setCare(settings),
      // Offline, say: what it says then is said by the messages themselves.
      () => {},
    )
    return () => {
      current = false
      stop()
    }
  }, [conversation])
  return care
}
