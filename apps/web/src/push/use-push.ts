import type { Session } from '@sangam/client'
import { useEffect, useState } from 'react'
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

/** Reads and changes whether this browser is told by push. */
export function usePush(session: Session): PushSetting | undefined {
  const [choice, setChoice] = useState<PushChoice>()
  const isKnown = 'serviceWorker' in navigator && 'PushManager' in window
  useEffect(() => {
    if (!isKnown) return
    void navigator.serviceWorker.getRegistration().then(async (registration) => {
      const subscription = await registration?.pushManager.getSubscription()
      const found = localStorage.getItem(KEY) === 'words' ? 'words' : 'plain'
      // Who chose meanwhile has chosen.
      setChoice((chosen) => chosen ?? (subscription ? found : 'off'))
    })
  }, [isKnown])
  if (!isKnown) return undefined
  return {
    choice,
    choose: async (chosen) => {
      await navigator.serviceWorker.register(WORKER_PATH)
      const registration = await navigator.serviceWorker.ready
      if (chosen === 'off') await session.disablePush(registration)
      else await session.enablePush(registration, { showText: chosen === 'words' })
      localStorage.setItem(KEY, chosen)
      setChoice(chosen)
    },
  }
}
