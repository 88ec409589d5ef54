import type { AppendRequest, ChatStore } from './store.ts'

/** Who is told of what a store did; none may throw. */
export type StoreListeners = {
  /** A message was stored. */
  readonly onStored: (request: AppendRequest, number: number) => void
  /** A message was changed. */
  readonly onChanged: (conversationId: string) => void
}

/** A store that tells of each message after it was stored, and of each change. */
export const observedStore = (store: ChatStore, { onStored, onChanged }: StoreListeners): ChatStore => ({
  ...store,
  append: async (request) => {
    const outcome = await store.append(request)
    if (outcome.outcome === 'stored') onStored(request, outcome.number)
    return outcome
  },
  change: async (request) => {
    const outcome = await store.change(request)
    if (outcome.outcome === 'changed') onChanged(request.conversationId)
    return outcome
  },
})
