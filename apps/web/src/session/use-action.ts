import { useCallback, useRef, useState } from 'react'

/** One action at a time: `run` starts it, `busy` tells that it goes on; a second `run` meanwhile does nothing. */
export function useAction<Args extends readonly unknown[]>(
  action: (...args: Args) => Promise<unknown>,
  onError: (error: unknown) => void,
): { readonly busy: boolean; readonly run: (...args: Args) => void } {
  const [busy, setBusy] = useState(false)
  const running = useRef(false)
  const latest = useRef({ action, onError })
  latest.current = { action, onError }
  const run = useCallback((...args: Args) => {
    if (running.current) return
    running.current = true
    setBusy(true)
    latest.current
      .action(...args)
      .catch((error: unknown) => latest.current.onError(error))
      .finally(() => {
        running.current = false
        setBusy(false)
      })
  }, [])
  return { busy, run }
}
