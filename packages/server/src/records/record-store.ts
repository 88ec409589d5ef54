import type { Row, StatementRunner } from './statement-runner.ts'

/** What a record holds: plain JSON. */
export type RecordValue =
  | string
  | number
  | boolean
  | null
  | readonly RecordValue[]
  | { readonly [key: string]: RecordValue | undefined }

/** One record of a kind: `key` is unique in it; by owner, topic and time it can be found. */
export type StoredRecord<Value extends RecordValue = RecordValue> = {
  readonly key: string
  /** The person whom it belongs to: it goes when they are erased. Empty: nobody. */
  readonly owner: string
  /** The conversation that it belongs to. Empty: none. */
  readonly topic: string
  /** Milliseconds since 1970, for whatever the kind sorts by. */
  readonly atMs: number
  readonly value: Value
}

/** Which records of a kind: all conditions hold. They come in order of time, then of key. */
export type RecordQuery = {
  readonly owner?: string
  readonly topic?: string
  /** At this time or earlier. */
  readonly untilMs?: number
  readonly limit?: number
}

/** Records of one kind. What an answer tells is on disk. */
export type Records<Value extends RecordValue> = {
  readonly get: (key: string) => Promise<StoredRecord<Value> | undefined>
  /** Inserts or replaces. */
  readonly put: (record: StoredRecord<Value>) => Promise<void>
  /** @returns whether there was one */
  readonly remove: (key: string) => Promise<boolean>
  /** At most `limit` (default 1000). */
  readonly list: (query: RecordQuery) => Promise<readonly StoredRecord<Value>[]>
}

/**
 * Small facts that are neither messages nor rooms (files, subscriptions, reports, settings …), kept in one table with one
 * interface: they are few, and read and written rarely.
 */
export type RecordStore = {
  readonly of: <Value extends RecordValue>(kind: string) => Records<Value>
  /** Every record of a person, by kind. */
  readonly ownedBy: (owner: string) => Promise<readonly (StoredRecord & { readonly kind: string })[]>
  /** Removes every record of a person. */
  readonly removeOwnedBy: (owner: string) => Promise<void>
  /** Takes what was removed off the disk: see {@link StatementRunner.scrub}. */
  readonly scrub: () => Promise<void>
  readonly close: () => Promise<void>
}

const columns = 'record_key, owner, topic, at_ms, value'
const defaultLimit = 1000

const recordOf = (row: Row): StoredRecord => ({
  key: String(row.record_key),
  owner: String(row.owner),
  topic: String(row.topic),
  atMs: Number(row.at_ms),
  value: JSON.parse(String(row.value)) as RecordValue,
})

/** Builds the store over a database; the same statements run on SQLite and on PostgreSQL. */
export const recordStoreOver = (runner: StatementRunner): RecordStore => {
  const of = <Value extends RecordValue>(kind: string): Records<Value> => ({
    get: async (key) => {
      const [row] = await runner.run(`SELECT ${columns} FROM records WHERE kind = ? AND record_key = ?`, [
        kind,
        key,
      ])
      return row && (recordOf(row) as StoredRecord<Value>)
    },
    put: async ({ key, owner, topic, atMs, value }) => {
      await runner.run(
        `INSERT INTO records (kind, ${columns}) VALUES (?, ?, ?, ?, ?, ?)
         ON CONFLICT (kind, record_key) DO UPDATE
         SET owner = excluded.owner, topic = excluded.topic, at_ms = excluded.at_ms, value = excluded.value`,
        [kind, key, owner, topic, Math.round(atMs), JSON.stringify(value)],
      )
    },
    remove: async (key) => {
      const removed = await runner.run(
        'DELETE FROM records WHERE kind = ? AND record_key = ? RETURNING record_key',
        [kind, key],
      )
      return removed.length > 0
    },
    list: async ({ owner, topic, untilMs, limit = defaultLimit }) => {
      const conditions: readonly (readonly [string, string | number | undefined])[] = [
        ['kind = ?', kind],
        ['owner = ?', owner],
        ['topic = ?', topic],
        ['at_ms <= ?', untilMs],
      ]
      const given = conditions.filter(([, value]) => value !== undefined)
      const rows = await runner.run(
        `SELECT ${columns} FROM records WHERE ${given.map(([sql]) => sql).join(' AND ')}
         ORDER BY at_ms, record_key LIMIT ?`,
        [...given.map(([, value]) => value as string | number), limit],
      )
      return rows.map((row) => recordOf(row) as StoredRecord<Value>)
    },
  })
  return {
    of,
    ownedBy: async (owner) => {
      const rows = await runner.run(
        `SELECT kind, ${columns} FROM records WHERE owner = ? ORDER BY kind, at_ms, record_key`,
        [owner],
      )
      return rows.map((row) => ({ kind: String(row.kind), ...recordOf(row) }))
    },
    removeOwnedBy: async (owner) => {
      await runner.run('DELETE FROM records WHERE owner = ?', [owner])
    },
    scrub: () => runner.scrub(),
    close: () => runner.close(),
  }
}
