import { X } from 'lucide-react'
import { Toast } from 'radix-ui'
import { createContext, type ReactNode, useCallback, useContext, useMemo, useState } from 'react'

interface Note {
  readonly key: number
  readonly text: string
}

const NotifyContext = createContext<(text: string) => void>(() => {})

/** Tells a person something in passing; screen readers hear it too. */
export function useNotify(): (text: string) => void {
  return useContext(NotifyContext)
}

let lastKey = 0

/** Holds the notes that come and go at the edge of the screen. */
export function ToastProvider({ children }: { readonly children: ReactNode }) {
  const [notes, setNotes] = useState<readonly Note[]>([])
  const notify = useCallback((text: string) => {
    lastKey += 1
    const note = { key: lastKey, text }
    setNotes((shown) => [...shown.filter((other) => other.text !== text), note].slice(-3))
  }, [])
  const remove = useCallback(
    (key: number) => setNotes((shown) => shown.filter((note) => note.key !== key)),
    [],
  )
  return (
    <NotifyContext.Provider value={notify}>
      <Toast.Provider duration={5000} swipeDirection="up">
        {useMemo(() => children, [children])}
        {notes.map((note) => (
          <Toast.Root
            key={note.key}
            onOpenChange={(open) => open || remove(note.key)}
            className="pointer-events-auto flex max-w-full animate-rise items-center gap-2 rounded-2xl bg-ink py-2 pr-2 pl-4 text-canvas text-sm shadow-raised"
          >
            <Toast.Description>{note.text}</Toast.Description>
            <Toast.Close
              aria-label="Dismiss"
              className="grid size-8 place-items-center rounded-full hover:opacity-75"
            >
              <X size={16} />
            </Toast.Close>
          </Toast.Root>
        ))}
        <Toast.Viewport className="-translate-x-1/2 pointer-events-none fixed top-17 left-1/2 z-[60] mt-[env(safe-area-inset-top)] flex w-full flex-col items-center gap-2 px-3 outline-none sm:w-112" />
      </Toast.Provider>
    </NotifyContext.Provider>
  )
}
