import { DatabaseSync, type StatementSync } from 'node:sqlite'
import type { ConversationSummary, Member, Message } from '@sangam/protocol'
import { migrations } from './migrations.ts'
import type {
  AppendOutcome,
  AppendRequest,
  ConversationKind,
  ConversationRecord,
  KnownPerson,
  OpenRequest,
  Page,
  PageRequest,
} from './store.ts'

type Row = { readonly [column: string]: unknown }

const messageColumns = 'conversation_id, number, sender_id, sender_name, client_message_id, text, sent_at_ms'
// Identities and ids hold no line feed, so no two pairs meet.
const keyOf = (senderId: string, id: string): string => `${senderId}\n${id}`
const listedMembers = 20
const openedMembers = 500

const messageOf = (row: Row): Message => ({
  conversationId: String(row.conversation_id),
  number: Number(row.number),
  clientMessageId: String(row.client_message_id),
  senderId: String(row.sender_id),
  senderName: String(row.sender_name),
  text: String(row.text),
  sentAt: Number(row.sent_at_ms),
})

const personOf = (row: Row): KnownPerson => ({
  identity: String(row.identity),
  name: String(row.name),
  seenAtMs: Number(row.seen_at_ms),
})

/** Opens the file with the pragmas that the promise of durability rests on: a commit is on disk when it returns. */
const openFile = (path: string): DatabaseSync => {
  const database = new DatabaseSync(path, { timeout: 5000 })
  database.exec('PRAGMA journal_mode = WAL')
  database.exec('PRAGMA synchronous = FULL')
  database.exec('PRAGMA foreign_keys = ON')
  // Whoever opens the file at the same moment waits here, and finds the work done.
  database.exec('BEGIN IMMEDIATE')
  const { user_version: version } = database.prepare('PRAGMA user_version').get() as { user_version: number }
  const newest = migrations.at(-1)?.version ?? 0
  if (version > newest) {
    database.close()
    throw new Error(
      `the database ${path} is of a newer version (${version}) than this server knows (${newest})`,
    )
  }
  for (const migration of migrations.filter((step) => step.version > version)) {
    database.exec(`${migration.sql}; PRAGMA user_version = ${migration.version}`)
  }
  database.exec('COMMIT')
  return database
}

/**
 * All SQL of the chat store, synchronous, on one connection. Writes must run inside {@link SqliteDatabase.transaction}:
 * the caller puts many of them into one, and tells their outcomes after it returned.
 */
export class SqliteDatabase {
  readonly #database: DatabaseSync
  readonly #statements = new Map<string, StatementSync>()

  constructor(path: string) {
    this.#database = openFile(path)
  }

  /** Runs writes in one transaction and commits; rolls all back and throws when one of them or the commit fails. */
  transaction<Result>(run: () => Result): Result {
    this.#database.exec('BEGIN IMMEDIATE')
    try {
      const result = run()
      this.#database.exec('COMMIT')
      return result
    } catch (error) {
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK')
      throw error
    }
  }

