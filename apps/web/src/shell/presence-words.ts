import type { Person } from '@sangam/client'
import { PRESENCE_WORDS } from './order-people.ts'
import { shortWhen } from './time-words.ts'

/** How reachable somebody is, in words; of somebody offline, since when. */
export function presenceWords({ presence, lastSeenAt }: Person, nowMs: number): string {
  if (presence !== 'offline' || lastSeenAt === undefined) return PRESENCE_WORDS[presence]
  return nowMs - lastSeenAt < 60_000 ? 'Last seen just now' : `Last seen ${shortWhen(lastSeenAt, nowMs)}`
}
