import { parentPort, workerData } from 'node:worker_threads'
import { type Migration, SqliteConnection } from '../database/sqlite-connection.ts'
import type { FromStatementThread, Statement, StatementResult } from './sqlite-runner.ts'
import { type Row, recordsSchema } from './statement-runner.ts'

// Entry of the records' own database thread: an fsync that takes long never holds up the server's event loop.

const port = parentPort
if (port === null) throw new Error('this file runs as a worker thread')

/** The first servers did not note a version; what they made is what the first step makes. */
const migrations: readonly Migration[] = [
  { version: 1, name: 'records', sql: recordsSchema('INTEGER').join(';') },
]

const reply = (message: FromStatementThread): void => port.postMessage(message)
const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

const execute = (connection: SqliteConnection, { sql, values }: Statement): readonly Row[] =>
  connection.all(sql, ...values)

const runAlone = (connection: SqliteConnection, statement: Statement): StatementResult => {
  try {
    if (statement.sql === '') {
      if (!connection.checkpoint('TRUNCATE')) throw new Error('the write-ahead log is in use')
      return { ok: true, rows: [] }
    }
    return { ok: true, rows: connection.transaction(() => execute(connection, statement)) }
  } catch (error) {
    return { ok: false, message: messageOf(error) }
  }
}

/** All in one transaction; when one fails, or is none, each by itself. */
const runBatch = (connection: SqliteConnection, statements: readonly Statement[]): StatementResult[] => {
  if (statements.length > 1 && statements.every(({ sql }) => sql !== '')) {
    try {
      return connection.transaction(() =>
        statements.map((statement): StatementResult => ({ ok: true, rows: execute(connection, statement) })),
      )
    } catch {
      // Which of them failed shows when each runs alone.
    }
  }
  return statements.map((statement) => runAlone(connection, statement))
}

try {
  const connection = new SqliteConnection((workerData as { path: string }).path, migrations)
  port.on('message', (statements: readonly Statement[]) =>
    reply({ type: 'results', results: runBatch(connection, statements) }),
  )
  reply({ type: 'ready' })
} catch (error) {
  reply({ type: 'failed', message: messageOf(error) })
}
