import type { Conversation, ConversationSummary, Member, Message } from '@sangam/protocol'
import { limits } from '@sangam/protocol'
import type { Standing } from './membership-store.ts'
import type { ConversationRecord } from './store.ts'

/** A conversation's title as somebody sees it: a direct one bears the other person's name. */
export const titleFor = (
  viewer: string,
  conversation: { kind: 'group' | 'direct'; title: string; members: readonly Member[] },
): string => {
  if (conversation.kind === 'group') return conversation.title
  return conversation.members.find((member) => member.identity !== viewer)?.name ?? conversation.title
}

/** A conversation as somebody is told of it. */
export const conversationFor = (viewer: string, record: ConversationRecord): Conversation => ({
  conversationId: record.conversationId,
  kind: record.kind,
  access: record.access,
  title: titleFor(viewer, record),
  lastNumber: record.lastNumber,
  members: [...record.members],
})

/** A conversation as it stands in somebody's list. */
export const summaryFor = (
  viewer: string,
  record: ConversationRecord,
  standing: Standing,
  lastMessage: Message | undefined,
): ConversationSummary => ({
  ...conversationFor(viewer, record),
  members: record.members.slice(0, limits.listedMembers),
  ...standing,
  ...(lastMessage === undefined ? {} : { lastMessage }),
})
