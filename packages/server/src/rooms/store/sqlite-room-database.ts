import { DatabaseSync, type StatementSync } from 'node:sqlite'
import { sqliteRoomMigrations } from './room-migrations.ts'
import type { RawRoom } from './room-rows.ts'
import { type SqlValue, statementOf } from './room-statements.ts'
import type { RoomChange } from './room-store.ts'

/** Opens the file; a commit is on disk when it returns (WAL, synchronous=FULL). */
const openFile = (path: string): DatabaseSync => {
  const database = new DatabaseSync(path, { timeout: 5000 })
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON')
  database.exec('BEGIN IMMEDIATE')
  const { user_version: version } = database.prepare('PRAGMA user_version').get() as { user_version: number }
  const newest = sqliteRoomMigrations.at(-1)?.version ?? 0
  if (version > newest) {
    database.close()
    throw new Error(
      `the database ${path} is of a newer version (${version}) than this server knows (${newest})`,
    )
  }
  for (const step of sqliteRoomMigrations.filter((migration) => migration.version > version)) {
    database.exec(`${step.sql}; PRAGMA user_version = ${step.version}`)
  }
  database.exec('COMMIT')
  return database
}

/** The rooms' SQL in SQLite, synchronous, on one connection. Writes must run inside {@link SqliteRoomDatabase.transaction}. */
export class SqliteRoomDatabase {
  readonly #database: DatabaseSync
  readonly #statements = new Map<string, StatementSync>()

  constructor(path: string) {
    this.#database = openFile(path)
  }

  /** Runs writes in one transaction and commits; rolls all back and throws when one of them or the commit fails. */
  transaction<Result>(run: () => Result): Result {
    this.#database.exec('BEGIN IMMEDIATE')
    try {
      const result = run()
      this.#database.exec('COMMIT')
      return result
    } catch (error) {
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK')
      throw error
    }
  }

  write(roomId: string, changes: readonly RoomChange[]): void {
    for (const change of changes) {
      const { sql, values } = statementOf(roomId, change, Number)
      this.#prepare(sql).run(...values)
    }
  }

  load(roomId: string): RawRoom | undefined {
    const room = this.#prepare('SELECT * FROM rooms WHERE room_id = ?').get(roomId)
    if (room === undefined) return undefined
    return {
      room,
      people: this.#all('SELECT * FROM room_people WHERE room_id = ?', roomId),
      seats: this.#all('SELECT * FROM room_seats WHERE room_id = ? ORDER BY joined_at_ms', roomId),
      invites: this.#all('SELECT * FROM room_invites WHERE room_id = ?', roomId),
    }
  }

  rooms(limit: number): unknown[] {
    return this.#all('SELECT * FROM rooms ORDER BY touched_at_ms DESC LIMIT ?', limit)
  }

  forgetBefore(ms: number): number {
    return Number(this.#prepare('DELETE FROM rooms WHERE touched_at_ms < ? AND is_kept = 0').run(ms).changes)
  }

  close(): void {
    this.#database.close()
  }

  #all(sql: string, ...values: SqlValue[]): unknown[] {
    return this.#prepare(sql).all(...values)
  }

  #prepare(sql: string): StatementSync {
    let statement = this.#statements.get(sql)
    if (statement === undefined) {
      statement = this.#database.prepare(sql)
      this.#statements.set(sql, statement)
    }
    return statement
  }
}
