import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, expect, test } from 'vitest'
import { migrations } from '../src/chat/migrations.ts'
import { SqliteDatabase } from '../src/chat/sqlite-database.ts'
import { openSqliteStore } from '../src/chat/sqlite-store.ts'
import { describeStoreContract } from './support/store-contract.ts'
import { temporaryFolder } from './support/test-server.ts'

describeStoreContract({
  name: 'the SQLite store',
  fixtures: 'sqlite',
  versions: migrations.map(({ version }) => version),
  createPlace: async () => {
    const path = join(temporaryFolder(), 'chat.db')
    const execute = async (sql: string): Promise<void> => {
      const database = new DatabaseSync(path)
      database.exec(sql)
      database.close()
    }
    return {
      open: () => openSqliteStore(path),
      execute,
      setVersion: (version) => execute(`PRAGMA user_version = ${version}`),
    }
  },
})

const message = {
  conversationId: 'team',
  clientMessageId: 'm',
  senderId: 'a',
  senderName: 'A',
  text: 'x',
  sentAtMs: 1,
}

describe('the SQLite database', () => {
  test('is in WAL mode with synchronous=FULL, on which the promise of durability rests', () => {
    const path = join(temporaryFolder(), 'chat.db')
    new SqliteDatabase(path).close()
    const database = new DatabaseSync(path)
    expect(database.prepare('PRAGMA journal_mode').get()).toEqual({ journal_mode: 'wal' })
    expect(database.prepare('PRAGMA user_version').get()).toEqual({
      user_version: migrations.at(-1)?.version,
    })
    database.close()
  })

  test('a transaction that fails leaves nothing behind, and the next one gives the next number', () => {
    const database = new SqliteDatabase(join(temporaryFolder(), 'chat.db'))
    const open = { conversationId: 'team', kind: 'group', title: 'Team', members: ['a'], nowMs: 1 } as const
    database.transaction(() => database.openConversation(open))
    expect(() =>
      database.transaction(() => {
        database.append(message)
        throw new Error('power cut')
      }),
    ).toThrow('power cut')
    expect(database.messages({ conversationId: 'team', limit: 10 }).messages).toEqual([])
    expect(database.transaction(() => database.append(message))).toMatchObject({
      outcome: 'stored',
      number: 1,
    })
    database.close()
  })

  test('migrations rise by one from 1', () => {
    expect(migrations.map(({ version }) => version)).toEqual(migrations.map((_, index) => index + 1))
  })
})
