import { type DBSchema, type IDBPDatabase, openDB } from 'idb'
import type { CacheStore } from '../api.ts'

interface CacheSchema extends DBSchema {
  entries: { key: string; value: unknown }
}

/** A cache that keeps nothing: the default outside browsers. */
export function noCache(): CacheStore {
  return {
    get: async () => undefined,
    set: async () => {},
    remove: async () => {},
    removeAll: async () => {},
    close: async () => {},
  }
}

/** A cache in IndexedDB, one database per server. Where IndexedDB is refused it keeps nothing. */
export function indexedDbCache(origin: string): CacheStore {
  const opened: Promise<IDBPDatabase<CacheSchema> | undefined> = openDB<CacheSchema>(
    `sangam-cache:${origin}`,
    1,
    { upgrade: (database) => void database.createObjectStore('entries') },
  ).catch(() => undefined)
  return {
    get: async (key) => (await opened)?.get('entries', key),
    set: async (key, value) => void (await (await opened)?.put('entries', value, key)),
    remove: async (key) => (await opened)?.delete('entries', key),
    removeAll: async (prefix) =>
      (await opened)?.delete('entries', IDBKeyRange.bound(prefix, `${prefix}\uffff`)),
    close: async () => (await opened)?.close(),
  }
}

/** The cache that fits this host: IndexedDB where there is one, none elsewhere. */
export function defaultCache(origin: string): CacheStore {
  return typeof indexedDB === 'undefined' ? noCache() : indexedDbCache(origin)
}
