import type { Message } from '@sangam/protocol'
import type { ClientBase, Pool } from 'pg'
import {
  mayBearReactions,
  messageFrom,
  type QuotedRow,
  quotedNumber,
  type ReactionRow,
  type StoredMessageRow,
} from './message-columns.ts'
import { fromTextColumns } from './postgres-text.ts'
import type { Page, PageRequest } from './store.ts'

/** What can be asked: the pool, or the connection that holds a transaction. */
export type Queryable = Pick<ClientBase | Pool, 'query'>

// bigint comes as text, since not every one fits a number; those of this schema do.
type Row = {
  readonly conversation_id: string
  readonly number: string
  readonly sender_id: string
  readonly sender_name: string
  readonly client_message_id: string
  readonly text: string
  readonly exact_text: Buffer | null
  readonly sent_at_ms: string
  readonly revision: string
  readonly edited_at_ms: string | null
  readonly deleted_at_ms: string | null
  readonly pinned_at_ms: string | null
  readonly thread: string | null
  readonly reply_count: string
  readonly last_reply: string
  readonly extra: string | null
}

/** The columns that {@link storedRows} reads, of the table `m`. */
export const messageColumns = `m.conversation_id, m.number, m.sender_id, m.sender_name, m.client_message_id, m.text,
  m.exact_text, m.sent_at_ms, m.revision, m.edited_at_ms, m.deleted_at_ms, m.pinned_at_ms, m.thread, m.reply_count,
  m.last_reply, m.extra`

const numberOrNull = (value: string | null): number | null => (value === null ? null : Number(value))

const storedRowOf = (row: Row): StoredMessageRow => ({
  conversationId: row.conversation_id,
  number: Number(row.number),
  clientMessageId: row.client_message_id,
  senderId: row.sender_id,
  senderName: row.sender_name,
  text: fromTextColumns(row.text, row.exact_text),
  sentAt: Number(row.sent_at_ms),
  revision: Number(row.revision),
  editedAt: numberOrNull(row.edited_at_ms),
  deletedAt: numberOrNull(row.deleted_at_ms),
  pinnedAt: numberOrNull(row.pinned_at_ms),
  thread: numberOrNull(row.thread),
  replyCount: Number(row.reply_count),
  lastReply: Number(row.last_reply),
  extra: row.extra,
})

/** Rows of a query whose columns are {@link messageColumns}. */
export const storedRows = async (
  database: Queryable,
  sql: string,
  values: readonly unknown[],
): Promise<StoredMessageRow[]> => {
  const { rows } = await database.query<Row>(sql, [...values])
  return rows.map(storedRowOf)
}

/** A key for a message's place. */
export const placeOf = (conversationId: string, number: number): string => `${number} ${conversationId}`

/** Rows as messages, each with its reactions and what it quotes: two queries more for all, where some have them. */
export const messagesFrom = async (
  database: Queryable,
  rows: readonly StoredMessageRow[],
): Promise<Message[]> => {
  const reactions = await reactionsTo(database, rows.filter(mayBearReactions))
  const quotes = await quotedRows(database, rows)
  return rows.map((row) => {
    const quoted = quotedNumber(row)
    return messageFrom(
      row,
      reactions.get(placeOf(row.conversationId, row.number)) ?? [],
      quoted === undefined ? undefined : quotes.get(placeOf(row.conversationId, quoted)),
    )
  })
}

const reactionsTo = async (
  database: Queryable,
  rows: readonly StoredMessageRow[],
): Promise<Map<string, ReactionRow[]>> => {
  const byPlace = new Map<string, ReactionRow[]>()
  if (rows.length === 0) return byPlace
  const found = await database.query<{
    conversation_id: string
    number: string
    emoji: string
    identity: string
  }>(
    `SELECT r.conversation_id, r.number, r.emoji, r.identity FROM reactions r
     JOIN unnest($1::text[], $2::bigint[]) AS wanted (conversation_id, number) USING (conversation_id, number)
     ORDER BY r.revision`,
    [rows.map(({ conversationId }) => conversationId), rows.map(({ number }) => number)],
  )
  for (const { conversation_id, number, emoji, identity } of found.rows) {
    const place = placeOf(conversation_id, Number(number))
    const row = { number: Number(number), emoji, identity }
    const known = byPlace.get(place)
    if (known === undefined) byPlace.set(place, [row])
    else known.push(row)
  }
  return byPlace
}

const quotedRows = (
  database: Queryable,
  rows: readonly StoredMessageRow[],
): Promise<Map<string, QuotedRow>> =>
  rowsAt(
    database,
    rows.flatMap((row) => {
      const number = quotedNumber(row)
      return number === undefined ? [] : [{ conversationId: row.conversationId, number }]
    }),
  )

/** What can be quoted of messages, by {@link placeOf} their place. */
export const rowsAt = async (
  database: Queryable,
  wanted: readonly { readonly conversationId: string; readonly number: number }[],
): Promise<Map<string, QuotedRow>> => {
  if (wanted.length === 0) return new Map()
  const found = await database.query<
    Pick<Row, 'conversation_id' | 'number' | 'sender_id' | 'sender_name' | 'text' | 'exact_text'>
  >(
    `SELECT m.conversation_id, m.number, m.sender_id, m.sender_name, m.text, m.exact_text FROM messages m
     JOIN (SELECT DISTINCT * FROM unnest($1::text[], $2::bigint[])) AS wanted (conversation_id, number)
     USING (conversation_id, number)`,
    [wanted.map(({ conversationId }) => conversationId), wanted.map(({ number }) => number)],
  )
  return new Map(
    found.rows.map((row) => [
      placeOf(row.conversation_id, Number(row.number)),
      {
        number: Number(row.number),
        senderId: row.sender_id,
        senderName: row.sender_name,
        text: fromTextColumns(row.text, row.exact_text),
      },
    ]),
  )
}

/** One stored row. */
export const storedRow = async (
  database: Queryable,
  conversationId: string,
  number: number,
): Promise<StoredMessageRow | undefined> => {
  const sql = `SELECT ${messageColumns} FROM messages m WHERE m.conversation_id = $1 AND m.number = $2`
  return (await storedRows(database, sql, [conversationId, number]))[0]
}

/** One message, or undefined. */
export const messageAt = async (
  database: Queryable,
  conversationId: string,
  number: number,
): Promise<Message | undefined> => {
  const row = await storedRow(database, conversationId, number)
  return row && (await messagesFrom(database, [row]))[0]
}

/** A page of a conversation, or of one of its threads; see {@link PageRequest}. */
export const messagesOf = async (
  database: Queryable,
  { conversationId, after, before, thread, limit }: PageRequest,
): Promise<Page> => {
  const inThread = thread === undefined ? '' : 'AND m.thread = $4'
  const [bound, from, order] =
    after === undefined
      ? ['m.number < $2', before ?? Number.MAX_SAFE_INTEGER, 'DESC']
      : ['m.number > $2', after, 'ASC']
  const rows = await storedRows(
    database,
    `SELECT ${messageColumns} FROM messages m WHERE m.conversation_id = $1 AND ${bound} ${inThread}
     ORDER BY m.number ${order} LIMIT $3`,
    [conversationId, from, limit + 1, ...(thread === undefined ? [] : [thread])],
  )
  const messages = await messagesFrom(database, rows.slice(0, limit))
  if (after === undefined) messages.reverse()
  return { messages, more: rows.length > limit }
}
