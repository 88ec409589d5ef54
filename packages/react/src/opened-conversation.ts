import type { Conversation, ConversationSnapshot, SangamError, Session, Store } from '@sangam/client'

/** What `useConversation` knows: nothing while it opens, then the conversation and its snapshot, or why not. */
export interface OpenedConversation {
  readonly conversation?: Conversation
  readonly state?: ConversationSnapshot
  readonly error?: SangamError
}

const NOTHING: OpenedConversation = {}

/** A store over a conversation that is yet to be opened: opens at the first subscription, follows while there is one. */
export function openedConversation(
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
