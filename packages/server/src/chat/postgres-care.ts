import type { Message } from '@sangam/protocol'
import type { ClientBase } from 'pg'
import { erasedName, type MessagePlace } from './care-store.ts'
import { messageColumns, messagesFrom, type Queryable, storedRows } from './postgres-message-rows.ts'

/** See `CareStore.sentBy`. */
export const messagesSentBy = async (
  database: Queryable,
  identity: string,
  after: MessagePlace | undefined,
  limit: number,
): Promise<Message[]> => {
  const rows = await storedRows(
    database,
    `SELECT ${messageColumns} FROM messages m
     WHERE m.sender_id = $1 AND m.deleted_at_ms IS NULL AND (m.conversation_id, m.number) > ($2, $3)
     ORDER BY m.conversation_id, m.number LIMIT $4`,
    [identity, after?.conversationId ?? '', after?.number ?? 0, limit],
  )
  return messagesFrom(database, rows)
}

/** See `CareStore.aboutPerson`. */
export const messagesAbout = async (
  database: Queryable,
  identity: string,
  limit: number,
): Promise<Message[]> => {
  const rows = await storedRows(
    database,
    `SELECT ${messageColumns} FROM messages m
     WHERE m.deleted_at_ms IS NULL
       AND (m.sender_id = $1 OR (strpos(m.extra, '"system":') > 0 AND strpos(m.extra, $2) > 0))
     LIMIT $3`,
    [identity, `"identity":"${identity}"`, limit],
  )
  return messagesFrom(database, rows)
}

/** See `CareStore.forgetPerson`. */
export const forgetPersonIn = async (
  client: ClientBase,
  identity: string,
  pseudonym: string,
): Promise<void> => {
  await client.query('UPDATE messages SET sender_id = $1, sender_name = $2 WHERE sender_id = $3', [
    pseudonym,
    erasedName,
    identity,
  ])
  await client.query('UPDATE changes SET actor_id = $1 WHERE actor_id = $2', [pseudonym, identity])
  for (const table of ['reactions', 'mentions', 'members', 'people']) {
    await client.query(`DELETE FROM ${table} WHERE identity = $1`, [identity])
  }
}
