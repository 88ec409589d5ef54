import type { Migration } from '../database/sqlite-connection.ts'

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
  {
    version: 2,
    name: 'changes, threads, roles, preferences, search',
    sql: `
      ALTER TABLE conversations ADD COLUMN access TEXT NOT NULL DEFAULT 'open' CHECK (access IN ('open', 'members'));
      ALTER TABLE conversations ADD COLUMN last_revision INTEGER NOT NULL DEFAULT 0 CHECK (last_revision >= 0);
      UPDATE conversations SET access = 'members' WHERE kind = 'direct';

      ALTER TABLE members ADD COLUMN role TEXT NOT NULL DEFAULT 'member'
        CHECK (role IN ('owner', 'moderator', 'member'));
      ALTER TABLE members ADD COLUMN delivered_number INTEGER NOT NULL DEFAULT 0;
      ALTER TABLE members ADD COLUMN muted_until_ms INTEGER NOT NULL DEFAULT 0;
      -- Archived for as long as nothing newer than this number comes.
      ALTER TABLE members ADD COLUMN archived_number INTEGER;
      ALTER TABLE members ADD COLUMN is_pinned INTEGER NOT NULL DEFAULT 0;
      UPDATE members SET delivered_number = read_number;
      -- Whoever opened a group first owns it.
      UPDATE members SET role = 'owner'
      WHERE conversation_id IN (SELECT conversation_id FROM conversations WHERE kind = 'group')
        AND identity = (
          SELECT m.identity FROM members m WHERE m.conversation_id = members.conversation_id
          ORDER BY m.joined_at_ms, m.identity LIMIT 1
        );

      ALTER TABLE messages ADD COLUMN revision INTEGER NOT NULL DEFAULT 0 CHECK (revision >= 0);
      ALTER TABLE messages ADD COLUMN edited_at_ms INTEGER;
      ALTER TABLE messages ADD COLUMN deleted_at_ms INTEGER;
      ALTER TABLE messages ADD COLUMN pinned_at_ms INTEGER;
      ALTER TABLE messages ADD COLUMN thread INTEGER;
      ALTER TABLE messages ADD COLUMN reply_count INTEGER NOT NULL DEFAULT 0;
      ALTER TABLE messages ADD COLUMN last_reply INTEGER NOT NULL DEFAULT 0;
      ALTER TABLE messages ADD COLUMN extra TEXT;

      CREATE INDEX messages_by_revision ON messages (conversation_id, revision) WHERE revision > 0;
      CREATE INDEX messages_by_thread ON messages (conversation_id, thread, number) WHERE thread IS NOT NULL;
      CREATE INDEX messages_pinned ON messages (conversation_id, pinned_at_ms) WHERE pinned_at_ms IS NOT NULL;

      CREATE TABLE changes (
        actor_id TEXT NOT NULL,
        client_change_id TEXT NOT NULL,
        conversation_id TEXT NOT NULL,
        revision INTEGER NOT NULL,
        digest TEXT NOT NULL,
        PRIMARY KEY (actor_id, client_change_id)
      ) STRICT, WITHOUT ROWID;

      CREATE TABLE versions (
        conversation_id TEXT NOT NULL,
        number INTEGER NOT NULL,
        written_at_ms INTEGER NOT NULL,
        revision INTEGER NOT NULL,
        text TEXT NOT NULL,
        PRIMARY KEY (conversation_id, number, revision)
      ) STRICT, WITHOUT ROWID;

      CREATE TABLE reactions (
        conversation_id TEXT NOT NULL,
        number INTEGER NOT NULL,
        emoji TEXT NOT NULL,
        identity TEXT NOT NULL,
        revision INTEGER NOT NULL,
        PRIMARY KEY (conversation_id, number, emoji, identity)
      ) STRICT, WITHOUT ROWID;

      CREATE TABLE mentions (
        identity TEXT NOT NULL,
        conversation_id TEXT NOT NULL,
        number INTEGER NOT NULL,
        PRIMARY KEY (identity, conversation_id, number)
      ) STRICT, WITHOUT ROWID;

      -- What the search index holds: a message's row there is sequence * 2^32 + number.
      CREATE TABLE searchable (
        sequence INTEGER PRIMARY KEY,
        conversation_id TEXT NOT NULL UNIQUE,
        indexed_number INTEGER NOT NULL DEFAULT 0
      ) STRICT;

      CREATE VIRTUAL TABLE message_words USING fts5 (
        text, content = '', tokenize = 'unicode61 remove_diacritics 2'
      );
      -- What is taken out of the index is gone from its pages too.
      INSERT INTO message_words (message_words, rank) VALUES ('secure-delete', 1);
    `,
  },
  {
    version: 3,
    name: 'search in scripts without spaces',
    sql: `
      -- Built anew as messages are searched: each character of such scripts is a word of its own, vowel signs too.
      DROP TABLE message_words;
      CREATE VIRTUAL TABLE message_words USING fts5 (
        text, content = '', tokenize = "unicode61 remove_diacritics 2 categories 'L* N* Co Mn Mc'"
      );
      INSERT INTO message_words (message_words, rank) VALUES ('secure-delete', 1);
      UPDATE searchable SET indexed_number = 0;
    `,
  },
]
