import { describe, expect, test } from 'vitest'
import {
  connectMedia,
  dtlsParameters,
  microphone,
  type PublishedTrack,
  rtpCapabilities,
  rtpParameters,
} from './support/room-peer.ts'
import type { TestClient } from './support/test-client.ts'
import { startTestServer, type TestServer } from './support/test-server.ts'

const roomId = 'standup'
const publish = async (client: TestClient, ...tracks: PublishedTrack[]): Promise<string> => {
  const { producerIds } = await connectMedia(client, roomId, ...(tracks.length > 0 ? tracks : [microphone]))
  return producerIds[0] ?? ''
}

const counts = async (server: TestServer): Promise<number[]> =>
  Promise.all(
    ['rooms', 'participants', 'transports', 'producers', 'consumers'].map((name) =>
      server.metric(`sangam_${name}`),
    ),
  )

describe('a room', () => {
  test('takes people in, tells the others, and lists itself', async () => {
    const server = await startTestServer()
    const [asha, ravi] = [await server.guest('Asha'), await server.guest('Ravi')]
    const joined = await asha.ask('room.join', { roomId, name: 'Stand-up' })
    expect(joined).toMatchObject({ name: 'Stand-up', topology: 'sfu', resumed: false })
    expect(joined.participants.map(({ name }) => name)).toEqual(['Asha'])
    expect((await ravi.next('room.listed')).room).toEqual({ roomId, name: 'Stand-up', participants: 1 })
    const second = await ravi.ask('room.join', { roomId })
    expect(second.participants.map(({ name }) => name)).toEqual(['Asha', 'Ravi'])
    expect((await asha.next('room.participantJoined')).participant).toMatchObject({
      identity: ravi.identity,
      tracks: [],
    })
    await ravi.ask('room.leave', { roomId })
    expect(await asha.next('room.participantLeft')).toMatchObject({
      participantId: second.participantId,
      reason: 'left',
    })
    await asha.ask('room.leave', { roomId })
    expect(await ravi.next('room.unlisted')).toEqual({ roomId })
  })

  test('carries a stream from one to the other, with its pauses, until it closes', async () => {
    const server = await startTestServer()
    const [asha, ravi] = [await server.guest('Asha'), await server.guest('Ravi')]
    await asha.ask('room.join', { roomId })
    await ravi.ask('room.join', { roomId })
    const producerId = await publish(asha)
    expect((await ravi.next('room.trackPublished')).track).toEqual({
      producerId,
      kind: 'audio',
      source: 'microphone',
      paused: false,
    })
    await connectMedia(ravi, roomId)
    const [consumer] = (await ravi.next('room.consumersAdded')).consumers
    expect(consumer).toMatchObject({ producerId })
    await asha.ask('room.pauseProducer', { roomId, producerId })
    expect(await ravi.next('room.trackPaused')).toMatchObject({ producerId })
    await asha.ask('room.resumeProducer', { roomId, producerId })
    expect(await ravi.next('room.trackResumed')).toMatchObject({ producerId })
    expect(await counts(server)).toEqual([1, 2, 2, 1, 1])
    await asha.ask('room.closeProducer', { roomId, producerId })
    expect(await ravi.next('room.consumersRemoved')).toEqual({ roomId, consumerIds: [consumer?.consumerId] })
    expect(await ravi.next('room.trackUnpublished')).toMatchObject({ producerId })
    expect(await counts(server)).toEqual([1, 2, 2, 0, 0])
  })

  test('tells a late comer what is published already', async () => {
    const server = await startTestServer()
    const [asha, ravi] = [await server.guest('Asha'), await server.guest('Ravi')]
    await asha.ask('room.join', { roomId })
    const producerId = await publish(asha)
    const { participants } = await ravi.ask('room.join', { roomId })
    expect(participants[0]?.tracks).toEqual([
      { producerId, kind: 'audio', source: 'microphone', paused: false },
    ])
  })

  test('a stream of the same source replaces the older one', async () => {
    const server = await startTestServer()
    const [asha, ravi] = [await server.guest('Asha'), await server.guest('Ravi')]
    await asha.ask('room.join', { roomId })
    await ravi.ask('room.join', { roomId })
    const { transportId } = await connectMedia(asha, roomId)
    const request = { roomId, transportId, ...microphone }
    const first = await asha.ask('room.publish', request)
    const second = await asha.ask('room.publish', request)
    expect(await ravi.next('room.trackUnpublished')).toMatchObject({ producerId: first.producerId })
    expect(
      (await server.guest('Late').then((late) => late.ask('room.join', { roomId }))).participants[0]?.tracks,
    ).toMatchObject([{ producerId: second.producerId }])
  })

  test('nothing of one participant can be touched by another', async () => {
    const server = await startTestServer()
    const [asha, ravi] = [await server.guest('Asha'), await server.guest('Ravi')]
    await asha.ask('room.join', { roomId })
    await ravi.ask('room.join', { roomId })
    const { transportId, producerIds } = await connectMedia(asha, roomId, microphone)
    const producerId = producerIds[0] ?? ''
    const connecting = { roomId, transportId, dtlsParameters, rtpCapabilities, tracks: [] }
    const attempts = [
      ravi.refusal('room.restartIce', { roomId, transportId }),
      ravi.refusal('room.connectMedia', connecting),
      ravi.refusal('room.publish', { roomId, transportId, ...microphone }),
      ravi.refusal('room.consumersReady', { roomId, transportId, batch: 1 }),
      ravi.refusal('room.pauseProducer', { roomId, producerId }),
      ravi.refusal('room.closeProducer', { roomId, producerId }),
    ]
    expect((await Promise.all(attempts)).map((error) => error?.code)).toEqual(Array(6).fill('notFound'))
  })

  test('media that does not fit is refused with what is wrong', async () => {
    const server = await startTestServer()
    const asha = await server.guest('Asha')
    await asha.ask('room.join', { roomId })
    const { transportId } = await connectMedia(asha, roomId)
    const publishing = (request: object) =>
      asha.refusal('room.publish', { roomId, transportId, ...microphone, ...request })
    expect(await publishing({ rtpParameters: { codecs: [] } })).toMatchObject({ code: 'invalidMessage' })
    const withoutEncodings = { codecs: rtpParameters.codecs }
    expect(await publishing({ rtpParameters: withoutEncodings })).toMatchObject({
      code: 'invalidMessage',
      details: { expected: 'encodings are missing' },
    })
    expect(await publishing({ source: 'camera' })).toMatchObject({ code: 'wrongState' })
    expect(await publishing({ transportId: 'ghost' })).toMatchObject({ code: 'notFound' })
  })

  test('nothing stays behind when people come and go five times over', async () => {
    const server = await startTestServer()
    for (let round = 0; round < 5; round += 1) {
      const people = await Promise.all(['A', 'B', 'C'].map((name) => server.guest(name)))
      for (const person of people) await person.ask('room.join', { roomId })
      await Promise.all(people.map((person) => publish(person)))
      await people[0]!.next('room.consumersAdded')
      for (const person of people) await person.ask('room.leave', { roomId })
      expect(await counts(server)).toEqual([0, 0, 0, 0, 0])
      expect(server.engine.routers).toEqual([])
    }
    const observer = await server.guest('Observer')
    const { people } = await observer.ask('people.list', {})
    expect(people.filter(({ presence }) => presence === 'inCall')).toEqual([])
  })

  test('is full at its limit', async () => {
    const server = await startTestServer({ roomParticipants: 1 })
    const [asha, ravi] = [await server.guest('Asha'), await server.guest('Ravi')]
    await asha.ask('room.join', { roomId })
    expect(await ravi.refusal('room.join', { roomId })).toMatchObject({ code: 'unavailable' })
    expect(await counts(server)).toEqual([1, 1, 0, 0, 0])
  })
})

