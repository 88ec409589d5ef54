import type { Migration } from '../../database/sqlite-connection.ts'

/**
 * All steps of the rooms' schema in SQLite, in order. Rooms have a file of their own, so that nobody who enters a room
 * waits for the commits of the chat; the version stands in its `user_version`.
 */
export const sqliteRoomMigrations: readonly Migration[] = [
  {
    version: 1,
    name: 'rooms, people, seats, invites',
    sql: `
      CREATE TABLE rooms (
        room_id TEXT PRIMARY KEY,
        name TEXT NOT NULL,
        settings TEXT NOT NULL,
        custom_roles TEXT NOT NULL,
        is_kept INTEGER NOT NULL CHECK (is_kept IN (0, 1)),
        opened_at_ms INTEGER,
        ended_at_ms INTEGER,
        touched_at_ms INTEGER NOT NULL
      ) STRICT, WITHOUT ROWID;

      CREATE INDEX rooms_by_touched ON rooms (touched_at_ms DESC);

      CREATE TABLE room_people (
        room_id TEXT NOT NULL REFERENCES rooms (room_id) ON DELETE CASCADE,
        identity TEXT NOT NULL,
        name TEXT NOT NULL,
        role TEXT,
        standing TEXT NOT NULL CHECK (standing IN ('none', 'waiting', 'admitted', 'banned')),
        since_ms INTEGER NOT NULL,
        muted TEXT NOT NULL,
        PRIMARY KEY (room_id, identity)
      ) STRICT, WITHOUT ROWID;

      CREATE TABLE room_seats (
        room_id TEXT NOT NULL REFERENCES rooms (room_id) ON DELETE CASCADE,
        participant_id TEXT NOT NULL,
        key_hash TEXT NOT NULL,
        identity TEXT NOT NULL,
        device_id TEXT NOT NULL,
        name TEXT NOT NULL,
        joined_at_ms INTEGER NOT NULL,
        hand_raised_at_ms INTEGER,
        PRIMARY KEY (room_id, participant_id)
      ) STRICT, WITHOUT ROWID;

      CREATE TABLE room_invites (
        room_id TEXT NOT NULL REFERENCES rooms (room_id) ON DELETE CASCADE,
        invite_id TEXT NOT NULL,
        role TEXT NOT NULL,
        created_by TEXT NOT NULL,
        expires_at_ms INTEGER NOT NULL,
        PRIMARY KEY (room_id, invite_id)
      ) STRICT, WITHOUT ROWID;
    `,
  },
]

/** All steps of the rooms' schema in PostgreSQL, in order; the version stands in the table `sangam_room_schema`. */
export const postgresRoomMigrations: readonly Migration[] = [
  {
    version: 1,
    name: 'rooms, people, seats, invites',
    sql: `
      CREATE TABLE rooms (
        room_id TEXT COLLATE "C" PRIMARY KEY,
        name TEXT NOT NULL,
        settings JSONB NOT NULL,
        custom_roles JSONB NOT NULL,
        is_kept BOOLEAN NOT NULL,
        opened_at_ms BIGINT,
        ended_at_ms BIGINT,
        touched_at_ms BIGINT NOT NULL
      );

      CREATE INDEX rooms_by_touched ON rooms (touched_at_ms DESC);

      CREATE TABLE room_people (
        room_id TEXT COLLATE "C" NOT NULL REFERENCES rooms (room_id) ON DELETE CASCADE,
        identity TEXT COLLATE "C" NOT NULL,
        name TEXT NOT NULL,
        role TEXT,
        standing TEXT NOT NULL CHECK (standing IN ('none', 'waiting', 'admitted', 'banned')),
        since_ms BIGINT NOT NULL,
        muted JSONB NOT NULL,
        PRIMARY KEY (room_id, identity)
      );

      CREATE TABLE room_seats (
        room_id TEXT COLLATE "C" NOT NULL REFERENCES rooms (room_id) ON DELETE CASCADE,
        participant_id TEXT COLLATE "C" NOT NULL,
        key_hash TEXT NOT NULL,
        identity TEXT COLLATE "C" NOT NULL,
        device_id TEXT COLLATE "C" NOT NULL,
        name TEXT NOT NULL,
        joined_at_ms BIGINT NOT NULL,
        hand_raised_at_ms BIGINT,
        PRIMARY KEY (room_id, participant_id)
      );

      CREATE TABLE room_invites (
        room_id TEXT COLLATE "C" NOT NULL REFERENCES rooms (room_id) ON DELETE CASCADE,
        invite_id TEXT COLLATE "C" NOT NULL,
        role TEXT NOT NULL,
        created_by TEXT COLLATE "C" NOT NULL,
        expires_at_ms BIGINT NOT NULL,
        PRIMARY KEY (room_id, invite_id)
      );
    `,
  },
]
