import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { UploadState } from '@sangam/protocol'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { findPostgresBinaries, PostgresServer } from './support/postgres-server.ts'
import type { TestClient } from './support/test-client.ts'
import { startTestServer, type TestServer } from './support/test-server.ts'

const word = 'xylophonequark'

/** Files of a folder that hold a word, in any case and in UTF-8 or UTF-16. */
const filesHolding = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => {
      const bytes = readFileSync(path)
      return ['utf8', 'utf16le'].some((encoding) =>
        bytes
          .toString('latin1')
          .toLowerCase()
          .includes(Buffer.from(word, encoding as 'utf8').toString('latin1')),
      )
    })

const send = (
  client: TestClient,
  conversationId: string,
  clientMessageId: string,
  text: string,
  more: object = {},
) => client.ask('conversation.send', { conversationId, clientMessageId, text, ...more })

const uploadWord = async (server: TestServer, client: TestClient): Promise<string> => {
  const headers = { authorization: `Bearer ${client.token}` }
  const created = await fetch(`${server.url}/api/v1/files`, {
    method: 'POST',
    headers: { ...headers, 'content-type': 'application/json' },
    body: JSON.stringify({
      conversationId: 'team',
      name: `${word}.txt`,
      type: 'text/plain',
      size: word.length,
    }),
  })
  const { fileId } = (await created.json()) as UploadState
  await fetch(`${server.url}/api/v1/files/${fileId}`, {
    method: 'PATCH',
    headers: { ...headers, 'content-type': 'application/offset+octet-stream', 'upload-offset': '0' },
    body: word,
  })
  return fileId
}

/** Asha leaves a word wherever a person can leave one. */
const plant = async (server: TestServer): Promise<{ asha: TestClient; ravi: TestClient }> => {
  const ravi = await server.guest('Ravi')
  await ravi.ask('conversation.open', { conversationId: 'team' })
  const asha = await server.guest(`Asha ${word}`)
  await asha.ask('conversation.open', { conversationId: 'team' })
  await send(ravi, 'team', 'r1', 'what ravi says stays')
  await send(asha, 'team', 'a1', `plain ${word} here`)
  await send(asha, 'team', 'a2', `edited ${word} away`)
  await asha.ask('message.edit', {
    conversationId: 'team',
    number: 3,
    clientChangeId: 'e',
    text: `again ${word} now`,
  })
  await send(asha, 'team', 'a3', `long ${word} ${'and on '.repeat(2000)}`)
  await send(asha, 'team', 'a4', '', { attachments: [await uploadWord(server, asha)] })
  await uploadWord(server, asha)
  const { conversation } = await asha.ask('conversation.open', { withIdentity: ravi.identity })
  await send(asha, conversation.conversationId, 'd1', `in private ${word}`)
  await asha.ask('message.react', {
    conversationId: 'team',
    number: 1,
    clientChangeId: 'r',
    emoji: '👍',
    on: true,
  })
  await send(ravi, 'team', 'r2', 'an answer', { replyTo: 2 })
  for (const roomId of ['now', 'before']) await asha.ask('room.join', { roomId })
  await server.sangam.rooms.setRole('before', asha.identity, 'cohost')
  await asha.ask('room.leave', { roomId: 'before' })
  await ravi.ask('message.report', { conversationId: 'team', number: 2, reason: 'loud' })
  // Brings the words into the search index.
  const found = await ravi.ask('conversation.search', { query: word })
  expect(found.messages.length).toBeGreaterThanOrEqual(4)
  return { asha, ravi }
}

