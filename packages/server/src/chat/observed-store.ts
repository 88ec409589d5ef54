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
  append: (request) => {
    const appended = store.append(request)
    // Heard before whoever asked for it, without a turn more on the way to the acknowledgement.
    appended.then(
      (outcome) => {
        if (outcome.outcome === 'stored') onStored(request, outcome.number)
      },
      () => undefined,
    )
    return appended
  },
  change: async (request) => {
    const outcome = await store.change(request)
    if (outcome.outcome === 'changed') onChanged(request.conversationId)
    return outcome
  },
})
