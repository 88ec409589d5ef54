import type { Message, Quote } from '@sangam/protocol'
import type { SqliteConnection } from '../database/sqlite-connection.ts'
import {
  mayBearReactions,
  messageFrom,
  type QuotedRow,
  quotedNumber,
  quoteOf,
  type ReactionRow,
  type StoredMessageRow,
} from './message-columns.ts'
import type { Page, PageRequest } from './store.ts'

/** The columns of a {@link StoredMessageRow}. */
export const messageColumns = `conversation_id AS conversationId, number, client_message_id AS clientMessageId,
  sender_id AS senderId, sender_name AS senderName, text, sent_at_ms AS sentAt, revision, edited_at_ms AS editedAt,
  deleted_at_ms AS deletedAt, pinned_at_ms AS pinnedAt, thread, reply_count AS replyCount, last_reply AS lastReply, extra`

/** Rows as messages, each with its reactions and what it quotes: looked up for those that have some. */
export const messagesFrom = (connection: SqliteConnection, rows: readonly StoredMessageRow[]): Message[] =>
  rows.map((row) => {
    const quoted = quotedNumber(row)
    return messageFrom(
      row,
      mayBearReactions(row) ? reactionsTo(connection, row) : [],
      quoted === undefined ? undefined : quotedRow(connection, row.conversationId, quoted),
    )
  })

const reactionsTo = (
  connection: SqliteConnection,
  { conversationId, number }: StoredMessageRow,
): ReactionRow[] =>
  connection.all(
    `SELECT number, emoji, identity FROM reactions WHERE conversation_id = ? AND number = ? ORDER BY revision`,
    conversationId,
    number,
  ) as ReactionRow[]

const quotedRow = (
  connection: SqliteConnection,
  conversationId: string,
  number: number,
): QuotedRow | undefined =>
  connection.get(
    `SELECT number, sender_id AS senderId, sender_name AS senderName, text FROM messages
     WHERE conversation_id = ? AND number = ?`,
    conversationId,
    number,
  ) as QuotedRow | undefined

/** What a message is quoted as, or undefined. */
export const quoteAt = (
  connection: SqliteConnection,
  conversationId: string,
  number: number,
): Quote | undefined => {
  const row = quotedRow(connection, conversationId, number)
  return row && quoteOf(row)
}

/** One stored row. */
export const storedRow = (
  connection: SqliteConnection,
  conversationId: string,
  number: number,
): StoredMessageRow | undefined =>
  connection.get(
    `SELECT ${messageColumns} FROM messages WHERE conversation_id = ? AND number = ?`,
    conversationId,
    number,
  ) as StoredMessageRow | undefined

/** One message, or undefined. */
export const messageAt = (
  connection: SqliteConnection,
  conversationId: string,
  number: number,
): Message | undefined => {
  const row = storedRow(connection, conversationId, number)
  return row && messagesFrom(connection, [row])[0]
}

/** A page of a conversation, or of one of its threads; see {@link PageRequest}. */
export const messagePage = (
  connection: SqliteConnection,
  { conversationId, after, before, thread, limit }: PageRequest,
): Page => {
  const inThread = thread === undefined ? '' : 'AND thread = ?'
  const threads = thread === undefined ? [] : [thread]
  const [bound, from, order] =
    after === undefined
      ? ['number < ?', before ?? Number.MAX_SAFE_INTEGER, 'DESC']
      : ['number > ?', after, 'ASC']
  const rows = connection.all(
    `SELECT ${messageColumns} FROM messages WHERE conversation_id = ? ${inThread} AND ${bound}
     ORDER BY number ${order} LIMIT ?`,
    conversationId,
    ...threads,
    from,
    limit + 1,
  ) as StoredMessageRow[]
  const messages = messagesFrom(connection, rows.slice(0, limit))
  if (after === undefined) messages.reverse()
  return { messages, more: rows.length > limit }
}
