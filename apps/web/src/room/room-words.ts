import type { PolicyReason, Reaction, RoomCloseReason } from '@sangam/client'

const ROLES: Readonly<Record<string, string>> = {
  host: 'Host',
  cohost: 'Co-host',
  listener: 'Listener',
}

/** A role as a badge says it; undefined for speakers, who are most people. Roles of an application say their own name. */
export function roleWords(role: string): string | undefined {
  return role === 'speaker' ? undefined : (ROLES[role] ?? role)
}

/** Why one is not in a room, and whether it makes sense to try again. */
export interface ClosedWords {
  readonly title: string
  readonly text: string
  readonly again: boolean
}

const CLOSED: Readonly<Partial<Record<RoomCloseReason | PolicyReason | 'refused', ClosedWords>>> = {
  removed: { title: 'You were removed', text: 'A host put you out of this room.', again: true },
  banned: {
    title: 'You can’t enter this room',
    text: 'A host has banned you from it. Only a host can lift that.',
    again: false,
  },
  ended: { title: 'The room has ended', text: 'A host ended it for everybody.', again: true },
  tooLong: { title: 'The room has ended', text: 'The time that was set for it is over.', again: true },
  revoked: { title: 'You can’t stay in this room', text: 'Your access to it was taken back.', again: false },
  replaced: {
    title: 'You are in this room elsewhere',
    text: 'Another window or device goes on in your place.',
    again: true,
  },
  roomEnded: {
    title: 'The room has ended',
    text: 'Only its hosts can open it again. Ask one of them, or come back later.',
    again: true,
  },
  roomLocked: {
    title: 'The room is locked',
    text: 'Nobody new may enter now. Ask somebody inside to unlock it.',
    again: true,
  },
  roomFull: { title: 'The room is full', text: 'Try again when somebody has left.', again: true },
  lobbyFull: { title: 'Too many are waiting', text: 'Try again in a while.', again: true },
  refused: { title: 'You were not let in', text: 'Somebody inside turned you away.', again: true },
  inviteInvalid: {
    title: 'This invite does not work',
    text: 'It was taken back, or the link is incomplete. Ask for a new one.',
    again: true,
  },
  inviteExpired: { title: 'This invite has expired', text: 'Ask for a new one.', again: true },
}

/** What the screen says to somebody who is not in a room; undefined when the reason needs no screen. */
export function closedWords(reason: string): ClosedWords | undefined {
  return Object.hasOwn(CLOSED, reason) ? CLOSED[reason as keyof typeof CLOSED] : undefined
}

/** The reactions in the order of their buttons. */
export const REACTIONS: readonly (readonly [reaction: Reaction, picture: string, words: string])[] = [
  ['thumbsUp', '👍', 'Thumbs up'],
  ['clap', '👏', 'Applause'],
  ['heart', '❤️', 'Heart'],
  ['laugh', '😂', 'Laughter'],
  ['surprised', '😮', 'Surprise'],
  ['sad', '😢', 'Sadness'],
  ['celebrate', '🎉', 'Celebration'],
]

/** How long something lasts from now on, roughly: `in 4 minutes`, `in 2 hours`, `in 3 days`. */
export function untilWords(atMs: number, nowMs: number): string {
  const minutes = Math.max(0, Math.round((atMs - nowMs) / 60_000))
  if (minutes < 1) return 'in less than a minute'
  if (minutes < 90) return minutes === 1 ? 'in a minute' : `in ${minutes} minutes`
  const hours = Math.round(minutes / 60)
  return hours < 36 ? `in ${hours} hours` : `in ${Math.round(hours / 24)} days`
}
