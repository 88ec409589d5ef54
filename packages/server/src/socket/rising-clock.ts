import type { Clock } from '../ports.ts'

/** A clock that goes on from where it was when `now` is set back: rates must not depend on corrections of the time of day. */
export const risingClock = (now: Clock): Clock => {
  let lastMs = Number.NEGATIVE_INFINITY
  let aheadMs = 0
  return () => {
    const nowMs = now()
    if (nowMs + aheadMs < lastMs) aheadMs = lastMs - nowMs
    lastMs = nowMs + aheadMs
    return lastMs
  }
}