  rememberPerson(person: KnownPerson): void {
    this.#run(
      `INSERT INTO people (identity, name, seen_at_ms) VALUES (?, ?, ?)
       ON CONFLICT (identity) DO UPDATE SET name = excluded.name, seen_at_ms = excluded.seen_at_ms`,
      person.identity,
      person.name,
      person.seenAtMs,
    )
  }

  people(limit: number): KnownPerson[] {
    return this.#all(
      'SELECT identity, name, seen_at_ms FROM people ORDER BY seen_at_ms DESC LIMIT ?',
      limit,
    ).map(personOf)
  }

  person(identity: string): KnownPerson | undefined {
    const row = this.#get('SELECT identity, name, seen_at_ms FROM people WHERE identity = ?', identity)
    return row && personOf(row)
  }

  openConversation(request: OpenRequest): ConversationRecord {
    const { conversationId, kind, title, members, nowMs } = request
    this.#run(
      `INSERT INTO conversations (conversation_id, kind, title, active_at_ms) VALUES (?, ?, ?, ?)
       ON CONFLICT (conversation_id) DO NOTHING`,
      conversationId,
      kind,
      title,
      nowMs,
    )
    for (const identity of members) {
      this.#run(
        `INSERT INTO members (identity, conversation_id, joined_at_ms) VALUES (?, ?, ?)
         ON CONFLICT (identity, conversation_id) DO NOTHING`,
        identity,
        conversationId,
        nowMs,
      )
    }
    const record = this.conversation(conversationId)
    if (record === undefined) throw new Error(`conversation ${conversationId} is missing after it was opened`)
    return record
  }

  conversation(conversationId: string): ConversationRecord | undefined {
    const row = this.#get(
      'SELECT conversation_id, kind, title, last_number FROM conversations WHERE conversation_id = ?',
      conversationId,
    )
    return row && this.#recordOf(row, openedMembers)
  }

  conversationsOf(identity: string, limit: number): ConversationSummary[] {
    const rows = this.#all(
      `SELECT c.conversation_id, c.kind, c.title, c.last_number, m.read_number
       FROM members m JOIN conversations c USING (conversation_id)
       WHERE m.identity = ? AND (c.kind = 'group' OR c.last_number > 0) ORDER BY c.active_at_ms DESC LIMIT ?`,
      identity,
      limit,
    )
    return rows.map((row) => {
      const record = this.#recordOf(row, listedMembers)
      const last = this.#message(record.conversationId, record.lastNumber)
      const unread = Math.max(0, record.lastNumber - Number(row.read_number))
      const summary = { ...record, members: [...record.members], unread }
      return last === undefined ? summary : { ...summary, lastMessage: last }
    })
  }

  /** Gives each message the next number of its conversation, in order; the rows of conversations and members are written once. */
  appendAll(requests: readonly AppendRequest[]): AppendOutcome[] {
    const conversations = new Map<string, { lastNumber: number; activeAtMs: number }>()
    // Whoever sends has the conversation before them: their own message is not unread to them.
    const reads = new Map<string, { conversationId: string; senderId: string; number: number }>()
    const storedNow = new Set<string>()
    const outcomes = requests.map((request): AppendOutcome => {
      const { conversationId, senderId, clientMessageId, sentAtMs, follows } = request
      if (
        follows !== undefined &&
        !storedNow.has(keyOf(senderId, follows)) &&
        !this.#has(senderId, follows)
      ) {
        return this.#earlier(request) ?? { outcome: 'outOfOrder' }
      }
      const conversation = conversations.get(conversationId) ?? this.#lastOf(conversationId)
      if (conversation === undefined) return this.#earlier(request) ?? { outcome: 'noConversation' }
      const number = conversation.lastNumber + 1
      if (!this.#insert(request, number)) return this.#earlier(request) ?? { outcome: 'conflict' }
      storedNow.add(keyOf(senderId, clientMessageId))
      conversations.set(conversationId, { lastNumber: number, activeAtMs: sentAtMs })
      reads.set(keyOf(senderId, conversationId), { conversationId, senderId, number })
      return { outcome: 'stored', number, sentAtMs }
    })
    for (const [conversationId, { lastNumber, activeAtMs }] of conversations) {
      this.#run(
        'UPDATE conversations SET last_number = ?, active_at_ms = ? WHERE conversation_id = ?',
        lastNumber,
        activeAtMs,
        conversationId,
      )
    }
    for (const { conversationId, senderId, number } of reads.values()) {
      this.#run(
        'UPDATE members SET read_number = ? WHERE identity = ? AND conversation_id = ?',
        number,
        senderId,
        conversationId,
      )
    }
    return outcomes
  }

  /** One message alone: see {@link SqliteDatabase.appendAll}. */
  append(request: AppendRequest): AppendOutcome {
    const [outcome] = this.appendAll([request])
    return outcome ?? { outcome: 'noConversation' }
  }

  messages({ conversationId, after, before, limit }: PageRequest): Page {
    const rows =
      after === undefined
        ? this.#all(
            `SELECT ${messageColumns} FROM messages WHERE conversation_id = ? AND number < ?
             ORDER BY number DESC LIMIT ?`,
            conversationId,
            before ?? Number.MAX_SAFE_INTEGER,
            limit + 1,
          )
        : this.#all(
            `SELECT ${messageColumns} FROM messages WHERE conversation_id = ? AND number > ?
             ORDER BY number ASC LIMIT ?`,
            conversationId,
            after,
            limit + 1,
          )
    const messages = rows.slice(0, limit).map(messageOf)
    if (after === undefined) messages.reverse()
    return { messages, more: rows.length > limit }
  }

  markRead(conversationId: string, identity: string, number: number): number | undefined {
    const row = this.#get(
      `UPDATE members
       SET read_number = (SELECT min(?, last_number) FROM conversations c WHERE c.conversation_id = ?)
       WHERE conversation_id = ? AND identity = ?
         AND read_number < (SELECT min(?, last_number) FROM conversations c WHERE c.conversation_id = ?)
       RETURNING read_number`,
      number,
      conversationId,
      conversationId,
      identity,
      number,
      conversationId,
    )
    return row && Number(row.read_number)
  }

  close(): void {
    this.#database.close()
  }

  #lastOf(conversationId: string): { lastNumber: number; activeAtMs: number } | undefined {
    const row = this.#get(
      'SELECT last_number, active_at_ms FROM conversations WHERE conversation_id = ?',
      conversationId,
    )
    return row && { lastNumber: Number(row.last_number), activeAtMs: Number(row.active_at_ms) }
  }

  /** False when the sender has a message of this id: nothing was inserted then. */
  #insert(request: AppendRequest, number: number): boolean {
    const { conversationId, clientMessageId, senderId, senderName, text, sentAtMs } = request
    const { changes } = this.#prepared(
      `INSERT INTO messages (${messageColumns}) VALUES (?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT (sender_id, client_message_id) DO NOTHING`,
    ).run(conversationId, number, senderId, senderName, clientMessageId, text, sentAtMs)
    return changes === 1
  }

  #has(senderId: string, clientMessageId: string): boolean {
    return (
      this.#get(
        'SELECT number FROM messages WHERE sender_id = ? AND client_message_id = ?',
        senderId,
        clientMessageId,
      ) !== undefined
    )
  }

  /** What becomes of a request whose sender and id stand in the store already; undefined: they don't. */
  #earlier(request: AppendRequest): AppendOutcome | undefined {
    const row = this.#get(
      `SELECT ${messageColumns} FROM messages WHERE sender_id = ? AND client_message_id = ?`,
      request.senderId,
      request.clientMessageId,
    )
    if (row === undefined) return undefined
    const same = row.conversation_id === request.conversationId && row.text === request.text
    if (!same) return { outcome: 'conflict' }
    return { outcome: 'repeated', number: Number(row.number), sentAtMs: Number(row.sent_at_ms) }
  }

  #message(conversationId: string, number: number): Message | undefined {
    const row = this.#get(
      `SELECT ${messageColumns} FROM messages WHERE conversation_id = ? AND number = ?`,
      conversationId,
      number,
    )
    return row && messageOf(row)
  }

  #recordOf(row: Row, mostMembers: number): ConversationRecord {
    const conversationId = String(row.conversation_id)
    const members = this.#all(
      `SELECT m.identity, coalesce(p.name, m.identity) AS name, m.read_number
       FROM members m LEFT JOIN people p USING (identity)
       WHERE m.conversation_id = ? ORDER BY m.joined_at_ms, m.identity LIMIT ?`,
      conversationId,
      mostMembers,
    ).map(
      (member): Member => ({
        identity: String(member.identity),
        name: String(member.name),
        read: Number(member.read_number),
      }),
    )
    return {
      conversationId,
      kind: row.kind as ConversationKind,
      title: String(row.title),
      lastNumber: Number(row.last_number),
      members,
    }
  }

  #prepared(sql: string): StatementSync {
    let statement = this.#statements.get(sql)
    if (statement === undefined) {
      statement = this.#database.prepare(sql)
      this.#statements.set(sql, statement)
    }
    return statement
  }

  #run(sql: string, ...values: (string | number)[]): void {
    this.#prepared(sql).run(...values)
  }

  #get(sql: string, ...values: (string | number)[]): Row | undefined {
    return this.#prepared(sql).get(...values)
  }

  #all(sql: string, ...values: (string | number)[]): Row[] {
    return this.#prepared(sql).all(...values)
  }
}