describe('erasing a person', () => {
  test('leaves their words nowhere: database, write-ahead log, search index, records, files and log', async () => {
    const server = await startTestServer()
    const { asha, ravi } = await plant(server)
    const holding = filesHolding(server.dataDir)
    expect(holding.length).toBeGreaterThan(2)
    expect(holding.some((path) => path.includes('rooms.db'))).toBe(true)
    asha.close()
    await server.sangam.care.erasePerson(asha.identity)
    expect(filesHolding(server.dataDir).map((path) => path.replace(server.dataDir, ''))).toEqual([])
    expect(server.logLines.join().toLowerCase()).not.toContain(word)

    const { messages } = await ravi.ask('conversation.history', { conversationId: 'team', after: 0 })
    expect(messages.map(({ number }) => number)).toEqual([1, 2, 3, 4, 5, 6])
    expect(messages.filter(({ senderId }) => senderId === ravi.identity).map(({ text }) => text)).toEqual([
      'what ravi says stays',
      'an answer',
    ])
    expect(JSON.stringify(messages)).not.toContain(asha.identity)
    expect(messages[0]?.reactions).toBeUndefined()
    expect(await ravi.ask('conversation.search', { query: word })).toMatchObject({ messages: [] })
    expect(await server.sangam.care.reports()).toEqual([])
    expect((await server.sangam.rooms.get('now'))?.participants ?? []).toEqual([])
    expect((await server.sangam.care.exportPerson(asha.identity)).messages).toEqual([])
    await server.sangam.close()
    expect(filesHolding(server.dataDir)).toEqual([])
  }, 60_000)

  const binaries = findPostgresBinaries()
  let postgres: PostgresServer | undefined
  beforeAll(async () => {
    if (binaries !== undefined) postgres = await PostgresServer.start(binaries)
  })
  afterAll(() => postgres?.stop())

  test.skipIf(binaries === undefined)(
    'leaves their words in no row of PostgreSQL (skipped where no server is installed)',
    async () => {
      const databaseUrl = (await postgres?.createDatabase()) ?? ''
      const server = await startTestServer({ databaseUrl })
      const { asha } = await plant(server)
      asha.close()
      await server.sangam.care.erasePerson(asha.identity)
      await server.sangam.close()
      const client = new pg.Client(databaseUrl)
      await client.connect()
      const { rows: tables } = await client.query<{ name: string }>(
        "SELECT quote_ident(table_name) AS name FROM information_schema.tables WHERE table_schema = 'public'",
      )
      for (const { name } of tables) {
        const { rows } = await client.query(`SELECT 1 FROM ${name} t WHERE t::text ILIKE $1`, [`%${word}%`])
        expect([name, rows.length]).toEqual([name, 0])
      }
      await client.end()
      expect(filesHolding(server.dataDir)).toEqual([])
    },
    60_000,
  )

  test('is told of all that is kept before, in one piece', async () => {
    const server = await startTestServer()
    const { asha } = await plant(server)
    const all = await server.sangam.care.exportPerson(asha.identity)
    expect(all.name).toBe(`Asha ${word}`)
    expect(all.messages).toHaveLength(5)
    expect(all.messages.every(({ senderId }) => senderId === asha.identity)).toBe(true)
    expect(all.records.map(({ kind }) => kind).sort()).toEqual(['file', 'report', 'upload'])
  })
})

describe('a person who was erased', () => {
  test('is shut out with every token from before, and may come back with a newer one', async () => {
    let nowMs = 1_700_000_000_000
    const server = await startTestServer({ now: () => nowMs })
    const issue = () => server.sangam.tokens.issue({ identity: 'asha', name: 'Asha', ttlSeconds: 86_400 })
    const old = await issue()
    const asha = await server.again(old)
    const closed = new Promise<string>((resolve) => asha.socket.once('disconnect', resolve))
    nowMs += 60_000
    await server.sangam.care.erasePerson('asha')
    expect(await asha.next('session.ended')).toMatchObject({ reason: 'erased' })
    expect(await closed).toBe('io server disconnect')
    await expect(server.again(old)).rejects.toMatchObject({ code: 'unauthenticated' })
    const headers = { authorization: `Bearer ${old}` }
    expect((await fetch(`${server.url}/api/v1/me/export`, { headers })).status).toBe(401)

    nowMs += 1000
    const back = await server.again(await issue())
    expect(back.identity).toBe('asha')
    // Only a keyed hash is kept of who was erased: nobody can be read from it.
    expect(await server.sangam.care.exportPerson('asha')).toMatchObject({ messages: [], records: [] })
  })

  test('who is a guest cannot have a newer token for the old one', async () => {
    const server = await startTestServer()
    const asha = await server.guest('Asha')
    await server.sangam.care.erasePerson(asha.identity)
    const renewed = await fetch(`${server.url}/api/v1/guests/renew`, {
      method: 'POST',
      headers: { authorization: `Bearer ${asha.token}` },
    })
    expect([renewed.status, await renewed.json()]).toMatchObject([
      401,
      { error: { code: 'unauthenticated' } },
    ])
  })
})

