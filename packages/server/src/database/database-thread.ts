import { setFlagsFromString } from 'node:v8'
import { Worker } from 'node:worker_threads'

/**
 * Node strips the types of what a thread loads with WebAssembly. V8 shares the wrappers that this calls JavaScript through
 * between threads, and once in a while frees one twice when two threads optimise it at a time, which ends the process
 * (https://github.com/nodejs/node/issues/64500). With a budget that nobody uses up, none is optimised.
 */
setFlagsFromString('--wasm-wrapper-tiering-budget=2147483647')

/**
 * Starts a database's own thread: an fsync that takes long never holds up the server's event loop.
 * @param entry of the thread, which finds `data` as its `workerData`
 */
export const startDatabaseThread = (entry: URL, data: { readonly path: string }): Worker =>
  new Worker(entry, {
    workerData: data,
    // The thread needs none of the flags that the process may have been started with.
    execArgv: [],
  })
