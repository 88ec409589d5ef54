import type { ConversationSummary } from '@sangam/client'

/** The list's conversations: pinned ones first, the archived apart; each in the order given (newest first). */
export function orderConversations(conversations: readonly ConversationSummary[]): {
  readonly shown: readonly ConversationSummary[]
  readonly archived: readonly ConversationSummary[]
} {
  const present = conversations.filter(({ archived }) => !archived)
  return {
    shown: [...present.filter(({ pinned }) => pinned), ...present.filter(({ pinned }) => !pinned)],
    archived: conversations.filter(({ archived }) => archived),
  }
}

/** What asks for attention: unread messages, and of muted conversations only those that mention this person. */
export function attention({ unread, mentioned, mutedUntil }: ConversationSummary, nowMs: number): number {
  return mutedUntil > nowMs ? mentioned : unread
}
