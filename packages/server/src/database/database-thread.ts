import { Worker } from 'node:worker_threads'

/**
 * Starts a database's own thread: an fsync that takes long never holds up the server's event loop.
 * @param entry of the thread, which finds `path` in its `workerData`
 */
export const startDatabaseThread = (entry: URL, path: string): Worker =>
  new Worker(entry, {
    workerData: { path },
    // The thread needs none of the flags that the process may have been started with.
    execArgv: [],
  })
