import { type DBSchema, type IDBPDatabase, openDB } from 'idb'
import type { OutboxEntry, OutboxStore } from '../api.ts'
import { memoryOutbox } from './memory-outbox.ts'

interface OutboxSchema extends DBSchema {
  outbox: {
    key: [senderId: string, clientMessageId: string]
    value: OutboxEntry
    indexes: { bySender: string }
  }
}

const DATABASE_VERSION = 1

/**
 * An outbox that survives a refresh: one IndexedDB database per server. Where IndexedDB is refused (private windows
 * of some browsers) it falls back to memory, so that chat goes on without the promise.
 */
export function indexedDbOutbox(origin: string): OutboxStore {
  const opened = openDatabase(origin).catch(() => undefined)
  const fallback = memoryOutbox()
  return {
    async list(senderId) {
      const database = await opened
      if (database === undefined) return fallback.list(senderId)
      const entries = await database.getAllFromIndex('outbox', 'bySender', senderId)
      return entries.sort((a, b) => a.order - b.order)
    },
    async put(entry) {
      const database = await opened
      if (database === undefined) return fallback.put(entry)
      await database.put('outbox', entry)
    },
    async remove(senderId, clientMessageId) {
      const database = await opened
      if (database === undefined) return fallback.remove(senderId, clientMessageId)
      await database.delete('outbox', [senderId, clientMessageId])
    },
    async close() {
      ;(await opened)?.close()
    },
  }
}

function openDatabase(origin: string): Promise<IDBPDatabase<OutboxSchema>> {
  return openDB<OutboxSchema>(`sangam:${origin}`, DATABASE_VERSION, {
    upgrade(database) {
      const store = database.createObjectStore('outbox', { keyPath: ['senderId', 'clientMessageId'] })
      store.createIndex('bySender', 'senderId')
    },
  })
}

/** The outbox that fits this host: IndexedDB where there is one, memory elsewhere. */
export function defaultOutbox(origin: string): OutboxStore {
  return typeof indexedDB === 'undefined' ? memoryOutbox() : indexedDbOutbox(origin)
}
