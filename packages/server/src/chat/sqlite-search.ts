import type { SqliteConnection } from '../database/sqlite-connection.ts'
import type { StoredMessageRow } from './message-columns.ts'
import type { SearchRequest, SearchResult } from './search-store.ts'
import { ftsQuery, spaced } from './search-words.ts'
import { messageColumns, messagesFrom } from './sqlite-message-rows.ts'

/** Rows of the index of one conversation: sequence * 2^32 + number. */
const rowSpan = 4_294_967_296

/** Most messages that go into the index in one transaction: bounds how long it may hold others up. */
const indexedAtOnce = 500

/**
 * Takes messages that are not in the index yet into it, at most 500. Messages are indexed when somebody searches or when
 * the store is idle, never on the way to an acknowledgement.
 * @returns whether some are left
 */
export const indexSome = (connection: SqliteConnection, conversationIds: readonly string[]): boolean => {
  let left = indexedAtOnce
  for (const conversationId of conversationIds) {
    const { sequence, indexed } = indexStateOf(connection, conversationId)
    const rows = connection.all(
      'SELECT number, text FROM messages WHERE conversation_id = ? AND number > ? ORDER BY number LIMIT ?',
      conversationId,
      indexed,
      left,
    ) as { readonly number: number; readonly text: string }[]
    for (const { number, text } of rows) addWords(connection, sequence, number, text)
    const last = rows.at(-1)
    if (last === undefined) continue
    connection.run('UPDATE searchable SET indexed_number = ? WHERE sequence = ?', last.number, sequence)
    left -= rows.length
    if (left === 0) return true
  }
  return false
}

const addWords = (connection: SqliteConnection, sequence: number, number: number, text: string): void => {
  if (text === '') return
  connection.run(
    `INSERT INTO message_words (rowid, text) VALUES (? * ${rowSpan} + ?, ?)`,
    sequence,
    number,
    spaced(text),
  )
}

const indexStateOf = (
  connection: SqliteConnection,
  conversationId: string,
): { readonly sequence: number; readonly indexed: number } => {
  const sql = 'SELECT sequence, indexed_number AS indexed FROM searchable WHERE conversation_id = ?'
  const known = connection.get(sql, conversationId)
  if (known === undefined) {
    connection.run('INSERT INTO searchable (conversation_id) VALUES (?)', conversationId)
  }
  const { sequence, indexed } = known ?? connection.get(sql, conversationId) ?? {}
  return { sequence: Number(sequence), indexed: Number(indexed) }
}

/** A message says something else: the index forgets what it said, and learns the new words. */
export const changeIndexed = (
  connection: SqliteConnection,
  { conversationId, number, text: before }: StoredMessageRow,
  text: string,
): void => {
  const { sequence, indexed } = indexStateOf(connection, conversationId)
  if (number > indexed) return
  if (before !== '') {
    connection.run(
      `INSERT INTO message_words (message_words, rowid, text) VALUES ('delete', ? * ${rowSpan} + ?, ?)`,
      sequence,
      number,
      spaced(before),
    )
  }
  addWords(connection, sequence, number, text)
}

/** Searches what is indexed: in each conversation the newest that fit, then the newest of all. */
export const searchIndexed = (
  connection: SqliteConnection,
  { words, conversationIds, before, limit }: SearchRequest,
): SearchResult => {
  const query = ftsQuery(words)
  if (query === undefined) return { messages: [], more: false }
  const found: { conversationId: string; number: number; sentAt: number }[] = []
  for (const conversationId of conversationIds) {
    const known = connection.get('SELECT sequence FROM searchable WHERE conversation_id = ?', conversationId)
    if (known === undefined) continue
    const sequence = Number(known.sequence)
    const rows = connection.all(
      `SELECT m.number, m.sent_at_ms AS sentAt FROM message_words w
       JOIN messages m ON m.conversation_id = ? AND m.number = w.rowid % ${rowSpan}
       WHERE w.message_words MATCH ? AND w.rowid BETWEEN ? * ${rowSpan} AND ? * ${rowSpan} + ?
       ORDER BY w.rowid DESC LIMIT ?`,
      conversationId,
      query,
      sequence,
      sequence,
      (before ?? rowSpan) - 1,
      limit + 1,
    ) as { readonly number: number; readonly sentAt: number }[]
    for (const row of rows) found.push({ conversationId, ...row })
  }
  found.sort((a, b) => b.sentAt - a.sentAt || b.number - a.number)
  const rows = found
    .slice(0, limit)
    .map(
      ({ conversationId, number }) =>
        connection.get(
          `SELECT ${messageColumns} FROM messages WHERE conversation_id = ? AND number = ?`,
          conversationId,
          number,
        ) as StoredMessageRow,
    )
  return { messages: messagesFrom(connection, rows), more: found.length > limit }
}
