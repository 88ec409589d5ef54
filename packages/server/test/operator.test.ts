import { describe, expect, test } from 'vitest'
import { signOperatorToken } from '../src/access/operator-token.ts'
import { loadTokenSecret } from '../src/config/data-folder.ts'
import { operatorAccess } from '../src/index.ts'
import { guestPass } from './support/test-client.ts'
import { startTestServer } from './support/test-server.ts'

describe('the operator’s endpoints', () => {
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
    // Nor does an operator's token make anybody a person.
    await expect(server.again(await signOperatorToken(secret, Date.now()))).rejects.toMatchObject({
      code: 'unauthenticated',
    })
  })
})
