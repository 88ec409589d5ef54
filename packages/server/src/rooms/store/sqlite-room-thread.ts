import { parentPort, workerData } from 'node:worker_threads'
import type { FromRoomThread, RoomJob, RoomJobResult, ToRoomThread } from './room-jobs.ts'
import { SqliteRoomDatabase } from './sqlite-room-database.ts'

// Entry of the rooms' own database thread: an fsync that takes long never holds up the server's event loop.

const port = parentPort
if (port === null) throw new Error('this file runs as a worker thread')

const reply = (message: FromRoomThread): void => port.postMessage(message)
const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

const attempt = (run: () => unknown): RoomJobResult => {
  try {
    return { ok: true, value: run() }
  } catch (error) {
    return { ok: false, message: messageOf(error) }
  }
}

const execute = (database: SqliteRoomDatabase, job: RoomJob): unknown => {
  switch (job.type) {
    case 'load':
      return database.load(job.roomId)
    case 'write':
      return database.write(job.roomId, job.changes)
    case 'rooms':
      return database.rooms(job.limit)
    case 'forgetBefore':
      return database.forgetBefore(job.ms)
    case 'forgetPerson':
      return database.forgetPerson(job.identity)
    case 'scrub':
      return database.scrub()
  }
}

const runAlone = (database: SqliteRoomDatabase, job: RoomJob): RoomJobResult =>
  attempt(() =>
    job.type === 'scrub' ? execute(database, job) : database.transaction(() => execute(database, job)),
  )

/** All jobs of a batch in their order and in one transaction; when one fails, or may be in none, each by itself. */
const runBatch = (database: SqliteRoomDatabase, jobs: readonly RoomJob[]): RoomJobResult[] => {
  if (jobs.some(({ type }) => type === 'scrub')) return jobs.map((job) => runAlone(database, job))
  const whole = attempt(() => database.transaction(() => jobs.map((job) => execute(database, job))))
  if (whole.ok) return (whole.value as unknown[]).map((value) => ({ ok: true, value }))
  return jobs.map((job) => runAlone(database, job))
}

const opened = attempt(() => new SqliteRoomDatabase((workerData as { path: string }).path))
if (opened.ok) {
  const database = opened.value as SqliteRoomDatabase
  port.on('message', (message: ToRoomThread) => {
    if (message.type === 'batch') {
      reply({ type: 'results', results: runBatch(database, message.jobs) })
      return
    }
    database.close()
    port.close()
  })
  reply({ type: 'ready' })
} else {
  reply({ type: 'failed', message: opened.message })
}
