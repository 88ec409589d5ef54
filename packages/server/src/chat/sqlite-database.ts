import type { ConversationSummary, Message, Quote } from '@sangam/protocol'
import { LogKeeper } from '../database/log-keeper.ts'
import { type Row, SqliteConnection } from '../database/sqlite-connection.ts'
import { hasTargets, isRepeat, type StoredMessage } from './append-plan.ts'
import type { MessagePlace } from './care-store.ts'
import type { MembershipChange, PreferenceChange, Standing } from './membership-store.ts'
import type { ChangeOutcome, ChangePage, ChangeRequest, MessageVersion } from './message-change-store.ts'
import { fromExtraColumn, type StoredMessageRow, toExtraColumn } from './message-columns.ts'
import { migrations } from './migrations.ts'
import type { SearchRequest, SearchResult } from './search-store.ts'
import { forgetPersonIn, messagesAbout, messagesSentBy } from './sqlite-care.ts'
import { addMentions, applyChange, changesAfter, pinnedMessages, versionsOf } from './sqlite-changes.ts'
import {
  addMembers,
  changeMembers,
  changePreferences,
  ensureOwner,
  memberBounds,
  membersOf,
  raiseProgress,
  standingColumns,
  standingOf,
  standingsOf,
} from './sqlite-membership.ts'
import { messageAt, messageColumns, messagePage, quoteAt } from './sqlite-message-rows.ts'
import { indexSome, searchIndexed } from './sqlite-search.ts'
import type {
  AppendOutcome,
  AppendRequest,
  ConversationAccess,
  ConversationHead,
  ConversationKind,
  ConversationRecord,
  KnownPerson,
  OpenRequest,
  Page,
  PageRequest,
  Progress,
} from './store.ts'

const personOf = (row: Row): KnownPerson => ({
  identity: String(row.identity),
  name: String(row.name),
  seenAtMs: Number(row.seen_at_ms),
})

/** Where a conversation stands while messages are added to it. */
type Head = {
  lastNumber: number
  activeAtMs: number
  /** The newest number of each who sent. */
  readonly senders: Map<string, number>
}

// Identities and ids hold no line feed, so no two pairs meet.
const keyOf = (senderId: string, id: string): string => `${senderId}\n${id}`

const conversationColumns = 'c.conversation_id, c.kind, c.access, c.title, c.last_number, c.last_revision'

/**
 * All operations of the chat store, synchronous, on one connection. Writes must run inside
 * {@link SqliteDatabase.transaction}: the caller puts many of them into one, and tells their outcomes after it returned.
 */
export class SqliteDatabase {
  readonly #connection: SqliteConnection

  constructor(path: string) {
    this.#connection = new SqliteConnection(path, migrations)
  }

  /** Runs writes in one transaction and commits; rolls all back and throws when one of them or the commit fails. */
  transaction<Result>(run: () => Result): Result {
    return this.#connection.transaction(run)
  }

