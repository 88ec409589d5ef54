import { DatabaseSync } from 'node:sqlite'
import { parentPort, workerData } from 'node:worker_threads'

// Entry of the thread that copies a write-ahead log into the database's file, beside the thread that writes. Each message
// asks for one copy of what is committed; the answer is only that it ended: the writer sees in the log itself how far it came.

const port = parentPort
if (port === null) throw new Error('this file runs as a worker thread')

const database = new DatabaseSync((workerData as { path: string }).path, { timeout: 5000 })
// The log is synced before it is copied, and the file after.
database.exec('PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 0')
const copy = database.prepare('PRAGMA wal_checkpoint(PASSIVE)')

port.on('message', () => {
  try {
    copy.get()
  } catch {
    // What is not copied stays in the log: a later copy takes it along. A full disk shows where messages are stored.
  }
  port.postMessage('ended')
})
