import { once } from 'node:events'
import type { Worker } from 'node:worker_threads'
import { type CheckpointStep, checkpointStep } from './checkpoint-policy.ts'
import type { CheckpointThreadData } from './checkpoint-thread.ts'
import { startDatabaseThread } from './database-thread.ts'
import type { SqliteConnection } from './sqlite-connection.ts'

/**
 * Keeps a database's write-ahead log short without holding its commits up: most of it is copied into the file by a second
 * thread, which starts when there is first something to copy.
 */
export class LogKeeper {
  readonly #connection: SqliteConnection
  readonly #file: number
  #thread: Worker | undefined
  #copy: PromiseWithResolvers<void> | undefined

  /** @param connection that writes; from now on no commit of its own copies anything */
  constructor(connection: SqliteConnection) {
    this.#connection = connection
    this.#file = connection.file
    connection.exec('PRAGMA wal_autocheckpoint = 0')
  }

  /** Does what is due; between two transactions, when nobody waits for an answer. */
  tend(): void {
    const step = this.#step()
    if (step === 'copy') this.#startCopy()
    if (step === 'finish') this.#finish()
  }

  /** Resolves when nothing is being copied: until then the log cannot be emptied. */
  async idle(): Promise<void> {
    await this.#copy?.promise
  }

  /** Ends the second thread; to be called before the connection closes. */
  async close(): Promise<void> {
    const thread = this.#thread
    this.#thread = undefined
    await this.idle()
    await thread?.terminate()
  }

  #step(): CheckpointStep {
    return checkpointStep(this.#connection.logState(), this.#copy !== undefined)
  }

  #finish(): void {
    try {
      this.#connection.checkpoint('PASSIVE')
    } catch {
      // Nothing is lost: what is not copied stands in the log, and the next batch tries again. A full disk says so there.
    }
  }

  #startCopy(): void {
    this.#copy = Promise.withResolvers()
    this.#thread ??= this.#start()
    this.#thread.postMessage('copy')
  }

  #start(): Worker {
    const data: CheckpointThreadData = { path: this.#connection.path, file: this.#file }
    const thread = startDatabaseThread(new URL('./checkpoint-thread.ts', import.meta.url), data)
    thread.on('message', () => this.#ended())
    // A thread that ends is replaced by the next copy; until then the log only grows.
    thread.on('error', () => undefined)
    void once(thread, 'exit').then(() => {
      if (this.#thread === thread) this.#thread = undefined
      this.#copy?.resolve()
      this.#copy = undefined
    })
    return thread
  }

  #ended(): void {
    this.#copy?.resolve()
    this.#copy = undefined
    // Not the next copy: one that fails would follow the other without end.
    if (this.#thread !== undefined && this.#step() === 'finish') this.#finish()
  }
}
