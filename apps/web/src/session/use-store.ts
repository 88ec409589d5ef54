import type { Store } from '@sangam/client'
import { useCallback, useSyncExternalStore } from 'react'

/** The current snapshot of any store of the SDK. */
export function useStore<T>(store: Store<T>): T {
  const subscribe = useCallback((listener: () => void) => store.subscribe(listener), [store])
  return useSyncExternalStore(subscribe, () => store.get())
}
