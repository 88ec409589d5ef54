import { openPostgresRunner } from './postgres-runner.ts'
import { type RecordStore, recordStoreOver } from './record-store.ts'
import { openSqliteRunner } from './sqlite-runner.ts'

/** Opens the store of records: in PostgreSQL when a database is named, else in an SQLite file. */
export const openRecordStore = async (databaseUrl: string, sqlitePath: string): Promise<RecordStore> =>
  recordStoreOver(
    databaseUrl === '' ? await openSqliteRunner(sqlitePath) : await openPostgresRunner(databaseUrl),
  )
