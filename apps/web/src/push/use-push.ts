import type { Session } from '@sangam/client'
import { useCallback, useEffect, useRef, useState } from 'react'
import { WORKER_PATH } from './worker.ts'

/** Notifications of this browser while no page is open: `undefined` where it knows none. */
export interface PushSetting {
  /** `undefined` until the browser has told. */
  readonly choice: PushChoice | undefined
  choose(choice: PushChoice): Promise<void>
}

/** Off, that there is something, or with its words. */
export type PushChoice = 'off' | 'plain' | 'words'

const KEY = 'sangam.push'

/** Reads what this browser is told by push whenever a menu that shows it opens, and changes it. */
export function usePush(session: Session, isShown: boolean): PushSetting | undefined {
  const [choice, setChoice] = useState<PushChoice>()
  // One after another: a menu that opens while a choice takes effect says what came of it.
  const last = useRef<Promise<unknown>>(Promise.resolve())
  const inTurn = useCallback(<T>(act: () => Promise<T>): Promise<T> => {
    const result = last.current.then(act)
    last.current = result.catch(() => undefined)
    return result
  }, [])
  const isKnown = 'serviceWorker' in navigator && 'PushManager' in window
  useEffect(() => {
    if (isKnown && isShown) void inTurn(async () => setChoice(await readChoice()))
  }, [isKnown, isShown, inTurn])
  if (!isKnown) return undefined
  return {
    choice,
    choose: (chosen) =>
      inTurn(async () => {
        await navigator.serviceWorker.register(WORKER_PATH)
        const registration = await navigator.serviceWorker.ready
        if (chosen === 'off') await session.disablePush(registration)
        else await session.enablePush(registration, { showText: chosen === 'words' })
        localStorage.setItem(KEY, chosen)
        setChoice(chosen)
      }),
  }
}

async function readChoice(): Promise<PushChoice> {
  const registration = await navigator.serviceWorker.getRegistration()
  const subscription = await registration?.pushManager.getSubscription()
  if (!subscription) return 'off'
  return localStorage.getItem(KEY) === 'words' ? 'words' : 'plain'
}
