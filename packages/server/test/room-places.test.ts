import type { Consumer, RequestOf } from '@sangam/protocol'
import { describe, expect, test } from 'vitest'
import type { TestClient } from './support/test-client.ts'
import { startTestServer, type TestServer } from './support/test-server.ts'

const roomId = 'standup'
const rtpCapabilities: NonNullable<RequestOf<'room.connectMedia'>['rtpCapabilities']> = {
  codecs: [{ kind: 'audio', mimeType: 'audio/opus', clockRate: 48_000, channels: 2 }],
}
const rtpParameters: RequestOf<'room.publish'>['rtpParameters'] = {
  codecs: [{ mimeType: 'audio/opus', payloadType: 100, clockRate: 48_000, channels: 2 }],
  encodings: [{ ssrc: 1 }],
}
const dtlsParameters: RequestOf<'room.connectMedia'>['dtlsParameters'] = {
  role: 'client',
  fingerprints: [{ algorithm: 'sha-256', value: 'AA:BB' }],
}
type PublishedTrack = RequestOf<'room.connectMedia'>['tracks'][number]
const microphone: PublishedTrack = { kind: 'audio', source: 'microphone', rtpParameters }
const camera: PublishedTrack = {
  kind: 'video',
  source: 'camera',
  rtpParameters: { ...rtpParameters, encodings: [{ rid: 'q' }, { rid: 'h' }, { rid: 'f' }] },
}

const connect = async (client: TestClient, transportId: string, tracks: PublishedTrack[]) =>
  client.ask('room.connectMedia', { roomId, transportId, dtlsParameters, rtpCapabilities, tracks })

const enter = async (client: TestClient, ...tracks: PublishedTrack[]) => {
  const joined = await client.ask('room.join', { roomId })
  const { transport } = await client.ask('room.openMedia', { roomId })
  const reply = await connect(client, transport.transportId, tracks)
  return {
    ...joined,
    transportId: transport.transportId,
    producerIds: reply.tracks.map(({ producerId }) => producerId),
  }
}

/** Waits for so many consumers and says that they may flow. */
const receive = async (client: TestClient, transportId: string, count: number): Promise<Consumer[]> => {
  const consumers: Consumer[] = []
  while (consumers.length < count) {
    const added = await client.next('room.consumersAdded', (notice) => notice.transportId === transportId)
    consumers.push(...added.consumers)
    await client.ask('room.consumersReady', { roomId, transportId, batch: added.batch })
  }
  return consumers
}

/** Producers, copies among them, on each worker. */
const producersByWorker = (server: TestServer): string[][] =>
  server.engine.workers.map((worker) => [...worker.routers].flatMap((router) => [...router.producers.keys()]))

const people = (server: TestServer, ...names: string[]): Promise<TestClient[]> =>
  Promise.all(names.map((name) => server.guest(name)))