describe('a lost connection', () => {
  test('keeps its place for the grace time: the same participant goes on with its streams', async () => {
    const server = await startTestServer()
    const [asha, ravi] = [await server.guest('Asha'), await server.guest('Ravi')]
    const joined = await asha.ask('room.join', { roomId })
    await ravi.ask('room.join', { roomId })
    const producerId = await publish(asha)
    asha.close()
    const back = await server.again(asha.token)
    const resumed = await back.ask('room.join', { roomId, participantKey: joined.participantKey })
    expect(resumed).toMatchObject({ resumed: true, participantId: joined.participantId })
    await back.ask('room.pauseProducer', { roomId, producerId })
    expect(await ravi.next('room.trackPaused')).toMatchObject({ producerId })
    expect(await ravi.received('room.participantLeft')).toEqual([])
  })

  test('is replaced while the server still thinks it alive', async () => {
    const server = await startTestServer()
    const asha = await server.guest('Asha')
    const { participantKey } = await asha.ask('room.join', { roomId })
    const back = await server.again(asha.token)
    expect(await back.ask('room.join', { roomId, participantKey })).toMatchObject({ resumed: true })
    expect(await asha.next('room.closed')).toEqual({ roomId, reason: 'replaced' })
    expect(await asha.refusal('room.openMedia', { roomId })).toMatchObject({
      code: 'notFound',
    })
  })

  test('its key gives nobody else the place', async () => {
    const server = await startTestServer()
    const [asha, eve] = [await server.guest('Asha'), await server.guest('Eve')]
    const { participantKey, participantId } = await asha.ask('room.join', { roomId })
    const stolen = await eve.ask('room.join', { roomId, participantKey })
    expect(stolen.resumed).toBe(false)
    expect(stolen.participantId).not.toBe(participantId)
  })

  test('gives its place up after the grace time, with all its media', async () => {
    const server = await startTestServer({ reconnectGraceSeconds: 1 })
    const [asha, ravi] = [await server.guest('Asha'), await server.guest('Ravi')]
    await asha.ask('room.join', { roomId })
    await ravi.ask('room.join', { roomId })
    await publish(asha)
    asha.close()
    expect(await ravi.next('room.participantLeft')).toMatchObject({ reason: 'disconnected' })
    expect(await counts(server)).toEqual([1, 1, 0, 0, 0])
  })

  test('a page that was loaded anew takes the place of what it left behind', async () => {
    const server = await startTestServer()
    const [asha, ravi] = [await server.guest('Asha'), await server.guest('Ravi')]
    await ravi.ask('room.join', { roomId })
    const { participantId } = await asha.ask('room.join', { roomId })
    const { deviceId } = asha.socket.auth as { deviceId: string }
    asha.close()
    await expect.poll(() => server.metric('sangam_connections')).toBe(1)
    const again = await server.again(asha.token, { deviceId })
    const { participants } = await again.ask('room.join', { roomId })
    expect(await ravi.next('room.participantLeft')).toMatchObject({ participantId, reason: 'disconnected' })
    expect(participants.filter(({ identity }) => identity === asha.identity)).toHaveLength(1)
  })
})

