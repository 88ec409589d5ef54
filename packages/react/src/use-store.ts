import type { Store } from '@sangam/client'
import { useSyncExternalStore } from 'react'

/** The current snapshot of any store of the SDK; renders again when it changes. */
export function useStore<T>(store: Store<T>): T {
  return useSyncExternalStore(store.subscribe, store.get, store.get)
}
