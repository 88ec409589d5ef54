import { type ConversationSummary, limits, type Member, type MemberRole } from '@sangam/protocol'
import { type StandingRow, standingColumns, standingOf } from './postgres-membership.ts'
import { messageColumns, messagesFrom, type Queryable, storedRows } from './postgres-message-rows.ts'
import type {
  ConversationAccess,
  ConversationHead,
  ConversationKind,
  ConversationRecord,
  KnownPerson,
} from './store.ts'

// bigint comes as text, since not every one fits a number; those of this schema do.
type PersonRow = { readonly identity: string; readonly name: string; readonly seen_at_ms: string }
type ConversationRow = {
  readonly conversation_id: string
  readonly kind: ConversationKind
  readonly access: ConversationAccess
  readonly title: string
  readonly last_number: string
  readonly last_revision: string
  readonly members: readonly (Member & { readonly role: MemberRole })[]
}

const conversationColumns = 'c.conversation_id, c.kind, c.access, c.title, c.last_number, c.last_revision'

/** SQL of a column `members`: the first of a conversation `c`, as JSON in their order. */
const membersColumn = (most: number, order: 'rolesFirst' | 'joined'): string => {
  const rank = order === 'joined' ? '0' : "CASE m.role WHEN 'owner' THEN 0 WHEN 'moderator' THEN 1 ELSE 2 END"
  return `(SELECT coalesce(json_agg(json_build_object('identity', listed.identity, 'name', listed.name,
      'role', listed.role, 'read', listed.read_number, 'delivered', listed.delivered_number)
      ORDER BY listed.rank, listed.joined_at_ms, listed.identity), '[]'::json)
    FROM (
      SELECT m.identity, coalesce(p.name, m.identity) AS name, m.role, m.read_number, m.delivered_number,
        m.joined_at_ms, ${rank} AS rank
      FROM members m LEFT JOIN people p USING (identity) WHERE m.conversation_id = c.conversation_id
      ORDER BY rank, m.joined_at_ms, m.identity LIMIT ${most}
    ) listed) AS members`
}

const recordOf = (row: ConversationRow): ConversationRecord => ({
  conversationId: row.conversation_id,
  kind: row.kind,
  access: row.access,
  title: row.title,
  lastNumber: Number(row.last_number),
  lastRevision: Number(row.last_revision),
  members: row.members,
})

const personOf = (row: PersonRow): KnownPerson => ({
  identity: row.identity,
  name: row.name,
  seenAtMs: Number(row.seen_at_ms),
})

/** People seen, the latest first. */
export const peopleOf = async (database: Queryable, limit: number): Promise<KnownPerson[]> => {
  const { rows } = await database.query<PersonRow>(
    'SELECT identity, name, seen_at_ms FROM people ORDER BY seen_at_ms DESC LIMIT $1',
    [limit],
  )
  return rows.map(personOf)
}

/** One person, or undefined. */
export const personBy = async (database: Queryable, identity: string): Promise<KnownPerson | undefined> => {
  const { rows } = await database.query<PersonRow>(
    'SELECT identity, name, seen_at_ms FROM people WHERE identity = $1',
    [identity],
  )
  return rows[0] && personOf(rows[0])
}

/** One conversation with at most 500 members, or undefined. */
export const conversationOf = async (
  database: Queryable,
  conversationId: string,
): Promise<ConversationRecord | undefined> => {
  const { rows } = await database.query<ConversationRow>(
    `SELECT ${conversationColumns}, ${membersColumn(limits.members, 'rolesFirst')}
     FROM conversations c WHERE c.conversation_id = $1`,
    [conversationId],
  )
  return rows[0] && recordOf(rows[0])
}

/** Conversations of a person, most recently active first, in a fixed number of queries however many they are. */
export const conversationsOf = async (
  database: Queryable,
  identity: string,
  limit: number,
  nowMs: number,
): Promise<ConversationSummary[]> => {
  const { rows } = await database.query<ConversationRow & StandingRow>(
    `SELECT ${conversationColumns}, ${standingColumns}, ${membersColumn(limits.listedMembers, 'joined')}
     FROM members m JOIN conversations c USING (conversation_id)
     WHERE m.identity = $1 AND (c.kind = 'group' OR c.last_number > 0)
     ORDER BY c.active_at_ms DESC LIMIT $2`,
    [identity, limit],
  )
  const last = await storedRows(
    database,
    `SELECT ${messageColumns} FROM messages m
     JOIN unnest($1::text[], $2::bigint[]) AS wanted (conversation_id, number) USING (conversation_id, number)`,
    [rows.map((row) => row.conversation_id), rows.map((row) => row.last_number)],
  )
  const lastMessages = new Map(
    (await messagesFrom(database, last)).map((message) => [message.conversationId, message]),
  )
  return rows.map((row) => {
    const { lastRevision: _, ...record } = recordOf(row)
    const lastMessage = lastMessages.get(record.conversationId)
    return {
      ...record,
      members: [...record.members],
      ...standingOf(row, nowMs),
      ...(lastMessage === undefined ? {} : { lastMessage }),
    }
  })
}

/** Conversations with their newest number, in order of id, beyond an id. */
export const headsAfter = async (
  database: Queryable,
  afterId: string,
  limit: number,
): Promise<ConversationHead[]> => {
  const { rows } = await database.query<{
    conversation_id: string
    last_number: string
    last_revision: string
  }>(
    `SELECT conversation_id, last_number, last_revision FROM conversations WHERE conversation_id > $1
     ORDER BY conversation_id LIMIT $2`,
    [afterId, limit],
  )
  return rows.map((row) => ({
    conversationId: row.conversation_id,
    lastNumber: Number(row.last_number),
    lastRevision: Number(row.last_revision),
  }))
}

/** See `MessageStore.isStored`. */
export const isStored = async (
  database: Queryable,
  senderId: string,
  clientMessageId: string,
): Promise<boolean> => {
  const { rows } = await database.query(
    'SELECT 1 FROM messages WHERE sender_id = $1 AND client_message_id = $2',
    [senderId, clientMessageId],
  )
  return rows.length > 0
}