describe('a room on several workers', () => {
  test('has one copy of a stream on another worker, however many receive it there, while somebody does', async () => {
    const server = await startTestServer({ mediaWorkers: 2, roomSpread: 1 })
    const [asha, ravi, lila] = (await people(server, 'Asha', 'Ravi', 'Lila')) as [
      TestClient,
      TestClient,
      TestClient,
    ]
    const first = await enter(asha, microphone)
    const second = await enter(ravi)
    const third = await enter(lila)
    const [stream] = first.producerIds as [string]
    await receive(ravi, second.transportId, 1)
    await receive(lila, third.transportId, 1)
    expect(producersByWorker(server)).toEqual([[stream], [stream]])
    expect(await server.metric('sangam_media_pipes')).toBe(1)
    await ravi.ask('room.leave', { roomId })
    await lila.ask('room.leave', { roomId })
    await expect.poll(() => producersByWorker(server)).toEqual([[stream], []])
    expect(await server.metric('sangam_media_pipes')).toBe(0)
  })

  test('whose worker dies moves who was there, under the same ids, and leaves the others where they are', async () => {
    const server = await startTestServer({ mediaWorkers: 2, roomSpread: 1 })
    const [asha, ravi] = (await people(server, 'Asha', 'Ravi')) as [TestClient, TestClient]
    const first = await enter(asha, microphone)
    const second = await enter(ravi, microphone)
    await receive(asha, first.transportId, 1)
    await receive(ravi, second.transportId, 1)
    server.engine.workers[0]?.die()
    const moved = await asha.next('room.mediaMoved')
    expect(moved).toMatchObject({ roomId, reason: 'workerDied' })
    const { tracks } = await connect(asha, moved.transport.transportId, [microphone])
    expect(tracks.map(({ producerId }) => producerId)).toEqual(first.producerIds)
    const heard = await receive(ravi, second.transportId, 1)
    expect(heard).toMatchObject([{ producerId: first.producerIds[0], participantId: first.participantId }])
    expect(await receive(asha, moved.transport.transportId, 1)).toMatchObject([
      { producerId: second.producerIds[0] },
    ])
    for (const client of [asha, ravi]) {
      for (const event of ['room.participantLeft', 'room.trackUnpublished', 'room.closed'] as const)
        expect(await client.received(event)).toEqual([])
    }
    expect(await ravi.received('room.mediaMoved')).toEqual([])
  })

  test('waits for a worker while none lives, and goes on at the next one', async () => {
    const server = await startTestServer({ mediaWorkers: 1 })
    const asha = await server.guest('Asha')
    const { transportId } = await enter(asha, microphone)
    server.engine.workers[0]?.die()
    const { transport } = await asha.next('room.mediaMoved')
    expect(transport.transportId).not.toBe(transportId)
    expect(server.engine.workers[1]?.routers.size).toBe(1)
  })

  test('empties a worker on request: everybody moves without joining again, nobody comes', async () => {
    const server = await startTestServer({ mediaWorkers: 2 })
    const [asha, ravi] = (await people(server, 'Asha', 'Ravi')) as [TestClient, TestClient]
    const first = await enter(asha, microphone)
    const second = await enter(ravi, microphone)
    expect(server.sangam.media.workers().map(({ participants }) => participants)).toEqual([2, 0])
    server.sangam.media.drain(0)
    const moves = await Promise.all([asha, ravi].map((client) => client.next('room.mediaMoved')))
    expect(moves.map(({ reason }) => reason)).toEqual(['drained', 'drained'])
    expect(server.sangam.media.workers()).toMatchObject([
      { index: 0, state: 'draining', participants: 0 },
      { index: 1, state: 'running', participants: 2 },
    ])
    await connect(asha, moves[0]?.transport.transportId ?? '', [microphone])
    await connect(ravi, moves[1]?.transport.transportId ?? '', [microphone])
    expect(await receive(ravi, moves[1]?.transport.transportId ?? '', 1)).toMatchObject([
      { producerId: first.producerIds[0] },
    ])
    expect(await receive(asha, moves[0]?.transport.transportId ?? '', 1)).toMatchObject([
      { producerId: second.producerIds[0] },
    ])
    // Nothing was taken away before it went on.
    for (const [client, { transportId }] of [
      [asha, first],
      [ravi, second],
    ] as const) {
      expect(await client.next('room.transportClosed')).toEqual({ roomId, transportId })
      for (const event of ['room.trackUnpublished', 'room.participantLeft'] as const)
        expect(await client.received(event)).toEqual([])
    }
    expect(server.engine.workers[0]?.routers.size).toBe(0)
    expect(await server.metric('sangam_transports')).toBe(2)
    await (await server.guest('Lila')).ask('room.join', { roomId: 'other' })
    expect(server.engine.workers[0]?.routers.size).toBe(0)
    server.sangam.media.undrain(0)
    await (await server.guest('Mira')).ask('room.join', { roomId: 'third' })
    expect(server.engine.workers[0]?.routers.size).toBe(1)
    expect(() => server.sangam.media.drain(7)).toThrow(RangeError)
  })

  test('keeps an older connection while the newer is not set up, and takes it at once from who may receive no more', async () => {
    const server = await startTestServer({ mediaWorkers: 2 })
    const granting = (subscribe: boolean) => ({
      identity: 'ravi',
      name: 'Ravi',
      rooms: { [roomId]: { subscribe } },
    })
    const [asha, ravi] = [await server.guest('Asha'), await server.member(granting(true))]
    await enter(asha, microphone)
    const { transportId } = await enter(ravi)
    await receive(ravi, transportId, 1)
    server.sangam.media.drain(0)
    const { transport } = await asha.next('room.mediaMoved')
    await ravi.next('room.mediaMoved')
    await connect(asha, transport.transportId, [microphone])
    expect(await asha.received('room.transportClosed')).toEqual([])
    expect(server.engine.workers[0]?.routers.size).toBe(1)
    await ravi.ask('token.renew', { token: await server.sangam.tokens.issue(granting(false)) })
    expect(await ravi.next('room.transportClosed')).toMatchObject({ transportId })
  })

  test('stays on its worker when there is no other one to move to', async () => {
    const server = await startTestServer({ mediaWorkers: 1 })
    const asha = await server.guest('Asha')
    await enter(asha, microphone)
    server.sangam.media.drain(0)
    expect(await asha.received('room.mediaMoved')).toEqual([])
    expect(server.engine.workers[0]?.routers.size).toBe(1)
  })
})

