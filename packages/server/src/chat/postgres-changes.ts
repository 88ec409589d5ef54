import { limits, type Message } from '@sangam/protocol'
import type { ClientBase } from 'pg'
import { changeDigest } from './change-digest.ts'
import type { ChangeOutcome, ChangePage, ChangeRequest, MessageVersion } from './message-change-store.ts'
import { fromExtraColumn, type StoredMessageRow, toExtraColumn } from './message-columns.ts'
import {
  messageAt,
  messageColumns,
  messagesFrom,
  type Queryable,
  storedRow,
  storedRows,
} from './postgres-message-rows.ts'
import { fromTextColumns, toTextColumns } from './postgres-text.ts'

/** Applies a change under the next revision of its conversation, whose row the transaction holds. */
export const applyChange = async (client: ClientBase, request: ChangeRequest): Promise<ChangeOutcome> => {
  const { conversationId, number, actorId, clientChangeId } = request
  const digest = changeDigest(request)
  const earlier = await client.query<{ revision: string; digest: string }>(
    'SELECT revision, digest FROM changes WHERE actor_id = $1 AND client_change_id = $2',
    [actorId, clientChangeId],
  )
  const [known] = earlier.rows
  if (known !== undefined) {
    return known.digest === digest
      ? { outcome: 'repeated', revision: Number(known.revision) }
      : { outcome: 'conflict' }
  }
  const row = await storedRow(client, conversationId, number)
  if (row === undefined) return { outcome: 'noMessage' }
  const refusal = await refusalOf(client, row, request)
  if (refusal !== undefined) return { outcome: refusal }
  const raised = await client.query<{ last_revision: string }>(
    'UPDATE conversations SET last_revision = last_revision + 1 WHERE conversation_id = $1 RETURNING last_revision',
    [conversationId],
  )
  const revision = Number(raised.rows[0]?.last_revision)
  await client.query(
    `INSERT INTO changes (actor_id, client_change_id, conversation_id, revision, digest)
     VALUES ($1, $2, $3, $4, $5)`,
    [actorId, clientChangeId, conversationId, revision, digest],
  )
  await client.query('UPDATE messages SET revision = $1 WHERE conversation_id = $2 AND number = $3', [
    revision,
    conversationId,
    number,
  ])
  await write(client, row, request, revision)
  const message = await messageAt(client, conversationId, number)
  if (message === undefined) throw new Error(`message ${number} is missing after it was changed`)
  return { outcome: 'changed', revision, message }
}

const refusalOf = async (
  client: ClientBase,
  row: StoredMessageRow,
  { change, conversationId, number, actorId }: ChangeRequest,
): Promise<'deleted' | 'full' | undefined> => {
  if (row.deletedAt !== null) return 'deleted'
  if (change.type === 'react' && change.on) {
    const { rows } = await client.query<{ count: string; own: string }>(
      `SELECT count(*) AS count, count(*) FILTER (WHERE emoji = $1 AND identity = $2) AS own FROM reactions
       WHERE conversation_id = $3 AND number = $4`,
      [change.emoji, actorId, conversationId, number],
    )
    if (Number(rows[0]?.own) === 0 && Number(rows[0]?.count) >= limits.reactions) return 'full'
  }
  if (change.type === 'pin' && change.on && row.pinnedAt === null) {
    const { rows } = await client.query<{ count: string }>(
      'SELECT count(*) AS count FROM messages WHERE conversation_id = $1 AND pinned_at_ms IS NOT NULL',
      [conversationId],
    )
    if (Number(rows[0]?.count) >= limits.pins) return 'full'
  }
  return undefined
}

const write = async (
  client: ClientBase,
  row: StoredMessageRow,
  { conversationId, number, change, actorId, atMs }: ChangeRequest,
  revision: number,
): Promise<void> => {
  switch (change.type) {
    case 'edit': {
      const { mentions, preview } = change
      await keepVersion(client, row)
      const { text, exactText } = toTextColumns(change.text)
      const extra = {
        ...fromExtraColumn(row.extra),
        mentions: mentions.length > 0 ? mentions : undefined,
        preview,
      }
      await client.query(
        `UPDATE messages SET text = $3, exact_text = $4, extra = $5, edited_at_ms = $6
         WHERE conversation_id = $1 AND number = $2`,
        [conversationId, number, text, exactText, toExtraColumn(extra), atMs],
      )
      await replaceMentions(client, row, mentions)
      return
    }
    case 'delete':
      await client.query(
        `UPDATE messages SET text = '', exact_text = NULL, extra = NULL, edited_at_ms = NULL, pinned_at_ms = NULL,
           deleted_at_ms = $3
         WHERE conversation_id = $1 AND number = $2`,
        [conversationId, number, atMs],
      )
      for (const table of ['versions', 'reactions']) {
        await client.query(`DELETE FROM ${table} WHERE conversation_id = $1 AND number = $2`, [
          conversationId,
          number,
        ])
      }
      await replaceMentions(client, row, [])
      return
    case 'react':
      if (change.on) {
        await client.query(
          `INSERT INTO reactions (emoji, identity, conversation_id, number, revision) VALUES ($1, $2, $3, $4, $5)
           ON CONFLICT DO NOTHING`,
          [change.emoji, actorId, conversationId, number, revision],
        )
      } else {
        await client.query(
          'DELETE FROM reactions WHERE emoji = $1 AND identity = $2 AND conversation_id = $3 AND number = $4',
          [change.emoji, actorId, conversationId, number],
        )
      }
      return
    case 'pin':
      await client.query('UPDATE messages SET pinned_at_ms = $3 WHERE conversation_id = $1 AND number = $2', [
        conversationId,
        number,
        change.on ? (row.pinnedAt ?? atMs) : null,
      ])
      return
  }
}

