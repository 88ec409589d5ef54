import { Client, type ClientBase, type Pool, type PoolClient } from 'pg'
import { openPostgresPool } from '../database/postgres-pool.ts'
import { BatchQueue, type JobOutcome } from './batch-queue.ts'
import type { ChangeOutcome } from './message-change-store.ts'
import { messagesAbout, messagesSentBy } from './postgres-care.ts'
import { changesAfter, pinnedMessages, versionsOf } from './postgres-changes.ts'
import { standingsOf } from './postgres-membership.ts'
import { messageAt, messagesOf } from './postgres-message-rows.ts'
import { migratePostgres } from './postgres-migrations.ts'
import {
  conversationOf,
  conversationsOf,
  headsAfter,
  isStored,
  peopleOf,
  personBy,
} from './postgres-reads.ts'
import { searchMessages } from './postgres-search.ts'
import { runWrites, type Write, type Written } from './postgres-writes.ts'
import {
  type AppendOutcome,
  type ChatStore,
  type ConversationRecord,
  type Progress,
  StoreError,
  storeError,
} from './store.ts'

/** Most writes in one transaction. */
const batchSize = 1000
/** Most writes that may wait. */
const queueSize = 50_000
const readConnections = 4
const connectTimeoutMs = 10_000
const attempts = 5

/**
 * Errors after which the same transaction is tried again (PostgreSQL, appendix "Error Codes"): another server took what
 * this one wanted at the same moment. The next attempt sees what it did.
 */
const collisions: ReadonlySet<string> = new Set(['23505', '40001', '40P01'])

const sqlState = (error: unknown): string | undefined =>
  error instanceof Error &&
  'code' in error &&
  typeof error.code === 'string' &&
  /^[0-9A-Z]{5}$/.test(error.code)
    ? error.code
    : undefined

/** The connection is gone, or about to be (classes 08, 57P): what was under way may or may not have been committed. */
const isConnectionLost = (error: unknown): boolean => {
  const state = sqlState(error)
  return state === undefined || state.startsWith('08') || state.startsWith('57P')
}

/** Makes sure of what the promise of durability rests on: a commit is on disk when it is answered. */
const prepareConnection = async (client: ClientBase): Promise<void> => {
  const { rows } = await client.query<{ fsync: string; commit: string }>(
    "SELECT current_setting('fsync') AS fsync, current_setting('synchronous_commit') AS commit",
  )
  if (rows[0]?.fsync !== 'on') throw new StoreError('fsync is off there, so nothing would be sure to last')
  // Stricter ones, which wait for a standby too, are the operator's choice.
  if (rows[0].commit === 'off') await client.query('SET synchronous_commit = on')
}

/** One transaction at a time on a connection of its own; everything in it is told after its commit. */
class Writer {
  readonly #pool: Pool
  readonly #prepared = new WeakSet<PoolClient>()

  constructor(pool: Pool) {
    this.#pool = pool
  }

  /** Does a batch. After a write that fails each one gets a transaction of its own, so that it takes no other down. */
  async run(writes: readonly Write[]): Promise<JobOutcome<Written>[]> {
    try {
      return (await this.#transaction(writes)).map((value) => ({ ok: true, value }))
    } catch (error) {
      if (writes.length === 1 || isConnectionLost(error)) {
        return writes.map(() => ({ ok: false, error: storeError(error) }))
      }
    }
    const outcomes: JobOutcome<Written>[] = []
    for (const write of writes) outcomes.push(...(await this.run([write])))
    return outcomes
  }

  async #transaction(writes: readonly Write[]): Promise<Written[]> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.#attempt(writes)
      } catch (error) {
        if (attempt === attempts || !collisions.has(sqlState(error) ?? '')) throw error
      }
    }
  }

  async #attempt(writes: readonly Write[]): Promise<Written[]> {
    const client = await this.#pool.connect()
    try {
      if (!this.#prepared.has(client)) {
        await prepareConnection(client)
        this.#prepared.add(client)
      }
      await client.query('BEGIN')
      const results = await runWrites(client, writes)
      await client.query('COMMIT')
      client.release()
      return results
    } catch (error) {
      const isUsable =
        !isConnectionLost(error) &&
        (await client.query('ROLLBACK').then(
          () => true,
          () => false,
        ))
      client.release(!isUsable)
      throw error
    }
  }
}

/** Names a database for people, without its password. */
export const describeDatabase = (databaseUrl: string): string => {
  const url = new URL(databaseUrl)
  return `${url.protocol}//${url.host}${url.pathname}`
}

