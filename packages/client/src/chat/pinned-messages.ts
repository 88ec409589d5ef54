import type { StoredMessage } from './wire-messages.ts'

/** The pinned messages after some messages changed, the one pinned last first. Pure. */
export function repin(
  pinned: readonly StoredMessage[],
  changed: readonly StoredMessage[],
): readonly StoredMessage[] {
  const byNumber = new Map(pinned.map((message) => [message.number, message]))
  for (const message of changed) {
    if ((byNumber.get(message.number)?.revision ?? 0) <= (message.revision ?? 0)) {
      byNumber.set(message.number, message)
    }
  }
  return [...byNumber.values()]
    .filter(({ pinnedAt }) => pinnedAt !== undefined)
    .sort((a, b) => (b.pinnedAt ?? 0) - (a.pinnedAt ?? 0) || b.number - a.number)
}
