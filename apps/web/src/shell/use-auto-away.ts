import type { Session } from '@sangam/client'
import { useEffect } from 'react'

const AWAY_AFTER_MS = 5 * 60_000

/** Says "away" once the page has been out of sight for a while, and "online" when it is back; undoes only itself. */
export function useAutoAway(session: Session): void {
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined
    let away = false
    // Presence is a courtesy: a change that fails is made good by the next one.
    const set = (status: 'online' | 'away') => void session.setStatus(status).catch(() => {})
    const onChange = () => {
      clearTimeout(timer)
      if (document.visibilityState === 'hidden') {
        timer = setTimeout(() => {
          const me = session.people.get().find((person) => person.self)
          if (me?.presence !== 'online') return
          away = true
          set('away')
        }, AWAY_AFTER_MS)
      } else if (away) {
        away = false
        set('online')
      }
    }
    document.addEventListener('visibilitychange', onChange)
    return () => {
      clearTimeout(timer)
      document.removeEventListener('visibilitychange', onChange)
    }
  }, [session])
}
