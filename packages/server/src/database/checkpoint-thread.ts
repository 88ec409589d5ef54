import { fdatasyncSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { parentPort, workerData } from 'node:worker_threads'

// Entry of the thread that copies a write-ahead log into the database's file, beside the thread that writes. Each message
// asks for one copy of what is committed; the answer is only that it ended: the writer sees in the log itself how far it came.
//
// SQLite syncs the file only in the copy that reaches the log's end, which is the writer's (`finish` in checkpoint-policy.ts):
// the commit after it would wait for all that was copied before. So each copy is synced here.

/** What the thread is started with. */
export type CheckpointThreadData = {
  readonly path: string
  /** Descriptor of the database's file, the writer's: see {@link SqliteConnection.file}. */
  readonly file: number
}

const port = parentPort
if (port === null) throw new Error('this file runs as a worker thread')

const { path, file } = workerData as CheckpointThreadData
const database = new DatabaseSync(path, { timeout: 5000 })
// The log is synced before it is copied, and the file after.
database.exec('PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 0')
const copy = database.prepare('PRAGMA wal_checkpoint(PASSIVE)')

port.on('message', () => {
  try {
    copy.get()
    fdatasyncSync(file)
  } catch {
    // What is not copied stays in the log: a later copy takes it along. A full disk shows where messages are stored. A sync
    // that fails is told to each who has the file open, so to SQLite too, which then keeps the log.
  }
  port.postMessage('ended')
})
