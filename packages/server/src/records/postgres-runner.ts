import { storeError } from '../chat/store.ts'
import { numbered, openPostgresPool } from '../database/postgres-pool.ts'
import { recordsSchema, type StatementRunner } from './statement-runner.ts'

// Of the advisory lock under which one server makes the table: any fixed number of this program alone.
const schemaLock = 7_264_261_911

/**
 * Connects to PostgreSQL (12 or newer) and makes the table of records.
 * @throws StoreError when the database can't be reached
 */
export const openPostgresRunner = async (databaseUrl: string): Promise<StatementRunner> => {
  const pool = openPostgresPool(databaseUrl, { name: 'sangam-records', most: 1 })
  const run = async (sql: string, values: readonly (string | number)[]) => {
    try {
      return (await pool.query(numbered(sql), [...values])).rows
    } catch (error) {
      throw storeError(error)
    }
  }
  try {
    await run('SELECT pg_advisory_lock(?)', [schemaLock])
    for (const sql of recordsSchema('BIGINT')) await run(sql, [])
    await run('SELECT pg_advisory_unlock(?)', [schemaLock])
  } catch (error) {
    await pool.end().catch(() => undefined)
    throw storeError(error)
  }
  let ended: Promise<void> | undefined
  return {
    run,
    scrub: async () => void (await run('VACUUM records', [])),
    close: () => {
      ended ??= pool.end()
      return ended
    },
  }
}
