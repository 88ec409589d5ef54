/** One step of the database schema. A step that was released never changes; a later one mends it. */
export type Migration = { readonly version: number; readonly name: string; readonly sql: string }

/** All steps, in order. The version stands in SQLite's `user_version`. */
export const migrations: readonly Migration[] = [
  {
    version: 1,
    name: 'people, conversations, members, messages',
    sql: `
      CREATE TABLE people (
        identity TEXT PRIMARY KEY,
        name TEXT NOT NULL,
        seen_at_ms INTEGER NOT NULL
      ) STRICT, WITHOUT ROWID;

      CREATE INDEX people_by_seen ON people (seen_at_ms DESC);

      CREATE TABLE conversations (
        conversation_id TEXT PRIMARY KEY,
        kind TEXT NOT NULL CHECK (kind IN ('group', 'direct')),
        title TEXT NOT NULL,
        last_number INTEGER NOT NULL DEFAULT 0 CHECK (last_number >= 0),
        active_at_ms INTEGER NOT NULL
      ) STRICT, WITHOUT ROWID;

      CREATE TABLE members (
        identity TEXT NOT NULL,
        conversation_id TEXT NOT NULL REFERENCES conversations (conversation_id),
        read_number INTEGER NOT NULL DEFAULT 0 CHECK (read_number >= 0),
        joined_at_ms INTEGER NOT NULL,
        PRIMARY KEY (identity, conversation_id)
      ) STRICT, WITHOUT ROWID;

      CREATE INDEX members_by_conversation ON members (conversation_id, joined_at_ms);

      CREATE TABLE messages (
        conversation_id TEXT NOT NULL REFERENCES conversations (conversation_id),
        number INTEGER NOT NULL CHECK (number >= 1),
        sender_id TEXT NOT NULL,
        sender_name TEXT NOT NULL,
        client_message_id TEXT NOT NULL,
        text TEXT NOT NULL,
        sent_at_ms INTEGER NOT NULL,
        PRIMARY KEY (conversation_id, number),
        UNIQUE (sender_id, client_message_id)
      ) STRICT, WITHOUT ROWID;
    `,
  },
]
