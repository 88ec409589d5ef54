import { limits, type Message } from '@sangam/protocol'
import type { SqliteConnection } from '../database/sqlite-connection.ts'
import { changeDigest } from './change-digest.ts'
import type { ChangeOutcome, ChangePage, ChangeRequest, MessageVersion } from './message-change-store.ts'
import { fromExtraColumn, type StoredMessageRow, toExtraColumn } from './message-columns.ts'
import { messageAt, messageColumns, messagesFrom, storedRow } from './sqlite-message-rows.ts'
import { changeIndexed } from './sqlite-search.ts'

/** Applies a change under the next revision of its conversation. */
export const applyChange = (connection: SqliteConnection, request: ChangeRequest): ChangeOutcome => {
  const { conversationId, number, actorId, clientChangeId } = request
  const digest = changeDigest(request)
  const earlier = connection.get(
    'SELECT revision, digest FROM changes WHERE actor_id = ? AND client_change_id = ?',
    actorId,
    clientChangeId,
  )
  if (earlier !== undefined) {
    return earlier.digest === digest
      ? { outcome: 'repeated', revision: Number(earlier.revision) }
      : { outcome: 'conflict' }
  }
  const row = storedRow(connection, conversationId, number)
  if (row === undefined) return { outcome: 'noMessage' }
  const refusal = refusalOf(connection, row, request)
  if (refusal !== undefined) return { outcome: refusal }
  const revision = nextRevision(connection, conversationId)
  connection.run(
    'INSERT INTO changes (actor_id, client_change_id, conversation_id, revision, digest) VALUES (?, ?, ?, ?, ?)',
    actorId,
    clientChangeId,
    conversationId,
    revision,
    digest,
  )
  connection.run(
    'UPDATE messages SET revision = ? WHERE conversation_id = ? AND number = ?',
    revision,
    conversationId,
    number,
  )
  write(connection, row, request, revision)
  const message = messageAt(connection, conversationId, number)
  if (message === undefined) throw new Error(`message ${number} is missing after it was changed`)
  return { outcome: 'changed', revision, message }
}

const nextRevision = (connection: SqliteConnection, conversationId: string): number => {
  const row = connection.get(
    'UPDATE conversations SET last_revision = last_revision + 1 WHERE conversation_id = ? RETURNING last_revision',
    conversationId,
  )
  return Number(row?.last_revision)
}

const refusalOf = (
  connection: SqliteConnection,
  row: StoredMessageRow,
  { change, conversationId, number, actorId }: ChangeRequest,
): 'deleted' | 'full' | undefined => {
  if (row.deletedAt !== null) return 'deleted'
  if (change.type === 'react' && change.on) {
    const counted = connection.get(
      `SELECT count(*) AS count, coalesce(sum(emoji = ? AND identity = ?), 0) AS own FROM reactions
       WHERE conversation_id = ? AND number = ?`,
      change.emoji,
      actorId,
      conversationId,
      number,
    )
    if (Number(counted?.own) === 0 && Number(counted?.count) >= limits.reactions) return 'full'
  }
  if (change.type === 'pin' && change.on && row.pinnedAt === null) {
    const counted = connection.get(
      'SELECT count(*) AS count FROM messages WHERE conversation_id = ? AND pinned_at_ms IS NOT NULL',
      conversationId,
    )
    if (Number(counted?.count) >= limits.pins) return 'full'
  }
  return undefined
}

const write = (
  connection: SqliteConnection,
  row: StoredMessageRow,
  request: ChangeRequest,
  revision: number,
): void => {
  const { conversationId, number, change, actorId, atMs } = request
  const place = [conversationId, number] as const
  switch (change.type) {
    case 'edit': {
      const { mentions, preview } = change
      keepVersion(connection, row)
      const extra = {
        ...fromExtraColumn(row.extra),
        mentions: mentions.length > 0 ? mentions : undefined,
        preview,
      }
      connection.run(
        'UPDATE messages SET text = ?, extra = ?, edited_at_ms = ? WHERE conversation_id = ? AND number = ?',
        change.text,
        toExtraColumn(extra),
        atMs,
        ...place,
      )
      replaceMentions(connection, row, mentions)
      changeIndexed(connection, row, change.text)
      return
    }
    case 'delete':
      connection.run(
        `UPDATE messages SET text = '', extra = NULL, edited_at_ms = NULL, pinned_at_ms = NULL, deleted_at_ms = ?
         WHERE conversation_id = ? AND number = ?`,
        atMs,
        ...place,
      )
      connection.run('DELETE FROM versions WHERE conversation_id = ? AND number = ?', ...place)
      connection.run('DELETE FROM reactions WHERE conversation_id = ? AND number = ?', ...place)
      replaceMentions(connection, row, [])
      changeIndexed(connection, row, '')
      return
    case 'react':
      connection.run(
        change.on
          ? `INSERT INTO reactions (emoji, identity, conversation_id, number, revision)
             VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT DO NOTHING`
          : 'DELETE FROM reactions WHERE emoji = ?1 AND identity = ?2 AND conversation_id = ?3 AND number = ?4',
        change.emoji,
        actorId,
        ...place,
        ...(change.on ? [revision] : []),
      )
      return
    case 'pin':
      connection.run(
        'UPDATE messages SET pinned_at_ms = ? WHERE conversation_id = ? AND number = ?',
        change.on ? (row.pinnedAt ?? atMs) : null,
        ...place,
      )
      return
  }
}

