import type { ClientBase } from 'pg'
import type { Migration } from '../database/sqlite-connection.ts'

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
  {
    version: 2,
    name: 'changes, threads, roles, preferences, search',
    sql: `
      ALTER TABLE conversations
        ADD COLUMN access TEXT NOT NULL DEFAULT 'open' CHECK (access IN ('open', 'members')),
        ADD COLUMN last_revision BIGINT NOT NULL DEFAULT 0 CHECK (last_revision >= 0);
      UPDATE conversations SET access = 'members' WHERE kind = 'direct';

      ALTER TABLE members
        ADD COLUMN role TEXT NOT NULL DEFAULT 'member' CHECK (role IN ('owner', 'moderator', 'member')),
        ADD COLUMN delivered_number BIGINT NOT NULL DEFAULT 0,
        ADD COLUMN muted_until_ms BIGINT NOT NULL DEFAULT 0,
        -- Archived for as long as nothing newer than this number comes.
        ADD COLUMN archived_number BIGINT,
        ADD COLUMN is_pinned BOOLEAN NOT NULL DEFAULT false;
      UPDATE members SET delivered_number = read_number;
      -- Whoever opened a group first owns it.
      UPDATE members SET role = 'owner' FROM (
        SELECT DISTINCT ON (m.conversation_id) m.conversation_id, m.identity
        FROM members m JOIN conversations c USING (conversation_id) WHERE c.kind = 'group'
        ORDER BY m.conversation_id, m.joined_at_ms, m.identity
      ) first
      WHERE members.conversation_id = first.conversation_id AND members.identity = first.identity;

      ALTER TABLE messages
        ADD COLUMN revision BIGINT NOT NULL DEFAULT 0 CHECK (revision >= 0),
        ADD COLUMN edited_at_ms BIGINT,
        ADD COLUMN deleted_at_ms BIGINT,
        ADD COLUMN pinned_at_ms BIGINT,
        ADD COLUMN thread BIGINT,
        ADD COLUMN reply_count BIGINT NOT NULL DEFAULT 0,
        ADD COLUMN last_reply BIGINT NOT NULL DEFAULT 0,
        ADD COLUMN extra TEXT;

      CREATE INDEX messages_by_revision ON messages (conversation_id, revision) WHERE revision > 0;
      CREATE INDEX messages_by_thread ON messages (conversation_id, thread, number) WHERE thread IS NOT NULL;
      CREATE INDEX messages_pinned ON messages (conversation_id, pinned_at_ms) WHERE pinned_at_ms IS NOT NULL;
      CREATE INDEX messages_by_words ON messages USING gin (to_tsvector('simple', text));

      CREATE TABLE changes (
        actor_id TEXT COLLATE "C" NOT NULL,
        client_change_id TEXT COLLATE "C" NOT NULL,
        conversation_id TEXT COLLATE "C" NOT NULL,
        revision BIGINT NOT NULL,
        digest TEXT NOT NULL,
        PRIMARY KEY (actor_id, client_change_id)
      );

      CREATE TABLE versions (
        conversation_id TEXT COLLATE "C" NOT NULL,
        number BIGINT NOT NULL,
        revision BIGINT NOT NULL,
        written_at_ms BIGINT NOT NULL,
        text TEXT NOT NULL,
        exact_text BYTEA,
        PRIMARY KEY (conversation_id, number, revision)
      );

      CREATE TABLE reactions (
        conversation_id TEXT COLLATE "C" NOT NULL,
        number BIGINT NOT NULL,
        emoji TEXT COLLATE "C" NOT NULL,
        identity TEXT COLLATE "C" NOT NULL,
        revision BIGINT NOT NULL,
        PRIMARY KEY (conversation_id, number, emoji, identity)
      );

      CREATE TABLE mentions (
        identity TEXT COLLATE "C" NOT NULL,
        conversation_id TEXT COLLATE "C" NOT NULL,
        number BIGINT NOT NULL,
        PRIMARY KEY (identity, conversation_id, number)
      );
    `,
  },
  {
    version: 3,
    name: 'search in scripts without spaces',
    sql: `
      -- Each character of scripts that write no spaces stands apart (search-words.ts has the same list).
      CREATE FUNCTION sangam_spaced(text TEXT) RETURNS TEXT LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
        SELECT regexp_replace(
          text,
          '([\\u0e00-\\u0eff\\u1000-\\u109f\\u1780-\\u17ff\\u2e80-\\u2fdf\\u3005-\\u3007\\u3040-\\u30ff\\u31f0-\\u31ff\\u3400-\\u4dbf\\u4e00-\\u9fff\\uf900-\\ufaff\\uff66-\\uff9f\\U00020000-\\U0003ffff])',
          ' \\1 ',
          'g'
        )
      $$;
      DROP INDEX messages_by_words;
      CREATE INDEX messages_by_words ON messages USING gin (to_tsvector('simple', sangam_spaced(text)));
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
