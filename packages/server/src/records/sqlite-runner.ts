import { once } from 'node:events'
import { BatchQueue, type JobOutcome } from '../chat/batch-queue.ts'
import { StoreError } from '../chat/store.ts'
import { startDatabaseThread } from '../database/database-thread.ts'
import type { Row, StatementRunner } from './statement-runner.ts'

/** One statement on its way to the thread; an empty one asks to scrub. */
export type Statement = { readonly sql: string; readonly values: readonly (string | number)[] }
/** What became of it. */
export type StatementResult =
  | { readonly ok: true; readonly rows: readonly Row[] }
  | { readonly ok: false; readonly message: string }
/** From the thread: that the file is open, that it can't be opened, or the results of a batch in its order. */
export type FromStatementThread =
  | { readonly type: 'ready' }
  | { readonly type: 'failed'; readonly message: string }
  | { readonly type: 'results'; readonly results: readonly StatementResult[] }

const batchSize = 500
const queueSize = 20_000

/**
 * Opens an SQLite file (WAL, synchronous=FULL, secure_delete) on a thread of its own, with the table of records.
 * @throws StoreError when it can't be opened
 */
export const openSqliteRunner = async (path: string): Promise<StatementRunner> => {
  const worker = startDatabaseThread(new URL('./sqlite-runner-thread.ts', import.meta.url), { path })
  const [first] = (await once(worker, 'message')) as [FromStatementThread]
  if (first.type === 'failed') throw new StoreError(first.message)
  let ended: StoreError | undefined
  let running: PromiseWithResolvers<readonly JobOutcome<readonly Row[]>[]> | undefined
  const end = (reason: string): void => {
    ended ??= new StoreError(reason)
    running?.reject(ended)
  }
  worker.on('error', (error) => end(`the records' database thread failed: ${error.message}`))
  worker.on('exit', () => end("the records' database is closed"))
  worker.on('message', (message: FromStatementThread) => {
    if (message.type !== 'results') return
    running?.resolve(
      message.results.map((result) =>
        result.ok ? { ok: true, value: result.rows } : { ok: false, error: new StoreError(result.message) },
      ),
    )
  })
  const queue = new BatchQueue<Statement, readonly Row[]>({
    batchSize,
    queueSize,
    run: (statements) => {
      if (ended !== undefined) return Promise.reject(ended)
      running = Promise.withResolvers()
      worker.postMessage(statements)
      return running.promise
    },
  })
  return {
    run: (sql, values) => queue.add({ sql, values }),
    scrub: async () => void (await queue.add({ sql: '', values: [] })),
    close: async () => {
      await queue.close()
      if (ended === undefined) await worker.terminate()
    },
  }
}
