import type { ClientBase } from 'pg'
import type { MembershipChange, PreferenceChange, Standing } from './membership-store.ts'
import type { Queryable } from './postgres-message-rows.ts'
import type { Progress } from './store.ts'

/** Adds members where they are missing. */
export const addMembers = async (
  client: ClientBase,
  conversationId: string,
  identities: readonly string[],
  nowMs: number,
): Promise<void> => {
  await client.query(
    `INSERT INTO members (identity, conversation_id, joined_at_ms)
     SELECT identity, $2, $3 FROM unnest($1::text[]) AS identity
     ON CONFLICT (identity, conversation_id) DO NOTHING`,
    [identities, conversationId, nowMs],
  )
}

/** A group that has members has an owner: without one, the longest-serving moderator, else member. */
export const ensureOwner = async (client: ClientBase, conversationId: string): Promise<void> => {
  await client.query(
    `UPDATE members SET role = 'owner' WHERE conversation_id = $1
       AND NOT EXISTS (SELECT 1 FROM members WHERE conversation_id = $1 AND role = 'owner')
       AND identity = (
         SELECT identity FROM members WHERE conversation_id = $1
         ORDER BY role = 'moderator' DESC, joined_at_ms, identity LIMIT 1
       )`,
    [conversationId],
  )
}

/** Does a change; the transaction holds the conversation's row. */
export const changeMembers = async (
  client: ClientBase,
  conversationId: string,
  change: MembershipChange,
  nowMs: number,
): Promise<void> => {
  switch (change.type) {
    case 'rename':
      await client.query('UPDATE conversations SET title = $1 WHERE conversation_id = $2', [
        change.title,
        conversationId,
      ])
      return
    case 'add':
      return addMembers(client, conversationId, change.identities, nowMs)
    case 'remove':
      await client.query('DELETE FROM members WHERE identity = $1 AND conversation_id = $2', [
        change.identity,
        conversationId,
      ])
      return ensureOwner(client, conversationId)
    case 'setRole':
      if (change.role === 'owner') {
        await client.query(
          "UPDATE members SET role = 'moderator' WHERE conversation_id = $1 AND role = 'owner'",
          [conversationId],
        )
      }
      await client.query('UPDATE members SET role = $1 WHERE identity = $2 AND conversation_id = $3', [
        change.role,
        change.identity,
        conversationId,
      ])
      return ensureOwner(client, conversationId)
  }
}

/** Sets how somebody wants a conversation listed; false when they are no member. */
export const changePreferences = async (
  client: ClientBase,
  conversationId: string,
  identity: string,
  { mutedUntilMs, archived, pinned }: PreferenceChange,
): Promise<boolean> => {
  const { rowCount } = await client.query(
    `UPDATE members m SET
       muted_until_ms = coalesce($1, m.muted_until_ms),
       is_pinned = coalesce($2, m.is_pinned),
       archived_number = CASE WHEN $3::boolean IS NULL THEN m.archived_number WHEN $3 THEN c.last_number END
     FROM conversations c
     WHERE c.conversation_id = $4 AND m.conversation_id = $4 AND m.identity = $5`,
    [mutedUntilMs ?? null, pinned ?? null, archived ?? null, conversationId, identity],
  )
  return (rowCount ?? 0) > 0
}

/** The columns of a {@link StandingRow}, of a member `m` of a conversation `c`. */
export const standingColumns = `m.identity, m.read_number, m.muted_until_ms, m.archived_number, m.is_pinned,
  c.last_number, (SELECT count(*) FROM mentions t WHERE t.identity = m.identity
    AND t.conversation_id = m.conversation_id AND t.number > m.read_number) AS mentioned`

/** What {@link standingOf} reads. */
export type StandingRow = {
  readonly identity: string
  readonly read_number: string
  readonly muted_until_ms: string
  readonly archived_number: string | null
  readonly is_pinned: boolean
  readonly last_number: string
  readonly mentioned: string
}

/** How a conversation stands in somebody's list. */
export const standingOf = (row: StandingRow, nowMs: number): Standing => {
  const last = Number(row.last_number)
  const mutedUntil = Number(row.muted_until_ms)
  const archived = row.archived_number
  return {
    unread: Math.max(0, last - Number(row.read_number)),
    mentioned: Number(row.mentioned),
    mutedUntil: mutedUntil > nowMs ? mutedUntil : 0,
    archived: archived !== null && (mutedUntil > nowMs || last <= Number(archived)),
    pinned: row.is_pinned,
  }
}

/** How a conversation stands in the lists of some of its members. */
export const standingsOf = async (
  database: Queryable,
  conversationId: string,
  identities: readonly string[],
  nowMs: number,
): Promise<Map<string, Standing>> => {
  const { rows } = await database.query<StandingRow>(
    `SELECT ${standingColumns} FROM members m JOIN conversations c USING (conversation_id)
     WHERE m.conversation_id = $1 AND m.identity = ANY($2)`,
    [conversationId, identities],
  )
  return new Map(rows.map((row) => [row.identity, standingOf(row, nowMs)]))
}

/** Raises how far a member has come; see `MessageStore.markProgress`. */
export const raiseProgress = async (
  client: ClientBase,
  conversationId: string,
  identity: string,
  { read = 0, delivered = 0 }: Partial<Progress>,
): Promise<Progress | undefined> => {
  const { rows } = await client.query<{ read_number: string; delivered_number: string }>(
    `UPDATE members m SET
       read_number = greatest(m.read_number, least($3, c.last_number)),
       delivered_number = greatest(m.delivered_number, least(greatest($3, $4::bigint), c.last_number))
     FROM conversations c
     WHERE c.conversation_id = $1 AND m.conversation_id = $1 AND m.identity = $2
       AND (m.read_number < least($3, c.last_number)
         OR m.delivered_number < least(greatest($3, $4::bigint), c.last_number))
     RETURNING m.read_number, m.delivered_number`,
    [conversationId, identity, read, delivered],
  )
  const [row] = rows
  return row && { read: Number(row.read_number), delivered: Number(row.delivered_number) }
}
