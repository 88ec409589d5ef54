import type { WireError } from '@sangam/protocol'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { Connection } from '../src/connection/connection.ts'
import { applicationTokens } from '../src/connection/token-source.ts'
import { storeReaches } from '../src/store.ts'
import { ScriptedServer } from './scripted-server.ts'

const refusal = (code: WireError['code'], details = {}): WireError => ({
  code,
  message: `told ${code}`,
  details,
})

let server: ScriptedServer
let connection: Connection
let tokens: string[]

function makeConnection(requestTimeoutMs = 5_000): Connection {
  let count = 0
  return new Connection({
    origin: server.url,
    tokens: applicationTokens(async () => {
      count += 1
      tokens.push(`token ${count}`)
      return `token ${count}`
    }),
    client: 'test',
    deviceId: 'device1',
    requestTimeoutMs,
    random: () => 0,
  })
}

beforeEach(async () => {
  tokens = []
  server = new ScriptedServer()
  await server.start()
  connection = makeConnection()
})

afterEach(async () => {
  connection.close()
  await server.stop()
})

describe('making a connection', () => {
  test('sends token, version and device, and is online once greeted', async () => {
    const greeting = await connection.open(5_000)
    expect(greeting.identity).toBe('asha')
    expect(connection.state.get()).toEqual({ state: 'online', attempt: 0 })
    expect(server.handshakes).toEqual([
      { token: 'token 1', protocolVersion: 1, client: 'test', deviceId: 'device1' },
    ])
  })

  test('an old protocol is refused for good, with both versions', async () => {
    server.admit = () => refusal('protocolTooOld', { server: 2, client: 1 })
    await expect(connection.open(5_000)).rejects.toMatchObject({
      code: 'protocolTooOld',
      details: { server: 2, client: 1 },
    })
    expect(connection.state.get()).toMatchObject({ state: 'closed', error: { code: 'protocolTooOld' } })
    expect(server.handshakes).toHaveLength(1)
  })

  test('an expired token is replaced', async () => {
    server.admit = ({ token }) => (token === 'token 1' ? refusal('tokenExpired') : undefined)
    await connection.open(5_000)
    expect(server.handshakes.map(({ token }) => token)).toEqual(['token 1', 'token 2'])
  })

  test('a token that stays refused ends it', async () => {
    server.admit = () => refusal('unauthenticated')
    await expect(connection.open(5_000)).rejects.toMatchObject({ code: 'unauthenticated' })
    expect(tokens).toEqual(['token 1', 'token 2'])
  })

  test('a server that is not there is told after the timeout', async () => {
    await server.stop()
    await expect(connection.open(400)).rejects.toMatchObject({ code: 'serverUnreachable' })
    expect(connection.state.get().state).toBe('closed')
  })

  test('events that come right after the greeting reach listeners that are added later', async () => {
    server.greetWith = [['server.stopping', {}]]
    await connection.open(5_000)
    const heard = new Promise((resolve) => connection.on('server.stopping', resolve))
    connection.release()
    await expect(heard).resolves.toEqual({})
  })
})

