import type { Message } from '@sangam/protocol'
import type { SqliteConnection } from '../database/sqlite-connection.ts'
import { erasedName, type MessagePlace } from './care-store.ts'
import type { StoredMessageRow } from './message-columns.ts'
import { messageColumns, messagesFrom } from './sqlite-message-rows.ts'

/** See `CareStore.sentBy`. */
export const messagesSentBy = (
  connection: SqliteConnection,
  identity: string,
  after: MessagePlace | undefined,
  limit: number,
): Message[] => {
  const rows = connection.all(
    `SELECT ${messageColumns} FROM messages
     WHERE sender_id = ? AND deleted_at_ms IS NULL AND (conversation_id, number) > (?, ?)
     ORDER BY conversation_id, number LIMIT ?`,
    identity,
    after?.conversationId ?? '',
    after?.number ?? 0,
    limit,
  )
  return messagesFrom(connection, rows as StoredMessageRow[])
}

/** See `CareStore.aboutPerson`. */
export const messagesAbout = (connection: SqliteConnection, identity: string, limit: number): Message[] => {
  const rows = connection.all(
    `SELECT ${messageColumns} FROM messages WHERE sender_id = ?1 AND deleted_at_ms IS NULL
     UNION ALL
     SELECT ${messageColumns} FROM messages
     WHERE deleted_at_ms IS NULL AND sender_id <> ?1 AND instr(extra, '"system":') > 0 AND instr(extra, ?2) > 0
     LIMIT ?3`,
    identity,
    `"identity":"${identity}"`,
    limit,
  )
  return messagesFrom(connection, rows as StoredMessageRow[])
}

/** See `CareStore.forgetPerson`. */
export const forgetPersonIn = (connection: SqliteConnection, identity: string, pseudonym: string): void => {
  connection.run(
    'UPDATE messages SET sender_id = ?, sender_name = ? WHERE sender_id = ?',
    pseudonym,
    erasedName,
    identity,
  )
  connection.run('UPDATE changes SET actor_id = ? WHERE actor_id = ?', pseudonym, identity)
  for (const table of ['reactions', 'mentions', 'members', 'people']) {
    connection.run(`DELETE FROM ${table} WHERE identity = ?`, identity)
  }
}
