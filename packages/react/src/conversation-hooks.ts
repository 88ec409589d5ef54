import { useMemo } from 'react'
import { type OpenedConversation, openedConversation } from './opened-conversation.ts'
import { useSession } from './session-context.ts'
import { useStore } from './use-store.ts'

/** Opens a conversation by its id, or the direct one with a person, and follows it; `undefined` opens nothing. */
export function useConversation(target: string | { readonly with: string } | undefined): OpenedConversation {
  const session = useSession()
  const person = typeof target === 'object' ? target.with : undefined
  const conversationId = typeof target === 'string' ? target : undefined
  // By value: `{ with }` is a new object at each rendering.
  const store = useMemo(
    () => openedConversation(session, person === undefined ? conversationId : { with: person }),
    [session, conversationId, person],
  )
  return useStore(store)
}