/** Migrates on a connection of its own, for as long as it takes. */
const migrate = async (client: Client): Promise<void> => {
  // What breaks the connection also rejects what is asked over it.
  client.on('error', () => undefined)
  try {
    await client.connect()
    await prepareConnection(client)
    await migratePostgres(client)
  } catch (error) {
    throw storeError(error)
  } finally {
    await client.end().catch(() => undefined)
  }
}

/**
 * Opens a store in PostgreSQL (12 or newer), migrating its schema. Several servers may share one database: numbers are
 * given under a lock on the conversation's row, and a constraint keeps (sender, client message id) unique among all.
 * @param databaseUrl such as `postgres://user:password@host:5432/name?sslmode=verify-full`
 * @throws StoreError when the database cannot be reached, is of a newer version, or runs with fsync off
 */
export const openPostgresStore = async (databaseUrl: string): Promise<ChatStore> => {
  await migrate(
    new Client({
      connectionString: databaseUrl,
      application_name: 'sangam',
      connectionTimeoutMillis: connectTimeoutMs,
      keepAlive: true,
    }),
  )
  const writing = openPostgresPool(databaseUrl, { name: 'sangam', most: 1 })
  const reading = openPostgresPool(databaseUrl, { name: 'sangam', most: readConnections })
  const end = async (): Promise<void> => {
    await Promise.all([writing.end(), reading.end()])
  }

  const writer = new Writer(writing)
  const queue = new BatchQueue<Write, Written>({ run: (writes) => writer.run(writes), batchSize, queueSize })
  let ended: Promise<void> | undefined
  const read = async <Result>(run: (pool: Pool) => Promise<Result>): Promise<Result> => {
    if (ended !== undefined) throw new StoreError('the database is closed')
    return run(reading).catch((error: unknown) => {
      throw storeError(error)
    })
  }
  return {
    rememberPerson: async (person) => void (await queue.add({ type: 'person', person })),
    people: (limit) => read((pool) => peopleOf(pool, limit)),
    person: (identity) => read((pool) => personBy(pool, identity)),
    openConversation: async (request) => (await queue.add({ type: 'open', request })) as ConversationRecord,
    conversation: (conversationId) => read((pool) => conversationOf(pool, conversationId)),
    conversationsOf: (identity, limit, nowMs) =>
      read((pool) => conversationsOf(pool, identity, limit, nowMs)),
    append: async (request) => (await queue.add({ type: 'append', request })) as AppendOutcome,
    isStored: (senderId, clientMessageId) => read((pool) => isStored(pool, senderId, clientMessageId)),
    messages: (request) => read((pool) => messagesOf(pool, request)),
    sentBy: (identity, after, limit) => read((pool) => messagesSentBy(pool, identity, after, limit)),
    aboutPerson: (identity, limit) => read((pool) => messagesAbout(pool, identity, limit)),
    forgetPerson: async (identity, pseudonym) =>
      void (await queue.add({ type: 'forget', identity, pseudonym })),
    scrub: async () => {
      await read((pool) => pool.query('VACUUM messages, versions, reactions, mentions, members, people'))
    },
    heads: (afterId, limit) => read((pool) => headsAfter(pool, afterId, limit)),
    markProgress: async (conversationId, identity, progress) =>
      (await queue.add({ type: 'progress', conversationId, identity, progress })) as Progress | undefined,
    change: async (request) => (await queue.add({ type: 'change', request })) as ChangeOutcome,
    changes: (conversationId, revision, limit) =>
      read((pool) => changesAfter(pool, conversationId, revision, limit)),
    message: (conversationId, number) => read((pool) => messageAt(pool, conversationId, number)),
    pinned: (conversationId) => read((pool) => pinnedMessages(pool, conversationId)),
    versions: (conversationId, number) => read((pool) => versionsOf(pool, conversationId, number)),
    changeMembership: async (conversationId, change, nowMs) =>
      (await queue.add({ type: 'membership', conversationId, change, nowMs })) as
        | ConversationRecord
        | undefined,
    setPreferences: async (conversationId, identity, change) =>
      (await queue.add({ type: 'preferences', conversationId, identity, change })) as boolean,
    standings: (conversationId, identities, nowMs) =>
      read((pool) => standingsOf(pool, conversationId, identities, nowMs)),
    search: (request) => read((pool) => searchMessages(pool, request)),
    close: () => {
      ended ??= queue.close().then(end)
      return ended
    },
  }
}
