import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createServer, type Sangam } from '@sangam/server'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Call, ChatMessage, GuestCredentials, GuestStorage, Session } from '../src/api.ts'
import { connect, fetchServerInfo, fileCache, memoryOutbox, type SangamError } from '../src/index.ts'
import { storeReaches } from '../src/store.ts'
import { freePort } from './support/free-port.ts'

let dataDir: string
let server: Sangam
let port = 0
let sessions: Session[]

/** No media: this is about chat and signalling, which Node can do without a browser. */
async function startServer(settings: { readonly guests?: boolean } = {}): Promise<void> {
  server = await createServer({
    dataDir,
    host: '127.0.0.1',
    httpsPort: 'off',
    mediaWorkers: 0,
    configFile: false,
    env: {},
    logDestination: { write: () => {} },
    ...settings,
  })
  await server.listen(port)
}

const url = (): string => `http://127.0.0.1:${port}`

async function enter(name: string, storage: GuestStorage | null = null): Promise<Session> {
  const session = await connect(url(), { guest: { name, storage } })
  sessions.push(session)
  return session
}

const nextCall = (session: Session): Promise<Call> =>
  new Promise((resolve) => {
    session.once('incomingCall', resolve)
  })

const ended = (call: Call) => storeReaches(call.state, ({ state }) => state === 'ended')

beforeEach(async () => {
  port = await freePort()
  sessions = []
  dataDir = await mkdtemp(join(tmpdir(), 'sangam-client-'))
  await startServer()
})

afterEach(async () => {
  await Promise.all(sessions.map((session) => session.close()))
  await server.close()
  await rm(dataDir, { recursive: true, force: true })
})

describe('entering', () => {
  test('a guest keeps the identity that was stored', async () => {
    let kept: GuestCredentials | undefined
    const storage: GuestStorage = {
      load: () => kept,
      save: (credentials) => {
        kept = credentials
      },
      clear: () => {
        kept = undefined
      },
    }
    const first = await enter('Asha', storage)
    const second = await enter('Asha', storage)
    expect(second.identity).toBe(first.identity)
    expect((await enter('Somebody else', storage)).identity).not.toBe(first.identity)
  })

  test('who has themselves erased is gone from the server and from the device, and is told', async () => {
    let kept: GuestCredentials | undefined
    const storage: GuestStorage = {
      load: () => kept,
      save: (credentials) => (kept = credentials),
      clear: () => (kept = undefined),
    }
    const outbox = memoryOutbox()
    const cache = fileCache(join(dataDir, 'cache'))
    const asha = await connect(url(), { guest: { name: 'Asha', storage }, outbox, cache })
    sessions.push(asha)
    const ravi = await enter('Ravi')
    const here = await asha.conversation('team')
    await here.send('soon gone')
    await storeReaches(here.state, ({ messages }) => messages.some(({ number }) => number === 1))
    const { messages } = JSON.parse(await (await asha.exportOwnData()).text()) as { messages: ChatMessage[] }
    expect(messages.map(({ text }) => text)).toEqual(['soon gone'])

    const waiting = { conversationId: 'team', senderId: asha.identity, createdAt: 1, order: 1 }
    await outbox.put({ ...waiting, clientMessageId: 'never sent', text: 'never sent' })
    const closed = new Promise<SangamError | undefined>((resolve) => asha.once('closed', resolve))
    await asha.eraseOwnData()
    expect(await closed).toMatchObject({ code: 'erased' })
    expect(await outbox.list(asha.identity)).toEqual([])
    expect(await readdir(join(dataDir, 'cache'))).toEqual([])
    expect(kept).toBeUndefined()
    const there = await ravi.conversation('team')
    expect(there.state.get().messages.map(({ text }) => text)).toEqual([''])
  })

  test('a token of the application enters as that person', async () => {
    const token = (): Promise<string> =>
      server.tokens.issue({
        identity: 'asha',
        name: 'Asha',
        conversations: { team: { read: true, write: true } },
      })
    const asha = await connect(url(), { token })
    sessions.push(asha)
    expect([asha.identity, asha.name]).toEqual(['asha', 'Asha'])
  })

  test('a server without guests says so beforehand and refuses them', async () => {
    await server.close()
    await startServer({ guests: false })
    expect(await fetchServerInfo(url())).toMatchObject({ guests: false, protocolVersion: 1 })
    await expect(enter('Asha')).rejects.toMatchObject({ code: 'guestsDisabled' })
  })

  test('people see each other come, go away and leave', async () => {
    const asha = await enter('Asha')
    const ravi = await enter('Ravi')
    const presence = (wanted: string) =>
      storeReaches(asha.people, (people) =>
        people.some(({ identity, presence: now }) => identity === ravi.identity && now === wanted),
      )
    await presence('online')
    await ravi.setStatus('away')
    await presence('away')
    await ravi.close()
    await presence('offline')
  })
})

