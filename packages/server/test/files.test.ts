import { randomBytes } from 'node:crypto'
import { existsSync, readdirSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import type { FileUrl, UploadState, WireError } from '@sangam/protocol'
import { describe, expect, test } from 'vitest'
import type { Grants } from '../src/access/grants.ts'
import { openSqliteStore } from '../src/chat/sqlite-store.ts'
import { StoreError } from '../src/chat/store.ts'
import { createDiskBlobs } from '../src/files/disk-blobs.ts'
import { FileService } from '../src/files/file-service.ts'
import { rangeOf, servedHeaders } from '../src/files/served-headers.ts'
import { createSignedUrls } from '../src/files/signed-url.ts'
import { StagedUploads } from '../src/files/staged-uploads.ts'
import { recordStoreOver } from '../src/records/record-store.ts'
import { openSqliteRunner } from '../src/records/sqlite-runner.ts'
import { FakeS3 } from './support/fake-s3.ts'
import type { TestClient } from './support/test-client.ts'
import { startTestServer, type TestServer, temporaryFolder } from './support/test-server.ts'

const stream = 'application/offset+octet-stream'

const api = async (
  server: TestServer,
  client: Pick<TestClient, 'token'>,
  method: string,
  path: string,
  body?: string | Uint8Array<ArrayBuffer>,
  headers: Record<string, string> = {},
) => {
  const response = await fetch(`${server.url}/api/v1/files${path}`, {
    method,
    headers: { authorization: `Bearer ${client.token}`, ...headers },
    ...(body === undefined ? {} : { body }),
  })
  const text = await response.text()
  return { status: response.status, value: (text === '' ? undefined : JSON.parse(text)) as never }
}

const create = async (server: TestServer, client: TestClient, facts: object = {}) => {
  const request = { conversationId: 'team', name: 'a.png', type: 'image/png', size: 10, ...facts }
  return api(server, client, 'POST', '', JSON.stringify(request), { 'content-type': 'application/json' })
}
const patch = (server: TestServer, client: TestClient, fileId: string, offset: number, bytes: Uint8Array) =>
  api(server, client, 'PATCH', `/${fileId}`, new Uint8Array(bytes), {
    'content-type': stream,
    'upload-offset': String(offset),
  })
const upload = async (server: TestServer, client: TestClient, bytes: Uint8Array, facts: object = {}) => {
  const { value } = await create(server, client, { size: bytes.length, ...facts })
  const { fileId } = value as UploadState
  expect((await patch(server, client, fileId, 0, bytes)).status).toBe(200)
  return fileId
}
const urlOf = async (server: TestServer, client: TestClient, fileId: string, variant = 'content') => {
  const { status, value } = await api(server, client, 'GET', `/${fileId}/url?variant=${variant}`)
  return { status, url: `${server.url}${(value as FileUrl).url}` }
}
const codeOf = (value: unknown): string => (value as { error: WireError }).error.code

const startWithTeam = async (options: object = {}) => {
  const server = await startTestServer(options)
  const asha = await server.guest('Asha')
  await asha.ask('conversation.open', { conversationId: 'team' })
  return { server, asha }
}

describe('an upload', () => {
  test('goes on where it broke off, also after a restart of the server', async () => {
    const bytes = randomBytes(300_000)
    const { server, asha } = await startWithTeam()
    const { status, value } = await create(server, asha, { size: bytes.length })
    expect(status).toBe(201)
    const { fileId } = value as UploadState
    await patch(server, asha, fileId, 0, bytes.subarray(0, 100_000))
    // The connection breaks in the middle of a piece: what came of it stays.
    const socket = connect(Number(new URL(server.url).port), '127.0.0.1')
    socket.write(
      `PATCH /api/v1/files/${fileId} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${asha.token}\r\n` +
        `content-type: ${stream}\r\nupload-offset: 100000\r\ncontent-length: 100000\r\n\r\n`,
    )
    socket.write(bytes.subarray(100_000, 150_000), () => socket.destroy())
    await new Promise((resolve) => socket.once('close', resolve))
    await server.sangam.close()

    const again = await startTestServer({ dataDir: server.dataDir })
    const state = (await api(again, asha, 'GET', `/${fileId}`)).value as UploadState
    expect(state.offset).toBeGreaterThanOrEqual(100_000)
    expect(state.offset).toBeLessThanOrEqual(150_000)
    const last = await patch(again, asha, fileId, state.offset, bytes.subarray(state.offset))
    expect(last.value).toEqual({ fileId, offset: bytes.length, size: bytes.length })
    const { url } = await urlOf(again, asha, fileId)
    expect(Buffer.from(await (await fetch(url)).arrayBuffer()).equals(bytes)).toBe(true)
  })

  test('takes no byte at another offset, none beyond its size and none from others', async () => {
    const { server, asha } = await startWithTeam()
    const ravi = await server.guest('Ravi')
    const { fileId } = (await create(server, asha)).value as UploadState
    expect(codeOf((await patch(server, asha, fileId, 5, randomBytes(5))).value)).toBe('wrongState')
    expect(codeOf((await patch(server, asha, fileId, 0, randomBytes(11))).value)).toBe('tooLarge')
    expect((await patch(server, ravi, fileId, 0, randomBytes(10))).status).toBe(404)
    expect((await api(server, ravi, 'DELETE', `/${fileId}`)).status).toBe(404)
    expect((await api(server, { token: 'a.b.c' }, 'GET', `/${fileId}`)).status).toBe(401)
  })

  test('is refused for its size, its type, its name or its conversation before a byte is sent', async () => {
    const { server, asha } = await startWithTeam({ fileBytes: 1000, fileTypes: ['image/*', 'text/plain'] })
    const refused = async (facts: object) => codeOf((await create(server, asha, facts)).value)
    expect(await refused({ size: 1001 })).toBe('tooLarge')
    expect(await refused({ type: 'application/x-msdownload' })).toBe('unsupported')
    expect(await refused({ name: '../../etc/passwd' })).toBe('invalidMessage')
    expect(await refused({ name: 'a\u202egnp.exe' })).toBe('invalidMessage')
    expect(await refused({ conversationId: 'nowhere' })).toBe('notFound')
    expect((await create(server, asha, { type: 'text/plain' })).status).toBe(201)
    expect(existsSync(join(server.dataDir, 'files'))).toBe(false)
  })

  test('that belongs to no message is removed after a day, with its bytes', async () => {
    let nowMs = Date.now()
    const { server, asha } = await startWithTeam({ now: () => nowMs })
    await upload(server, asha, randomBytes(10))
    const { fileId } = (await create(server, asha, { size: 20 })).value as UploadState
    await patch(server, asha, fileId, 0, randomBytes(10))
    const stored = () =>
      ['files', 'uploads'].flatMap((folder) =>
        readdirSync(join(server.dataDir, folder), { recursive: true, withFileTypes: true }).filter((entry) =>
          entry.isFile(),
        ),
      )
    expect(stored()).toHaveLength(2)
    await server.sangam.close()
    nowMs += 86_400_000
    // It is swept at the start.
    const again = await startTestServer({ dataDir: server.dataDir, now: () => nowMs })
    await expect.poll(stored).toEqual([])
    const pass = await again.guest('Asha')
    expect((await api(again, pass, 'GET', `/${fileId}`)).status).toBe(404)
  })
})

describe('an upload that a message claimed', () => {
  const day = 86_400_000

  /** The files of a server that has only those, one complete upload in them, and a clock. */
  const startWithClaimed = async (isStored: boolean) => {
    const folder = temporaryFolder()
    const records = recordStoreOver(await openSqliteRunner(join(folder, 'records.db')))
    let nowMs = 1_700_000_000_000
    const asked: string[][] = []
    const files = new FileService({
      records,
      staged: new StagedUploads(join(folder, 'uploads')),
      blobs: createDiskBlobs(join(folder, 'files')),
      urls: createSignedUrls(new Uint8Array(32)),
      mayUse: async () => true,
      isStored: async (...message) => {
        asked.push(message)
        return isStored
      },
      mostBytes: 100,
      types: ['*'],
      now: () => nowMs,
    })
    const asha = { identity: 'asha', grants: {} as Grants }
    const { fileId } = await files.create(asha, {
      conversationId: 'team',
      name: 'a.png',
      type: 'image/png',
      size: 10,
    })
    await files.append(asha, fileId, 0, Readable.from(randomBytes(10)))
    // Shortly before the upload would be swept.
    nowMs += day - 1000
    await files.claim('asha', 'team', 'm1', [fileId])
    return { files, asha, fileId, asked, records, later: (ms: number) => (nowMs += ms) }
  }

  test('is removed a day later when the message was never stored', async () => {
    const { files, asha, fileId, asked, records, later } = await startWithClaimed(false)
    await expect(files.cancel(asha, fileId)).rejects.toMatchObject({ wire: { code: 'notFound' } })
    later(day - 1)
    expect(await files.sweep()).toBe(0)
    expect((await files.url(asha, fileId, 'content')).url).toContain(fileId)
    expect(asked).toEqual([])
    later(1)
    expect(await files.sweep()).toBe(1)
    expect(asked).toEqual([['asha', 'm1']])
    await expect(files.url(asha, fileId, 'content')).rejects.toMatchObject({ wire: { code: 'notFound' } })
    await records.close()
  })

  test.each([
    ['and the server ended before it could note that', false],
    ['and that was noted', true],
  ])('stays for good when the message was stored %s', async (_name, isSettled) => {
    const { files, fileId, asked, records, later } = await startWithClaimed(true)
    if (isSettled) await files.settle('m1', [fileId])
    for (let days = 0; days < 3; days += 1) {
      later(day)
      expect(await files.sweep()).toBe(0)
    }
    const ravi = { identity: 'ravi', grants: {} as Grants }
    expect((await files.url(ravi, fileId, 'content')).url).toContain(fileId)
    // Once is enough: then it is known.
    expect(asked).toEqual(isSettled ? [] : [['asha', 'm1']])
    await records.close()
  })

  test('goes at the start of the server when the store refused the message a day before', async () => {
    let nowMs = Date.now()
    const dataDir = temporaryFolder()
    const failing = async () => {
      const store = await openSqliteStore(join(dataDir, 'sangam.db'))
      return { ...store, append: () => Promise.reject(new StoreError('the disk is full')) }
    }
    const { server, asha } = await startWithTeam({ dataDir, now: () => nowMs, openStore: failing })
    const fileId = await upload(server, asha, randomBytes(10))
    const request = { conversationId: 'team', clientMessageId: 'm1', text: '', attachments: [fileId] }
    expect((await asha.refusal('conversation.send', request))?.code).toBe('unavailable')
    await server.sangam.close()
    const stored = () =>
      readdirSync(join(dataDir, 'files'), { recursive: true, withFileTypes: true }).filter((entry) =>
        entry.isFile(),
      )
    expect(stored()).toHaveLength(1)
    nowMs += day
    await startTestServer({ dataDir, now: () => nowMs })
    await expect.poll(stored).toEqual([])
  })
})

describe('a file', () => {
  test('that is not sent yet is there for its sender alone; its address holds for an hour and for nothing else', async () => {
    let nowMs = Date.now()
    const { server, asha } = await startWithTeam({ now: () => nowMs })
    const ravi = await server.guest('Ravi')
    const fileId = await upload(server, asha, Buffer.from('0123456789'))
    expect((await urlOf(server, ravi, fileId)).status).toBe(404)
    const { url } = await urlOf(server, asha, fileId)
    expect(await (await fetch(url)).text()).toBe('0123456789')
    expect((await fetch(url.replace(/until=\d/, 'until=9'))).status).toBe(404)
    const other = await upload(server, asha, Buffer.from('abcdefghij'))
    expect((await fetch(url.replace(fileId, other))).status).toBe(404)
    nowMs += 3_600_001
    expect((await fetch(url)).status).toBe(404)
  })

  test('is served inert, whatever it says that it is', async () => {
    const { server, asha } = await startWithTeam()
    const page = Buffer.from('<script>alert(1)</script>')
    for (const [type, shownAs, disposition] of [
      ['text/html', 'application/octet-stream', 'attachment'],
      ['image/svg+xml', 'application/octet-stream', 'attachment'],
      ['image/png', 'image/png', 'inline'],
    ] as const) {
      const fileId = await upload(server, asha, page, { type, name: 'Bild "é".html' })
      const { headers } = await fetch((await urlOf(server, asha, fileId)).url)
      expect(headers.get('content-type')).toBe(shownAs)
      expect(headers.get('content-disposition')).toBe(
        `${disposition}; filename="Bild ___.html"; filename*=UTF-8''Bild%20%22%C3%A9%22.html`,
      )
      expect(headers.get('content-security-policy')).toBe("default-src 'none'; sandbox")
      expect(headers.get('x-content-type-options')).toBe('nosniff')
    }
  })

  test('has a thumbnail when its sender made one: a small picture and nothing else', async () => {
    const { server, asha } = await startWithTeam()
    const fileId = await upload(server, asha, randomBytes(10))
    const put = (body: Buffer) =>
      api(server, asha, 'PUT', `/${fileId}/thumbnail`, new Uint8Array(body), { 'content-type': 'image/png' })
    expect((await urlOf(server, asha, fileId, 'thumbnail')).status).toBe(404)
    expect(codeOf((await put(Buffer.from('<svg onload="alert(1)">'))).value)).toBe('unsupported')
    expect((await put(Buffer.alloc(128 * 1024 + 1))).status).toBe(413)
    const picture = Buffer.from('89504e470d0a1a0a00', 'hex')
    expect((await put(picture)).status).toBe(204)
    const response = await fetch((await urlOf(server, asha, fileId, 'thumbnail')).url)
    expect(response.headers.get('content-type')).toBe('image/png')
    expect(Buffer.from(await response.arrayBuffer())).toEqual(picture)
  })

  test('lies in an S3-compatible store when one is named, and is read from there in parts', async () => {
    await using s3 = await FakeS3.start('secret/+key')
    const filesUrl = `s3://id:${encodeURIComponent('secret/+key')}@127.0.0.1:${s3.port}/bucket?region=eu-1&tls=off`
    const { server, asha } = await startWithTeam({ filesUrl })
    const bytes = randomBytes(200_000)
    const fileId = await upload(server, asha, bytes)
    expect([...s3.objects.keys()]).toEqual([`/bucket/${fileId}`])
    const { url } = await urlOf(server, asha, fileId)
    expect(Buffer.from(await (await fetch(url)).arrayBuffer()).equals(bytes)).toBe(true)
    const part = await fetch(url, { headers: { range: 'bytes=100-199' } })
    expect(part.status).toBe(206)
    expect(part.headers.get('content-range')).toBe('bytes 100-199/200000')
    expect(Buffer.from(await part.arrayBuffer()).equals(bytes.subarray(100, 200))).toBe(true)
    expect((await fetch(url, { headers: { range: 'bytes=200000-' } })).status).toBe(416)
    expect((await api(server, asha, 'DELETE', `/${fileId}`)).status).toBe(204)
    expect(s3.objects.size).toBe(0)
    expect(server.logLines.join()).not.toContain('secret')
  })
})

describe('a message with files', () => {
  const send = (client: TestClient, clientMessageId: string, attachments: string[], text = '') =>
    client.ask('conversation.send', { conversationId: 'team', clientMessageId, text, attachments })

  test('brings them to everybody who may read it, and a repeat of it is harmless', async () => {
    const { server, asha } = await startWithTeam()
    const ravi = await server.guest('Ravi')
    await ravi.ask('conversation.open', { conversationId: 'team' })
    const fileId = await upload(server, asha, Buffer.from('0123456789'), { width: 4, height: 3 })
    expect(await send(asha, 'm1', [fileId])).toMatchObject({ number: 1 })
    expect(await send(asha, 'm1', [fileId])).toMatchObject({ number: 1 })
    const { message } = await ravi.next('conversation.message')
    const attachment = { fileId, name: 'a.png', type: 'image/png', size: 10, width: 4, height: 3 }
    expect(message).toMatchObject({ text: '', attachments: [attachment] })
    const page = await ravi.ask('conversation.history', { conversationId: 'team', after: 0 })
    expect(page.messages[0]?.attachments).toEqual([attachment])
    expect(await (await fetch((await urlOf(server, ravi, fileId)).url)).text()).toBe('0123456789')
    const stranger = await server.member({ identity: 'stranger', name: 'S', conversations: { other: {} } })
    expect((await urlOf(server, stranger, fileId)).status).toBe(404)
  })

  test('takes own complete files of this conversation that no other message has, and stores nothing else', async () => {
    const { server, asha } = await startWithTeam()
    const ravi = await server.guest('Ravi')
    await ravi.ask('conversation.open', { conversationId: 'other' })
    const own = await upload(server, asha, randomBytes(10))
    const { fileId: unfinished } = (await create(server, asha)).value as UploadState
    const refused = async (client: TestClient, ids: string[], conversationId = 'team') =>
      (
        await client.refusal('conversation.send', {
          conversationId,
          clientMessageId: 'x',
          text: '',
          attachments: ids,
        })
      )?.code
    await ravi.ask('conversation.open', { conversationId: 'team' })
    expect(await refused(ravi, [own])).toBe('notFound')
    expect(await refused(asha, [unfinished])).toBe('notFound')
    expect(await refused(asha, ['A'.repeat(22)])).toBe('notFound')
    expect(await refused(asha, [own, own])).toBe('invalidMessage')
    expect(await refused(asha, [])).toBe('invalidMessage')
    await asha.ask('conversation.open', { conversationId: 'other' })
    expect(await refused(asha, [own], 'other')).toBe('notFound')
    await send(asha, 'first', [own])
    expect(await refused(asha, [own])).toBe('notFound')
    const { messages } = await asha.ask('conversation.history', { conversationId: 'team', after: 0 })
    expect(messages).toHaveLength(1)
  })

  test('that is refused gives its files back; one that is deleted takes them with it', async () => {
    const { server, asha } = await startWithTeam()
    const fileId = await upload(server, asha, randomBytes(10))
    await asha.ask('conversation.send', { conversationId: 'team', clientMessageId: 'm1', text: 'words' })
    const conflict = { conversationId: 'team', clientMessageId: 'm1', text: '', attachments: [fileId] }
    expect((await asha.refusal('conversation.send', conflict))?.code).toBe('conflict')
    await send(asha, 'm2', [fileId], 'look')
    const { url } = await urlOf(server, asha, fileId)
    await asha.ask('message.delete', { conversationId: 'team', number: 2, clientChangeId: 'd' })
    expect((await fetch(url)).status).toBe(404)
    const left = readdirSync(join(server.dataDir, 'files'), { recursive: true, withFileTypes: true })
    expect(left.filter((entry) => entry.isFile())).toEqual([])
  })
})

test.each([
  [undefined, undefined],
  ['bytes=0-', { start: 0, end: 99 }],
  ['bytes=90-200', { start: 90, end: 99 }],
  ['bytes=-10', { start: 90, end: 99 }],
  ['bytes=-200', { start: 0, end: 99 }],
  ['bytes=100-', 'unsatisfiable'],
  ['bytes=5-4', 'unsatisfiable'],
  ['bytes=0-1,3-4', undefined],
  ['lines=0-1', undefined],
] as const)('the range %s of 100 bytes is %o', (header, range) => {
  expect(rangeOf(header, 100)).toEqual(range)
})

test('no type that can run anything is shown in place', () => {
  for (const type of ['text/html', 'image/svg+xml', 'application/pdf', 'text/xml', 'application/xhtml+xml'])
    expect(servedHeaders({ name: 'a', type })['content-disposition']).toContain('attachment')
})
