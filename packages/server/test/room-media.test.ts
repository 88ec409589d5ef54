import { type Consumer, decodeLossy, encodeLossy } from '@sangam/protocol'
import { describe, expect, test } from 'vitest'
import {
  camera,
  connectMedia,
  dtlsParameters,
  microphone,
  type PublishedTrack,
  rtpCapabilities,
} from './support/room-peer.ts'
import type { TestClient } from './support/test-client.ts'
import { startTestServer, type TestServer } from './support/test-server.ts'

const roomId = 'standup'
const enter = async (client: TestClient, ...tracks: PublishedTrack[]) => {
  const joined = await client.ask('room.join', { roomId })
  return { ...joined, ...(await connectMedia(client, roomId, ...tracks)) }
}

const counts = async (server: TestServer): Promise<number[]> =>
  Promise.all(['transports', 'producers', 'consumers'].map((name) => server.metric(`sangam_${name}`)))

describe('media over one transport', () => {
  test('joining a room of 50 who publish two streams each takes four requests, however many streams come', async () => {
    const server = await startTestServer({ rateLimitFactor: 100, roomVideos: 100 })
    const others = await Promise.all(Array.from({ length: 50 }, (_, index) => server.guest(`P${index}`)))
    const entered = await Promise.all(others.map((other) => enter(other, microphone, camera)))
    const asha = await server.guest('Asha')
    let requests = 0
    asha.socket.onAnyOutgoing(() => {
      requests += 1
    })
    const { transportId } = await enter(asha)
    const consumers: Consumer[] = []
    let batch = 0
    while (consumers.length < 100) {
      const added = await asha.next('room.consumersAdded')
      consumers.push(...added.consumers)
      batch = added.batch
    }
    await asha.ask('room.consumersReady', { roomId, transportId, batch })
    expect(requests).toBe(4)
    expect(consumers.map(({ producerId }) => producerId).sort()).toEqual(
      entered.flatMap(({ producerIds }) => producerIds).sort(),
    )
    const [router] = server.engine.routers
    const mine = [...(router?.producers.values() ?? [])].map((producer) => [...producer.consumers].at(-1))
    expect(mine.map((consumer) => consumer?.paused)).toEqual(Array(100).fill(false))
    expect(await counts(server)).toEqual([51, 100, 50 * 49 * 2 + 100])
    expect(asha.violations).toEqual([])
  }, 60_000)

  test('streams begin paused and flow once the receiver is ready for their batch', async () => {
    const server = await startTestServer()
    const [asha, ravi] = [await server.guest('Asha'), await server.guest('Ravi')]
    const { participantId, producerIds } = await enter(asha, microphone)
    const { transportId } = await enter(ravi)
    const added = await ravi.next('room.consumersAdded')
    expect(added).toMatchObject({
      transportId,
      consumers: [{ producerId: producerIds[0], participantId, kind: 'audio', source: 'microphone' }],
    })
    const consumer = [...(server.engine.routers[0]?.producers.get(producerIds[0] ?? '')?.consumers ?? [])][0]
    expect(consumer?.paused).toBe(true)
    await ravi.ask('room.consumersReady', { roomId, transportId, batch: added.batch - 1 })
    expect(consumer?.paused).toBe(true)
    await ravi.ask('room.consumersReady', { roomId, transportId, batch: added.batch })
    expect(consumer?.paused).toBe(false)
  })

  test('what is published later comes by itself, and goes with its producer', async () => {
    const server = await startTestServer()
    const [asha, ravi] = [await server.guest('Asha'), await server.guest('Ravi')]
    const { transportId } = await enter(asha)
    await enter(ravi)
    const { producerId } = await asha.ask('room.publish', { roomId, transportId, ...microphone })
    expect((await ravi.next('room.trackPublished')).track).toMatchObject({ producerId })
    const [consumer] = (await ravi.next('room.consumersAdded')).consumers
    expect(consumer).toMatchObject({ producerId })
    await asha.ask('room.closeProducer', { roomId, producerId })
    expect(await ravi.next('room.consumersRemoved')).toEqual({
      roomId,
      consumerIds: [consumer?.consumerId],
    })
    expect(await ravi.next('room.trackUnpublished')).toMatchObject({ producerId })
    expect(await counts(server)).toEqual([2, 0, 0])
  })

  test('a new transport keeps the ids of what is published again, and ends the rest', async () => {
    const server = await startTestServer()
    const [asha, ravi] = [await server.guest('Asha'), await server.guest('Ravi')]
    const first = await enter(asha, microphone, camera)
    await enter(ravi)
    const before = (await ravi.next('room.consumersAdded')).consumers
    const again = await connectMedia(asha, roomId, { ...microphone, paused: true })
    expect(again.producerIds).toEqual(first.producerIds.slice(0, 1))
    expect((await ravi.next('room.consumersRemoved')).consumerIds.toSorted()).toEqual(
      before.map(({ consumerId }) => consumerId).toSorted(),
    )
    expect((await ravi.next('room.consumersAdded')).consumers).toMatchObject([
      { producerId: first.producerIds[0] },
    ])
    expect(await ravi.next('room.trackPaused')).toMatchObject({ producerId: first.producerIds[0] })
    expect(await ravi.next('room.trackUnpublished')).toMatchObject({ producerId: first.producerIds[1] })
    expect(await ravi.received('room.trackUnpublished')).toEqual([])
    expect(await counts(server)).toEqual([2, 1, 1])
  })

  test('somebody who is back is told what lives, and again of what they were not ready for', async () => {
    const server = await startTestServer()
    const [asha, ravi] = [await server.guest('Asha'), await server.guest('Ravi')]
    const { transportId: sending } = await enter(asha, microphone)
    const { participantKey, transportId } = await enter(ravi)
    const heard = await ravi.next('room.consumersAdded')
    await ravi.ask('room.consumersReady', { roomId, transportId, batch: heard.batch })
    ravi.close()
    await expect.poll(() => server.metric('sangam_connections')).toBe(1)
    const { producerId } = await asha.ask('room.publish', { roomId, transportId: sending, ...camera })
    const back = await server.again(ravi.token)
    const { media } = await back.ask('room.join', { roomId, participantKey })
    expect(media?.transportId).toBe(transportId)
    expect(media?.consumerIds).toContain(heard.consumers[0]?.consumerId)
    expect((await back.next('room.consumersAdded')).consumers).toMatchObject([{ producerId }])
  })

  test('somebody whose media still flows keeps the place when only the signalling is away', async () => {
    const server = await startTestServer({ reconnectGraceSeconds: 1 })
    const [asha, ravi, mei] = [
      await server.guest('Asha'),
      await server.guest('Ravi'),
      await server.guest('Mei'),
    ]
    await mei.ask('room.join', { roomId })
    const { participantId: seen } = await enter(asha, microphone)
    const { participantId: gone } = await enter(ravi)
    const [transport] = [...(server.engine.routers[0]?.transports ?? [])]
    if (transport === undefined) throw new Error('no transport')
    Object.assign(transport, { iceState: 'completed', dtlsState: 'connected' })
    asha.close()
    await expect.poll(() => server.metric('sangam_connections')).toBe(2)
    ravi.close()
    // Asha's grace time is over before Ravi's.
    expect(await mei.next('room.participantLeft')).toMatchObject({ participantId: gone })
    expect(await counts(server)).toEqual([1, 1, 0])
    transport.iceState = 'disconnected'
    expect(await mei.next('room.participantLeft')).toMatchObject({ participantId: seen })
    expect(await counts(server)).toEqual([0, 0, 0])
  })

  test('a place is kept for the sake of flowing media no longer than its token holds', async () => {
    const server = await startTestServer({ reconnectGraceSeconds: 1 })
    const [mei, ravi] = [await server.guest('Mei'), await server.guest('Ravi')]
    await enter(mei)
    const asha = await server.member({
      identity: 'asha',
      name: 'Asha',
      ttlSeconds: 2,
      rooms: { [roomId]: { publish: true } },
    })
    const { participantId } = await enter(asha, microphone)
    await enter(ravi)
    for (const transport of server.engine.routers[0]?.transports ?? [])
      Object.assign(transport, { iceState: 'completed', dtlsState: 'connected' })
    ravi.close()
    expect(await mei.next('room.participantLeft')).toMatchObject({ participantId })
    // Whose token holds is still there, without a connection.
    expect(await counts(server)).toEqual([2, 0, 0])
  })

  test('who comes back with a token that no longer grants the room loses the place at once, media and all', async () => {
    const server = await startTestServer()
    const mei = await server.guest('Mei')
    await enter(mei)
    const member = (grants: { subscribe?: boolean; publish?: boolean } | undefined) => ({
      identity: 'asha',
      name: 'Asha',
      rooms: grants === undefined ? {} : { [roomId]: grants },
    })
    const asha = await server.member(member({ publish: true }), { deviceId: 'phone' })
    const { participantId, participantKey } = await enter(asha, microphone)
    asha.close()
    const withLess = await server.member(member({ publish: false }), { deviceId: 'phone' })
    await withLess.ask('room.join', { roomId, participantKey })
    expect(await mei.next('room.trackUnpublished')).toMatchObject({ participantId })
    withLess.close()
    const withNothing = await server.member(member(undefined), { deviceId: 'phone' })
    expect(await withNothing.refusal('room.join', { roomId, participantKey })).toMatchObject({
      code: 'forbidden',
    })
    expect(await mei.next('room.participantLeft')).toMatchObject({ participantId, reason: 'revoked' })
    expect(await counts(server)).toEqual([1, 0, 0])
  })

  test('is refused where the token does not grant it', async () => {
    const server = await startTestServer()
    const grants = { rooms: { [roomId]: { publish: false, subscribe: false } } }
    const asha = await server.guest('Asha')
    const mute = await server.member({ identity: 'mute', name: 'Mute', ...grants })
    await enter(asha, microphone)
    await mute.ask('room.join', { roomId })
    const { transport } = await mute.ask('room.openMedia', { roomId })
    const request = { roomId, transportId: transport.transportId, dtlsParameters, rtpCapabilities }
    expect(await mute.refusal('room.connectMedia', { ...request, tracks: [microphone] })).toMatchObject({
      code: 'forbidden',
    })
    await mute.ask('room.connectMedia', { ...request, tracks: [] })
    expect(await mute.received('room.consumersAdded')).toEqual([])
    expect(await counts(server)).toEqual([2, 1, 0])
  })

  test('a renewed token that no longer grants receiving takes the streams away, one that does gives them back', async () => {
    const server = await startTestServer()
    const asha = await server.guest('Asha')
    const granting = (subscribe: boolean) => ({
      identity: 'ravi',
      name: 'Ravi',
      rooms: { [roomId]: { subscribe } },
    })
    const ravi = await server.member(granting(true))
    await enter(asha, microphone)
    const { transportId } = await enter(ravi)
    const first = await ravi.next('room.consumersAdded')
    await ravi.ask('room.consumersReady', { roomId, transportId, batch: first.batch })
    await ravi.ask('token.renew', { token: await server.sangam.tokens.issue(granting(false)) })
    expect((await ravi.next('room.consumersRemoved')).consumerIds).toEqual([first.consumers[0]?.consumerId])
    expect(await counts(server)).toEqual([2, 1, 0])
    await ravi.ask('token.renew', { token: await server.sangam.tokens.issue(granting(true)) })
    const again = await ravi.next('room.consumersAdded')
    // A client that was ready for the first batch has to be asked anew.
    expect(again.batch).toBeGreaterThan(first.batch)
    expect(again.consumers[0]?.producerId).toBe(first.consumers[0]?.producerId)
  })

  const granting = (subscribe: boolean) => ({
    identity: 'ravi',
    name: 'Ravi',
    rooms: { [roomId]: { subscribe } },
  })

  test('somebody who came without leave to receive begins to when their token gives it', async () => {
    const server = await startTestServer()
    await enter(await server.guest('Asha'), microphone, camera)
    const ravi = await server.member(granting(false))
    await enter(ravi)
    expect(await ravi.received('room.consumersAdded')).toEqual([])
    await ravi.ask('token.renew', { token: await server.sangam.tokens.issue(granting(true)) })
    expect((await ravi.next('room.consumersAdded')).consumers).toHaveLength(2)
  })

  test('somebody who came with a role that does not receive begins to with one that does', async () => {
    const server = await startTestServer()
    await server.sangam.rooms.create(roomId, {
      roles: { waiter: { publish: true, subscribe: false } },
      settings: { newcomerRole: 'waiter' },
    })
    const [asha, ravi] = [await server.guest('Asha'), await server.guest('Ravi')]
    await enter(asha, microphone)
    await enter(ravi)
    expect(await ravi.received('room.consumersAdded')).toEqual([])
    await server.sangam.rooms.setRole(roomId, ravi.identity, 'listener')
    expect((await ravi.next('room.consumersAdded')).consumers).toHaveLength(1)
  })

  test.each([
    { subscribe: true, consumers: 1 },
    { subscribe: false, consumers: 0 },
  ])(
    'what a token says of receiving ($subscribe) holds too when it changed while media was connecting',
    async ({ subscribe, consumers }) => {
      const server = await startTestServer()
      await enter(await server.guest('Asha'), microphone)
      const ravi = await server.member(granting(!subscribe))
      await ravi.ask('room.join', { roomId })
      const { transport } = await ravi.ask('room.openMedia', { roomId })
      const transports = server.engine.routers.flatMap((router) => [...router.transports])
      const connecting = transports.find(({ id }) => id === transport.transportId)?.holdConnect()
      const connected = ravi.ask('room.connectMedia', {
        roomId,
        transportId: transport.transportId,
        dtlsParameters,
        rtpCapabilities,
        tracks: [],
      })
      await connecting?.reached
      await ravi.ask('token.renew', { token: await server.sangam.tokens.issue(granting(subscribe)) })
      connecting?.release()
      await connected
      expect((await ravi.received('room.consumersAdded')).flatMap((added) => added.consumers)).toHaveLength(
        consumers,
      )
    },
  )

  test('a transport answers to its participant alone, connects once, and takes each source once', async () => {
    const server = await startTestServer()
    const [asha, eve] = [await server.guest('Asha'), await server.guest('Eve')]
    const { transportId } = await enter(asha)
    await eve.ask('room.join', { roomId })
    const request = { roomId, transportId, dtlsParameters, rtpCapabilities, tracks: [] }
    const attempts = [
      eve.refusal('room.connectMedia', request),
      eve.refusal('room.publish', { roomId, transportId, ...microphone }),
      eve.refusal('room.consumersReady', { roomId, transportId, batch: 1 }),
      eve.refusal('room.restartIce', { roomId, transportId }),
    ]
    expect((await Promise.all(attempts)).map((error) => error?.code)).toEqual(Array(4).fill('notFound'))
    expect(await asha.refusal('room.connectMedia', request)).toMatchObject({ code: 'wrongState' })
    const { transport } = await asha.ask('room.openMedia', { roomId })
    const again = { ...request, transportId: transport.transportId }
    expect(
      await asha.refusal('room.connectMedia', { ...again, tracks: [microphone, microphone] }),
    ).toMatchObject({ code: 'wrongState' })
    expect(
      await asha.refusal('room.connectMedia', { ...again, tracks: [{ ...camera, kind: 'audio' }] }),
    ).toMatchObject({ code: 'wrongState' })
    expect(
      await asha.refusal('room.setView', {
        roomId,
        tiles: [{ producerId: 'p', width: 640, height: 360, visible: true, pinned: false }],
      }),
    ).toBeUndefined()
  })
})

