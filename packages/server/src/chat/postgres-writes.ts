import type { ClientBase } from 'pg'
import { type NumberedMessage, planAppends, type StoredMessage } from './append-plan.ts'
import type { MembershipChange, PreferenceChange } from './membership-store.ts'
import type { ChangeOutcome, ChangeRequest } from './message-change-store.ts'
import { fromExtraColumn, quoteOf, toExtraColumn } from './message-columns.ts'
import { forgetPersonIn } from './postgres-care.ts'
import { addMentions, applyChange } from './postgres-changes.ts'
import {
  addMembers,
  changeMembers,
  changePreferences,
  ensureOwner,
  raiseProgress,
} from './postgres-membership.ts'
import { placeOf, rowsAt } from './postgres-message-rows.ts'
import { conversationOf } from './postgres-reads.ts'
import { fromTextColumns, toTextColumns } from './postgres-text.ts'
import type {
  AppendOutcome,
  AppendRequest,
  ConversationRecord,
  KnownPerson,
  OpenRequest,
  Progress,
} from './store.ts'

/** One write on its way to PostgreSQL. */
export type Write =
  | { readonly type: 'append'; readonly request: AppendRequest }
  | { readonly type: 'open'; readonly request: OpenRequest }
  | {
      readonly type: 'progress'
      readonly conversationId: string
      readonly identity: string
      readonly progress: Partial<Progress>
    }
  | { readonly type: 'change'; readonly request: ChangeRequest }
  | {
      readonly type: 'membership'
      readonly conversationId: string
      readonly change: MembershipChange
      readonly nowMs: number
    }
  | {
      readonly type: 'preferences'
      readonly conversationId: string
      readonly identity: string
      readonly change: PreferenceChange
    }
  | { readonly type: 'person'; readonly person: KnownPerson }
  | { readonly type: 'forget'; readonly identity: string; readonly pseudonym: string }

/** What became of a write, by its type; undefined where there is nothing to tell. */
export type Written = AppendOutcome | ChangeOutcome | ConversationRecord | Progress | boolean | undefined

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
    case 'change':
    case 'open':
      return [write.request.conversationId]
    case 'progress':
    case 'membership':
    case 'preferences':
      return [write.conversationId]
    case 'person':
    case 'forget':
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
    case 'progress':
      return raiseProgress(client, write.conversationId, write.identity, write.progress)
    case 'change':
      return lastNumbers.has(write.request.conversationId)
        ? applyChange(client, write.request)
        : { outcome: 'noMessage' }
    case 'membership':
      if (!lastNumbers.has(write.conversationId)) return undefined
      await changeMembers(client, write.conversationId, write.change, write.nowMs)
      return conversationOf(client, write.conversationId)
    case 'preferences':
      return changePreferences(client, write.conversationId, write.identity, write.change)
    case 'forget':
      await forgetPersonIn(client, write.identity, write.pseudonym)
      return undefined
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
  { conversationId, kind, access, title, members, nowMs }: OpenRequest,
  lastNumbers: Map<string, number>,
): Promise<ConversationRecord> => {
  await client.query(
    `INSERT INTO conversations (conversation_id, kind, access, title, active_at_ms) VALUES ($1, $2, $3, $4, $5)
     ON CONFLICT (conversation_id) DO NOTHING`,
    [conversationId, kind, access ?? (kind === 'direct' ? 'members' : 'open'), title, nowMs],
  )
  // Another server may have created it since the batch looked.
  if (!lastNumbers.has(conversationId)) {
    for (const [id, last] of await lockConversations(client, [conversationId])) lastNumbers.set(id, last)
  }
  await addMembers(client, conversationId, members, nowMs)
  if (kind === 'group') await ensureOwner(client, conversationId)
  const record = await conversationOf(client, conversationId)
  if (record === undefined) throw new Error(`conversation ${conversationId} is missing after it was opened`)
  return record
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
         (conversation_id, number, sender_id, sender_name, client_message_id, text, exact_text, sent_at_ms, thread, extra)
       SELECT * FROM unnest($4::text[], $5::bigint[], $6::text[], $7::text[], $8::text[], $9::text[],
         $10::bytea[], $11::bigint[], $12::bigint[], $13::text[])
     )
     -- Whoever sends has the conversation before them: their own message is not unread to them.
     UPDATE members m SET read_number = s.number, delivered_number = s.number
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
      plan.messages.map(({ thread }) => thread ?? null),
      plan.messages.map(({ extra }) => toExtraColumn(extra)),
    ],
  )
  await addMentions(
    client,
    plan.messages.flatMap(({ conversationId, number, extra }) =>
      (extra?.mentions ?? []).map((identity) => ({ identity, conversationId, number })),
    ),
  )
  await noteReplies(client, plan.messages)
  return withQuotes(client, requests, plan.outcomes)
}

