import { type DBSchema, type IDBPDatabase, openDB } from 'idb'
import type { OutboxEntry, OutboxStore } from '../api.ts'
import { memoryOutbox } from './memory-outbox.ts'
import { enterPage, type PageLocks } from './page-locks.ts'

/** An entry, with the page that sends it. */
type KeptEntry = OutboxEntry & { readonly pageId?: string }

interface OutboxSchema extends DBSchema {
  outbox: {
    key: [senderId: string, clientMessageId: string]
    value: KeptEntry
    indexes: { bySender: string }
  }
}

interface OpenedOutbox {
  readonly database: IDBPDatabase<OutboxSchema>
  /** Undefined where pages can't know of each other: then each sends all that is kept. */
  readonly page: PageLocks | undefined
}

const DATABASE_VERSION = 1

/**
 * An outbox that survives a refresh: one IndexedDB database per server. Pages share it, but each entry belongs to the page
 * that wrote it, and to another one only when that page has ended: otherwise what one of them rewrites or gives up would be
 * sent by another all the same. Where IndexedDB is refused (private windows of some browsers) it falls back to memory, so
 * that chat goes on without the promise.
 */
export function indexedDbOutbox(origin: string): OutboxStore {
  const opened = openOutbox(`sangam:${origin}`).catch(() => undefined)
  const fallback = memoryOutbox()
  return {
    async list(senderId) {
      const outbox = await opened
      if (outbox === undefined) return fallback.list(senderId)
      await claim(outbox, senderId)
      const { database, page } = outbox
      const entries = await database.getAllFromIndex('outbox', 'bySender', senderId)
      return inOrder(entries.filter(({ pageId }) => page === undefined || pageId === page.pageId))
    },
    async put(entry) {
      const outbox = await opened
      if (outbox === undefined) return fallback.put(entry)
      await outbox.database.put('outbox', owned(entry, outbox.page))
    },
    async remove(senderId, clientMessageId) {
      const outbox = await opened
      if (outbox === undefined) return fallback.remove(senderId, clientMessageId)
      await outbox.database.delete('outbox', [senderId, clientMessageId])
    },
    async onLeft(senderId, listener) {
      const outbox = await opened
      outbox?.page?.onPageEnd(() => {
        claim(outbox, senderId).then(
          (entries) => {
            if (entries.length > 0) listener(inOrder(entries))
          },
          // The database was closed: a later page takes them up.
          () => {},
        )
      })
    },
    async close() {
      const outbox = await opened
      outbox?.database.close()
      outbox?.page?.close()
    },
  }
}

/** Makes the entries of pages that ended those of this page, and gives them. */
async function claim({ database, page }: OpenedOutbox, senderId: string): Promise<readonly KeptEntry[]> {
  if (page === undefined) return []
  return page.alone(async (living) => {
    const transaction = database.transaction('outbox', 'readwrite')
    const entries = await transaction.store.index('bySender').getAll(senderId)
    const left = entries.filter(({ pageId = '' }) => !living.has(pageId))
    await Promise.all(left.map((entry) => transaction.store.put(owned(entry, page))))
    await transaction.done
    return left
  })
}

const owned = (entry: OutboxEntry, page: PageLocks | undefined): KeptEntry =>
  page === undefined ? entry : { ...entry, pageId: page.pageId }

const inOrder = (entries: readonly KeptEntry[]): readonly OutboxEntry[] =>
  entries.toSorted((a, b) => a.order - b.order)

async function openOutbox(name: string): Promise<OpenedOutbox> {
  const database = await openDB<OutboxSchema>(name, DATABASE_VERSION, {
    upgrade(upgraded) {
      const store = upgraded.createObjectStore('outbox', { keyPath: ['senderId', 'clientMessageId'] })
      store.createIndex('bySender', 'senderId')
    },
  })
  return { database, page: await enterPage(name) }
}

/** The outbox that fits this host: IndexedDB where there is one, memory elsewhere. */
export function defaultOutbox(origin: string): OutboxStore {
  return typeof indexedDB === 'undefined' ? memoryOutbox() : indexedDbOutbox(origin)
}
