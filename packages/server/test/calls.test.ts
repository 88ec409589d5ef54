import { describe, expect, test } from 'vitest'
import type { TestClient } from './support/test-client.ts'
import { startTestServer, type TestServer } from './support/test-server.ts'

const media = { audio: true, video: true }
const candidate = (text: string) => ({ type: 'candidate' as const, candidate: { candidate: text } })

const pair = async (options?: Parameters<typeof startTestServer>[0]) => {
  const server = await startTestServer(options)
  return { server, asha: await server.guest('Asha'), ravi: await server.guest('Ravi') }
}

const ring = async (from: TestClient, to: TestClient): Promise<string> => {
  const { callId } = await from.ask('call.start', { to: to.identity, media })
  await to.next('call.incoming', (incoming) => incoming.callId === callId)
  return callId
}

const accepted = async (from: TestClient, to: TestClient): Promise<string> => {
  const callId = await ring(from, to)
  await to.ask('call.accept', { callId })
  await from.next('call.accepted', (accept) => accept.callId === callId)
  return callId
}

const presenceOf = async (server: TestServer, who: TestClient): Promise<string | undefined> => {
  const observer = await server.guest('Observer')
  return (await observer.ask('people.list', {})).people.find(({ identity }) => identity === who.identity)
    ?.presence
}

