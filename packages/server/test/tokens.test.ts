import { SignJWT } from 'jose'
import { describe, expect, test } from 'vitest'
import { grantsSchema } from '../src/access/grants.ts'
import { createTokens, type TokenRequest } from '../src/access/tokens.ts'
import { connectWith, guestPass } from './support/test-client.ts'
import { startTestServer } from './support/test-server.ts'

const secret = new Uint8Array(32).fill(7)
const createAt = (now: () => number, key = secret) =>
  createTokens({
    secret: key,
    tokenTtlSeconds: 600,
    guestsSeeOthers: true,
    guestTokenTtlSeconds: 86_400,
    hasErased: async () => false,
    now,
  })

describe('a token', () => {
  test('carries identity, name and grants with their defaults, and no more', async () => {
    const tokens = createAt(() => 1_000_000)
    const token = await tokens.issue({
      identity: 'asha',
      name: 'Asha',
      rooms: { standup: { publish: true } },
    })
    expect(await tokens.verify(token)).toEqual({
      ok: true,
      claims: {
        identity: 'asha',
        name: 'Asha',
        kind: 'app',
        expiresAtMs: 1_600_000,
        grants: {
          rooms: { standup: { join: true, publish: true, subscribe: true, chat: false } },
          conversations: {},
          direct: false,
          call: false,
          people: false,
        },
      },
    })
  })

  test('is valid up to its end and not beyond', async () => {
    let nowMs = 1_000_000
    const tokens = createAt(() => nowMs)
    const token = await tokens.issue({ identity: 'asha', name: 'Asha', ttlSeconds: 10 })
    nowMs += 9_999
    expect((await tokens.verify(token)).ok).toBe(true)
    nowMs += 1
    expect(await tokens.verify(token)).toEqual({ ok: false, code: 'tokenExpired' })
  })

  test('of another secret, another algorithm, none, or with one changed byte is refused', async () => {
    const tokens = createAt(() => 1_000_000)
    const token = await tokens.issue({ identity: 'asha', name: 'Asha' })
    const [header = '', payload = '', signature = ''] = token.split('.')
    const base64 = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
    const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as Record<string, unknown>
    const forged = [
      await createAt(() => 1_000_000, new Uint8Array(32).fill(8)).issue({ identity: 'asha', name: 'Asha' }),
      `${base64({ alg: 'none', typ: 'JWT' })}.${payload}.`,
      `${base64({ alg: 'none', typ: 'JWT' })}.${payload}.${signature}`,
      `${header}.${base64({ ...claims, sub: 'admin' })}.${signature}`,
      await new SignJWT(claims).setProtectedHeader({ alg: 'HS512' }).sign(secret),
      await new SignJWT({ ...claims, aud: 'other' }).setProtectedHeader({ alg: 'HS256' }).sign(secret),
      await new SignJWT({ ...claims, grants: { admin: true } })
        .setProtectedHeader({ alg: 'HS256' })
        .sign(secret),
      'a.b.c',
      '',
    ]
    for (const forgery of forged)
      expect(await tokens.verify(forgery)).toEqual({ ok: false, code: 'unauthenticated' })
  })

  test.each([
    { identity: '', name: 'Asha' },
    { identity: '__proto__', name: 'Asha' },
    { identity: 'asha', name: ' ' },
    { identity: 'asha', name: 'A\u202Eb' },
    { identity: 'asha', name: 'Asha', admin: true },
    { identity: 'asha', name: 'Asha', rooms: { r: { own: true } } },
    { identity: 'asha', name: 'Asha', ttlSeconds: 0 },
  ])('is not issued for %j', async (request) => {
    await expect(createAt(Date.now).issue(request as TokenRequest)).rejects.toThrow(TypeError)
  })

  test('of a guest is renewed with the same identity until a day after its end, of an application never', async () => {
    let nowMs = 0
    const tokens = createAt(() => nowMs)
    const pass = await tokens.issueGuest('Asha')
    const app = await tokens.issue({ identity: 'asha', name: 'Asha', ...grantsSchema.parse({}) })
    expect(await tokens.renewGuest(app)).toBe('unauthenticated')
    nowMs = 2 * 86_400_000 - 1
    expect(await tokens.renewGuest(pass.token)).toMatchObject({ identity: pass.identity, name: 'Asha' })
    nowMs += 1
    expect(await tokens.renewGuest(pass.token)).toBe('tokenExpired')
  })
})

