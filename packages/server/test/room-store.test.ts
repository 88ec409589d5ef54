import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect, test } from 'vitest'
import { openSqliteRoomStore } from '../src/rooms/store/sqlite-room-store.ts'
import { describeRoomStoreContract } from './support/room-store-contract.ts'
import { temporaryFolder } from './support/test-server.ts'

describeRoomStoreContract('rooms in SQLite', async () => {
  const path = join(temporaryFolder(), 'rooms.db')
  return { open: () => openSqliteRoomStore(path) }
})

test('a database of a newer version is refused, and left as it is', async () => {
  const path = join(temporaryFolder(), 'rooms.db')
  await (await openSqliteRoomStore(path)).close()
  const database = new DatabaseSync(path)
  database.exec('PRAGMA user_version = 99')
  database.close()
  await expect(openSqliteRoomStore(path)).rejects.toThrow(/newer version \(99\)/)
})
