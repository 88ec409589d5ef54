import { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { postgresMigrations } from '../src/chat/postgres-migrations.ts'
import { describeDatabase, openPostgresStore } from '../src/chat/postgres-store.ts'
import { openPostgresPool } from '../src/database/postgres-pool.ts'
import { openPostgresRoomStore } from '../src/rooms/store/postgres-room-store.ts'
import { findPostgresBinaries, PostgresServer } from './support/postgres-server.ts'
import { describeRoomStoreContract } from './support/room-store-contract.ts'
import { describeStoreContract } from './support/store-contract.ts'
import { startTestServer } from './support/test-server.ts'

const binaries = findPostgresBinaries()

const execute = async (databaseUrl: string, sql: string): Promise<void> => {
  const client = new Client(databaseUrl)
  await client.connect()
  await client.query(sql).finally(() => client.end())
}

const message = {
  conversationId: 'team',
  senderId: 'a',
  senderName: 'A',
  text: 'x',
  sentAtMs: 1,
}
const team = { conversationId: 'team', kind: 'group', title: 'Team', members: ['a'], nowMs: 1 } as const

// Debian: apt-get install postgresql. Elsewhere POSTGRES_BIN names the folder of its programs.
describe.skipIf(binaries === undefined)('PostgreSQL (skipped where no server is installed)', () => {
  let server: PostgresServer
  beforeAll(async () => {
    server = await PostgresServer.start(binaries ?? '')
  })
  afterAll(() => server?.stop())

  describeStoreContract({
    name: 'the PostgreSQL store',
    fixtures: 'postgres',
    versions: postgresMigrations.map(({ version }) => version),
    createPlace: async () => {
      const databaseUrl = await server.createDatabase()
      return {
        open: () => openPostgresStore(databaseUrl),
        execute: (sql) => execute(databaseUrl, sql),
        setVersion: (version) =>
          execute(databaseUrl, `INSERT INTO sangam_schema (version) VALUES (${version})`),
      }
    },
  })

  describeRoomStoreContract('rooms in PostgreSQL', async () => {
    const databaseUrl = await server.createDatabase()
    return { open: () => openPostgresRoomStore(databaseUrl) }
  })

  test('rooms of a newer version are refused, and left as they are', async () => {
    const databaseUrl = await server.createDatabase()
    await (await openPostgresRoomStore(databaseUrl)).close()
    await execute(databaseUrl, 'INSERT INTO sangam_room_schema (version) VALUES (99)')
    await expect(openPostgresRoomStore(databaseUrl)).rejects.toThrow(/newer version \(99\)/)
  })

  test('migrations rise by one from 1', () => {
    expect(postgresMigrations.map(({ version }) => version)).toEqual(
      postgresMigrations.map((_, index) => index + 1),
    )
  })

  test('commits wait for the disk even where synchronous_commit is off by default', async () => {
    const databaseUrl = await server.createDatabase()
    await execute(
      databaseUrl,
      `ALTER DATABASE ${new URL(databaseUrl).pathname.slice(1)} SET synchronous_commit = off`,
    )
    // A trigger notes what holds in the transaction that stores a message.
    const store = await openPostgresStore(databaseUrl)
    await execute(
      databaseUrl,
      `CREATE TABLE noted (setting TEXT);
       CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS
         $$ BEGIN INSERT INTO noted VALUES (current_setting('synchronous_commit')); RETURN NULL; END $$;
       CREATE TRIGGER note AFTER INSERT ON messages EXECUTE FUNCTION note()`,
    )
    await store.openConversation(team)
    await store.append({ ...message, clientMessageId: 'm' })
    await store.close()
    const client = new Client(databaseUrl)
    await client.connect()
    expect((await client.query('SELECT setting FROM noted')).rows).toEqual([{ setting: 'on' }])
    await client.end()
  })

  test('appends that are asked for at once share transactions', async () => {
    const databaseUrl = await server.createDatabase()
    const store = await openPostgresStore(databaseUrl)
    await store.openConversation(team)
    await Promise.all(
      Array.from({ length: 1000 }, (_, index) => store.append({ ...message, clientMessageId: `m${index}` })),
    )
    await store.close()
    const client = new Client(databaseUrl)
    await client.connect()
    // xmin is the transaction that wrote a row.
    const { rows } = await client.query(
      'SELECT count(DISTINCT xmin::text)::int AS transactions FROM messages',
    )
    await client.end()
    expect(rows).toEqual([{ transactions: 1 }])
  })

  test('a broken connection rejects what was under way, and the store goes on by itself', async () => {
    const databaseUrl = await server.createDatabase()
    const store = await openPostgresStore(databaseUrl)
    await store.openConversation(team)
    const outbox = Array.from({ length: 3000 }, (_, index) => ({ ...message, clientMessageId: `m${index}` }))
    const first = Promise.allSettled(outbox.map((request) => store.append(request)))
    await server.breakConnections(databaseUrl)
    const acknowledged = (await first).map((result) =>
      result.status === 'fulfilled' && 'number' in result.value ? result.value.number : undefined,
    )
    const outcomes = await Promise.all(outbox.map((request) => store.append(request)))
    const numbers = outcomes.map((outcome) => ('number' in outcome ? outcome.number : undefined))
    for (const [index, number] of acknowledged.entries()) {
      if (number !== undefined) expect(numbers[index]).toBe(number)
    }
    expect([...numbers].sort((a, b) => (a ?? 0) - (b ?? 0))).toEqual(outbox.map((_, index) => index + 1))
    await store.close()
  })

  test('a connection that breaks between two statements rejects the next one, and ends nothing else', async () => {
    const databaseUrl = await server.createDatabase()
    const pool = openPostgresPool(databaseUrl, { name: 'test', most: 1 })
    const client = await pool.connect()
    await client.query('BEGIN')
    const broken = new Promise<void>((resolve) => client.once('end', resolve))
    await server.breakConnections(databaseUrl)
    await broken
    await expect(client.query('COMMIT')).rejects.toThrow()
    client.release(true)
    expect((await pool.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }])
    await pool.end()
  })

  test('a server with DATABASE_URL keeps its chat there', async () => {
    const databaseUrl = await server.createDatabase()
    const { guest } = await startTestServer({ databaseUrl })
    const asha = await guest('Asha')
    await asha.ask('conversation.open', { conversationId: 'team' })
    const sent = { conversationId: 'team', clientMessageId: 'm1', text: 'over the wire' }
    expect(await asha.ask('conversation.send', sent)).toMatchObject({ number: 1 })
    const store = await openPostgresStore(databaseUrl)
    const { messages } = await store.messages({ conversationId: 'team', limit: 10 })
    expect(messages).toMatchObject([{ number: 1, text: 'over the wire', senderId: asha.identity }])
    await store.close()
  })
})

describe('a database that cannot be reached', () => {
  test('ends the start with a sentence that names it without its password', async () => {
    // Port 1 of this machine: nobody listens.
    const start = startTestServer({ databaseUrl: 'postgres://sangam:hunter2@127.0.0.1:1/chat' })
    await expect(start).rejects.toMatchObject({
      code: 'storeUnavailable',
      message: expect.stringContaining('postgres://127.0.0.1:1/chat'),
    })
    await expect(start).rejects.not.toMatchObject({ message: expect.stringContaining('hunter2') })
  })

  test('a wrong DATABASE_URL is refused without being shown', async () => {
    const start = startTestServer({ databaseUrl: 'mysql://sangam:hunter2@db/chat' })
    await expect(start).rejects.toMatchObject({ code: 'invalidSetting', setting: 'databaseUrl' })
    await expect(start).rejects.not.toMatchObject({ message: expect.stringContaining('hunter2') })
    expect(describeDatabase('postgres://sangam:hunter2@db:5432/chat')).toBe('postgres://db:5432/chat')
  })
})
