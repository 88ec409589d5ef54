import type { Message, MessageReaction, Quote } from '@sangam/protocol'
import { limits } from '@sangam/protocol'
import type { MessageExtra } from './store.ts'

/** A message as both databases keep it, in the types of this program. */
export type StoredMessageRow = {
  readonly conversationId: string
  readonly number: number
  readonly clientMessageId: string
  readonly senderId: string
  readonly senderName: string
  readonly text: string
  readonly sentAt: number
  readonly revision: number
  readonly editedAt: number | null
  readonly deletedAt: number | null
  readonly pinnedAt: number | null
  readonly thread: number | null
  readonly replyCount: number
  readonly lastReply: number
  /** JSON of {@link MessageExtra}. */
  readonly extra: string | null
}

/** One row of the table of reactions, in the order in which they were made. */
export type ReactionRow = { readonly number: number; readonly emoji: string; readonly identity: string }

/** The columns that a message quotes of another one. */
export type QuotedRow = Pick<StoredMessageRow, 'number' | 'senderId' | 'senderName' | 'text'>

/** JSON of what a message holds besides its text; null when it holds nothing. */
export const toExtraColumn = (extra: MessageExtra | undefined): string | null => {
  const json = extra === undefined ? '{}' : JSON.stringify(extra)
  return json === '{}' ? null : json
}

/** What {@link toExtraColumn} wrote. */
export const fromExtraColumn = (json: string | null): MessageExtra =>
  json === null ? {} : (JSON.parse(json) as MessageExtra)

/** The beginning of a text, never cut inside a surrogate pair. */
export const beginningOf = (text: string, length: number = limits.quoteLength): string =>
  text.length <= length ? text : text.slice(0, length).replace(/[\uD800-\uDBFF]$/, '')

/** A message as another one quotes it. */
export const quoteOf = ({ number, senderId, senderName, text }: QuotedRow): Quote => ({
  number,
  senderId,
  senderName,
  text: beginningOf(text),
})

const reactionsOf = (rows: readonly ReactionRow[]): MessageReaction[] => {
  const byEmoji = new Map<string, string[]>()
  for (const { emoji, identity } of rows) {
    const by = byEmoji.get(emoji)
    if (by === undefined) byEmoji.set(emoji, [identity])
    else by.push(identity)
  }
  return [...byEmoji].map(([emoji, by]) => ({ emoji, by }))
}

/** Builds what clients are told of a message. A plain one, which most are, costs nothing beyond its own fields. */
export const messageFrom = (
  row: StoredMessageRow,
  reactions: readonly ReactionRow[],
  quoted: QuotedRow | undefined,
): Message => {
  const { conversationId, number, clientMessageId, senderId, senderName, text, sentAt } = row
  const plain = { conversationId, number, clientMessageId, senderId, senderName, text, sentAt }
  if (row.revision === 0 && row.extra === null && row.thread === null && row.replyCount === 0) return plain
  const { mentions, preview, system, attachments } = fromExtraColumn(row.extra)
  return {
    ...plain,
    ...(row.revision === 0 ? {} : { revision: row.revision }),
    ...(row.editedAt === null ? {} : { editedAt: row.editedAt }),
    ...(row.deletedAt === null ? {} : { deletedAt: row.deletedAt }),
    ...(row.pinnedAt === null ? {} : { pinnedAt: row.pinnedAt }),
    ...(row.thread === null ? {} : { thread: row.thread }),
    ...(row.replyCount === 0 ? {} : { replies: { count: row.replyCount, last: row.lastReply } }),
    ...(quoted === undefined ? {} : { replyTo: quoteOf(quoted) }),
    ...(mentions === undefined ? {} : { mentions: [...mentions] }),
    ...(preview === undefined ? {} : { preview }),
    ...(system === undefined ? {} : { system }),
    ...(attachments === undefined ? {} : { attachments: [...attachments] }),
    ...(reactions.length === 0 ? {} : { reactions: reactionsOf(reactions) }),
  }
}

/** Whether a message may bear reactions: only a change brings them. */
export const mayBearReactions = (row: StoredMessageRow): boolean => row.revision > 0 && row.deletedAt === null

/** Number of the message that one quotes, if it does. */
export const quotedNumber = (row: StoredMessageRow): number | undefined => fromExtraColumn(row.extra).replyTo
