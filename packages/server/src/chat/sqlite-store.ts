import { once } from 'node:events'
import type { Worker } from 'node:worker_threads'
import { startDatabaseThread } from '../database/database-thread.ts'
import { IdleIndexer } from './idle-indexer.ts'
import type { SqliteDatabase } from './sqlite-database.ts'
import {
  decode,
  encode,
  type FromThread,
  type Job,
  noAnswer,
  type Operation,
  type ToThread,
  unpack,
} from './sqlite-messages.ts'
import { type ChatStore, StoreError } from './store.ts'

type Pending = {
  readonly job: Job
  readonly resolve: (value: unknown) => void
  readonly reject: (error: Error) => void
}

/** Most jobs that may wait; beyond it the store says so instead of growing without end. */
const queueSize = 50_000
/** New messages go into the search index when nothing was stored for so long. */
const indexQuietMs = 1000

/**
 * The way to the database's thread. What is asked for in one turn of the event loop goes over as one, at its end; the
 * thread takes all that came while it committed as its next batch, so it never waits for this side.
 */
class DatabaseThread {
  readonly #worker: Worker
  /** What was asked for in this turn. */
  #asked: Pending[] = []
  /** What the thread has, in order. */
  readonly #posted: Pending[] = []
  #ended: StoreError | undefined
  #closing: PromiseWithResolvers<void> | undefined

  constructor(worker: Worker) {
    this.#worker = worker
    worker.on('message', (encoded: string) => this.#handle(decode(encoded)))
    worker.on('error', (error) => this.#end(`the database thread failed: ${error.message}`))
    worker.on('exit', () => this.#end('the database is closed'))
  }

  request<Name extends Operation>(
    operation: Name,
    ...parameters: Parameters<SqliteDatabase[Name]>
  ): Promise<ReturnType<SqliteDatabase[Name]>> {
    return new Promise((resolve, reject) => {
      if (this.#ended !== undefined || this.#closing !== undefined) {
        reject(this.#ended ?? new StoreError('the database is closing'))
        return
      }
      if (this.#asked.length + this.#posted.length >= queueSize) {
        reject(new StoreError('too much waits for the database'))
        return
      }
      if (this.#asked.length === 0) setImmediate(() => this.#postAsked())
      this.#asked.push({
        job: { operation, parameters },
        resolve: resolve as (value: unknown) => void,
        reject,
      })
    })
  }

  close(): Promise<void> {
    if (this.#ended !== undefined) return Promise.resolve()
    if (this.#closing === undefined) {
      this.#closing = Promise.withResolvers()
      this.#postAsked()
      this.#post({ type: 'close' })
    }
    return this.#closing.promise
  }

  #postAsked(): void {
    if (this.#asked.length === 0) return
    const asked = this.#asked
    this.#asked = []
    for (const pending of asked) this.#posted.push(pending)
    this.#post({ type: 'jobs', jobs: asked.map((pending) => pending.job) })
  }

  #post(message: ToThread): void {
    this.#worker.postMessage(encode(message))
  }

  #handle(message: FromThread): void {
    if (message.type !== 'results') return
    const done = this.#posted.splice(0, message.results.length)
    for (const [index, pending] of done.entries()) {
      const packed = message.results[index]
      const result = packed === undefined ? noAnswer : unpack(pending.job, packed)
      if (result.ok) pending.resolve(result.value)
      else pending.reject(new StoreError(result.message))
    }
  }

  #end(reason: string): void {
    this.#ended ??= new StoreError(reason)
    for (const pending of [...this.#posted.splice(0), ...this.#asked.splice(0)]) pending.reject(this.#ended)
    this.#closing?.resolve()
  }
}

/**
 * Opens the embedded store: SQLite (WAL, synchronous=FULL) on a thread of its own, with group commit.
 * @param path of the database file; created with its schema when missing
 * @throws StoreError when the file cannot be opened
 */
export const openSqliteStore = async (path: string): Promise<ChatStore> => {
  const worker = startDatabaseThread(new URL('./sqlite-thread.ts', import.meta.url), { path })
  const [encoded] = (await once(worker, 'message')) as [string]
  const first = decode<FromThread>(encoded)
  if (first.type === 'failed') throw new StoreError(first.message)
  const thread = new DatabaseThread(worker)
  const indexer = new IdleIndexer({ index: (ids) => thread.request('index', ids), quietMs: indexQuietMs })
  const index = async (conversationIds: readonly string[]): Promise<void> => {
    while (await thread.request('index', conversationIds));
  }
  return {
    rememberPerson: (person) => thread.request('rememberPerson', person),
    people: (limit) => thread.request('people', limit),
    person: (identity) => thread.request('person', identity),
    openConversation: (request) => thread.request('openConversation', request),
    conversation: (conversationId) => thread.request('conversation', conversationId),
    conversationsOf: (identity, limit, nowMs) => thread.request('conversationsOf', identity, limit, nowMs),
    append: (request) => {
      // Noted at once: to index a conversation that got nothing costs nothing, a turn on the way to an answer would.
      indexer.noteNews(request.conversationId)
      return thread.request('append', request)
    },
    isStored: (senderId, clientMessageId) => thread.request('isStored', senderId, clientMessageId),
    messages: (request) => thread.request('messages', request),
    sentBy: (identity, after, limit) => thread.request('sentBy', identity, after, limit),
    aboutPerson: (identity, limit) => thread.request('aboutPerson', identity, limit),
    forgetPerson: (identity, pseudonym) => thread.request('forgetPerson', identity, pseudonym),
    scrub: () => thread.request('scrub'),
    heads: (afterId, limit) => thread.request('heads', afterId, limit),
    markProgress: (conversationId, identity, progress) =>
      thread.request('markProgress', conversationId, identity, progress),
    change: (request) => thread.request('change', request),
    changes: (conversationId, revision, limit) => thread.request('changes', conversationId, revision, limit),
    message: (conversationId, number) => thread.request('message', conversationId, number),
    pinned: (conversationId) => thread.request('pinned', conversationId),
    versions: (conversationId, number) => thread.request('versions', conversationId, number),
    changeMembership: (conversationId, change, nowMs) =>
      thread.request('changeMembership', conversationId, change, nowMs),
    setPreferences: (conversationId, identity, change) =>
      thread.request('setPreferences', conversationId, identity, change),
    standings: async (conversationId, identities, nowMs) =>
      new Map(await thread.request('standings', conversationId, identities, nowMs)),
    search: async (request) => {
      await index(request.conversationIds)
      return thread.request('search', request)
    },
    close: () => {
      indexer.close()
      return thread.close()
    },
  }
}