describe('what is kept of oneself', () => {
  const me = (server: TestServer, client: TestClient, path: string, init: RequestInit = {}) =>
    fetch(`${server.url}/api/v1/me${path}`, {
      ...init,
      headers: { authorization: `Bearer ${client.token}`, 'content-type': 'application/json' },
    })
  const eraseMe = (server: TestServer, client: TestClient, identity: string) =>
    me(server, client, '', { method: 'DELETE', body: JSON.stringify({ identity }) })

  test('comes as one download, without who reported them; nobody gets it without a token', async () => {
    const server = await startTestServer()
    const { asha, ravi } = await plant(server)
    const response = await me(server, asha, '/export')
    expect(response.headers.get('content-disposition')).toContain('attachment')
    const text = await response.text()
    const all = JSON.parse(text) as Awaited<ReturnType<typeof server.sangam.care.exportPerson>>
    expect(all).toMatchObject({ identity: asha.identity, name: `Asha ${word}` })
    expect(all.messages).toHaveLength(5)
    expect(all.messages.every(({ senderId }) => senderId === asha.identity)).toBe(true)
    expect(all.records.map(({ kind }) => kind).sort()).toEqual(['file', 'upload'])
    expect(text).not.toContain('loud')
    expect(JSON.stringify(all.records)).not.toContain(ravi.identity)
    expect((await fetch(`${server.url}/api/v1/me/export`)).status).toBe(401)
  })

  test('is not read out without end', async () => {
    const server = await startTestServer({ rateLimitFactor: 1 })
    const asha = await server.guest('Asha')
    const statuses: number[] = []
    for (let index = 0; index < 6; index += 1) {
      const response = await me(server, asha, '/export')
      await response.text()
      statuses.push(response.status)
    }
    expect(statuses).toEqual([200, 200, 200, 200, 200, 429])
  })

  test('is erased on their word, and on nobody else’s', async () => {
    const server = await startTestServer()
    const { asha, ravi } = await plant(server)
    const other = await eraseMe(server, ravi, asha.identity)
    expect([other.status, await other.json()]).toMatchObject([403, { error: { code: 'forbidden' } }])
    expect((await me(server, asha, '', { method: 'DELETE', body: '{}' })).status).toBe(400)
    expect((await fetch(`${server.url}/api/v1/me`, { method: 'DELETE' })).status).toBe(401)
    expect(filesHolding(server.dataDir)).not.toEqual([])
    expect((await eraseMe(server, asha, asha.identity)).status).toBe(200)
    expect(filesHolding(server.dataDir)).toEqual([])
    expect((await eraseMe(server, asha, asha.identity)).status).toBe(401)
  })

  test('stays where the server has nobody erase themselves', async () => {
    const server = await startTestServer({ selfErasure: false })
    const asha = await server.guest('Asha')
    const refused = await eraseMe(server, asha, asha.identity)
    expect([refused.status, await refused.json()]).toMatchObject([403, { error: { code: 'forbidden' } }])
    expect((await me(server, asha, '/export')).status).toBe(200)
  })
})

describe('retention', () => {
  test('deletes for good what is too old, in conversations where nobody is, and nothing else', async () => {
    let nowMs = 1_700_000_000_000
    const server = await startTestServer({ now: () => nowMs })
    const asha = await server.guest('Asha')
    for (const conversationId of ['team', 'kept']) {
      await asha.ask('conversation.open', { conversationId })
      await send(asha, conversationId, `${conversationId}-1`, `old ${conversationId === 'team' ? word : ''}`)
    }
    await asha.ask('conversation.setCare', { conversationId: 'team', retentionMs: 60_000 })
    nowMs += 50_000
    await send(asha, 'team', 'team-2', 'young')
    expect(await server.sangam.care.sweep()).toBe(0)
    nowMs += 20_000
    asha.close()
    expect(await server.sangam.care.sweep()).toBe(1)
    expect(filesHolding(server.dataDir)).toEqual([])
    await server.sangam.close()
    nowMs += 60_000
    const again = await startTestServer({ dataDir: server.dataDir, now: () => nowMs })
    expect(await again.sangam.care.sweep()).toBe(1)
    expect(await again.sangam.care.sweep()).toBe(0)
    const back = await again.again(asha.token)
    const texts = async (conversationId: string) =>
      (await back.ask('conversation.history', { conversationId, after: 0 })).messages.map(({ text }) => text)
    expect(await texts('team')).toEqual(['', ''])
    expect(await texts('kept')).toEqual(['old '])
  })
})

