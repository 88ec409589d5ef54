import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { openRecordStore } from '../src/records/open-record-store.ts'
import type { RecordStore } from '../src/records/record-store.ts'
import { recordsSchema } from '../src/records/statement-runner.ts'
import { findPostgresBinaries, PostgresServer } from './support/postgres-server.ts'
import { temporaryFolder } from './support/test-server.ts'

const binaries = findPostgresBinaries()
let postgres: PostgresServer | undefined
beforeAll(async () => {
  if (binaries !== undefined) postgres = await PostgresServer.start(binaries)
})
afterAll(async () => {
  await postgres?.stop()
})

const kinds = [
  {
    name: 'SQLite',
    isMissing: false,
    place: async () => ['', join(temporaryFolder(), 'records.db')] as const,
  },
  {
    name: 'PostgreSQL (skipped where no server is installed)',
    isMissing: binaries === undefined,
    place: async () => [(await postgres?.createDatabase()) ?? '', ''] as const,
  },
]

describe.each(kinds)('records in $name', ({ isMissing, place }) => {
  const opened: RecordStore[] = []
  afterEach(async () => {
    for (const store of opened.splice(0)) await store.close()
  })
  const open = async (where: readonly [string, string]): Promise<RecordStore> => {
    const store = await openRecordStore(...where)
    opened.push(store)
    return store
  }
  const record = (key: string, atMs: number, owner = 'asha', topic = 'team') => ({
    key,
    owner,
    topic,
    atMs,
    value: { key, words: ['a', 'ü'] },
  })

  test.skipIf(isMissing)(
    'are found by key, owner, topic and time, in order of time, and outlast a restart',
    async () => {
      const where = await place()
      const store = await open(where)
      const files = store.of('file')
      await Promise.all([
        files.put(record('b', 2)),
        files.put(record('a', 3)),
        files.put(record('c', 1, 'ravi', '')),
      ])
      await store.of('other').put(record('a', 9))
      await files.put(record('b', 5))
      await store.close()
      const again = (await open(where)).of('file')
      expect(await again.get('a')).toEqual(record('a', 3))
      expect(await again.get('missing')).toBeUndefined()
      const keys = async (query: object) => (await again.list(query)).map(({ key }) => key)
      expect(await keys({})).toEqual(['c', 'a', 'b'])
      expect(await keys({ owner: 'asha' })).toEqual(['a', 'b'])
      expect(await keys({ topic: 'team', untilMs: 3 })).toEqual(['a'])
      expect(await keys({ limit: 1 })).toEqual(['c'])
    },
  )

  test.skipIf(isMissing)('go one by one, or all of a person, and nobody else’s', async () => {
    const store = await open(await place())
    const files = store.of('file')
    for (const one of [record('a', 1), record('b', 2), record('c', 3, 'ravi')]) await files.put(one)
    await store.of('other').put(record('x', 4))
    expect(await files.remove('a')).toBe(true)
    expect(await files.remove('a')).toBe(false)
    expect((await store.ownedBy('asha')).map(({ kind, key }) => [kind, key])).toEqual([
      ['file', 'b'],
      ['other', 'x'],
    ])
    await store.removeOwnedBy('asha')
    expect(await store.ownedBy('asha')).toEqual([])
    expect((await files.list({})).map(({ key }) => key)).toEqual(['c'])
    await store.scrub()
  })

  test.skipIf(isMissing)('what cannot be stored fails alone', async () => {
    const files = (await open(await place())).of('file')
    const outcomes = await Promise.allSettled([
      files.put(record('a', 1)),
      files.put({ ...record('b', 1), key: null as unknown as string }),
      files.put(record('c', 1)),
    ])
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
    expect(await files.list({})).toHaveLength(2)
  })
})

test('what was removed from SQLite is gone from its files', async () => {
  const path = join(temporaryFolder(), 'records.db')
  const store = await openRecordStore('', path)
  const word = 'PLANTED-WORD-IN-A-RECORD'
  const bytes = () => Buffer.concat([readFileSync(path), readFileSync(`${path}-wal`)]).toString('latin1')
  await store.of('note').put({ key: 'n', owner: 'asha', topic: '', atMs: 1, value: word })
  expect(bytes()).toContain(word)
  await store.removeOwnedBy('asha')
  await store.scrub()
  expect(bytes()).not.toContain(word)
  await store.close()
})

test('a file in SQLite that bears no version yet is taken over; one of a newer version is refused', async () => {
  const path = join(temporaryFolder(), 'records.db')
  const database = new DatabaseSync(path)
  for (const sql of recordsSchema('INTEGER')) database.exec(sql)
  database.exec("INSERT INTO records VALUES ('kind', 'key', 'owner', 'topic', 1, '{\"old\":true}')")
  const store = await openRecordStore('', path)
  expect(await store.of('kind').get('key')).toMatchObject({ owner: 'owner', value: { old: true } })
  await store.close()
  database.exec('PRAGMA user_version = 99')
  database.close()
  await expect(openRecordStore('', path)).rejects.toThrow(/newer version \(99\)/)
})