describe('a media worker that dies', () => {
  test('is replaced, and its rooms stay with everybody in them', async () => {
    const server = await startTestServer()
    const [asha, ravi] = [await server.guest('Asha'), await server.guest('Ravi')]
    await asha.ask('room.join', { roomId })
    await ravi.ask('room.join', { roomId })
    await publish(asha)
    await connectMedia(ravi, roomId)
    await ravi.next('room.consumersAdded')
    server.engine.failure = new Error('not yet')
    server.engine.workers[0]!.die()
    expect(await counts(server)).toEqual([1, 2, 0, 0, 0])
    expect((await fetch(`${server.url}/healthz`)).status).toBe(503)
    server.engine.failure = undefined
    await expect.poll(() => server.engine.workers.length).toBe(2)
    await expect.poll(() => server.metric('sangam_media_workers')).toBe(1)
    expect(await asha.received('room.closed')).toEqual([])
    expect(await asha.ask('room.openMedia', { roomId })).toBeDefined()
    expect(await server.metric('sangam_media_worker_deaths_total')).toBe(1)
  })

  test('leaves the rooms of other workers alone; rooms spread over the workers', async () => {
    const server = await startTestServer({ mediaWorkers: 2 })
    const [asha, ravi] = [await server.guest('Asha'), await server.guest('Ravi')]
    await asha.ask('room.join', { roomId: 'one' })
    await ravi.ask('room.join', { roomId: 'two' })
    expect(server.engine.workers.map((worker) => worker.routers.size)).toEqual([1, 1])
    server.engine.workers[0]!.die()
    expect(await ravi.ask('room.openMedia', { roomId: 'two' })).toBeDefined()
    expect(await ravi.received('room.closed')).toEqual([])
  })

  test('makes rooms unavailable while none lives', async () => {
    const server = await startTestServer()
    const asha = await server.guest('Asha')
    server.engine.failure = new Error('no more')
    server.engine.workers[0]!.die()
    expect(await asha.refusal('room.join', { roomId })).toMatchObject({ code: 'unavailable' })
  })
})

describe('a renewed token', () => {
  const grants = { rooms: { [roomId]: { publish: true } } }

  test('that no longer grants the room ends the stay there', async () => {
    const server = await startTestServer()
    const asha = await server.member({ identity: 'asha', name: 'Asha', ...grants })
    const ravi = await server.member({ identity: 'ravi', name: 'Ravi', ...grants })
    await asha.ask('room.join', { roomId })
    await ravi.ask('room.join', { roomId })
    await asha.ask('token.renew', {
      token: await server.sangam.tokens.issue({ identity: 'asha', name: 'Asha' }),
    })
    expect(await asha.next('room.closed')).toEqual({ roomId, reason: 'revoked' })
    expect(await ravi.next('room.participantLeft')).toMatchObject({ reason: 'revoked' })
  })

  test('that no longer grants publishing closes what is published', async () => {
    const server = await startTestServer()
    const asha = await server.member({ identity: 'asha', name: 'Asha', ...grants })
    const ravi = await server.member({ identity: 'ravi', name: 'Ravi', ...grants })
    await asha.ask('room.join', { roomId })
    await ravi.ask('room.join', { roomId })
    const producerId = await publish(asha)
    const token = await server.sangam.tokens.issue({
      identity: 'asha',
      name: 'Asha',
      rooms: { [roomId]: {} },
    })
    await asha.ask('token.renew', { token })
    expect(await ravi.next('room.trackUnpublished')).toMatchObject({ producerId })
  })
})
