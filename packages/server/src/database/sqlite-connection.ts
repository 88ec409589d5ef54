import { closeSync, openSync } from 'node:fs'
import { DatabaseSync, type StatementSync } from 'node:sqlite'
import type { LogState } from './checkpoint-policy.ts'

/** One step of a schema. A step that was released never changes; a later one mends it. */
export type Migration = { readonly version: number; readonly name: string; readonly sql: string }

/** A row as SQLite gives it. */
export type Row = { readonly [column: string]: unknown }

/** A value that SQLite takes. */
export type Value = string | number | null

/** Opens the file with the pragmas that the promise of durability rests on: a commit is on disk when it returns. */
const openFile = (path: string, migrations: readonly Migration[]): DatabaseSync => {
  const database = new DatabaseSync(path, { timeout: 5000 })
  database.exec('PRAGMA journal_mode = WAL')
  database.exec('PRAGMA synchronous = FULL')
  // What is deleted is overwritten, not only let go.
  database.exec('PRAGMA secure_delete = ON')
  database.exec('PRAGMA foreign_keys = ON')
  // Whoever opens the file at the same moment waits here, and finds the work done.
  database.exec('BEGIN IMMEDIATE')
  const { user_version: version } = database.prepare('PRAGMA user_version').get() as { user_version: number }
  const newest = migrations.at(-1)?.version ?? 0
  if (version > newest) {
    database.close()
    throw new Error(
      `the database ${path} is of a newer version (${version}) than this server knows (${newest})`,
    )
  }
  for (const migration of migrations.filter((step) => step.version > version)) {
    database.exec(`${migration.sql}; PRAGMA user_version = ${migration.version}`)
  }
  database.exec('COMMIT')
  return database
}

/** One connection to a file, synchronous, with its prepared statements. The schema's version stands in `user_version`. */
export class SqliteConnection {
  readonly #database: DatabaseSync
  readonly path: string
  #file: number | undefined
  readonly #statements = new Map<string, StatementSync>()

  /** Brings the schema up to date. @throws Error when the file is of a newer version than the last of `migrations` */
  constructor(path: string, migrations: readonly Migration[]) {
    this.path = path
    this.#database = openFile(path, migrations)
  }

  /**
   * The database's file besides SQLite's own opening of it, to sync it on another thread. Open for as long as the connection
   * is: closing a file ends all locks that the process has on it, SQLite's too (https://sqlite.org/howtocorrupt.html, 2.2).
   */
  get file(): number {
    this.#file ??= openSync(this.path, 'r+')
    return this.#file
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

  /** Runs a statement; gives how many rows it changed. */
  run(sql: string, ...values: Value[]): number {
    return Number(this.#prepared(sql).run(...values).changes)
  }

  get(sql: string, ...values: Value[]): Row | undefined {
    return this.#prepared(sql).get(...values)
  }

  all(sql: string, ...values: Value[]): Row[] {
    return this.#prepared(sql).all(...values)
  }

  /** Runs SQL outside a transaction. */
  exec(sql: string): void {
    this.#database.exec(sql)
  }

  /** How long the write-ahead log is, and how much of it is copied into the file. */
  logState(): LogState {
    const row = this.get('PRAGMA wal_checkpoint(NOOP)')
    return { pages: Number(row?.log), copied: Number(row?.checkpointed) }
  }

  /**
   * Copies the write-ahead log into the file, outside a transaction: as far as nobody is in the way, or (`TRUNCATE`) all
   * of it, and empties it. Gives whether nobody was.
   */
  checkpoint(mode: 'PASSIVE' | 'TRUNCATE'): boolean {
    return this.get(`PRAGMA wal_checkpoint(${mode})`)?.busy === 0
  }

  close(): void {
    this.#database.close()
    if (this.#file !== undefined) closeSync(this.#file)
  }

  #prepared(sql: string): StatementSync {
    let statement = this.#statements.get(sql)
    if (statement === undefined) {
      statement = this.#database.prepare(sql)
      this.#statements.set(sql, statement)
    }
    return statement
  }
}