describe('slow mode', () => {
  test('has members wait and tells for how long, leaves moderators and other conversations alone', async () => {
    let nowMs = 1_700_000_000_000
    const server = await startTestServer({ now: () => nowMs })
    const [owner, member] = [await server.guest('Owner'), await server.guest('Member')]
    for (const client of [owner, member]) await client.ask('conversation.open', { conversationId: 'team' })
    const changed = member.next('conversation.careChanged')
    await owner.ask('conversation.setCare', { conversationId: 'team', slowModeMs: 10_000 })
    expect(await changed).toEqual({ conversationId: 'team', slowModeMs: 10_000, retentionMs: 0 })
    await send(member, 'team', 'm1', 'one')
    const second = { conversationId: 'team', clientMessageId: 'm2', text: 'two' }
    nowMs += 4000
    expect(await member.refusal('conversation.send', second)).toMatchObject({
      code: 'rateLimited',
      retryAfterMs: 6000,
    })
    await send(owner, 'team', 'o1', 'one')
    await send(owner, 'team', 'o2', 'two')
    nowMs += 6000
    await member.ask('conversation.send', second)
    expect(
      (await member.refusal('conversation.setCare', { conversationId: 'team', slowModeMs: 0 }))?.code,
    ).toBe('forbidden')
  })
})

describe('blocking', () => {
  test('keeps direct messages and calls of one person away, without telling, over a restart, until it ends', async () => {
    const server = await startTestServer()
    const [asha, ravi] = [await server.guest('Asha'), await server.guest('Ravi')]
    const { conversation } = await ravi.ask('conversation.open', { withIdentity: asha.identity })
    const { conversationId } = conversation
    await asha.ask('person.block', { identity: ravi.identity, on: true })
    expect(await asha.ask('person.blocked', {})).toEqual({ identities: [ravi.identity] })
    const message = { conversationId, clientMessageId: 'r1', text: 'hello' }
    const call = { to: asha.identity, media: { audio: true, video: false } }
    expect((await ravi.refusal('conversation.send', message))?.code).toBe('forbidden')
    expect((await ravi.refusal('call.start', call))?.code).toBe('unavailable')
    await asha.ask('conversation.open', { conversationId: 'team' })
    await ravi.ask('conversation.open', { conversationId: 'team' })
    await send(ravi, 'team', 'r2', 'a group is for all')
    expect((await asha.refusal('person.block', { identity: asha.identity, on: true }))?.code).toBe(
      'wrongState',
    )
    await server.sangam.close()

    const again = await startTestServer({ dataDir: server.dataDir })
    const [asha2, ravi2] = [await again.again(asha.token), await again.again(ravi.token)]
    expect((await ravi2.refusal('conversation.send', message))?.code).toBe('forbidden')
    await asha2.ask('person.block', { identity: ravi.identity, on: false })
    await ravi2.ask('conversation.send', message)
  })
})

test('a report holds the message as it stood, and only who may read it can make one', async () => {
  const server = await startTestServer()
  const [asha, ravi] = [await server.guest('Asha'), await server.guest('Ravi')]
  for (const client of [asha, ravi]) await client.ask('conversation.open', { conversationId: 'team' })
  await send(ravi, 'team', 'r1', 'rude words')
  const report = { conversationId: 'team', number: 1, reason: 'rude' }
  await asha.ask('message.report', report)
  await ravi.ask('message.delete', { conversationId: 'team', number: 1, clientChangeId: 'd' })
  expect(await server.sangam.care.reports()).toMatchObject([
    {
      reportedBy: asha.identity,
      reason: 'rude',
      person: { identity: ravi.identity, name: 'Ravi' },
      message: { text: 'rude words' },
    },
  ])
  expect((await asha.refusal('message.report', report))?.code).toBe('notFound')
  const { conversation } = await asha.ask('conversation.open', { withIdentity: ravi.identity })
  const somebody = await server.guest('Somebody')
  const private1 = { ...report, conversationId: conversation.conversationId }
  expect((await somebody.refusal('message.report', private1))?.code).toBe('notFound')
})

