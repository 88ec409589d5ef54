import { openPostgresRoomStore } from './postgres-room-store.ts'
import type { RoomStore } from './room-store.ts'
import { openSqliteRoomStore } from './sqlite-room-store.ts'

/** Opens the store of rooms: in PostgreSQL when a database is named, else in an SQLite file. */
export const openRoomStore = (databaseUrl: string, sqlitePath: string): Promise<RoomStore> =>
  databaseUrl === '' ? openSqliteRoomStore(sqlitePath) : openPostgresRoomStore(databaseUrl)
