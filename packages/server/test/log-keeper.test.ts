import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { checkpointStep } from '../src/database/checkpoint-policy.ts'
import { LogKeeper } from '../src/database/log-keeper.ts'
import { SqliteConnection } from '../src/database/sqlite-connection.ts'
import { temporaryFolder } from './support/test-server.ts'

describe('the step that a write-ahead log is due', () => {
  test('little that is not copied yet is left for later', () => {
    expect(checkpointStep({ pages: 3999, copied: 0 }, false)).toBe('none')
    expect(checkpointStep({ pages: 4000, copied: 0 }, false)).toBe('copy')
    expect(checkpointStep({ pages: 12_000, copied: 8001 }, false)).toBe('none')
    expect(checkpointStep({ pages: 12_001, copied: 8001 }, false)).toBe('copy')
  })

  test('a long log is copied until so little is left that it can end between two commits', () => {
    expect(checkpointStep({ pages: 16_000, copied: 0 }, false)).toBe('copy')
    expect(checkpointStep({ pages: 16_000, copied: 15_871 }, false)).toBe('copy')
    expect(checkpointStep({ pages: 16_000, copied: 15_872 }, false)).toBe('finish')
    expect(checkpointStep({ pages: 15_999, copied: 15_998 }, false)).toBe('none')
  })

  test('the longer the log, the more may be left: commits as fast as the copies do not make it grow for ever', () => {
    expect(checkpointStep({ pages: 24_000, copied: 19_999 }, false)).toBe('copy')
    expect(checkpointStep({ pages: 24_000, copied: 20_000 }, false)).toBe('finish')
    expect(checkpointStep({ pages: 100_000, copied: 90_000 }, false)).toBe('finish')
  })

  test('a log that is all copied begins anew by itself', () => {
    expect(checkpointStep({ pages: 16_000, copied: 16_000 }, false)).toBe('none')
  })

  test('nothing is due while a copy is under way', () => {
    expect(checkpointStep({ pages: 100_000, copied: 0 }, true)).toBe('none')
    expect(checkpointStep({ pages: 16_001, copied: 16_000 }, true)).toBe('none')
  })
})

describe('a log keeper', () => {
  const pageBytes = 4096
  const commits = 800
  const pagesPerCommit = 100

  test('keeps the log of endless commits short, copies it beside them, and leaves all that was committed', async () => {
    const path = join(temporaryFolder(), 'log.db')
    const connection = new SqliteConnection(path, [
      { version: 1, name: 'pages', sql: 'CREATE TABLE pages (content BLOB NOT NULL)' },
    ])
    const keeper = new LogKeeper(connection)
    let longest = 0
    let copiedBeside = 0
    for (let commit = 0; commit < commits; commit += 1) {
      connection.transaction(() =>
        connection.run(`INSERT INTO pages VALUES (zeroblob(${pagesPerCommit * pageBytes}))`),
      )
      longest = Math.max(longest, connection.logState().pages)
      keeper.tend()
      await turn()
      const { pages, copied } = connection.logState()
      if (copied > 0 && copied < pages) copiedBeside += 1
      // A disk that copies more slowly than this loop writes would only show how slow it is.
      if (pages - copied > 6000) await keeper.idle()
    }
    expect(copiedBeside).toBeGreaterThan(0)
    // 800 commits wrote more than 80,000 pages: the log began anew again and again.
    expect(longest).toBeLessThan(40_000)
    expect(statSync(`${path}-wal`).size).toBeLessThan(40_000 * (pageBytes + 24))
    await keeper.close()
    expect(connection.checkpoint('TRUNCATE')).toBe(true)
    expect(statSync(`${path}-wal`).size).toBe(0)
    expect(connection.get('SELECT count(*) AS count FROM pages')).toEqual({ count: commits })
    connection.close()
  })

  test.runIf(process.platform === 'linux')(
    'SQLite’s lock on the file stays when the copying thread ends, which closes what it opened',
    async () => {
      const path = join(temporaryFolder(), 'log.db')
      const connection = new SqliteConnection(path, [
        { version: 1, name: 'pages', sql: 'CREATE TABLE pages (content BLOB NOT NULL)' },
      ])
      const keeper = new LogKeeper(connection)
      connection.transaction(() => connection.run('INSERT INTO pages VALUES (zeroblob(20000000))'))
      keeper.tend()
      await keeper.idle()
      expect(connection.logState().copied).toBeGreaterThan(0)
      const isLocked = () => readFileSync('/proc/locks', 'utf8').includes(`:${statSync(path).ino} `)
      expect(isLocked()).toBe(true)
      await keeper.close()
      expect(isLocked()).toBe(true)
      connection.close()
      expect(isLocked()).toBe(false)
    },
  )

  test('a log in use cannot be emptied, and says so', () => {
    const path = join(temporaryFolder(), 'log.db')
    const schema = [{ version: 1, name: 'rows', sql: 'CREATE TABLE rows (value INTEGER)' }]
    const writer = new SqliteConnection(path, schema)
    writer.exec('PRAGMA busy_timeout = 0')
    const reader = new SqliteConnection(path, schema)
    writer.transaction(() => writer.run('INSERT INTO rows VALUES (1)'))
    reader.exec('BEGIN')
    reader.all('SELECT * FROM rows')
    expect(writer.checkpoint('TRUNCATE')).toBe(false)
    reader.exec('COMMIT')
    expect(writer.checkpoint('TRUNCATE')).toBe(true)
    reader.close()
    writer.close()
  })
})
