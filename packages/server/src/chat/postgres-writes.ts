import type { ClientBase } from 'pg'
import { planAppends, type StoredMessage } from './append-plan.ts'
import { conversationOf } from './postgres-reads.ts'
import { fromTextColumns, toTextColumns } from './postgres-text.ts'
import type { AppendOutcome, AppendRequest, ConversationRecord, KnownPerson, OpenRequest } from './store.ts'

/** One write on its way to PostgreSQL. */
export type Write =
  | { readonly type: 'append'; readonly request: AppendRequest }
  | { readonly type: 'open'; readonly request: OpenRequest }
  | {
      readonly type: 'read'
      readonly conversationId: string
      readonly identity: string
      readonly number: number
    }
  | { readonly type: 'person'; readonly person: KnownPerson }

/** What became of a write: of an append, of an opening, of a read position, of a person. */
export type Written = AppendOutcome | ConversationRecord | number | undefined

/**
 * Does writes inside the transaction that is open on `client`, in order, and gives their results, which hold once that
 * transaction is committed. The rows of all conversations are locked first, in one order for all servers: who holds a
 * conversation's row gives its numbers, and nobody waits in a circle.
 */
export const runWrites = async (client: ClientBase, writes: readonly Write[]): Promise<Written[]> => {
  const lastNumbers = await lockConversations(client, [
    ...new Set(writes.flatMap((write) => conversationIn(write))),
  ])
  const results: Written[] = []
  for (let index = 0; ; ) {
    const write = writes[index]
    if (write === undefined) break
    if (write.type === 'append') {
      const run = appendsFrom(writes, index)
      results.push(...(await append(client, run, lastNumbers)))
      index += run.length
    } else {
      results.push(await runOne(client, write, lastNumbers))
      index += 1
    }
  }
  return results
}

const conversationIn = (write: Write): string[] => {
  switch (write.type) {
    case 'append':
    case 'open':
      return [write.request.conversationId]
    case 'read':
      return [write.conversationId]
    case 'person':
      return []
  }
}

/** The appends that follow one another from an index on: they share their statements. */
const appendsFrom = (writes: readonly Write[], from: number): AppendRequest[] => {
  const requests: AppendRequest[] = []
  for (let index = from; index < writes.length; index += 1) {
    const write = writes[index]
    if (write?.type !== 'append') break
    requests.push(write.request)
  }
  return requests
}

const lockConversations = async (
  client: ClientBase,
  conversationIds: readonly string[],
): Promise<Map<string, number>> => {
  if (conversationIds.length === 0) return new Map()
  const { rows } = await client.query<{ conversation_id: string; last_number: string }>(
    `SELECT conversation_id, last_number FROM conversations WHERE conversation_id = ANY($1)
     ORDER BY conversation_id FOR UPDATE`,
    [conversationIds],
  )
  return new Map(rows.map((row) => [row.conversation_id, Number(row.last_number)]))
}

const runOne = async (
  client: ClientBase,
  write: Exclude<Write, { type: 'append' }>,
  lastNumbers: Map<string, number>,
): Promise<Written> => {
  switch (write.type) {
    case 'open':
      return open(client, write.request, lastNumbers)
    case 'read':
      return markRead(client, write)
    case 'person':
      await client.query(
        `INSERT INTO people (identity, name, seen_at_ms) VALUES ($1, $2, $3)
         ON CONFLICT (identity) DO UPDATE SET name = excluded.name, seen_at_ms = excluded.seen_at_ms`,
        [write.person.identity, write.person.name, write.person.seenAtMs],
      )
      return undefined
  }
}

const open = async (
  client: ClientBase,
  { conversationId, kind, title, members, nowMs }: OpenRequest,
  lastNumbers: Map<string, number>,
): Promise<ConversationRecord> => {
  await client.query(
    `INSERT INTO conversations (conversation_id, kind, title, active_at_ms) VALUES ($1, $2, $3, $4)
     ON CONFLICT (conversation_id) DO NOTHING`,
    [conversationId, kind, title, nowMs],
  )
  // Another server may have created it since the batch looked.
  if (!lastNumbers.has(conversationId)) {
    for (const [id, last] of await lockConversations(client, [conversationId])) lastNumbers.set(id, last)
  }
  await client.query(
    `INSERT INTO members (identity, conversation_id, joined_at_ms)
     SELECT identity, $2, $3 FROM unnest($1::text[]) AS identity
     ON CONFLICT (identity, conversation_id) DO NOTHING`,
    [members, conversationId, nowMs],
  )
  const record = await conversationOf(client, conversationId)
  if (record === undefined) throw new Error(`conversation ${conversationId} is missing after it was opened`)
  return record
}

