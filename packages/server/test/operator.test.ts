import { describe, expect, test } from 'vitest'
import { signOperatorToken } from '../src/access/operator-token.ts'
import { loadTokenSecret } from '../src/config/data-folder.ts'
import { operatorAccess, policyActionNames } from '../src/index.ts'
import { guestPass } from './support/test-client.ts'
import { startTestServer } from './support/test-server.ts'

describe('the operator’s endpoints', () => {
  test('explain what somebody may do, one action or all of a place, and change nothing', async () => {
    const server = await startTestServer()
    const [asha, ravi] = [await server.guest('Asha'), await server.guest('Ravi')]
    for (const person of [asha, ravi]) await person.ask('room.join', { roomId: 'standup' })
    const { token } = await operatorAccess({ DATA_DIR: server.dataDir })
    const explain = async (question: unknown): Promise<{ status: number; body: unknown }> => {
      const response = await fetch(`${server.url}/api/v1/operator/explain`, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        body: JSON.stringify(question),
      })
      return { status: response.status, body: await response.json() }
    }
    const place = { roomId: 'standup', target: ravi.identity }
    expect(await explain({ identity: asha.identity, action: 'mute', ...place })).toEqual({
      status: 200,
      body: {
        explanations: [{ action: 'mute', ...(await server.sangam.policy.explain(asha, 'mute', place)) }],
      },
    })
    const all = await explain({ identity: ravi.identity, roomId: 'standup' })
    const { explanations } = all.body as { explanations: { action: string; allowed: boolean }[] }
    expect(explanations.map(({ action }) => action)).toEqual(
      policyActionNames.filter((action) => !action.startsWith('conversation.')),
    )
    expect(explanations.find(({ action }) => action === 'end')?.allowed).toBe(false)
    const grants = { rooms: { standup: { subscribe: false } } }
    expect(
      await explain({ identity: 'nobody', grants, action: 'subscribe', roomId: 'standup' }),
    ).toMatchObject({
      body: { explanations: [{ allowed: false, code: 'tokenLacksGrant' }] },
    })
    expect(await explain({ identity: 'nobody', action: 'call.start' })).toMatchObject({
      body: { explanations: [{ allowed: false, code: 'grantsUnknown' }] },
    })
    for (const [wrong, path] of [
      [{ action: 'mute' }, 'identity'],
      [{ identity: 'asha', action: 'fly' }, 'action'],
      [{ identity: 'asha', action: 'mute' }, 'roomId'],
      [{ identity: 'asha', action: 'conversation.read' }, 'conversationId'],
      [{ identity: 'asha', grants: { rooms: 'all' } }, 'grants.rooms'],
    ] as const)
      expect(await explain(wrong)).toMatchObject({
        status: 400,
        body: { error: { code: 'invalidMessage', details: { path } } },
      })
  })

  test('show, drain and undrain workers for who can read the data folder', async () => {
    const server = await startTestServer({ mediaWorkers: 2 })
    const { token } = await operatorAccess({ DATA_DIR: server.dataDir })
    const ask = async (path = '', method = 'GET'): Promise<unknown> => {
      const response = await fetch(`${server.url}/api/v1/operator/workers${path}`, {
        method,
        headers: { authorization: `Bearer ${token}` },
      })
      return { status: response.status, body: await response.json() }
    }
    const states = (...names: string[]) => ({
      status: 200,
      body: { workers: names.map((state, index) => expect.objectContaining({ index, state })) },
    })
    expect(await ask()).toEqual(states('running', 'running'))
    expect(await ask('/1/drain', 'POST')).toEqual(states('running', 'draining'))
    expect(await ask('/1/undrain', 'POST')).toEqual(states('running', 'running'))
    for (const path of ['/2/drain', '/x/drain', '/1/kill'])
      expect(await ask(path, 'POST')).toMatchObject({ status: 404 })
  })

  test('refuse everybody else: no token, a guest’s, an expired one, another secret’s', async () => {
    const server = await startTestServer()
    const secret = loadTokenSecret(server.dataDir)
    const tokens = [
      undefined,
      (await guestPass(server.url, 'Eve')).token,
      await signOperatorToken(secret, Date.now() - 120_000),
      await signOperatorToken(new Uint8Array(32), Date.now()),
    ]
    for (const token of tokens) {
      const response = await fetch(`${server.url}/api/v1/operator/workers/0/drain`, {
        method: 'POST',
        headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
      })
      expect(response.status).toBe(401)
    }
    expect(server.sangam.media.workers()[0]?.state).toBe('running')
    const explaining = await fetch(`${server.url}/api/v1/operator/explain`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ identity: 'asha', action: 'call.start' }),
    })
    expect(explaining.status).toBe(401)
    // Nor does an operator's token make anybody a person.
    await expect(server.again(await signOperatorToken(secret, Date.now()))).rejects.toMatchObject({
      code: 'unauthenticated',
    })
  })
})
