import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createServer, type Sangam } from '@sangam/server'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Conversation, OutboxStore, Session } from '../src/api.ts'
import { connect, memoryOutbox } from '../src/index.ts'
import { storeReaches } from '../src/store.ts'
import { freePort } from './support/free-port.ts'

/** An outbox that tells when nothing waits in it. */
interface WatchedOutbox extends OutboxStore {
  emptied(): Promise<void>
}

/** A device of Asha's: its session, what waits on it, and the conversation. */
interface Device {
  readonly session: Session
  readonly outbox: WatchedOutbox
  readonly team: Conversation
}

function watchedOutbox(): WatchedOutbox {
  const store = memoryOutbox()
  let waiting: (() => void)[] = []
  const isEmpty = async () => (await store.list('asha')).length === 0
  return {
    ...store,
    async remove(senderId, clientMessageId) {
      await store.remove(senderId, clientMessageId)
      if (!(await isEmpty())) return
      for (const resolve of waiting) resolve()
      waiting = []
    },
    async emptied() {
      if (!(await isEmpty())) await new Promise<void>((resolve) => waiting.push(resolve))
    },
  }
}

let dataDir: string
let server: Sangam
let port: number
let sessions: Session[]

async function startServer(): Promise<void> {
  server = await createServer({
    dataDir,
    host: '127.0.0.1',
    httpsPort: 'off',
    mediaWorkers: 0,
    configFile: false,
    env: {},
    logDestination: { write: () => {} },
  })
  await server.listen(port)
}

async function openDevice(outbox = watchedOutbox()): Promise<Device> {
  const token = await server.tokens.issue({
    identity: 'asha',
    name: 'Asha',
    conversations: { team: { read: true, write: true } },
  })
  const session = await connect(`http://127.0.0.1:${port}`, { token: async () => token, outbox })
  sessions.push(session)
  return { session, outbox, team: await session.conversation('team') }
}

/** Takes the server away from every device; resolves when each of them knows. */
async function takeServerAway(...devices: readonly Device[]): Promise<void> {
  await server.close()
  await Promise.all(
    devices.map(({ session }) => storeReaches(session.connection, ({ state }) => state !== 'online')),
  )
}

/** All that a device holds of the conversation, once it is as the server has it and nothing waits. */
async function settled({ team, outbox }: Device, revision: number) {
  const { messages } = await storeReaches(team.state, (snapshot) =>
    snapshot.messages.some((message) => message.revision === revision && message.waiting === undefined),
  )
  await outbox.emptied()
  return messages.map(({ number, text, editedAt, deletedAt, waiting, state }) => ({
    number,
    text,
    editedAt,
    deletedAt,
    waiting,
    state,
  }))
}

/** What both devices hold alike. */
async function settledAlike(revision: number, ...devices: readonly Device[]) {
  const [first, ...others] = await Promise.all(devices.map((device) => settled(device, revision)))
  for (const other of others) expect(other).toEqual(first)
  return first ?? []
}

const versionsOf = async ({ team }: Device): Promise<readonly string[]> =>
  (await team.versions(1)).map(({ text }) => text)

beforeEach(async () => {
  port = await freePort()
  sessions = []
  dataDir = await mkdtemp(join(tmpdir(), 'sangam-devices-'))
  await startServer()
})

afterEach(async () => {
  await Promise.all(sessions.map((session) => session.close()))
  await server.close()
  await rm(dataDir, { recursive: true, force: true })
})

describe('one message changed on two devices without a connection', () => {
  test('edited on both: the edit stored last stands on both, the other is kept as a version, each once', async () => {
    const [laptop, phone] = [await openDevice(), await openDevice()]
    await laptop.team.send('first words')
    await storeReaches(phone.team.state, ({ lastNumber }) => lastNumber === 1)
    await takeServerAway(laptop, phone)
    const edits = [laptop.team.edit(1, 'from the laptop'), phone.team.edit(1, 'from the phone')]
    expect(laptop.team.state.get().messages[0]).toMatchObject({ text: 'from the laptop' })
    expect(phone.team.state.get().messages[0]).toMatchObject({ text: 'from the phone' })
    await startServer()
    await Promise.all(edits)
    const [message, ...others] = await settledAlike(2, laptop, phone)
    expect(others).toEqual([])
    const versions = await versionsOf(laptop)
    expect(versions).toHaveLength(2)
    expect(versions[0]).toBe('first words')
    expect([versions[1], message?.text].toSorted()).toEqual(['from the laptop', 'from the phone'])
    // Who comes later finds the same.
    expect(await settledAlike(2, await openDevice(), laptop)).toEqual([message])
  })

  test('what is sent last stands, though it was written first', async () => {
    const [laptop, phone] = [await openDevice(), await openDevice()]
    await laptop.team.send('first words')
    await storeReaches(phone.team.state, ({ lastNumber }) => lastNumber === 1)
    await takeServerAway(laptop, phone)
    const early = laptop.team.edit(1, 'written first')
    await Promise.all([
      laptop.session.close(),
      expect(early).rejects.toMatchObject({ code: 'sessionClosed' }),
    ])
    const late = phone.team.edit(1, 'written second')
    await startServer()
    await late
    const reopened = await openDevice(laptop.outbox)
    const [message, ...others] = await settledAlike(2, reopened, phone)
    expect(others).toEqual([])
    expect(message).toMatchObject({ text: 'written first', state: 'sent' })
    expect(await versionsOf(phone)).toEqual(['first words', 'written second'])
  })

  test('deleted on one: it is gone on both, whatever the other wished', async () => {
    const [laptop, phone] = [await openDevice(), await openDevice()]
    await laptop.team.send('first words')
    await storeReaches(phone.team.state, ({ lastNumber }) => lastNumber === 1)
    await takeServerAway(laptop, phone)
    const edited = laptop.team.edit(1, 'too late')
    await Promise.all([
      laptop.session.close(),
      expect(edited).rejects.toMatchObject({ code: 'sessionClosed' }),
    ])
    const deleted = phone.team.delete(1)
    await startServer()
    await deleted
    const reopened = await openDevice(laptop.outbox)
    await reopened.outbox.emptied()
    const [message, ...others] = await settledAlike(1, reopened, phone)
    expect(others).toEqual([])
    expect(message).toMatchObject({ text: '', deletedAt: expect.any(Number) })
    expect(await versionsOf(phone)).toEqual([])
  })
})
