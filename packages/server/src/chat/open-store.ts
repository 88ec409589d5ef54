import { describeDatabase, openPostgresStore } from './postgres-store.ts'
import { openSqliteStore } from './sqlite-store.ts'
import type { ChatStore } from './store.ts'

/** Where chat is to be kept, with a name of the place for people (no password in it). */
export type StorePlace = { readonly name: string; readonly open: () => Promise<ChatStore> }

/**
 * Chooses the store: PostgreSQL when a database is named, else the embedded SQLite.
 * @param databaseUrl empty: none
 * @param sqlitePath file of the embedded database
 */
export const storePlace = (databaseUrl: string, sqlitePath: string): StorePlace =>
  databaseUrl === ''
    ? { name: sqlitePath, open: () => openSqliteStore(sqlitePath) }
    : { name: describeDatabase(databaseUrl), open: () => openPostgresStore(databaseUrl) }
