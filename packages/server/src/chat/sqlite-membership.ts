import { limits, type Member, type MemberRole } from '@sangam/protocol'
import type { Row, SqliteConnection } from '../database/sqlite-connection.ts'
import type { MembershipChange, PreferenceChange, Standing } from './membership-store.ts'
import type { Progress } from './store.ts'

/** The members of a conversation; `rolesFirst`: owner and moderators first, else in the order in which they came. */
export const membersOf = (
  connection: SqliteConnection,
  conversationId: string,
  most: number,
  order: 'rolesFirst' | 'joined',
): Member[] =>
  connection
    .all(
      `SELECT m.identity, coalesce(p.name, m.identity) AS name, m.role, m.read_number, m.delivered_number
       FROM members m LEFT JOIN people p USING (identity) WHERE m.conversation_id = ?
       ORDER BY ${order === 'rolesFirst' ? "m.role = 'owner' DESC, m.role = 'moderator' DESC, " : ''}
         m.joined_at_ms, m.identity LIMIT ?`,
      conversationId,
      most,
    )
    .map((row) => ({
      identity: String(row.identity),
      name: String(row.name),
      role: row.role as MemberRole,
      read: Number(row.read_number),
      delivered: Number(row.delivered_number),
    }))

/** Adds members where they are missing. */
export const addMembers = (
  connection: SqliteConnection,
  conversationId: string,
  identities: readonly string[],
  nowMs: number,
): void => {
  for (const identity of identities) {
    connection.run(
      `INSERT INTO members (identity, conversation_id, joined_at_ms) VALUES (?, ?, ?)
       ON CONFLICT (identity, conversation_id) DO NOTHING`,
      identity,
      conversationId,
      nowMs,
    )
  }
}

/** A group that has members has an owner: without one, the longest-serving moderator, else member. */
export const ensureOwner = (connection: SqliteConnection, conversationId: string): void => {
  connection.run(
    `UPDATE members SET role = 'owner' WHERE conversation_id = ?1
       AND NOT EXISTS (SELECT 1 FROM members WHERE conversation_id = ?1 AND role = 'owner')
       AND identity = (
         SELECT identity FROM members WHERE conversation_id = ?1
         ORDER BY role = 'moderator' DESC, joined_at_ms, identity LIMIT 1
       )`,
    conversationId,
  )
}

/** Does a change; the caller has made sure that the conversation exists. */
export const changeMembers = (
  connection: SqliteConnection,
  conversationId: string,
  change: MembershipChange,
  nowMs: number,
): void => {
  switch (change.type) {
    case 'rename':
      connection.run(
        'UPDATE conversations SET title = ? WHERE conversation_id = ?',
        change.title,
        conversationId,
      )
      return
    case 'add':
      addMembers(connection, conversationId, change.identities, nowMs)
      return
    case 'remove':
      connection.run(
        'DELETE FROM members WHERE identity = ? AND conversation_id = ?',
        change.identity,
        conversationId,
      )
      ensureOwner(connection, conversationId)
      return
    case 'setRole':
      if (change.role === 'owner') {
        connection.run(
          "UPDATE members SET role = 'moderator' WHERE conversation_id = ? AND role = 'owner'",
          conversationId,
        )
      }
      connection.run(
        'UPDATE members SET role = ? WHERE identity = ? AND conversation_id = ?',
        change.role,
        change.identity,
        conversationId,
      )
      ensureOwner(connection, conversationId)
      return
  }
}

/** Sets how somebody wants a conversation listed; false when they are no member. */
export const changePreferences = (
  connection: SqliteConnection,
  conversationId: string,
  identity: string,
  { mutedUntilMs, archived, pinned }: PreferenceChange,
): boolean =>
  connection.run(
    `UPDATE members SET
       muted_until_ms = coalesce(?1, muted_until_ms),
       is_pinned = coalesce(?2, is_pinned),
       archived_number = CASE ?3 WHEN 1 THEN (SELECT last_number FROM conversations WHERE conversation_id = ?4)
         WHEN 0 THEN NULL ELSE archived_number END
     WHERE conversation_id = ?4 AND identity = ?5`,
    mutedUntilMs ?? null,
    pinned === undefined ? null : Number(pinned),
    archived === undefined ? null : Number(archived),
    conversationId,
    identity,
  ) > 0

/** The columns that {@link standingOf} reads, of a member `m` of a conversation `c`. */
export const standingColumns = `m.identity, m.read_number, m.muted_until_ms, m.archived_number, m.is_pinned, c.last_number,
  (SELECT count(*) FROM mentions t WHERE t.identity = m.identity AND t.conversation_id = m.conversation_id
     AND t.number > m.read_number) AS mentioned`

/** How a conversation stands in somebody's list. */
export const standingOf = (row: Row, nowMs: number): Standing => {
  const last = Number(row.last_number)
  const mutedUntil = Number(row.muted_until_ms)
  const archived = row.archived_number
  return {
    unread: Math.max(0, last - Number(row.read_number)),
    mentioned: Number(row.mentioned),
    mutedUntil: mutedUntil > nowMs ? mutedUntil : 0,
    archived: archived !== null && (mutedUntil > nowMs || last <= Number(archived)),
    pinned: Number(row.is_pinned) !== 0,
  }
}

/** How a conversation stands in the lists of some of its members. */
export const standingsOf = (
  connection: SqliteConnection,
  conversationId: string,
  identities: readonly string[],
  nowMs: number,
): [identity: string, standing: Standing][] =>
  identities.flatMap((identity): [string, Standing][] => {
    const row = connection.get(
      `SELECT ${standingColumns} FROM members m JOIN conversations c USING (conversation_id)
       WHERE m.identity = ? AND m.conversation_id = ?`,
      identity,
      conversationId,
    )
    return row === undefined ? [] : [[identity, standingOf(row, nowMs)]]
  })

/** Raises how far a member has come; see `MessageStore.markProgress`. */
export const raiseProgress = (
  connection: SqliteConnection,
  conversationId: string,
  identity: string,
  { read = 0, delivered = 0 }: Partial<Progress>,
): Progress | undefined => {
  const row = connection.get(
    `UPDATE members SET
       read_number = max(read_number, min(?1, c.last_number)),
       delivered_number = max(delivered_number, min(max(?1, ?2), c.last_number))
     FROM conversations c
     WHERE c.conversation_id = ?3 AND members.conversation_id = ?3 AND members.identity = ?4
       AND (read_number < min(?1, c.last_number) OR delivered_number < min(max(?1, ?2), c.last_number))
     RETURNING read_number, delivered_number`,
    read,
    delivered,
    conversationId,
    identity,
  )
  return row && { read: Number(row.read_number), delivered: Number(row.delivered_number) }
}

/** Most members that are told of a conversation at once, and in lists. */
export const memberBounds = { opened: limits.members, listed: limits.listedMembers }