describe('a call', () => {
  test('rings, is accepted, relays both ways in order, and is hung up; no transport of the server is used', async () => {
    const { server, asha, ravi } = await pair({ iceServers: [{ urls: 'stun:stun.example:3478' }] })
    const started = await asha.ask('call.start', { to: ravi.identity, media })
    expect(started.iceServers).toEqual([{ urls: 'stun:stun.example:3478' }])
    const incoming = await ravi.next('call.incoming')
    expect(incoming).toMatchObject({
      callId: started.callId,
      from: { identity: asha.identity, name: 'Asha' },
      media,
    })
    await ravi.ask('call.accept', { callId: started.callId })
    expect(await asha.next('call.accepted')).toEqual({ callId: started.callId, by: ravi.identity })
    const { callId } = started
    const signals = ['a', 'b', 'c'].map((name) =>
      asha.ask('call.signal', { callId, signal: candidate(name) }),
    )
    await Promise.all(signals)
    expect((await ravi.received('call.signal')).map(({ signal }) => signal)).toEqual(
      ['a', 'b', 'c'].map(candidate),
    )
    await ravi.ask('call.signal', {
      callId,
      signal: { type: 'description', description: { type: 'answer', sdp: 'v=0' } },
    })
    expect((await asha.next('call.signal')).signal).toMatchObject({ type: 'description' })
    expect([
      await presenceOf(server, asha),
      await server.metric('sangam_transports'),
      await server.metric('sangam_calls'),
    ]).toEqual(['inCall', 0, 1])
    await asha.ask('call.hangup', { callId })
    expect(await ravi.next('call.ended')).toEqual({ callId, reason: 'hangup', by: asha.identity })
    expect(await asha.received('call.ended')).toEqual([])
    expect([await presenceOf(server, asha), await server.metric('sangam_calls')]).toEqual(['online', 0])
  })

  test('relays nothing before it is accepted', async () => {
    const { asha, ravi } = await pair()
    const callId = await ring(asha, ravi)
    expect(await asha.refusal('call.signal', { callId, signal: candidate('early') })).toMatchObject({
      code: 'wrongState',
    })
    expect(await ravi.refusal('call.signal', { callId, signal: candidate('early') })).toMatchObject({
      code: 'notFound',
    })
    expect(await ravi.received('call.signal')).toEqual([])
  })

  test('is reachable by nobody but its two devices', async () => {
    const { server, asha, ravi } = await pair()
    const tablet = await server.again(ravi.token)
    const desktop = await server.again(asha.token)
    const eve = await server.guest('Eve')
    const callId = await accepted(asha, ravi)
    for (const outsider of [eve, tablet, desktop]) {
      const attempts = [
        outsider.refusal('call.signal', { callId, signal: candidate('x') }),
        outsider.refusal('call.hangup', { callId }),
        outsider.refusal('call.cancel', { callId }),
        outsider.refusal('call.resume', { callId }),
      ]
      expect((await Promise.all(attempts)).map((error) => error?.code)).toEqual(Array(4).fill('notFound'))
    }
    expect(await asha.received('call.signal')).toEqual([])
  })

  test('is rejected on every device of the callee', async () => {
    const { server, asha, ravi } = await pair()
    const phone = await server.again(ravi.token)
    const callId = await ring(asha, ravi)
    await ravi.ask('call.reject', { callId })
    expect(await asha.next('call.ended')).toEqual({ callId, reason: 'rejected', by: ravi.identity })
    expect(await phone.next('call.ended')).toMatchObject({ reason: 'rejected' })
    expect(await phone.refusal('call.accept', { callId })).toMatchObject({ code: 'callEnded' })
  })

  test('is cancelled by the caller', async () => {
    const { asha, ravi } = await pair()
    const callId = await ring(asha, ravi)
    await asha.ask('call.cancel', { callId })
    expect(await ravi.next('call.ended')).toEqual({ callId, reason: 'cancelled', by: asha.identity })
  })

  test('answered on one device ends on the others; the first one wins', async () => {
    const { server, asha, ravi } = await pair()
    const phone = await server.again(ravi.token)
    const callId = await ring(asha, ravi)
    const outcomes = await Promise.all([
      ravi.refusal('call.accept', { callId }),
      phone.refusal('call.accept', { callId }),
    ])
    expect(outcomes.filter((error) => error === undefined)).toHaveLength(1)
    expect(outcomes.find((error) => error !== undefined)?.code).toBe('callEnded')
    const loser = outcomes[0] === undefined ? phone : ravi
    expect(await loser.next('call.ended')).toMatchObject({ callId, reason: 'answeredElsewhere' })
  })

  test('to somebody who is in a call, or rings, is busy', async () => {
    const { server, asha, ravi } = await pair()
    const eve = await server.guest('Eve')
    await accepted(asha, ravi)
    expect(await eve.refusal('call.start', { to: ravi.identity, media })).toMatchObject({ code: 'busy' })
    expect(await asha.refusal('call.start', { to: eve.identity, media })).toMatchObject({
      code: 'wrongState',
    })
  })

  test('rejected as busy tells the caller so', async () => {
    const { asha, ravi } = await pair()
    const callId = await ring(asha, ravi)
    await ravi.ask('call.reject', { callId, reason: 'busy' })
    expect(await asha.next('call.ended')).toMatchObject({ reason: 'busy' })
  })

  test('to somebody offline is unavailable, to nobody is not found, to oneself neither', async () => {
    const { asha, ravi } = await pair()
    ravi.close()
    await asha.next('presence.changed', ({ people }) =>
      people.some(({ identity, presence }) => identity === ravi.identity && presence === 'offline'),
    )
    expect(await asha.refusal('call.start', { to: ravi.identity, media })).toMatchObject({
      code: 'unavailable',
    })
    expect(await asha.refusal('call.start', { to: 'ghost', media })).toMatchObject({ code: 'notFound' })
    expect(await asha.refusal('call.start', { to: asha.identity, media })).toMatchObject({ code: 'notFound' })
  })

  test('nobody answers times out on both sides', async () => {
    const { asha, ravi } = await pair({ ringSeconds: 1 })
    const callId = await ring(asha, ravi)
    expect(await asha.next('call.ended')).toEqual({ callId, reason: 'timeout' })
    expect(await ravi.next('call.ended')).toEqual({ callId, reason: 'timeout' })
  })

  test('two people who ring each other: the first call stays, the second caller is told of it', async () => {
    const { asha, ravi } = await pair()
    const callId = await ring(asha, ravi)
    const refusal = await ravi.refusal('call.start', { to: asha.identity, media })
    expect(refusal).toMatchObject({ code: 'conflict', details: { callId } })
    await ravi.ask('call.accept', { callId })
    expect(await asha.next('call.accepted')).toMatchObject({ callId })
  })

  test('rings on a device that connects meanwhile', async () => {
    const { server, asha, ravi } = await pair()
    const callId = await ring(asha, ravi)
    const phone = await server.again(ravi.token)
    expect(await phone.next('call.incoming')).toMatchObject({ callId })
  })

  test('goes on when a device comes back within the grace time, and it gets what it missed, in order', async () => {
    const { server, asha, ravi } = await pair()
    const callId = await accepted(asha, ravi)
    ravi.close()
    for (const name of ['a', 'b']) await asha.ask('call.signal', { callId, signal: candidate(name) })
    const { deviceId } = ravi.socket.auth as { deviceId: string }
    const back = await server.again(ravi.token, { deviceId })
    const resumed = await back.ask('call.resume', { callId })
    expect(resumed).toMatchObject({
      state: 'accepted',
      role: 'callee',
      peer: { identity: asha.identity, name: 'Asha' },
    })
    await asha.ask('call.signal', { callId, signal: candidate('c') })
    const signals = [
      await back.next('call.signal'),
      await back.next('call.signal'),
      await back.next('call.signal'),
    ]
    expect(signals.map(({ signal }) => signal)).toEqual(['a', 'b', 'c'].map(candidate))
  })

  test('ends as disconnected when a device does not come back', async () => {
    const { asha, ravi } = await pair({ reconnectGraceSeconds: 1 })
    const callId = await accepted(asha, ravi)
    ravi.close()
    expect(await asha.next('call.ended')).toEqual({ callId, reason: 'disconnected' })
  })

  test('ends when the server stops', async () => {
    const { server, asha, ravi } = await pair()
    const callId = await accepted(asha, ravi)
    await server.sangam.close()
    expect(await asha.next('call.ended')).toEqual({ callId, reason: 'serverStopped' })
    expect(await ravi.next('server.stopping')).toEqual({})
  })
})
