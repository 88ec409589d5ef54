import { DatabaseSync, type StatementSync } from 'node:sqlite'
import { parentPort, workerData } from 'node:worker_threads'
import type { FromStatementThread, Statement, StatementResult } from './sqlite-runner.ts'
import { type Row, recordsSchema } from './statement-runner.ts'

// Entry of the records' own database thread: an fsync that takes long never holds up the server's event loop.

const port = parentPort
if (port === null) throw new Error('this file runs as a worker thread')

const reply = (message: FromStatementThread): void => port.postMessage(message)
const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))
const prepared = new Map<string, StatementSync>()

const open = (path: string): DatabaseSync => {
  const database = new DatabaseSync(path, { timeout: 5000 })
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA secure_delete = ON')
  for (const sql of recordsSchema('INTEGER')) database.exec(sql)
  return database
}

const execute = (database: DatabaseSync, { sql, values }: Statement): readonly Row[] => {
  const statement = prepared.get(sql) ?? database.prepare(sql)
  prepared.set(sql, statement)
  return statement.all(...values)
}

const inTransaction = <Result>(database: DatabaseSync, run: () => Result): Result => {
  database.exec('BEGIN IMMEDIATE')
  try {
    const result = run()
    database.exec('COMMIT')
    return result
  } catch (error) {
    if (database.isTransaction) database.exec('ROLLBACK')
    throw error
  }
}

const runAlone = (database: DatabaseSync, statement: Statement): StatementResult => {
  try {
    if (statement.sql === '') {
      database.exec('PRAGMA wal_checkpoint(TRUNCATE)')
      return { ok: true, rows: [] }
    }
    return { ok: true, rows: inTransaction(database, () => execute(database, statement)) }
  } catch (error) {
    return { ok: false, message: messageOf(error) }
  }
}

/** All in one transaction; when one fails, or is none, each by itself. */
const runBatch = (database: DatabaseSync, statements: readonly Statement[]): StatementResult[] => {
  if (statements.length > 1 && statements.every(({ sql }) => sql !== '')) {
    try {
      return inTransaction(database, () =>
        statements.map((statement): StatementResult => ({ ok: true, rows: execute(database, statement) })),
      )
    } catch {
      // Which of them failed shows when each runs alone.
    }
  }
  return statements.map((statement) => runAlone(database, statement))
}

try {
  const database = open((workerData as { path: string }).path)
  port.on('message', (statements: readonly Statement[]) =>
    reply({ type: 'results', results: runBatch(database, statements) }),
  )
  reply({ type: 'ready' })
} catch (error) {
  reply({ type: 'failed', message: messageOf(error) })
}