test('moderators see reports of their group: what was said and why, not by whom; none about themselves', async () => {
  const server = await startTestServer()
  const [owner, ravi, mira] = [
    await server.guest('Owner'),
    await server.guest('Ravi'),
    await server.guest('Mira'),
  ]
  for (const client of [owner, ravi, mira]) await client.ask('conversation.open', { conversationId: 'team' })
  await send(ravi, 'team', 'r1', 'rude words')
  await send(owner, 'team', 'o1', 'be nice')
  for (const number of [1, 2]) {
    await mira.ask('message.report', { conversationId: 'team', number, reason: `reason ${number}` })
  }
  const { reports } = await owner.ask('conversation.reports', { conversationId: 'team' })
  expect(reports).toMatchObject([
    { number: 1, senderId: ravi.identity, senderName: 'Ravi', text: 'rude words', reason: 'reason 1' },
  ])
  expect(JSON.stringify(reports)).not.toContain(mira.identity)
  for (const client of [ravi, mira]) {
    expect((await client.refusal('conversation.reports', { conversationId: 'team' }))?.code).toBe('forbidden')
  }
  const dismiss = (client: TestClient, number: number) =>
    client.refusal('conversation.dismissReports', { conversationId: 'team', number })
  expect((await dismiss(ravi, 1))?.code).toBe('forbidden')
  // Nobody dismisses what is said about themselves, nor learns that it is said.
  expect((await dismiss(owner, 2))?.code).toBe('notFound')
  expect(await dismiss(owner, 1)).toBeUndefined()
  expect(await owner.ask('conversation.reports', { conversationId: 'team' })).toEqual({ reports: [] })
  expect((await dismiss(owner, 1))?.code).toBe('notFound')
  const all = await server.sangam.care.reports()
  expect(all.map(({ message, isDismissed }) => [message?.number, isDismissed])).toEqual([
    [1, true],
    [2, false],
  ])
  expect(await server.sangam.care.dismissReport(all[0]?.reportId ?? '')).toBe(true)
  expect(await server.sangam.care.reports()).toHaveLength(1)
  // Reported once more, it is before them once more.
  await mira.ask('message.report', { conversationId: 'team', number: 1, reason: 'still there' })
  expect(await owner.ask('conversation.reports', { conversationId: 'team' })).toMatchObject({
    reports: [{ reason: 'still there' }],
  })
})

test('a person is reported to whoever runs the server, who alone sees it and can dismiss it', async () => {
  const server = await startTestServer()
  const [asha, ravi] = [await server.guest('Asha'), await server.guest('Ravi')]
  await asha.ask('person.report', { identity: ravi.identity, reason: 'first words' })
  await asha.ask('person.report', { identity: ravi.identity, reason: 'calls at night' })
  const [report, ...others] = await server.sangam.care.reports()
  expect(others).toEqual([])
  expect(report).toMatchObject({
    reportedBy: asha.identity,
    reason: 'calls at night',
    person: { identity: ravi.identity, name: 'Ravi' },
  })
  expect(report?.message).toBeUndefined()
  const codeOf = async (request: { identity: string; reason: string }) =>
    (await asha.refusal('person.report', request))?.code
  expect(await codeOf({ identity: asha.identity, reason: 'x' })).toBe('wrongState')
  expect(await codeOf({ identity: 'nobody', reason: 'x' })).toBe('notFound')
  expect(await codeOf({ identity: ravi.identity, reason: ' ' })).toBe('invalidMessage')
  expect(await server.sangam.care.dismissReport('of nothing')).toBe(false)
  expect(await server.sangam.care.dismissReport(report?.reportId ?? '')).toBe(true)
  expect(await server.sangam.care.reports()).toEqual([])
  await asha.ask('person.report', { identity: ravi.identity, reason: 'again' })
  await server.sangam.care.erasePerson(asha.identity)
  expect(await server.sangam.care.reports()).toEqual([])
})

test('two settings that are changed at once are both kept', async () => {
  const server = await startTestServer()
  const owner = await server.guest('Owner')
  const team = { conversationId: 'team' }
  await owner.ask('conversation.open', team)
  await Promise.all([
    owner.ask('conversation.setCare', { ...team, slowModeMs: 5000 }),
    owner.ask('conversation.setCare', { ...team, retentionMs: 86_400_000 }),
  ])
  expect(await owner.ask('conversation.care', team)).toEqual({ slowModeMs: 5000, retentionMs: 86_400_000 })
})