/** Adds to the outcomes what the stored messages answer. */
const withQuotes = async (
  client: ClientBase,
  requests: readonly AppendRequest[],
  outcomes: readonly AppendOutcome[],
): Promise<readonly AppendOutcome[]> => {
  const wanted = requests.flatMap(({ conversationId, extra }) =>
    extra?.replyTo === undefined ? [] : [{ conversationId, number: extra.replyTo }],
  )
  if (wanted.length === 0) return outcomes
  const rows = await rowsAt(client, wanted)
  return outcomes.map((outcome, index) => {
    const { conversationId = '', extra } = requests[index] ?? {}
    const row = extra?.replyTo === undefined ? undefined : rows.get(placeOf(conversationId, extra.replyTo))
    return outcome.outcome === 'stored' && row !== undefined ? { ...outcome, quoted: quoteOf(row) } : outcome
  })
}

/** Counts answers at the messages that begin their threads. They stand there already: a thread is begun before. */
const noteReplies = async (client: ClientBase, messages: readonly NumberedMessage[]): Promise<void> => {
  const replies = messages.filter(({ thread }) => thread !== undefined)
  if (replies.length === 0) return
  await client.query(
    `UPDATE messages m SET reply_count = m.reply_count + r.count, last_reply = r.last
     FROM (
       SELECT conversation_id, thread, count(*) AS count, max(number) AS last
       FROM unnest($1::text[], $2::bigint[], $3::bigint[]) AS u (conversation_id, thread, number)
       GROUP BY conversation_id, thread
     ) r
     WHERE m.conversation_id = r.conversation_id AND m.number = r.thread`,
    [
      replies.map(({ conversationId }) => conversationId),
      replies.map(({ thread }) => thread),
      replies.map(({ number }) => number),
    ],
  )
}

type EarlierRow = {
  readonly conversation_id: string
  readonly number: string
  readonly sender_id: string
  readonly client_message_id: string
  readonly text: string
  readonly exact_text: Buffer | null
  readonly sent_at_ms: string
  readonly thread: string | null
  readonly extra: string | null
  readonly is_edited: boolean
  readonly is_deleted: boolean
}

const findEarlier = async (
  client: ClientBase,
  requests: readonly AppendRequest[],
): Promise<StoredMessage[]> => {
  const asked = requests.flatMap(({ senderId, clientMessageId, follows }) =>
    [clientMessageId, ...(follows === undefined ? [] : [follows])].map((id) => [senderId, id]),
  )
  // Of an edited message, what it said first is what a repeat is compared with.
  const { rows } = await client.query<EarlierRow>(
    `SELECT DISTINCT m.conversation_id, m.number, m.sender_id, m.client_message_id, m.sent_at_ms, m.thread, m.extra,
       coalesce(f.text, m.text) AS text, CASE WHEN f.text IS NULL THEN m.exact_text ELSE f.exact_text END AS exact_text,
       m.edited_at_ms IS NOT NULL AS is_edited, m.deleted_at_ms IS NOT NULL AS is_deleted
     FROM unnest($1::text[], $2::text[]) AS asked (sender_id, client_message_id)
     JOIN messages m USING (sender_id, client_message_id)
     LEFT JOIN LATERAL (
       SELECT v.text, v.exact_text FROM versions v
       WHERE m.edited_at_ms IS NOT NULL AND v.conversation_id = m.conversation_id AND v.number = m.number
       ORDER BY v.revision LIMIT 1
     ) f ON true`,
    [asked.map(([senderId]) => senderId), asked.map(([, clientMessageId]) => clientMessageId)],
  )
  return rows.map((row) => ({
    conversationId: row.conversation_id,
    senderId: row.sender_id,
    clientMessageId: row.client_message_id,
    text: fromTextColumns(row.text, row.exact_text),
    number: Number(row.number),
    sentAtMs: Number(row.sent_at_ms),
    thread: row.thread === null ? undefined : Number(row.thread),
    extra: fromExtraColumn(row.extra),
    isEdited: row.is_edited,
    isDeleted: row.is_deleted,
  }))
}