const markRead = async (
  client: ClientBase,
  { conversationId, identity, number }: Extract<Write, { type: 'read' }>,
): Promise<number | undefined> => {
  const { rows } = await client.query<{ read_number: string }>(
    `UPDATE members m SET read_number = least($3, c.last_number) FROM conversations c
     WHERE c.conversation_id = $1 AND m.conversation_id = $1 AND m.identity = $2
       AND m.read_number < least($3, c.last_number)
     RETURNING m.read_number`,
    [conversationId, identity, number],
  )
  const [row] = rows
  return row && Number(row.read_number)
}

const append = async (
  client: ClientBase,
  requests: readonly AppendRequest[],
  lastNumbers: Map<string, number>,
): Promise<readonly AppendOutcome[]> => {
  const plan = planAppends(requests, lastNumbers, await findEarlier(client, requests))
  if (plan.messages.length === 0) return plan.outcomes
  const conversations = [...plan.conversations]
  for (const [conversationId, { lastNumber }] of conversations) lastNumbers.set(conversationId, lastNumber)
  const texts = plan.messages.map(({ text }) => toTextColumns(text))
  // One statement for all: the number stands in the conversation's row exactly when its message is there.
  await client.query(
    `WITH numbered AS (
       UPDATE conversations c SET last_number = n.last_number, active_at_ms = n.active_at_ms
       FROM unnest($1::text[], $2::bigint[], $3::bigint[]) AS n (conversation_id, last_number, active_at_ms)
       WHERE c.conversation_id = n.conversation_id
     ), inserted AS (
       INSERT INTO messages
         (conversation_id, number, sender_id, sender_name, client_message_id, text, exact_text, sent_at_ms)
       SELECT * FROM unnest($4::text[], $5::bigint[], $6::text[], $7::text[], $8::text[], $9::text[],
         $10::bytea[], $11::bigint[])
     )
     -- Whoever sends has the conversation before them: their own message is not unread to them.
     UPDATE members m SET read_number = s.number
     FROM (
       SELECT conversation_id, identity, max(number) AS number
       FROM unnest($4::text[], $6::text[], $5::bigint[]) AS u (conversation_id, identity, number)
       GROUP BY conversation_id, identity
     ) s
     WHERE m.conversation_id = s.conversation_id AND m.identity = s.identity`,
    [
      conversations.map(([conversationId]) => conversationId),
      conversations.map(([, { lastNumber }]) => lastNumber),
      conversations.map(([, { activeAtMs }]) => activeAtMs),
      plan.messages.map(({ conversationId }) => conversationId),
      plan.messages.map(({ number }) => number),
      plan.messages.map(({ senderId }) => senderId),
      plan.messages.map(({ senderName }) => senderName),
      plan.messages.map(({ clientMessageId }) => clientMessageId),
      texts.map(({ text }) => text),
      texts.map(({ exactText }) => exactText),
      plan.messages.map(({ sentAtMs }) => sentAtMs),
    ],
  )
  return plan.outcomes
}

type EarlierRow = {
  readonly conversation_id: string
  readonly number: string
  readonly sender_id: string
  readonly client_message_id: string
  readonly text: string
  readonly exact_text: Buffer | null
  readonly sent_at_ms: string
}

const findEarlier = async (
  client: ClientBase,
  requests: readonly AppendRequest[],
): Promise<StoredMessage[]> => {
  const asked = requests.flatMap(({ senderId, clientMessageId, follows }) =>
    [clientMessageId, ...(follows === undefined ? [] : [follows])].map((id) => [senderId, id]),
  )
  const { rows } = await client.query<EarlierRow>(
    `SELECT DISTINCT m.conversation_id, m.number, m.sender_id, m.client_message_id, m.text, m.exact_text, m.sent_at_ms
     FROM unnest($1::text[], $2::text[]) AS asked (sender_id, client_message_id)
     JOIN messages m USING (sender_id, client_message_id)`,
    [asked.map(([senderId]) => senderId), asked.map(([, clientMessageId]) => clientMessageId)],
  )
  return rows.map((row) => ({
    conversationId: row.conversation_id,
    senderId: row.sender_id,
    clientMessageId: row.client_message_id,
    text: fromTextColumns(row.text, row.exact_text),
    number: Number(row.number),
    sentAtMs: Number(row.sent_at_ms),
  }))
}
