import type { Pool, PoolClient } from 'pg'
import type { JobOutcome } from '../../chat/batch-queue.ts'
import { StoreError, storeError } from '../../chat/store.ts'
import { numbered, openPostgresPool } from '../../database/postgres-pool.ts'
import { queuedRoomStore } from './queued-room-store.ts'
import type { RoomJob } from './room-jobs.ts'
import { postgresRoomMigrations } from './room-migrations.ts'
import type { RawRoom } from './room-rows.ts'
import { forgetPersonStatements, statementOf } from './room-statements.ts'
import type { RoomChange, RoomStore } from './room-store.ts'

// Of the advisory lock under which one server migrates the rooms' tables: any fixed number of this program alone.
const migrationLock = 7_264_261_910

const transaction = async <Result>(
  pool: Pool,
  run: (client: PoolClient) => Promise<Result>,
): Promise<Result> => {
  const client = await pool.connect()
  let broken: Error | undefined
  try {
    await client.query('BEGIN')
    const result = await run(client)
    await client.query('COMMIT')
    return result
  } catch (error) {
    await client.query('ROLLBACK').catch((failure: Error) => {
      broken = failure
    })
    throw error
  } finally {
    client.release(broken)
  }
}

const migrate = (pool: Pool): Promise<void> =>
  transaction(pool, async (client) => {
    const { rows: fsync } = await client.query<{ fsync: string }>("SELECT current_setting('fsync') AS fsync")
    if (fsync[0]?.fsync !== 'on') throw new StoreError('fsync is off there, so nothing would be sure to last')
    await client.query('SELECT pg_advisory_xact_lock($1)', [migrationLock])
    await client.query('CREATE TABLE IF NOT EXISTS sangam_room_schema (version INTEGER PRIMARY KEY)')
    const { rows } = await client.query<{ version: number }>(
      'SELECT coalesce(max(version), 0) AS version FROM sangam_room_schema',
    )
    const version = rows[0]?.version ?? 0
    const newest = postgresRoomMigrations.at(-1)?.version ?? 0
    if (version > newest) {
      throw new StoreError(
        `the rooms in the database are of a newer version (${version}) than this server knows (${newest})`,
      )
    }
    for (const step of postgresRoomMigrations.filter((migration) => migration.version > version)) {
      await client.query(step.sql)
      await client.query('INSERT INTO sangam_room_schema (version) VALUES ($1)', [step.version])
    }
  })

const load = async (client: PoolClient, roomId: string): Promise<RawRoom | undefined> => {
  const select = async (sql: string): Promise<unknown[]> => (await client.query(sql, [roomId])).rows
  const [room] = await select('SELECT * FROM rooms WHERE room_id = $1')
  if (room === undefined) return undefined
  return {
    room,
    people: await select('SELECT * FROM room_people WHERE room_id = $1'),
    seats: await select('SELECT * FROM room_seats WHERE room_id = $1 ORDER BY joined_at_ms'),
    invites: await select('SELECT * FROM room_invites WHERE room_id = $1'),
  }
}

const write = async (client: PoolClient, roomId: string, changes: readonly RoomChange[]): Promise<void> => {
  for (const change of changes) {
    const { sql, values } = statementOf(roomId, change, String)
    await client.query(numbered(sql), [...values])
  }
}

const execute = async (client: PoolClient, job: RoomJob): Promise<unknown> => {
  switch (job.type) {
    case 'load':
      return load(client, job.roomId)
    case 'write':
      return write(client, job.roomId, job.changes)
    case 'rooms': {
      const { rows } = await client.query('SELECT * FROM rooms ORDER BY touched_at_ms DESC LIMIT $1', [
        job.limit,
      ])
      return rows
    }
    case 'forgetBefore': {
      const { rowCount } = await client.query('DELETE FROM rooms WHERE touched_at_ms < $1 AND NOT is_kept', [
        job.ms,
      ])
      return rowCount ?? 0
    }
    case 'forgetPerson': {
      for (const { sql, values } of forgetPersonStatements(job.identity)) {
        await client.query(numbered(sql), [...values])
      }
      return undefined
    }
    case 'scrub':
      return client.query('VACUUM room_people, room_seats, room_invites')
  }
}

/**
 * Opens the store of rooms in PostgreSQL (12 or newer), migrating its tables.
 * @param databaseUrl such as `postgres://user:password@host:5432/name`
 * @throws StoreError when the database cannot be reached, is of a newer version, or runs with fsync off
 */
export const openPostgresRoomStore = async (databaseUrl: string): Promise<RoomStore> => {
  const pool = openPostgresPool(databaseUrl, { name: 'sangam-rooms', most: 1 })
  // Before anything else on each connection: a commit that is answered is on disk. Stricter ones are the operator's choice.
  pool.on('connect', (client) => {
    client
      .query(
        "SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'",
      )
      .catch(() => undefined)
  })
  try {
    await migrate(pool)
  } catch (error) {
    await pool.end().catch(() => undefined)
    throw storeError(error)
  }
  const attempt = (jobs: readonly RoomJob[]): Promise<unknown[]> =>
    transaction(pool, async (client) => {
      const results: unknown[] = []
      for (const job of jobs) results.push(await execute(client, job))
      return results
    })
  const scrub = async (): Promise<void> => {
    const client = await pool.connect()
    try {
      await execute(client, { type: 'scrub' })
    } finally {
      client.release()
    }
  }
  const run = async (jobs: readonly RoomJob[]): Promise<JobOutcome<unknown>[]> => {
    const isAlone = jobs.length === 1
    try {
      if (isAlone && jobs[0]?.type === 'scrub') return [{ ok: true, value: await scrub() }]
      return (await attempt(jobs)).map((value) => ({ ok: true, value }))
    } catch (error) {
      if (isAlone) return [{ ok: false, error: storeError(error) }]
    }
    // One bad write must not take the others down, and VACUUM runs in no transaction: each by itself.
    const outcomes: JobOutcome<unknown>[] = []
    for (const job of jobs) outcomes.push(...(await run([job])))
    return outcomes
  }
  return queuedRoomStore(run, () => pool.end())
}
