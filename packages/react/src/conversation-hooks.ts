import type { Conversation, ConversationSnapshot, SangamError, Session, Store } from '@sangam/client'
import { useMemo } from 'react'
import { useSession } from './session-context.ts'
import { useStore } from './use-store.ts'

/** What `useConversation` knows: nothing while it opens, then the conversation and its snapshot, or why not. */
export interface OpenedConversation {
  readonly conversation?: Conversation
  readonly state?: ConversationSnapshot
  readonly error?: SangamError
}

const NOTHING: OpenedConversation = {}

/** Opens a conversation by its id, or the direct one with a person, and follows it; `undefined` opens nothing. */
export function useConversation(target: string | { readonly with: string } | undefined): OpenedConversation {
  const session = useSession()
  const person = typeof target === 'object' ? target.with : undefined
  const conversationId = typeof target === 'string' ? target : undefined
  // By value: `{ with }` is a new object at each rendering.
  const store = useMemo(
    () => openedStore(session, person === undefined ? conversationId : { with: person }),
    [session, conversationId, person],
  )
  return useStore(store)
}

/** A store over a conversation that is yet to be opened: opens at the first subscription, follows while there is one. */
function openedStore(
  session: Session,
  target: string | { readonly with: string } | undefined,
): Store<OpenedConversation> {
  let value = NOTHING
  let opening = false
  let unfollow: (() => void) | undefined
  const listeners = new Set<() => void>()
  const set = (next: OpenedConversation): void => {
    value = next
    for (const listener of [...listeners]) listener()
  }
  const follow = (conversation: Conversation): void => {
    if (unfollow !== undefined || listeners.size === 0) return
    const read = (): void => set({ conversation, state: conversation.state.get() })
    unfollow = conversation.state.subscribe(read)
    read()
  }
  const open = async (wanted: string | { readonly with: string }): Promise<void> => {
    try {
      const conversation = await session.conversation(wanted)
      value = { conversation, state: conversation.state.get() }
      follow(conversation)
    } catch (error) {
      set({ error: error as SangamError })
    }
  }
  return {
    get: () => value,
    subscribe: (listener) => {
      listeners.add(listener)
      if (value.conversation) follow(value.conversation)
      else if (target !== undefined && !opening) {
        opening = true
        void open(target)
      }
      return () => {
        listeners.delete(listener)
        if (listeners.size > 0) return
        unfollow?.()
        unfollow = undefined
      }
    },
  }
}
