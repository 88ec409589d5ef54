import { type ReactNode, useCallback, useEffect, useRef, useState } from 'react'
import { errorWords } from '../session/error-words.ts'
import { Button } from './button.tsx'
import { Spinner } from './spinner.tsx'

interface LoadedListProps<Item> {
  readonly label: string
  readonly load: () => Promise<readonly Item[]>
  /** What is said where nothing is. */
  readonly empty: string
  /** Draws one as a list item; `reload` asks for all again. */
  readonly children: (item: Item, reload: () => void) => ReactNode
}

/** A list that is asked for when it is shown: on its way, empty, failed with a way to try again, or there. */
export function LoadedList<Item>({ label, load, empty, children }: LoadedListProps<Item>) {
  const [items, setItems] = useState<readonly Item[]>()
  const [error, setError] = useState<unknown>()
  const latest = useRef(load)
  latest.current = load
  const reload = useCallback(() => {
    setError(undefined)
    latest.current().then(setItems, (caught: unknown) => setError(caught))
  }, [])
  useEffect(reload, [reload])
  if (error !== undefined) {
    return (
      <div role="alert" className="py-4 text-center text-sm">
        <p className="mb-3 text-ink-soft">{errorWords(error)}</p>
        <Button onClick={reload}>Try again</Button>
      </div>
    )
  }
  if (items === undefined) {
    return (
      <p role="status" className="late flex items-center justify-center gap-3 py-6 text-ink-faint text-sm">
        <Spinner /> Loading…
      </p>
    )
  }
  if (items.length === 0) return <p className="py-6 text-center text-ink-faint text-sm">{empty}</p>
  return (
    <ul aria-label={label} className="max-h-[60dvh] overflow-y-auto">
      {items.map((item) => children(item, reload))}
    </ul>
  )
}
