import { once } from 'node:events'
import type { JobOutcome } from '../../chat/batch-queue.ts'
import { StoreError } from '../../chat/store.ts'
import { startDatabaseThread } from '../../database/database-thread.ts'
import { queuedRoomStore } from './queued-room-store.ts'
import type { FromRoomThread, RoomJob, ToRoomThread } from './room-jobs.ts'
import type { RoomStore } from './room-store.ts'

/**
 * Opens the embedded store of rooms: SQLite (WAL, synchronous=FULL) on a thread of its own.
 * @param path of the database file; created with its schema when missing
 * @throws StoreError when the file cannot be opened
 */
export const openSqliteRoomStore = async (path: string): Promise<RoomStore> => {
  const worker = startDatabaseThread(new URL('./sqlite-room-thread.ts', import.meta.url), { path })
  const [first] = (await once(worker, 'message')) as [FromRoomThread]
  if (first.type === 'failed') throw new StoreError(first.message)
  let failure: StoreError | undefined
  let running: PromiseWithResolvers<readonly JobOutcome<unknown>[]> | undefined
  const fail = (reason: string): void => {
    failure ??= new StoreError(reason)
    running?.reject(failure)
  }
  const post = (message: ToRoomThread): void => worker.postMessage(message)
  worker.on('error', (error) => fail(`the rooms' database thread failed: ${error.message}`))
  worker.on('exit', () => fail("the rooms' database is closed"))
  worker.on('message', (message: FromRoomThread) => {
    if (message.type !== 'results') return
    running?.resolve(
      message.results.map((result) =>
        result.ok ? result : { ok: false, error: new StoreError(result.message) },
      ),
    )
  })
  const run = (jobs: readonly RoomJob[]): Promise<readonly JobOutcome<unknown>[]> => {
    if (failure !== undefined) return Promise.reject(failure)
    running = Promise.withResolvers()
    post({ type: 'batch', jobs })
    return running.promise
  }
  return queuedRoomStore(run, async () => {
    if (failure !== undefined) return
    const exited = once(worker, 'exit')
    post({ type: 'close' })
    await exited
  })
}
