import type { Session } from '@sangam/client'
import { useCallback, useEffect, useState } from 'react'

/** Whether this person has blocked another, and how to change it; `undefined` until the server said so. */
export function useBlocked(
  session: Session,
  identity: string | undefined,
  onError: (error: unknown) => void,
): { readonly isBlocked: boolean | undefined; readonly setBlocked: (on: boolean) => void } {
  const [known, setKnown] = useState<{ readonly identity: string; readonly isBlocked: boolean }>()
  useEffect(() => {
    if (identity === undefined) return
    let current = true
    session.blocked().then(
      (identities) => current && setKnown({ identity, isBlocked: identities.includes(identity) }),
      // Unknown is as good as not blocked: the server keeps to it in any case.
      () => {},
    )
    return () => {
      current = false
    }
  }, [session, identity])
  const setBlocked = useCallback(
    (on: boolean) => {
      if (identity === undefined) return
      session.block(identity, on).then(() => setKnown({ identity, isBlocked: on }), onError)
    },
    [session, identity, onError],
  )
  return { isBlocked: known?.identity === identity ? known?.isBlocked : undefined, setBlocked }
}
