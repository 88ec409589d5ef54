import { Pool } from 'pg'

const connectTimeoutMs = 10_000
/** A server that gives no answer for so long counts as lost. */
const queryTimeoutMs = 30_000

/** What may differ between one pool and another. */
export type PostgresPoolOptions = {
  /** Names the connections in the database's own lists. */
  readonly name: string
  /** Most connections. With one, what was asked for first is done first. */
  readonly most: number
}

/**
 * Connections to a PostgreSQL database, opened when needed. One that breaks is replaced at the next use, which says so
 * when that fails too; what was under way on it rejects. It never ends the process, also between two statements, when
 * nothing is under way that could reject.
 */
export const openPostgresPool = (databaseUrl: string, { name, most }: PostgresPoolOptions): Pool => {
  const pool = new Pool({
    connectionString: databaseUrl,
    application_name: name,
    connectionTimeoutMillis: connectTimeoutMs,
    query_timeout: queryTimeoutMs,
    keepAlive: true,
    max: most,
  })
  pool.on('error', () => undefined)
  pool.on('connect', (client) => client.on('error', () => undefined))
  return pool
}

/** `?` in the order of the values, as PostgreSQL wants them: $1, $2, … For statements that hold no `?` in a text. */
export const numbered = (sql: string): string => {
  let index = 0
  return sql.replaceAll('?', () => {
    index += 1
    return `$${index}`
  })
}