/** Keeps what a message says before it says something else: the first version for good, of the others the newest. */
const keepVersion = async (client: ClientBase, row: StoredMessageRow): Promise<void> => {
  const { conversationId, number, revision, editedAt, sentAt } = row
  const { text, exactText } = toTextColumns(row.text)
  await client.query(
    `INSERT INTO versions (conversation_id, number, revision, written_at_ms, text, exact_text)
     VALUES ($1, $2, $3, $4, $5, $6)`,
    [conversationId, number, revision, editedAt ?? sentAt, text, exactText],
  )
  await client.query(
    `DELETE FROM versions WHERE conversation_id = $1 AND number = $2 AND revision IN (
       SELECT revision FROM versions WHERE conversation_id = $1 AND number = $2 ORDER BY revision OFFSET 1
       LIMIT (SELECT greatest(0, count(*) - $3) FROM versions WHERE conversation_id = $1 AND number = $2)
     )`,
    [conversationId, number, limits.versions],
  )
}

const replaceMentions = async (
  client: ClientBase,
  { conversationId, number, extra }: StoredMessageRow,
  mentions: readonly string[],
): Promise<void> => {
  const before = fromExtraColumn(extra).mentions ?? []
  if (before.length > 0) {
    await client.query(
      'DELETE FROM mentions WHERE identity = ANY($1) AND conversation_id = $2 AND number = $3',
      [before, conversationId, number],
    )
  }
  await addMentions(
    client,
    mentions.map((identity) => ({ identity, conversationId, number })),
  )
}

/** Counts messages for everybody whom they mention. */
export const addMentions = async (
  client: ClientBase,
  mentions: readonly {
    readonly identity: string
    readonly conversationId: string
    readonly number: number
  }[],
): Promise<void> => {
  if (mentions.length === 0) return
  await client.query(
    `INSERT INTO mentions (identity, conversation_id, number)
     SELECT * FROM unnest($1::text[], $2::text[], $3::bigint[]) ON CONFLICT DO NOTHING`,
    [
      mentions.map(({ identity }) => identity),
      mentions.map(({ conversationId }) => conversationId),
      mentions.map(({ number }) => number),
    ],
  )
}

/** Messages that changed after a revision. */
export const changesAfter = async (
  database: Queryable,
  conversationId: string,
  revision: number,
  limit: number,
): Promise<ChangePage> => {
  // Read before the rows: whatever is committed by then is among them, in its newest state.
  const last = await database.query<{ last_revision: string }>(
    'SELECT last_revision FROM conversations WHERE conversation_id = $1',
    [conversationId],
  )
  const rows = await storedRows(
    database,
    `SELECT ${messageColumns} FROM messages m WHERE m.conversation_id = $1 AND m.revision > $2 AND m.revision > 0
     ORDER BY m.revision LIMIT $3`,
    [conversationId, revision, limit + 1],
  )
  const moreChanges = rows.length > limit
  const changes = await messagesFrom(database, rows.slice(0, limit))
  const newest = changes.at(-1)?.revision ?? 0
  return {
    changes,
    moreChanges,
    revision: moreChanges ? newest : Math.max(newest, Number(last.rows[0]?.last_revision ?? 0)),
  }
}

/** The pinned messages, the one pinned last first. */
export const pinnedMessages = async (database: Queryable, conversationId: string): Promise<Message[]> =>
  messagesFrom(
    database,
    await storedRows(
      database,
      `SELECT ${messageColumns} FROM messages m WHERE m.conversation_id = $1 AND m.pinned_at_ms IS NOT NULL
       ORDER BY m.pinned_at_ms DESC, m.number DESC LIMIT ${limits.pins}`,
      [conversationId],
    ),
  )

/** What a message said before, the oldest first. */
export const versionsOf = async (
  database: Queryable,
  conversationId: string,
  number: number,
): Promise<MessageVersion[]> => {
  const { rows } = await database.query<{ text: string; exact_text: Buffer | null; written_at_ms: string }>(
    `SELECT text, exact_text, written_at_ms FROM versions WHERE conversation_id = $1 AND number = $2
     ORDER BY revision`,
    [conversationId, number],
  )
  return rows.map(({ text, exact_text, written_at_ms }) => ({
    text: fromTextColumns(text, exact_text),
    at: Number(written_at_ms),
  }))
}