describe('requests', () => {
  test('resolve with the value, and reject with the code, details and pause that the server gave', async () => {
    await connection.open(5_000)
    server.answer = () => ({ ok: true, value: { people: [] } })
    await expect(connection.request('people.list', {})).resolves.toEqual({ people: [] })
    server.answer = () => ({
      ok: false,
      error: { ...refusal('rateLimited', { kind: 'chat' }), retryAfterMs: 250 },
    })
    await expect(connection.request('people.list', {})).rejects.toMatchObject({
      name: 'SangamError',
      code: 'rateLimited',
      message: 'told rateLimited',
      details: { kind: 'chat' },
      retryAfterMs: 250,
    })
  })

  test('one whose answer was lost is repeated if it may be, and otherwise rejects', async () => {
    await connection.open(5_000)
    let dropped = 0
    server.answer = () => {
      dropped += 1
      return dropped <= 2 ? 'drop' : { ok: true, value: { people: [] } }
    }
    await expect(
      connection.request('call.start', { to: 'ravi', media: { audio: true, video: false } }),
    ).rejects.toMatchObject({ code: 'offline' })
    await expect(connection.request('people.list', {}, { idempotent: true })).resolves.toEqual({ people: [] })
    expect(server.requests.map(({ event }) => event)).toEqual(['call.start', 'people.list', 'people.list'])
  })

  test('one that is not answered rejects after its time', async () => {
    await connection.open(5_000)
    server.answer = () => 'silence'
    await expect(connection.request('people.list', {}, { timeoutMs: 50 })).rejects.toMatchObject({
      code: 'requestTimeout',
    })
  })

  test('while away they wait in order, fail at once if they should, and are bounded', async () => {
    await connection.open(5_000)
    await server.stop()
    await storeReaches(connection.state, ({ state }) => state === 'reconnecting')
    await expect(connection.request('people.list', {}, { offline: 'fail' })).rejects.toMatchObject({
      code: 'offline',
    })
    const order: number[] = []
    const waiting = Array.from({ length: 500 }, (_, i) =>
      connection.request('people.list', {}).then(() => order.push(i)),
    )
    await expect(connection.request('people.list', {})).rejects.toMatchObject({ code: 'queueFull' })
    await server.start()
    await Promise.all(waiting)
    expect(order).toEqual(Array.from({ length: 500 }, (_, i) => i))
  })

  test('those that wait when it is closed reject', async () => {
    await connection.open(5_000)
    await server.stop()
    await storeReaches(connection.state, ({ state }) => state === 'reconnecting')
    const waiting = connection.request('people.list', {})
    connection.close()
    await expect(waiting).rejects.toMatchObject({ code: 'sessionClosed' })
    await expect(connection.request('people.list', {})).rejects.toMatchObject({ code: 'sessionClosed' })
  })
})

test('an event behind an answer is heard after whoever awaits the answer went on', async () => {
  await connection.open(5_000)
  connection.release()
  server.answerFollowedBy = ['room.unlisted', { roomId: 'standup' }]
  const order: string[] = []
  const heard = Array.from({ length: 20 }, () => Promise.withResolvers<void>())
  let count = 0
  connection.on('room.unlisted', () => {
    order.push('event')
    heard[count]?.resolve()
    count += 1
  })
  for (const { promise } of heard) {
    await connection.request('room.list', {})
    order.push('answer')
    await promise
  }
  expect(order).toEqual(heard.flatMap(() => ['answer', 'event']))
})

describe('reconnecting', () => {
  test('comes back by itself after the server went away, and tells why meanwhile', async () => {
    await connection.open(5_000)
    const online = vi.fn()
    connection.onOnline(online)
    await server.stop()
    const away = await storeReaches(connection.state, ({ attempt }) => attempt > 1)
    expect(away).toMatchObject({ state: 'reconnecting', error: { code: 'serverUnreachable' } })
    await server.start()
    await storeReaches(connection.state, ({ state }) => state === 'online')
    expect(online).toHaveBeenCalledTimes(1)
    expect(server.handshakes.map(({ deviceId }) => deviceId)).toEqual(['device1', 'device1'])
  })

  test('a server that disconnects on purpose is met again too', async () => {
    await connection.open(5_000)
    server.drop()
    await storeReaches(connection.state, ({ state }) => state === 'reconnecting')
    await storeReaches(connection.state, ({ state }) => state === 'online')
  })

  test('a token that is about to expire is renewed on the living connection', async () => {
    await connection.open(5_000)
    server.answer = () => ({ ok: true, value: { expiresAt: Date.now() + 600_000 } })
    server.send('token.expiring', { expiresAt: Date.now() + 30_000 })
    await server.requested('token.renew')
    expect(server.requests).toEqual([{ event: 'token.renew', payload: { token: 'token 2' } }])
    server.drop()
    await storeReaches(connection.state, ({ state }) => state === 'reconnecting')
    await storeReaches(connection.state, ({ state }) => state === 'online')
    expect(server.handshakes.at(-1)?.token).toBe('token 2')
  })
})