describe('forwarding in a room', () => {
  test('follows what the receiver shows, says why, and tells the publisher what is wanted', async () => {
    const server = await startTestServer()
    const [asha, ravi] = (await people(server, 'Asha', 'Ravi')) as [TestClient, TestClient]
    const { producerIds } = await enter(asha, camera)
    const [producerId = ''] = producerIds
    expect(await asha.next('room.layersWanted')).toEqual({ roomId, producerId, spatialLayer: -1 })
    const { transportId } = await enter(ravi)
    const [consumer] = await receive(ravi, transportId, 1)
    expect(await asha.next('room.layersWanted')).toEqual({ roomId, producerId, spatialLayer: 2 })
    const [engineConsumer] = server.engine.routers[0]?.producers.get(producerId)?.consumers ?? []
    const tile = { producerId, width: 320, height: 180, visible: true, pinned: false }
    await ravi.ask('room.setView', { roomId, tiles: [tile] })
    await expect.poll(() => engineConsumer?.preferredSpatialLayer).toBe(0)
    // Less is told when it lasts.
    expect(await asha.next('room.layersWanted')).toEqual({ roomId, producerId, spatialLayer: 0 })
    await ravi.ask('room.setView', { roomId, tiles: [{ ...tile, visible: false }] })
    expect((await ravi.next('room.streamStates')).states).toEqual([
      { consumerId: consumer?.consumerId, forwarded: false, reason: 'notVisible' },
    ])
    await expect.poll(() => engineConsumer?.paused).toBe(true)
    expect(await server.metric('sangam_streams{reason="notVisible"}')).toBe(1)
    await ravi.ask('room.setView', { roomId, tiles: [{ ...tile, pinned: true, height: 720 }] })
    expect((await ravi.next('room.streamStates')).states).toMatchObject([
      { forwarded: true, reason: 'pinned' },
    ])
    expect(await asha.next('room.layersWanted')).toEqual({ roomId, producerId, spatialLayer: 2 })
    await expect.poll(() => engineConsumer?.paused).toBe(false)
  })

  test('gives the layers that the engine reports, and `bandwidth` where it reports none', async () => {
    const server = await startTestServer()
    const [asha, ravi] = (await people(server, 'Asha', 'Ravi')) as [TestClient, TestClient]
    const { producerIds } = await enter(asha, camera)
    const { transportId } = await enter(ravi)
    await receive(ravi, transportId, 1)
    const [engineConsumer] = server.engine.routers[0]?.producers.get(producerIds[0] ?? '')?.consumers ?? []
    engineConsumer?.emit('layerschange', { spatialLayer: 1, temporalLayer: 2 })
    expect((await ravi.next('room.streamStates')).states).toMatchObject([
      { forwarded: true, reason: 'wanted', spatialLayer: 1, temporalLayer: 2 },
    ])
    engineConsumer?.emit('layerschange', undefined)
    expect((await ravi.next('room.streamStates')).states).toMatchObject([
      { forwarded: false, reason: 'bandwidth' },
    ])
  })

  test('leaves sound and one small picture to whose network is very bad, and says so', async () => {
    const server = await startTestServer()
    const [asha, lila, ravi] = (await people(server, 'Asha', 'Lila', 'Ravi')) as [
      TestClient,
      TestClient,
      TestClient,
    ]
    const { producerIds } = await enter(asha, camera)
    await enter(lila, microphone, camera)
    const { transportId } = await enter(ravi)
    const consumers = await receive(ravi, transportId, 3)
    const second = consumers.find(({ kind, producerId }) => kind === 'video' && producerId !== producerIds[0])
    const transport = [...(server.engine.routers[0]?.transports ?? [])].find(({ id }) => id === transportId)
    transport?.tellEstimate(80_000)
    // It has to last: the state comes by the clock, without another estimate.
    expect((await ravi.next('room.streamStates')).states).toEqual([
      { consumerId: second?.consumerId, forwarded: false, reason: 'distress' },
    ])
    expect(await server.metric('sangam_streams{reason="distress"}')).toBe(1)
    // Two to Asha, one to Lila, and to Ravi a voice and a picture.
    expect(await server.metric('sangam_streams{reason="wanted"}')).toBe(5)
    const toRavi = server.engine.routers[0]?.producers.get(producerIds[0] ?? '')?.consumers ?? []
    await expect.poll(() => [...toRavi].map((consumer) => consumer.preferredSpatialLayer)).toContain(0)
  })

  test('beyond the limit shows who spoke last', async () => {
    const server = await startTestServer({ roomVideos: 1 })
    const [asha, ravi, lila] = (await people(server, 'Asha', 'Ravi', 'Lila')) as [
      TestClient,
      TestClient,
      TestClient,
    ]
    const first = await enter(asha, microphone, camera)
    const second = await enter(ravi, microphone, camera)
    const { transportId } = await enter(lila)
    const consumers = await receive(lila, transportId, 4)
    const idOf = (producerId: string | undefined): string | undefined =>
      consumers.find((consumer) => consumer.producerId === producerId)?.consumerId
    const isOf =
      (producerId: string | undefined) => (notice: { states: readonly { consumerId: string }[] }) =>
        notice.states.some(({ consumerId }) => consumerId === idOf(producerId))
    expect((await lila.next('room.streamStates', isOf(second.producerIds[1]))).states).toMatchObject([
      { consumerId: idOf(second.producerIds[1]), forwarded: false, reason: 'lastN' },
    ])
    const [router] = server.engine.routers
    await expect.poll(() => router?.observerOf('speaker')?.producerIds.size).toBe(2)
    router?.observerOf('speaker')?.emit('dominantspeaker', { producer: { id: second.producerIds[0] } })
    const { states } = await lila.next('room.streamStates', isOf(second.producerIds[1]))
    expect(states).toHaveLength(2)
    expect(states).toEqual(
      expect.arrayContaining([
        expect.objectContaining({
          consumerId: idOf(first.producerIds[1]),
          forwarded: false,
          reason: 'lastN',
        }),
        expect.objectContaining({
          consumerId: idOf(second.producerIds[1]),
          forwarded: true,
          reason: 'speaking',
        }),
      ]),
    )
  })

  test('lets the engine choose among more microphones than are heard, and says whose are', async () => {
    const server = await startTestServer({ roomVoices: 1 })
    const [asha, ravi, lila] = (await people(server, 'Asha', 'Ravi', 'Lila')) as [
      TestClient,
      TestClient,
      TestClient,
    ]
    const first = await enter(asha, microphone)
    const [router] = server.engine.routers
    expect(router?.observerOf('selector')).toBeUndefined()
    const second = await enter(ravi, microphone)
    await expect.poll(() => router?.observerOf('selector')?.producerIds.size).toBe(2)
    const { transportId } = await enter(lila)
    const consumers = await receive(lila, transportId, 2)
    router?.observerOf('selector')?.emit('voices', [{ id: second.producerIds[0] }])
    const byId = new Map(consumers.map(({ consumerId, producerId }) => [consumerId, producerId]))
    const told = new Map<string | undefined, string>()
    while (told.size < 2 || told.get(second.producerIds[0]) !== 'speaking') {
      const { states } = await lila.next('room.streamStates')
      for (const { consumerId, reason } of states) told.set(byId.get(consumerId), reason)
    }
    expect(told.get(first.producerIds[0])).toBe('quiet')
    const paused = consumers.map(
      ({ producerId }) => [...(router?.producers.get(producerId)?.consumers ?? [])].at(-1)?.paused,
    )
    // The engine holds back by itself: consumers stay open, so that a voice comes through without a round trip.
    expect(paused).toEqual([false, false])
  })
})