  rememberPerson(person: KnownPerson): void {
    this.#connection.run(
      `INSERT INTO people (identity, name, seen_at_ms) VALUES (?, ?, ?)
       ON CONFLICT (identity) DO UPDATE SET name = excluded.name, seen_at_ms = excluded.seen_at_ms`,
      person.identity,
      person.name,
      person.seenAtMs,
    )
  }

  people(limit: number): KnownPerson[] {
    return this.#connection
      .all('SELECT identity, name, seen_at_ms FROM people ORDER BY seen_at_ms DESC LIMIT ?', limit)
      .map(personOf)
  }

  person(identity: string): KnownPerson | undefined {
    const row = this.#connection.get(
      'SELECT identity, name, seen_at_ms FROM people WHERE identity = ?',
      identity,
    )
    return row && personOf(row)
  }

  /** Creates the conversation if need be, adds members that are missing, and gives it. */
  openConversation({ conversationId, kind, access, title, members, nowMs }: OpenRequest): ConversationRecord {
    this.#connection.run(
      `INSERT INTO conversations (conversation_id, kind, access, title, active_at_ms) VALUES (?, ?, ?, ?, ?)
       ON CONFLICT (conversation_id) DO NOTHING`,
      conversationId,
      kind,
      access ?? (kind === 'direct' ? 'members' : 'open'),
      title,
      nowMs,
    )
    addMembers(this.#connection, conversationId, members, nowMs)
    if (kind === 'group') ensureOwner(this.#connection, conversationId)
    const record = this.conversation(conversationId)
    if (record === undefined) throw new Error(`conversation ${conversationId} is missing after it was opened`)
    return record
  }

  conversation(conversationId: string): ConversationRecord | undefined {
    const row = this.#connection.get(
      `SELECT ${conversationColumns} FROM conversations c WHERE conversation_id = ?`,
      conversationId,
    )
    return row && this.#recordOf(row, memberBounds.opened, 'rolesFirst')
  }

  conversationsOf(identity: string, limit: number, nowMs: number): ConversationSummary[] {
    const rows = this.#connection.all(
      `SELECT ${conversationColumns}, ${standingColumns}
       FROM members m JOIN conversations c USING (conversation_id)
       WHERE m.identity = ? AND (c.kind = 'group' OR c.last_number > 0)
       ORDER BY c.active_at_ms DESC LIMIT ?`,
      identity,
      limit,
    )
    return rows.map((row) => {
      const { lastRevision: _, ...record } = this.#recordOf(row, memberBounds.listed, 'joined')
      const lastMessage = this.message(record.conversationId, record.lastNumber)
      return {
        ...record,
        members: [...record.members],
        ...standingOf(row, nowMs),
        ...(lastMessage === undefined ? {} : { lastMessage }),
      }
    })
  }

  /** Gives each message the next number of its conversation, in order; the rows of conversations and members are written once. */
  appendAll(requests: readonly AppendRequest[]): AppendOutcome[] {
    const heads = new Map<string, Head>()
    const storedNow = new Set<string>()
    const isFollowed = requests.some(({ follows }) => follows !== undefined)
    const outcomes = requests.map((request): AppendOutcome => {
      const { conversationId, senderId, clientMessageId, sentAtMs, follows } = request
      if (
        follows !== undefined &&
        !storedNow.has(keyOf(senderId, follows)) &&
        !this.isStored(senderId, follows)
      ) {
        return this.#earlier(request) ?? { outcome: 'outOfOrder' }
      }
      const head = heads.get(conversationId) ?? this.#headOf(conversationId)
      if (head === undefined) return this.#earlier(request) ?? { outcome: 'noConversation' }
      if (!hasTargets(request, head.lastNumber)) {
        return this.#earlier(request) ?? { outcome: 'noTarget' }
      }
      const number = head.lastNumber + 1
      if (!this.#insert(request, number)) return this.#earlier(request) ?? { outcome: 'conflict' }
      if (isFollowed) storedNow.add(keyOf(senderId, clientMessageId))
      heads.set(conversationId, head)
      head.lastNumber = number
      head.activeAtMs = sentAtMs
      head.senders.set(senderId, number)
      const quoted = this.#link(request, number)
      return { outcome: 'stored', number, sentAtMs, ...(quoted === undefined ? {} : { quoted }) }
    })
    for (const [conversationId, { lastNumber, activeAtMs, senders }] of heads) {
      this.#connection.run(
        'UPDATE conversations SET last_number = ?, active_at_ms = ? WHERE conversation_id = ?',
        lastNumber,
        activeAtMs,
        conversationId,
      )
      // Whoever sends has the conversation before them: their own message is not unread to them.
      for (const [senderId, number] of senders) {
        this.#connection.run(
          'UPDATE members SET read_number = ?1, delivered_number = ?1 WHERE identity = ?2 AND conversation_id = ?3',
          number,
          senderId,
          conversationId,
        )
      }
    }
    return outcomes
  }

  /** One message alone: see {@link SqliteDatabase.appendAll}. */
  append(request: AppendRequest): AppendOutcome {
    const [outcome] = this.appendAll([request])
    return outcome ?? { outcome: 'noConversation' }
  }

  isStored(senderId: string, clientMessageId: string): boolean {
    return (
      this.#connection.get(
        'SELECT number FROM messages WHERE sender_id = ? AND client_message_id = ?',
        senderId,
        clientMessageId,
      ) !== undefined
    )
  }

  heads(afterId: string, limit: number): ConversationHead[] {
    const rows = this.#connection.all(
      'SELECT conversation_id, last_number, last_revision FROM conversations WHERE conversation_id > ? ORDER BY conversation_id LIMIT ?',
      afterId,
      limit,
    )
    return rows.map((row) => ({
      conversationId: String(row.conversation_id),
      lastNumber: Number(row.last_number),
      lastRevision: Number(row.last_revision),
    }))
  }

  sentBy(identity: string, after: MessagePlace | undefined, limit: number): Message[] {
    return messagesSentBy(this.#connection, identity, after ?? undefined, limit)
  }

  aboutPerson(identity: string, limit: number): Message[] {
    return messagesAbout(this.#connection, identity, limit)
  }

  forgetPerson(identity: string, pseudonym: string): void {
    forgetPersonIn(this.#connection, identity, pseudonym)
  }

  /** Moves the write-ahead log into the file and empties it; outside a transaction. @throws Error when somebody is in the way */
  scrub(): void {
    if (!this.#connection.checkpoint('TRUNCATE')) throw new Error('the write-ahead log is in use')
  }

  messages(request: PageRequest): Page {
    return messagePage(this.#connection, request)
  }

  markProgress(conversationId: string, identity: string, progress: Partial<Progress>): Progress | undefined {
    return raiseProgress(this.#connection, conversationId, identity, progress)
  }

  change(request: ChangeRequest): ChangeOutcome {
    return applyChange(this.#connection, request)
  }

  changes(conversationId: string, revision: number, limit: number): ChangePage {
    return changesAfter(this.#connection, conversationId, revision, limit)
  }

  message(conversationId: string, number: number): Message | undefined {
    return messageAt(this.#connection, conversationId, number)
  }

  pinned(conversationId: string): Message[] {
    return pinnedMessages(this.#connection, conversationId)
  }

  versions(conversationId: string, number: number): MessageVersion[] {
    return versionsOf(this.#connection, conversationId, number)
  }

  changeMembership(
    conversationId: string,
    change: MembershipChange,
    nowMs: number,
  ): ConversationRecord | undefined {
    if (this.conversation(conversationId) === undefined) return undefined
    changeMembers(this.#connection, conversationId, change, nowMs)
    return this.conversation(conversationId)
  }

  setPreferences(conversationId: string, identity: string, change: PreferenceChange): boolean {
    return changePreferences(this.#connection, conversationId, identity, change)
  }

  /** Pairs: what goes to the other thread is plain JSON. */
  standings(
    conversationId: string,
    identities: readonly string[],
    nowMs: number,
  ): [identity: string, standing: Standing][] {
    return standingsOf(this.#connection, conversationId, identities, nowMs)
  }

  /** Takes some messages into the search index; whether more are left. */
  index(conversationIds: readonly string[]): boolean {
    return indexSome(this.#connection, conversationIds)
  }

  /** Searches what {@link SqliteDatabase.index} has taken in. */
  search(request: SearchRequest): SearchResult {
    return searchIndexed(this.#connection, request)
  }

  /** Copies the write-ahead log into the file on a thread of its own from now on; a caller tends it after each batch. */
  keepLog(): LogKeeper {
    return new LogKeeper(this.#connection)
  }

  close(): void {
    this.#connection.close()
  }

  #headOf(conversationId: string): Head | undefined {
    const row = this.#connection.get(
      'SELECT last_number, active_at_ms FROM conversations WHERE conversation_id = ?',
      conversationId,
    )
    if (row === undefined) return undefined
    return {
      lastNumber: Number(row.last_number),
      activeAtMs: Number(row.active_at_ms),
      senders: new Map(),
    }
  }

  /** False when the sender has a message of this id: nothing was inserted then. */
  #insert(request: AppendRequest, number: number): boolean {
    const { conversationId, clientMessageId, senderId, senderName, text, sentAtMs, thread, extra } = request
    const inserted = this.#connection.run(
      `INSERT INTO messages
         (conversation_id, number, sender_id, sender_name, client_message_id, text, sent_at_ms, thread, extra)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (sender_id, client_message_id) DO NOTHING`,
      conversationId,
      number,
      senderId,
      senderName,
      clientMessageId,
      text,
      sentAtMs,
      thread ?? null,
      toExtraColumn(extra),
    )
    return inserted === 1
  }

  /** Notes at others what a new message means to them; gives what it answers. */
  #link({ conversationId, thread, extra }: AppendRequest, number: number): Quote | undefined {
    if (thread !== undefined) {
      this.#connection.run(
        `UPDATE messages SET reply_count = reply_count + 1, last_reply = ?
         WHERE conversation_id = ? AND number = ?`,
        number,
        conversationId,
        thread,
      )
    }
    if (extra?.mentions !== undefined) addMentions(this.#connection, conversationId, number, extra.mentions)
    if (extra?.replyTo === undefined) return undefined
    return quoteAt(this.#connection, conversationId, extra.replyTo)
  }

  /** What becomes of a request whose sender and id stand in the store already; undefined: they don't. */
  #earlier(request: AppendRequest): AppendOutcome | undefined {
    const row = this.#connection.get(
      `SELECT ${messageColumns} FROM messages WHERE sender_id = ? AND client_message_id = ?`,
      request.senderId,
      request.clientMessageId,
    ) as StoredMessageRow | undefined
    if (row === undefined) return undefined
    return isRepeat(this.#comparable(row), request)
      ? { outcome: 'repeated', number: row.number, sentAtMs: row.sentAt }
      : { outcome: 'conflict' }
  }

  /** A stored message as a repeat is compared with it. */
  #comparable(row: StoredMessageRow): StoredMessage {
    const isEdited = row.editedAt !== null
    const first = isEdited ? this.versions(row.conversationId, row.number)[0] : undefined
    return {
      conversationId: row.conversationId,
      senderId: row.senderId,
      clientMessageId: row.clientMessageId,
      text: first?.text ?? row.text,
      number: row.number,
      sentAtMs: row.sentAt,
      thread: row.thread ?? undefined,
      extra: fromExtraColumn(row.extra),
      isEdited,
      isDeleted: row.deletedAt !== null,
    }
  }

  #recordOf(row: Row, mostMembers: number, order: 'rolesFirst' | 'joined'): ConversationRecord {
    const conversationId = String(row.conversation_id)
    return {
      conversationId,
      kind: row.kind as ConversationKind,
      access: row.access as ConversationAccess,
      title: String(row.title),
      lastNumber: Number(row.last_number),
      lastRevision: Number(row.last_revision),
      members: membersOf(this.#connection, conversationId, mostMembers, order),
    }
  }
}
