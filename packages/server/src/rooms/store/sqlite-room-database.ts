import { SqliteConnection } from '../../database/sqlite-connection.ts'
import { sqliteRoomMigrations } from './room-migrations.ts'
import type { RawRoom } from './room-rows.ts'
import { forgetPersonStatements, statementOf } from './room-statements.ts'
import type { RoomChange } from './room-store.ts'

/** The rooms' SQL in SQLite, synchronous, on one connection. Writes must run inside {@link SqliteRoomDatabase.transaction}. */
export class SqliteRoomDatabase {
  readonly #connection: SqliteConnection

  constructor(path: string) {
    this.#connection = new SqliteConnection(path, sqliteRoomMigrations)
  }

  /** Runs writes in one transaction and commits; rolls all back and throws when one of them or the commit fails. */
  transaction<Result>(run: () => Result): Result {
    return this.#connection.transaction(run)
  }

  write(roomId: string, changes: readonly RoomChange[]): void {
    for (const change of changes) {
      const { sql, values } = statementOf(roomId, change, Number)
      this.#connection.run(sql, ...values)
    }
  }

  load(roomId: string): RawRoom | undefined {
    const room = this.#connection.get('SELECT * FROM rooms WHERE room_id = ?', roomId)
    if (room === undefined) return undefined
    return {
      room,
      people: this.#connection.all('SELECT * FROM room_people WHERE room_id = ?', roomId),
      seats: this.#connection.all('SELECT * FROM room_seats WHERE room_id = ? ORDER BY joined_at_ms', roomId),
      invites: this.#connection.all('SELECT * FROM room_invites WHERE room_id = ?', roomId),
    }
  }

  rooms(limit: number): unknown[] {
    return this.#connection.all('SELECT * FROM rooms ORDER BY touched_at_ms DESC LIMIT ?', limit)
  }

  forgetBefore(ms: number): number {
    return this.#connection.run('DELETE FROM rooms WHERE touched_at_ms < ? AND is_kept = 0', ms)
  }

  forgetPerson(identity: string): void {
    for (const { sql, values } of forgetPersonStatements(identity)) this.#connection.run(sql, ...values)
  }

  /** Moves the write-ahead log into the file and empties it; outside a transaction. @throws Error when somebody is in the way */
  scrub(): void {
    if (!this.#connection.checkpoint('TRUNCATE')) throw new Error('the write-ahead log is in use')
  }

  close(): void {
    this.#connection.close()
  }
}
