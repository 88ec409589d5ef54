/** A conversation as it is shown, out of its parts. Pure. */
import type { Conversation as WireConversation } from '@sangam/protocol'
import type { ChatMessage, ConversationMember, ConversationSnapshot, OutboxEntry, Typist } from '../api.ts'
import { lastNumber, type MessageLog } from './message-log.ts'
import { isMessage } from './outbox-queue.ts'
import type { Progress } from './progress.ts'
import { type WaitingChanges, withWaiting } from './waiting-changes.ts'
import { type Self, type StoredMessage, unsentMessage } from './wire-messages.ts'

/** What a snapshot is made of. */
export interface SnapshotParts {
  readonly info: WireConversation
  readonly members: readonly ConversationMember[]
  readonly self: Self
  readonly log: MessageLog<StoredMessage>
  readonly unstored: readonly OutboxEntry[]
  readonly waiting: WaitingChanges
  readonly progress: Progress
  readonly typing: readonly Typist[]
  /** Undefined until somebody asked for them. */
  readonly pinned: readonly StoredMessage[] | undefined
  readonly caughtUp: boolean
  readonly gone: 'left' | 'removed' | undefined
}

const NONE: readonly ChatMessage[] = []

/** Puts the parts together. */
export function snapshotOf(parts: SnapshotParts): ConversationSnapshot {
  const { info, members, self, log, progress, typing, pinned = NONE, caughtUp, gone } = parts
  const { conversationId, kind, access, title } = info
  const { messages, base } = log
  const { identity } = self
  const ownRead = progress.read.get(identity) ?? 0
  const unreadHeld = messages.filter((message) => !message.own && message.number > ownRead)
  return {
    conversationId,
    kind,
    access,
    title,
    members,
    messages: shownMessages(parts),
    hasEarlier: base > 0,
    lastNumber: lastNumber(log),
    read: progress.read,
    delivered: progress.delivered,
    unread: unreadHeld.length + Math.max(0, base - ownRead),
    mentioned: unreadHeld.filter(({ mentions = [] }) => mentions.includes(identity)).length,
    typing,
    pinned,
    caughtUp,
    ...(gone === undefined ? {} : { gone }),
  }
}

/** Those that are stored by number, then the own ones on their way; all as the changes that wait leave them. */
function shownMessages({ log, unstored, waiting, self }: SnapshotParts): readonly ChatMessage[] {
  const { messages, ahead } = log
  // An own message that is stored beyond a gap is shown already; those of others wait until the gap closes.
  const ownAhead = ahead.filter((message) => message.own)
  const stored = new Set([...messages, ...ownAhead].map((message) => message.key))
  const unsent = unstored
    .filter(isMessage)
    .map((entry) => unsentMessage(entry, self))
    .filter((message) => !stored.has(message.key))
  if (ownAhead.length + unsent.length === 0 && waiting.size === 0) return messages
  return [...messages, ...ownAhead, ...unsent].map((message) => withWaiting(message, waiting, self.identity))
}
