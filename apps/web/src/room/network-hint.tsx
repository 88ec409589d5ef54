import type { Participant } from '@sangam/client'
import { WifiLow } from 'lucide-react'
import { useCallback, useSyncExternalStore } from 'react'
import { isShortOfNetwork } from './delivery-words.ts'

/** Says that pictures are missing because of the own network, while they are. */
export function NetworkHint({ participants }: { readonly participants: readonly Participant[] }) {
  const subscribe = useCallback(
    (listener: () => void) => {
      const stops = participants.flatMap(({ tracks }) => tracks.map(({ state }) => state.subscribe(listener)))
      return () => {
        for (const stop of stops) stop()
      }
    },
    [participants],
  )
  const short = useSyncExternalStore(subscribe, () =>
    participants.some(({ tracks }) => tracks.some(({ state }) => isShortOfNetwork(state.get().delivery))),
  )
  if (!short) return null
  return (
    <p
      role="status"
      data-testid="network-hint"
      className="mx-2.5 mb-2.5 flex items-center justify-center gap-2 rounded-2xl bg-accent-soft px-4 py-2 text-sm sm:mx-5"
    >
      <WifiLow size={16} aria-hidden className="shrink-0" />
      Your connection is weak: sound comes first, and pictures return by themselves.
    </p>
  )
}