describe('messages that may get lost', () => {
  const frame = encodeLossy({ topic: 'cursor', payload: { x: 1, y: 2 } })
  const endsOf = (server: TestServer, index: number) => {
    const transports = server.engine.routers.flatMap((router) => [...router.transports])
    const data = transports[index]?.data
    const [producer, consumer] = [data?.dataProducers[0], data?.dataConsumers[0]]
    if (producer === undefined || consumer === undefined) throw new Error(`no data at transport ${index}`)
    return { producer, consumer }
  }

  test('reach everybody else on every worker, under the name that the server knows, and never who sent them', async () => {
    const server = await startTestServer({ mediaWorkers: 2, roomSpread: 1 })
    const people = [await server.guest('A'), await server.guest('B'), await server.guest('C')]
    const entered = []
    for (const person of people) entered.push(await enter(person))
    const ends = people.map((_, index) => endsOf(server, index))
    expect(server.engine.workers.filter((worker) => worker.routers.size > 0)).toHaveLength(2)
    ends[0]?.producer.receive(frame)
    await expect.poll(() => ends.map(({ consumer }) => consumer.delivered.length).sort()).toEqual([0, 1, 1])
    expect(ends[0]?.consumer.delivered).toEqual([])
    const heard = decodeLossy(ends[1]?.consumer.delivered[0] ?? new Uint8Array())
    expect(heard).toMatchObject({ topic: 'cursor', payload: { x: 1, y: 2 } })
    expect(entered.map(({ participantId }) => participantId)).toContain(heard?.participantId)
  })

  test('are dropped when they are malformed, too many, or not allowed', async () => {
    const server = await startTestServer()
    const silent = { rooms: { [roomId]: { publish: false } } }
    const asha = await server.guest('Asha')
    const mute = await server.member({ identity: 'mute', name: 'Mute', ...silent })
    await enter(asha)
    await enter(mute)
    const [sender, quiet] = [endsOf(server, 0), endsOf(server, 1)]
    quiet.producer.receive(frame)
    for (const bytes of [[], [0], [200, 1], [1, 65, 9, 1], [1, 65]]) {
      sender.producer.receive(Uint8Array.from(bytes))
    }
    sender.producer.receive(new Uint8Array(5000).fill(1))
    for (let count = 0; count < 1000; count += 1) sender.producer.receive(frame)
    await expect.poll(() => quiet.consumer.delivered.length).toBeGreaterThan(0)
    // What a bucket of 120 holds, and what it was refilled with while the loop ran.
    expect(quiet.consumer.delivered.length).toBeLessThan(400)
    expect(sender.consumer.delivered).toEqual([])
  })
})
