import type { ConversationSummary, Member, Message } from '@sangam/protocol'
import type { ClientBase, Pool } from 'pg'
import { fromTextColumns } from './postgres-text.ts'
import type { ConversationKind, ConversationRecord, KnownPerson, Page, PageRequest } from './store.ts'

type Queryable = Pick<ClientBase | Pool, 'query'>

// bigint comes as text, since not every one fits a number; those of this schema do.
type PersonRow = { readonly identity: string; readonly name: string; readonly seen_at_ms: string }
type MessageRow = {
  readonly conversation_id: string
  readonly number: string
  readonly sender_id: string
  readonly sender_name: string
  readonly client_message_id: string
  readonly text: string
  readonly exact_text: Buffer | null
  readonly sent_at_ms: string
}
type ConversationRow = {
  readonly conversation_id: string
  readonly kind: ConversationKind
  readonly title: string
  readonly last_number: string
  readonly members: readonly Member[]
}

const messageColumns =
  'conversation_id, number, sender_id, sender_name, client_message_id, text, exact_text, sent_at_ms'
const listedMembers = 20
const openedMembers = 500

/** SQL of a column `members`: the first of a conversation `c`, as JSON in the order in which they joined. */
const membersColumn = (most: number): string =>
  `(SELECT coalesce(json_agg(json_build_object('identity', listed.identity, 'name', listed.name, 'read', listed.read_number)
      ORDER BY listed.joined_at_ms, listed.identity), '[]'::json)
    FROM (
      SELECT m.identity, coalesce(p.name, m.identity) AS name, m.read_number, m.joined_at_ms
      FROM members m LEFT JOIN people p USING (identity) WHERE m.conversation_id = c.conversation_id
      ORDER BY m.joined_at_ms, m.identity LIMIT ${most}
    ) listed) AS members`

const messageOf = (row: MessageRow): Message => ({
  conversationId: row.conversation_id,
  number: Number(row.number),
  clientMessageId: row.client_message_id,
  senderId: row.sender_id,
  senderName: row.sender_name,
  text: fromTextColumns(row.text, row.exact_text),
  sentAt: Number(row.sent_at_ms),
})

const recordOf = (row: ConversationRow): ConversationRecord => ({
  conversationId: row.conversation_id,
  kind: row.kind,
  title: row.title,
  lastNumber: Number(row.last_number),
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
    `SELECT c.conversation_id, c.kind, c.title, c.last_number, ${membersColumn(openedMembers)}
     FROM conversations c WHERE c.conversation_id = $1`,
    [conversationId],
  )
  return rows[0] && recordOf(rows[0])
}

/** Conversations of a person, most recently active first, in two queries however many they are. */
export const conversationsOf = async (
  database: Queryable,
  identity: string,
  limit: number,
): Promise<ConversationSummary[]> => {
  const { rows } = await database.query<ConversationRow & { readonly read_number: string }>(
    `SELECT c.conversation_id, c.kind, c.title, c.last_number, own.read_number, ${membersColumn(listedMembers)}
     FROM members own JOIN conversations c USING (conversation_id)
     WHERE own.identity = $1 AND (c.kind = 'group' OR c.last_number > 0)
     ORDER BY c.active_at_ms DESC LIMIT $2`,
    [identity, limit],
  )
  const last = await database.query<MessageRow>(
    `SELECT ${messageColumns} FROM messages JOIN unnest($1::text[], $2::bigint[]) AS wanted (conversation_id, number)
     USING (conversation_id, number)`,
    [rows.map((row) => row.conversation_id), rows.map((row) => row.last_number)],
  )
  const lastMessages = new Map(last.rows.map((row) => [row.conversation_id, messageOf(row)]))
  return rows.map((row) => {
    const record = recordOf(row)
    const unread = Math.max(0, record.lastNumber - Number(row.read_number))
    const summary = { ...record, members: [...record.members], unread }
    const lastMessage = lastMessages.get(record.conversationId)
    return lastMessage === undefined ? summary : { ...summary, lastMessage }
  })
}

/** A page of a conversation; see {@link PageRequest}. */
export const messagesOf = async (
  database: Queryable,
  { conversationId, after, before, limit }: PageRequest,
): Promise<Page> => {
  const { rows } =
    after === undefined
      ? await database.query<MessageRow>(
          `SELECT ${messageColumns} FROM messages WHERE conversation_id = $1 AND number < $2
           ORDER BY number DESC LIMIT $3`,
          [conversationId, before ?? Number.MAX_SAFE_INTEGER, limit + 1],
        )
      : await database.query<MessageRow>(
          `SELECT ${messageColumns} FROM messages WHERE conversation_id = $1 AND number > $2
           ORDER BY number ASC LIMIT $3`,
          [conversationId, after, limit + 1],
        )
  const messages = rows.slice(0, limit).map(messageOf)
  if (after === undefined) messages.reverse()
  return { messages, more: rows.length > limit }
}
