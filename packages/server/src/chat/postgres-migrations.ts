import type { ClientBase } from 'pg'
import type { Migration } from './migrations.ts'

/**
 * All steps, in order; the version stands in the table `sangam_schema`. Ids compare byte by byte (collation C), as in
 * SQLite. PostgreSQL's text holds no NUL (documentation, "Character Types"): a text with one stands in `exact_text` as
 * UTF-8, and in `text` with U+FFFD in the place of each.
 */
export const postgresMigrations: readonly Migration[] = [
  {
    version: 1,
    name: 'people, conversations, members, messages',
    sql: `
      CREATE TABLE people (
        identity TEXT COLLATE "C" PRIMARY KEY,
        name TEXT NOT NULL,
        seen_at_ms BIGINT NOT NULL
      );

      CREATE INDEX people_by_seen ON people (seen_at_ms DESC);

      CREATE TABLE conversations (
        conversation_id TEXT COLLATE "C" PRIMARY KEY,
        kind TEXT NOT NULL CHECK (kind IN ('group', 'direct')),
        title TEXT NOT NULL,
        last_number BIGINT NOT NULL DEFAULT 0 CHECK (last_number >= 0),
        active_at_ms BIGINT NOT NULL
      );

      CREATE TABLE members (
        identity TEXT COLLATE "C" NOT NULL,
        conversation_id TEXT COLLATE "C" NOT NULL REFERENCES conversations (conversation_id),
        read_number BIGINT NOT NULL DEFAULT 0 CHECK (read_number >= 0),
        joined_at_ms BIGINT NOT NULL,
        PRIMARY KEY (identity, conversation_id)
      );

      CREATE INDEX members_by_conversation ON members (conversation_id, joined_at_ms);

      CREATE TABLE messages (
        conversation_id TEXT COLLATE "C" NOT NULL REFERENCES conversations (conversation_id),
        number BIGINT NOT NULL CHECK (number >= 1),
        sender_id TEXT COLLATE "C" NOT NULL,
        sender_name TEXT NOT NULL,
        client_message_id TEXT COLLATE "C" NOT NULL,
        text TEXT NOT NULL,
        exact_text BYTEA,
        sent_at_ms BIGINT NOT NULL,
        PRIMARY KEY (conversation_id, number),
        UNIQUE (sender_id, client_message_id)
      );
    `,
  },
]

// Of the advisory lock under which one server migrates while others wait: any fixed number of this program alone.
const migrationLock = 7_264_261_909

/**
 * Brings the schema up to date in one transaction. Servers that start at once take turns.
 * @throws Error when the database is of a newer version; it is left as it is
 */
export const migratePostgres = async (client: ClientBase): Promise<void> => {
  await client.query('BEGIN')
  try {
    await client.query('SELECT pg_advisory_xact_lock($1)', [migrationLock])
    await client.query('CREATE TABLE IF NOT EXISTS sangam_schema (version INTEGER PRIMARY KEY)')
    const { rows } = await client.query<{ version: number }>(
      'SELECT coalesce(max(version), 0) AS version FROM sangam_schema',
    )
    const version = rows[0]?.version ?? 0
    const newest = postgresMigrations.at(-1)?.version ?? 0
    if (version > newest) {
      throw new Error(`the database is of a newer version (${version}) than this server knows (${newest})`)
    }
    for (const migration of postgresMigrations.filter((step) => step.version > version)) {
      await client.query(migration.sql)
      await client.query('INSERT INTO sangam_schema (version) VALUES ($1)', [migration.version])
    }
    await client.query('COMMIT')
  } catch (error) {
    await client.query('ROLLBACK')
    throw error
  }
}