describe('a connection', () => {
  const device = 'device'
  test('with a bad handshake is refused with a typed error', async () => {
    const { url, sangam } = await startTestServer()
    const token = await sangam.tokens.issue({ identity: 'asha', name: 'Asha' })
    const refusals = [
      [token, { protocolVersion: 0 }, { code: 'protocolTooOld', details: { server: 1, client: 0 } }],
      [token, { protocolVersion: 2, unheardOf: true }, { code: 'protocolTooOld' }],
      ['a.b.c', {}, { code: 'unauthenticated' }],
      ['rubbish', {}, { code: 'unauthenticated' }],
      [token, { token: undefined }, { code: 'unauthenticated' }],
      [token, { token: { $ne: null } }, { code: 'unauthenticated' }],
      [token, { deviceId: '' }, { code: 'invalidMessage', details: { path: 'deviceId' } }],
      [token, { extra: 1 }, { code: 'invalidMessage' }],
    ] as const
    for (const [given, auth, refusal] of refusals) {
      await expect(connectWith(url, given, auth)).rejects.toMatchObject(refusal)
    }
  })

  test('with an expired token is refused as tokenExpired', async () => {
    let nowMs = Date.now()
    const { url, sangam } = await startTestServer({ now: () => nowMs })
    const token = await sangam.tokens.issue({ identity: 'asha', name: 'Asha', ttlSeconds: 60 })
    nowMs += 61_000
    await expect(connectWith(url, token)).rejects.toMatchObject({ code: 'tokenExpired' })
  })

  test('is told before its token ends, and ends with it', async () => {
    const server = await startTestServer()
    const asha = await server.member({ identity: 'asha', name: 'Asha', ttlSeconds: 2 })
    const ended = new Promise((resolve) => asha.socket.once('disconnect', resolve))
    await asha.next('token.expiring')
    expect(await asha.next('session.ended')).toMatchObject({ reason: 'tokenExpired' })
    await ended
  })

  test('that renewed its token outlives the first one, with the grants of the second', async () => {
    const server = await startTestServer()
    const asha = await server.member({ identity: 'asha', name: 'Asha', ttlSeconds: 1 }, { deviceId: device })
    expect(await asha.refusal('people.list', {})).toMatchObject({ code: 'forbidden' })
    await asha.next('token.expiring')
    const token = await server.sangam.tokens.issue({ identity: 'asha', name: 'Asha', people: true })
    await asha.ask('token.renew', { token })
    // A second connection of the same short life shows that the time went by.
    const other = await server.member({ identity: 'ravi', name: 'Ravi', ttlSeconds: 1 })
    await other.next('session.ended')
    expect((await asha.ask('people.list', {})).people.length).toBeGreaterThan(0)
  })

  test('cannot be renewed into somebody else', async () => {
    const server = await startTestServer()
    const asha = await server.guest('Asha')
    const other = await guestPass(server.url, 'Ravi')
    expect(await asha.refusal('token.renew', { token: other.token })).toMatchObject({
      code: 'unauthenticated',
    })
  })

  test('whose conversation a renewed token no longer grants hears no more of it', async () => {
    const server = await startTestServer()
    const grants = { conversations: { team: { write: true } } }
    const asha = await server.member({ identity: 'asha', name: 'Asha', ...grants })
    const ravi = await server.member({ identity: 'ravi', name: 'Ravi', ...grants })
    await asha.ask('conversation.open', { conversationId: 'team' })
    await ravi.ask('conversation.open', { conversationId: 'team' })
    await ravi.ask('token.renew', {
      token: await server.sangam.tokens.issue({ identity: 'ravi', name: 'Ravi' }),
    })
    await asha.ask('conversation.send', { conversationId: 'team', clientMessageId: 'm', text: 'x' })
    expect(await ravi.received('conversation.message')).toEqual([])
  })
})

