import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads'
import { SqliteDatabase } from './sqlite-database.ts'
import {
  decode,
  encode,
  type FromThread,
  type Job,
  type JobResult,
  noAnswer,
  type PackedResult,
  pack,
  type ToThread,
  writeOperations,
} from './sqlite-messages.ts'
import type { AppendRequest } from './store.ts'

// Entry of the database's own thread: an fsync that takes long never holds up the server's event loop.

const port = parentPort
if (port === null) throw new Error('this file runs as a worker thread')

/** Most jobs in one batch, and so in one transaction: bounds how long a commit may hold others up. */
const batchSize = 250

const reply = (message: FromThread): void => port.postMessage(encode(message))
const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))
const writes: ReadonlySet<string> = new Set(writeOperations)

const execute = (database: SqliteDatabase, job: Job): unknown => {
  const operation = database[job.operation] as (...parameters: unknown[]) => unknown
  return operation.apply(database, job.parameters)
}

const attempt = (run: () => unknown): JobResult => {
  try {
    return { ok: true, value: run() }
  } catch (error) {
    return { ok: false, message: messageOf(error) }
  }
}

/** Does jobs in order; appends that follow one another are done together. */
const executeAll = (database: SqliteDatabase, jobs: readonly Job[]): unknown[] => {
  const values: unknown[] = []
  let appends: AppendRequest[] = []
  for (const [index, job] of jobs.entries()) {
    if (job.operation !== 'append') {
      values.push(execute(database, job))
      continue
    }
    appends.push(job.parameters[0] as AppendRequest)
    if (jobs[index + 1]?.operation === 'append') continue
    values.push(...database.appendAll(appends))
    appends = []
  }
  return values
}

/** Puts writes into one transaction, in order. */
const write = (database: SqliteDatabase, jobs: readonly Job[]): JobResult[] => {
  if (jobs.length === 0) return []
  const outcome = attempt(() => database.transaction(() => executeAll(database, jobs)))
  if (outcome.ok) return (outcome.value as unknown[]).map((value) => ({ ok: true, value }))
  // One bad write must not take the others down: after a rollback each one gets a transaction of its own.
  if (jobs.length === 1) return [outcome]
  return jobs.map((job) => attempt(() => database.transaction(() => execute(database, job))))
}

/** Does the writes of a batch, then its reads; outcomes are told only after the commit (group commit). */
const runBatch = (database: SqliteDatabase, jobs: readonly Job[]): PackedResult[] => {
  const isWrite = ({ operation }: Job): boolean => writes.has(operation)
  const written = write(database, jobs.filter(isWrite)).values()
  return jobs.map((job) =>
    pack(job, isWrite(job) ? (written.next().value ?? noAnswer) : attempt(() => execute(database, job))),
  )
}

const { path } = workerData as { path: string }

const open = (): SqliteDatabase | undefined => {
  try {
    return new SqliteDatabase(path)
  } catch (error) {
    reply({ type: 'failed', message: messageOf(error) })
    return undefined
  }
}

const serve = (database: SqliteDatabase): void => {
  const log = database.keepLog()
  let waiting: Job[] = []
  let isRunning = false
  let isClosing = false
  const take = (encoded: string): void => {
    const message = decode<ToThread>(encoded)
    if (message.type === 'close') isClosing = true
    else waiting = waiting.length === 0 ? [...message.jobs] : [...waiting, ...message.jobs]
  }
  const close = async (): Promise<void> => {
    await log.close()
    database.close()
    reply({ type: 'closed' })
    port.close()
  }
  /** One batch in a turn of the event loop: what else the thread has to hear of gets its turn too. */
  const runNext = async (): Promise<void> => {
    if (isRunning) return
    isRunning = true
    // All that came since the last batch shares this one's commit.
    for (let more = receiveMessageOnPort(port); more !== undefined; more = receiveMessageOnPort(port))
      take(more.message as string)
    const jobs = waiting.splice(0, batchSize)
    // While the log is being copied it cannot be emptied.
    if (jobs.some(({ operation }) => operation === 'scrub')) await log.idle()
    if (jobs.length > 0) {
      reply({ type: 'results', results: runBatch(database, jobs) })
      log.tend()
    }
    isRunning = false
    if (waiting.length > 0) setImmediate(() => void runNext())
    else if (isClosing) await close()
  }
  port.on('message', (encoded: string) => {
    take(encoded)
    void runNext()
  })
  reply({ type: 'ready' })
}

const database = open()
if (database !== undefined) serve(database)