describe('chat', () => {
  test('messages reach the other side in order, with what is unread and who has read', async () => {
    const [asha, ravi] = await Promise.all([enter('Asha'), enter('Ravi')])
    const [here, there] = await Promise.all([
      asha.conversation({ with: ravi.identity }),
      ravi.conversation({ with: asha.identity }),
    ])
    expect(there.conversationId).toBe(here.conversationId)
    await Promise.all(['one', 'two', 'three'].map((text) => here.send(text)))
    const seen = await storeReaches(there.state, ({ lastNumber }) => lastNumber === 3)
    expect(seen.messages.map(({ number, text }) => [number, text])).toEqual([
      [1, 'one'],
      [2, 'two'],
      [3, 'three'],
    ])
    expect(seen.unread).toBe(3)
    await there.markRead()
    const read = await storeReaches(here.state, (snapshot) => snapshot.read.get(ravi.identity) === 3)
    expect(read.unread).toBe(0)
    expect(asha.conversationList.get()[0]).toMatchObject({ title: 'Ravi', lastMessage: { text: 'three' } })
  })

  test('a server that goes away in a burst and comes back has every message once, in order, and pages go on by themselves', async () => {
    const [asha, ravi] = await Promise.all([enter('Asha'), enter('Ravi')])
    const [here, there] = await Promise.all([asha.conversation('team'), ravi.conversation('team')])
    const burst = Array.from({ length: 60 }, (_, i) => here.send(`line ${i}`))
    await burst[10]
    await server.close()
    burst.push(here.send('written while away'))
    await startServer()
    const stored = await Promise.all(burst)
    expect(stored.map(({ number }) => number)).toEqual(Array.from({ length: 61 }, (_, i) => i + 1))
    const seen = await storeReaches(there.state, ({ lastNumber }) => lastNumber === 61)
    expect(seen.messages.map(({ text }) => text)).toEqual(stored.map(({ text }) => text))
  })
})

describe('calls', () => {
  test('a rejected call ends on both sides', async () => {
    const [asha, ravi] = await Promise.all([enter('Asha'), enter('Ravi')])
    const rings = nextCall(ravi)
    const call = await asha.call(ravi.identity, { video: true })
    await storeReaches(call.state, ({ state, peer }) => state === 'outgoing' && peer.name === 'Ravi')
    const incoming = await rings
    expect(incoming.state.get()).toMatchObject({
      peer: { name: 'Asha' },
      media: { audio: true, video: true },
    })
    await incoming.reject()
    expect(await ended(call)).toMatchObject({ endReason: 'rejected', endedBy: ravi.identity })
    expect(await ended(incoming)).toMatchObject({ endReason: 'rejected' })
    expect([asha.calls.get(), ravi.calls.get()]).toEqual([[], []])
  })

  test('a cancelled call stops ringing', async () => {
    const [asha, ravi] = await Promise.all([enter('Asha'), enter('Ravi')])
    const rings = nextCall(ravi)
    const call = await asha.call(ravi.identity)
    const incoming = await rings
    await call.hangUp()
    expect(await ended(incoming)).toMatchObject({ endReason: 'cancelled', endedBy: asha.identity })
    expect(call.state.get().endReason).toBe('cancelled')
  })

  test('somebody in a call is busy to others', async () => {
    const [asha, ravi, mira] = await Promise.all([enter('Asha'), enter('Ravi'), enter('Mira')])
    const rings = nextCall(ravi)
    await asha.call(ravi.identity)
    await rings
    const second = await mira.call(ravi.identity)
    expect(second.state.get()).toMatchObject({ state: 'ended', endReason: 'busy' })
  })

  test('somebody who is not there can not be rung', async () => {
    const asha = await enter('Asha')
    await expect(asha.call('nobody')).rejects.toMatchObject({ name: 'SangamError' })
    expect(asha.calls.get()).toEqual([])
  })
})
