import type { Conversation, Session } from '@sangam/client'
import { useEffect, useState } from 'react'

/** A conversation on its way into the pane. */
export type OpenConversation =
  | { readonly at: 'opening' }
  | { readonly at: 'open'; readonly conversation: Conversation }
  | { readonly at: 'failed'; readonly error: unknown; retry(): void }

/** Opens a conversation by its id, or the direct one with a person. */
export function useOpenConversation(
  session: Session,
  target: string,
  kind: 'id' | 'person',
): OpenConversation {
  const [attempt, setAttempt] = useState(0)
  const [opened, setOpened] = useState<{ readonly key: string; readonly result: OpenConversation }>()
  const key = `${kind} ${target} ${attempt}`
  useEffect(() => {
    let current = true
    const show = (result: OpenConversation) => {
      if (current) setOpened({ key, result })
    }
    session.conversation(kind === 'id' ? target : { with: target }).then(
      (conversation) => show({ at: 'open', conversation }),
      (error: unknown) => show({ at: 'failed', error, retry: () => setAttempt((count) => count + 1) }),
    )
    return () => {
      current = false
    }
  }, [session, target, kind, key])
  return opened?.key === key ? opened.result : { at: 'opening' }
}
