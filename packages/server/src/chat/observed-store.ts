import type { AppendRequest, ChatStore } from './store.ts'

/** A store that tells of each message after it was stored; a listener must not throw. */
export const observedStore = (
  store: ChatStore,
  onStored: (request: AppendRequest, number: number) => void,
): ChatStore => ({
  ...store,
  append: async (request) => {
    const outcome = await store.append(request)
    if (outcome.outcome === 'stored') onStored(request, outcome.number)
    return outcome
  },
})