describe('the HTTP endpoints for guests', () => {
  const post = (url: string, init: RequestInit = {}) =>
    fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, ...init })

  test('give a token and renew it', async () => {
    const { url } = await startTestServer()
    const pass = await guestPass(url, 'Asha')
    const renewed = await fetch(`${url}/api/v1/guests/renew`, {
      method: 'POST',
      headers: { authorization: `Bearer ${pass.token}` },
    })
    expect(await renewed.json()).toMatchObject({ identity: pass.identity, name: 'Asha' })
  })

  test('say what is wrong, with the status that fits', async () => {
    const { url } = await startTestServer()
    const codeOf = async (response: Response) => [
      response.status,
      ((await response.json()) as { error: { code: string } }).error.code,
    ]
    expect(await codeOf(await post(`${url}/api/v1/guests`, { body: '{"name":""}' }))).toEqual([
      400,
      'invalidMessage',
    ])
    expect(await codeOf(await post(`${url}/api/v1/guests`, { body: '{"name":"A","admin":1}' }))).toEqual([
      400,
      'invalidMessage',
    ])
    expect(await codeOf(await post(`${url}/api/v1/guests`, { body: '{' }))).toEqual([400, 'invalidMessage'])
    expect(
      await codeOf(
        await post(`${url}/api/v1/guests`, { body: JSON.stringify({ name: 'x'.repeat(20_000) }) }),
      ),
    ).toEqual([413, 'tooLarge'])
    expect(await codeOf(await fetch(`${url}/api/v1/guests/renew`, { method: 'POST' }))).toEqual([
      401,
      'unauthenticated',
    ])
  })

  test('refuse guests when they are switched off, and the config says so', async () => {
    const { url } = await startTestServer({ guests: false, serverName: 'Team' })
    expect((await post(`${url}/api/v1/guests`, { body: '{"name":"A"}' })).status).toBe(403)
    expect(await (await fetch(`${url}/api/v1/config`)).json()).toEqual({
      protocolVersion: 1,
      guests: false,
      name: 'Team',
    })
  })

  test('are limited per address, with Retry-After', async () => {
    const nowMs = Date.now()
    const { url } = await startTestServer({ rateLimitFactor: 1, now: () => nowMs })
    const responses = await Promise.all(
      Array.from({ length: 31 }, () => post(`${url}/api/v1/guests`, { body: '{"name":"A"}' })),
    )
    const refused = responses.filter(({ status }) => status === 429)
    expect(refused).toHaveLength(1)
    expect(Number(refused[0]?.headers.get('retry-after'))).toBeGreaterThan(0)
  })

  test('answer other origins only when the settings name them', async () => {
    const { url } = await startTestServer({ allowedOrigins: ['https://app.example'] })
    const originOf = async (origin: string, method = 'GET') =>
      (await fetch(`${url}/api/v1/config`, { method, headers: { origin } })).headers.get(
        'access-control-allow-origin',
      )
    expect(await originOf('https://app.example')).toBe('https://app.example')
    expect(await originOf('https://app.example', 'OPTIONS')).toBe('https://app.example')
    expect(await originOf('https://evil.example')).toBeNull()
  })
})

describe('/metrics', () => {
  const metricsStatus = async (
    metricsAccess: 'local' | 'all' | 'off',
    headers: Record<string, string> = {},
  ) => {
    const { url } = await startTestServer({ metricsAccess })
    return (await fetch(`${url}/metrics`, { headers })).status
  }
  test('are for this machine alone unless the settings say otherwise', async () => {
    expect(await metricsStatus('local')).toBe(200)
    expect(await metricsStatus('local', { 'x-forwarded-for': '203.0.113.7' })).toBe(404)
    expect(await metricsStatus('all', { 'x-forwarded-for': '203.0.113.7' })).toBe(200)
    expect(await metricsStatus('off')).toBe(404)
  })
})

test('the log holds the lifecycle of a connection and no token, text, description or name', async () => {
  const server = await startTestServer({ logLevel: 'trace' })
  const [asha, ravi] = [await server.guest('PlantedName'), await server.guest('PlantedToo')]
  await asha.ask('conversation.open', { conversationId: 'team' })
  await asha.ask('conversation.send', { conversationId: 'team', clientMessageId: 'm', text: 'planted text' })
  await asha.refusal('conversation.send', {
    conversationId: 'team',
    clientMessageId: 'm',
    text: { planted: 1 },
  })
  const { callId } = await asha.ask('call.start', { to: ravi.identity, media: { audio: true, video: false } })
  await ravi.ask('call.accept', { callId })
  await asha.ask('call.signal', {
    callId,
    signal: { type: 'description', description: { type: 'offer', sdp: 'planted sdp' } },
  })
  await connectWith(server.url, `${asha.token}x`).catch(() => undefined)
  await server.sangam.close()
  const log = server.logLines.join('')
  expect(log).toContain('"msg":"connected"')
  expect(log).toContain('"msg":"call accepted"')
  expect(log).not.toMatch(/planted/i)
  expect(log).not.toContain(asha.token.slice(-20))
})