/** Keeps what a message says before it says something else: the first version for good, of the others the newest. */
const keepVersion = (connection: SqliteConnection, row: StoredMessageRow): void => {
  const { conversationId, number, revision, text, editedAt, sentAt } = row
  connection.run(
    'INSERT INTO versions (conversation_id, number, revision, written_at_ms, text) VALUES (?, ?, ?, ?, ?)',
    conversationId,
    number,
    revision,
    editedAt ?? sentAt,
    text,
  )
  connection.run(
    `DELETE FROM versions WHERE conversation_id = ?1 AND number = ?2 AND revision IN (
       SELECT revision FROM versions WHERE conversation_id = ?1 AND number = ?2
       ORDER BY revision LIMIT (SELECT max(0, count(*) - ?3) FROM versions WHERE conversation_id = ?1 AND number = ?2) OFFSET 1
     )`,
    conversationId,
    number,
    limits.versions,
  )
}

const replaceMentions = (
  connection: SqliteConnection,
  { conversationId, number, extra }: StoredMessageRow,
  mentions: readonly string[],
): void => {
  for (const identity of fromExtraColumn(extra).mentions ?? []) {
    connection.run(
      'DELETE FROM mentions WHERE identity = ? AND conversation_id = ? AND number = ?',
      identity,
      conversationId,
      number,
    )
  }
  addMentions(connection, conversationId, number, mentions)
}

/** Counts a message for everybody whom it mentions. */
export const addMentions = (
  connection: SqliteConnection,
  conversationId: string,
  number: number,
  mentions: readonly string[],
): void => {
  for (const identity of mentions) {
    connection.run(
      'INSERT INTO mentions (identity, conversation_id, number) VALUES (?, ?, ?) ON CONFLICT DO NOTHING',
      identity,
      conversationId,
      number,
    )
  }
}

/** Messages that changed after a revision. */
export const changesAfter = (
  connection: SqliteConnection,
  conversationId: string,
  revision: number,
  limit: number,
): ChangePage => {
  const last = connection.get(
    'SELECT last_revision FROM conversations WHERE conversation_id = ?',
    conversationId,
  )
  const rows = connection.all(
    `SELECT ${messageColumns} FROM messages WHERE conversation_id = ? AND revision > ? AND revision > 0
     ORDER BY revision LIMIT ?`,
    conversationId,
    revision,
    limit + 1,
  ) as StoredMessageRow[]
  const moreChanges = rows.length > limit
  const changes = messagesFrom(connection, rows.slice(0, limit))
  return {
    changes,
    moreChanges,
    revision: moreChanges ? (changes.at(-1)?.revision ?? revision) : Number(last?.last_revision ?? 0),
  }
}

/** The pinned messages, the one pinned last first. */
export const pinnedMessages = (connection: SqliteConnection, conversationId: string): Message[] =>
  messagesFrom(
    connection,
    connection.all(
      `SELECT ${messageColumns} FROM messages WHERE conversation_id = ? AND pinned_at_ms IS NOT NULL
       ORDER BY pinned_at_ms DESC, number DESC LIMIT ${limits.pins}`,
      conversationId,
    ) as StoredMessageRow[],
  )

/** What a message said before, the oldest first. */
export const versionsOf = (
  connection: SqliteConnection,
  conversationId: string,
  number: number,
): MessageVersion[] =>
  connection.all(
    'SELECT text, written_at_ms AS at FROM versions WHERE conversation_id = ? AND number = ? ORDER BY revision',
    conversationId,
    number,
  ) as MessageVersion[]
