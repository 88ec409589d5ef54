/** A row as the database gives it. */
export type Row = { readonly [column: string]: unknown }

/** Runs SQL with `?` for each value; what was asked for first is done first. */
export type StatementRunner = {
  /**
   * Runs one statement in a transaction of its own or shared with others; resolves with its rows after the commit.
   * @throws StoreError
   */
  readonly run: (sql: string, values: readonly (string | number)[]) => Promise<readonly Row[]>
  /**
   * Takes what was deleted off the disk as far as the database allows. SQLite overwrites it when it deletes
   * (`secure_delete`) and empties the write-ahead log here; PostgreSQL runs VACUUM, which frees the space for reuse
   * without overwriting it, and keeps its own write-ahead log until it is recycled.
   */
  readonly scrub: () => Promise<void>
  /** Does what waits and closes. */
  readonly close: () => Promise<void>
}

/** The table of records, in the words that both databases understand. */
export const recordsSchema = (integer: string): readonly string[] => [
  `CREATE TABLE IF NOT EXISTS records (
     kind TEXT NOT NULL,
     record_key TEXT NOT NULL,
     owner TEXT NOT NULL,
     topic TEXT NOT NULL,
     at_ms ${integer} NOT NULL,
     value TEXT NOT NULL,
     PRIMARY KEY (kind, record_key)
   )`,
  'CREATE INDEX IF NOT EXISTS records_by_owner ON records (owner, kind)',
  'CREATE INDEX IF NOT EXISTS records_by_topic ON records (kind, topic, at_ms)',
  'CREATE INDEX IF NOT EXISTS records_by_time ON records (kind, at_ms)',
]
