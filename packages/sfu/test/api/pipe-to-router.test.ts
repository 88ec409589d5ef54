import { once } from 'node:events'
import type { RtpParameters } from '@sangam/ortc'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { createWorker, type types } from '../../src/index.ts'
import { audioParameters, mediaCodecs, receiverCapabilities, videoParameters } from './media-fixtures.ts'

const KEY_FRAME = Buffer.from([0x10, 0x10, 0x02, 0x00, 0x9d, 0x01, 0x2a, 0x40, 0x01, 0xf0, 0x00])

let workers: [types.Worker, types.Worker]
const routers: types.Router[] = []
beforeAll(async () => {
  workers = [await createWorker({ logLevel: 'none' }), await createWorker({ logLevel: 'none' })]
})
afterAll(() => {
  for (const worker of workers) worker.close()
})
afterEach(() => {
  for (const router of routers.splice(0)) router.close()
})

/** Two routers, of two workers or of one, and a way in and out of each for the test itself. */
async function openPair(across = true) {
  const from = await workers[0].createRouter({ mediaCodecs })
  const to = await workers[across ? 1 : 0].createRouter({ mediaCodecs })
  routers.push(from, to)
  return { from, to, source: await from.createDirectTransport(), sink: await to.createDirectTransport() }
}

function packet(payloadType: number, ssrc: number, sequenceNumber: number, payload: Buffer): Buffer {
  const header = Buffer.alloc(12)
  header.writeUInt16BE(0x8000 | payloadType, 0)
  header.writeUInt16BE(sequenceNumber & 0xffff, 2)
  header.writeUInt32BE(sequenceNumber * 960, 4)
  header.writeUInt32BE(ssrc, 8)
  return Buffer.concat([header, payload])
}

/** VP8 in three layers, told apart by SSRC. */
function simulcastParameters(): RtpParameters {
  return { ...videoParameters(), encodings: [{ ssrc: 10 }, { ssrc: 20 }, { ssrc: 30 }] }
}

/** Resolves when the other end of the pipe has said `event`. */
function heard(producer: types.Producer, event: 'pause' | 'resume' | 'close'): Promise<unknown> {
  return once(producer.observer, event)
}

async function piped(options: Partial<types.PipeToRouterOptions> = {}, across = true) {
  const pair = await openPair(across)
  const producer = await pair.source.produce({ kind: 'audio', rtpParameters: audioParameters('a', 1111) })
  const result = await pair.from.pipeToRouter({ producerId: producer.id, router: pair.to, ...options })
  const pipeConsumer = result.pipeConsumer as types.Consumer
  const pipeProducer = result.pipeProducer as types.Producer
  return { ...pair, producer, pipeConsumer, pipeProducer }
}

describe.each([
  ['across two workers', true, {}],
  ['across two workers, with SRTP', true, { enableSrtp: true }],
  ['across two workers, with RTX', true, { enableRtx: true }],
  ['across two workers, with SRTP and RTX', true, { enableSrtp: true, enableRtx: true }],
  ['within one worker', false, { keepId: false }],
  ['within one worker, with SRTP', false, { keepId: false, enableSrtp: true }],
  ['within one worker, with SRTP and RTX', false, { keepId: false, enableSrtp: true, enableRtx: true }],
] as const)('pipeToRouter() %s', (_name, across, options) => {
  test('carries packets as they are, and the CNAME', async () => {
    const { sink, producer, pipeConsumer, pipeProducer } = await piped(options, across)
    expect(pipeConsumer.type).toBe('pipe')
    expect(pipeProducer.id === producer.id).toBe(across)
    expect(pipeProducer.rtpParameters.rtcp?.cname).toBe('cname-a')
    const consumer = await sink.consume({
      producerId: pipeProducer.id,
      rtpCapabilities: receiverCapabilities(),
    })
    const arrived = once(consumer, 'rtp') as Promise<[Buffer]>
    producer.send(packet(111, 1111, 65535, Buffer.from('opus')))
    expect((await arrived)[0].subarray(-4).toString()).toBe('opus')
  })

  test('mirrors pause, resume and close', async () => {
    const { producer, pipeConsumer, pipeProducer } = await piped(options, across)
    const paused = heard(pipeProducer, 'pause')
    await producer.pause()
    await paused
    const resumed = heard(pipeProducer, 'resume')
    await producer.resume()
    await resumed
    const pausedByConsumer = heard(pipeProducer, 'pause')
    await pipeConsumer.pause()
    await pausedByConsumer
    const closed = heard(pipeProducer, 'close')
    producer.close()
    await closed
    expect([pipeConsumer.closed, pipeProducer.closed]).toEqual([true, true])
  })
})

describe('pipeToRouter()', () => {
  test('starts paused where the producer is paused', async () => {
    const { from, to, source } = await openPair()
    const rtpParameters = audioParameters()
    const producer = await source.produce({ kind: 'audio', rtpParameters, paused: true })
    const { pipeProducer } = await from.pipeToRouter({ producerId: producer.id, router: to })
    expect(pipeProducer?.paused).toBe(true)
  })

  test('carries every stream of a simulcast producer under an SSRC of its own', async () => {
    const { from, to, source } = await openPair()
    const producer = await source.produce({ kind: 'video', rtpParameters: simulcastParameters() })
    const { pipeConsumer, pipeProducer } = await from.pipeToRouter({ producerId: producer.id, router: to })
    expect(pipeProducer?.type).toBe('simulcast')
    expect(pipeConsumer?.rtpParameters.encodings).toHaveLength(3)
    const counts = async (): Promise<number[]> =>
      ((await pipeProducer?.getStats()) ?? []).map((row) => row.packetCount)
    for (let n = 0; n < 40 && (await counts()).join() !== '3,2,1'; n++) {
      // What is sent before the key frame that the pipe waits for may be lost: layer i gets 3 - i packets from it on.
      if (n > 0) continue
      for (const [i, ssrc] of [10, 20, 30].entries()) {
        for (let k = 0; k < 3 - i; k++) producer.send(packet(96, ssrc, 65534 + k, KEY_FRAME))
      }
    }
    expect(await counts()).toEqual([3, 2, 1])
    const sent = ((await pipeConsumer?.getStats()) ?? []).filter((row) => row.type === 'outbound-rtp')
    expect(sent.map((row) => row.ssrc)).toEqual(pipeConsumer?.rtpParameters.encodings?.map((e) => e.ssrc))
    expect(sent.map((row) => row.packetCount)).toEqual([3, 2, 1])
  })

  test('makes one pair of transports for calls at the same time, in both directions', async () => {
    const { from, to, source, sink } = await openPair()
    const transports: string[] = []
    for (const router of [from, to]) router.observer.on('newtransport', ({ type }) => transports.push(type))
    const there = await Promise.all(
      [1, 2, 3].map((n) =>
        source.produce({ kind: 'audio', rtpParameters: audioParameters(`t${n}`, 100 + n) }),
      ),
    )
    const back = await sink.produce({ kind: 'audio', rtpParameters: audioParameters('b', 200) })
    const results = await Promise.all([
      ...there.map((producer) => from.pipeToRouter({ producerId: producer.id, router: to })),
      to.pipeToRouter({ producerId: back.id, router: from }),
    ])
    expect(results.map(({ pipeProducer }) => pipeProducer?.id)).toEqual([...there, back].map(({ id }) => id))
    expect(transports).toEqual(['pipe', 'pipe'])
  })

  test('of two calls for one producer the second rejects with TypeError, and disturbs nothing', async () => {
    const { from, to, source, sink } = await openPair()
    const producer = await source.produce({ kind: 'audio', rtpParameters: audioParameters('a', 1111) })
    const calls = [1, 2].map(() => from.pipeToRouter({ producerId: producer.id, router: to }))
    const settled = await Promise.allSettled(calls)
    expect(settled).toMatchObject([{ status: 'fulfilled' }, { reason: { name: 'TypeError', field: 'id' } }])
    await expect(from.pipeToRouter({ producerId: producer.id, router: to })).rejects.toThrow(TypeError)
    const consumer = await sink.consume({ producerId: producer.id, rtpCapabilities: receiverCapabilities() })
    const arrived = once(consumer, 'rtp')
    producer.send(packet(111, 1111, 1, Buffer.from('opus')))
    await arrived
    expect((await from.dump()).mapProducerIdConsumerIds).toMatchObject([{ values: { length: 1 } }])
  })

  test('a closed end closes the other, and the next call makes a new pair', async () => {
    const { from, to, source } = await openPair()
    const producer = await source.produce({ kind: 'audio', rtpParameters: audioParameters() })
    const ends: types.Transport[] = []
    for (const router of [from, to]) router.observer.on('newtransport', (end) => ends.push(end))
    const { pipeConsumer, pipeProducer } = await from.pipeToRouter({ producerId: producer.id, router: to })
    ends[1]?.close()
    expect(ends.map(({ closed }) => closed)).toEqual([true, true])
    expect([pipeConsumer?.closed, pipeProducer?.closed, producer.closed]).toEqual([true, true, false])
    await from.pipeToRouter({ producerId: producer.id, router: to })
    expect(ends).toHaveLength(4)
  })

  test('closing the producer at the far end closes the consumer here, and no more', async () => {
    const { producer, pipeConsumer, pipeProducer } = await piped()
    pipeProducer.close()
    expect([pipeConsumer.closed, producer.closed]).toEqual([true, false])
  })

  test('closing the far router closes what was piped to it', async () => {
    const { to, from, producer, pipeConsumer, pipeProducer } = await piped()
    to.close()
    expect([pipeConsumer.closed, pipeProducer.closed, producer.closed]).toEqual([true, true, false])
    await expect(from.pipeToRouter({ producerId: producer.id, router: to })).rejects.toMatchObject({
      name: 'InvalidStateError',
    })
  })

  test('a worker that dies at the far end closes the consumer here', async () => {
    const { from, source } = await openPair()
    const doomed = await createWorker({ logLevel: 'none' })
    const to = await doomed.createRouter({ mediaCodecs })
    const producer = await source.produce({ kind: 'audio', rtpParameters: audioParameters() })
    const { pipeConsumer, pipeProducer } = await from.pipeToRouter({ producerId: producer.id, router: to })
    const died = once(doomed, 'died')
    process.kill(doomed.pid, 'SIGKILL')
    await died
    expect([pipeConsumer?.closed, pipeProducer?.closed, producer.closed]).toEqual([true, true, false])
  })

  test('a producer that closes meanwhile rejects, and leaves nothing behind', async () => {
    const { from, to, source } = await openPair()
    const producer = await source.produce({ kind: 'audio', rtpParameters: audioParameters() })
    const piping = from.pipeToRouter({ producerId: producer.id, router: to })
    producer.close()
    await expect(piping).rejects.toThrow()
    expect(await to.dump()).toMatchObject({ mapProducerIdConsumerIds: [] })
    expect(await from.dump()).toMatchObject({ mapProducerIdConsumerIds: [] })
  })

  test('a port that cannot be had rejects with its reason, and the next call works', async () => {
    const { from, to, source } = await openPair()
    const producer = await source.produce({ kind: 'audio', rtpParameters: audioParameters() })
    const options = { producerId: producer.id, router: to }
    const listenInfo = { protocol: 'udp', ip: '192.0.2.1' } as const
    await expect(from.pipeToRouter({ ...options, listenInfo })).rejects.toThrow(/EADDRNOTAVAIL/)
    await expect(from.pipeToRouter(options)).resolves.toBeDefined()
  })

  test.each([
    [{ ip: '0.0.0.0', announcedAddress: '203.0.113.7' }],
    [{ ip: '::', announcedAddress: 'media.example' }],
    [{ ip: '::1' }],
  ])('meets on this machine when it listens on %j', async (info) => {
    const { sink, producer, pipeProducer } = await piped({ listenInfo: { protocol: 'udp', ...info } })
    const consumer = await sink.consume({
      producerId: pipeProducer.id,
      rtpCapabilities: receiverCapabilities(),
    })
    const arrived = once(consumer, 'rtp') as Promise<[Buffer]>
    producer.send(packet(111, 1111, 1, Buffer.from('opus')))
    expect((await arrived)[0].subarray(-4).toString()).toBe('opus')
  })

  test.each([
    ['of another worker', true, {}],
    ['of the same worker', false, { keepId: false }],
  ] as const)('the score at the far end, %s, follows the losses here', async (_name, across, options) => {
    const { producer, pipeProducer } = await piped(options, across)
    const scored = once(pipeProducer, 'score') as Promise<[types.ProducerScore[]]>
    // Every other packet is missing.
    for (let n = 0; n < 60; n += 2) producer.send(packet(111, 1111, 65500 + n, Buffer.from('opus')))
    const [score] = await scored
    expect(score[0]?.score).toBeLessThan(5)
  })

  test('rejects options that make no sense with TypeError, an unknown producer with NotFoundError', async () => {
    const { from, to, source } = await openPair()
    const local = await workers[0].createRouter({ mediaCodecs })
    routers.push(local)
    const { id: producerId } = await source.produce({ kind: 'audio', rtpParameters: audioParameters() })
    for (const options of [
      { router: to },
      { router: to, producerId, dataProducerId: 'd' },
      { router: from, producerId },
      { router: {}, producerId },
      { router: local, producerId },
      { router: to, producerId, keepId: 1 },
      { router: to, producerId, listenIp: '127.0.0.1', listenInfo: { protocol: 'udp', ip: '127.0.0.1' } },
    ]) {
      await expect(from.pipeToRouter(options as never)).rejects.toThrow(TypeError)
    }
    await expect(from.pipeToRouter({ router: to, producerId: 'nobody' })).rejects.toMatchObject({
      name: 'NotFoundError',
    })
  })
})

describe('PipeTransport', () => {
  test('repairs losses by NACK and RTX only where both are asked for', async () => {
    const { from, source } = await openPair()
    const listenInfo = { protocol: 'udp', ip: '127.0.0.1' } as const
    const producer = await source.produce({ kind: 'video', rtpParameters: videoParameters() })
    const plain = await from.createPipeTransport({ listenInfo })
    const repairing = await from.createPipeTransport({ listenInfo, enableRtx: true })
    const mimeTypes = async (transport: types.PipeTransport): Promise<string[]> =>
      (await transport.consume({ producerId: producer.id })).rtpParameters.codecs.map((c) => c.mimeType)
    expect(await mimeTypes(plain)).toEqual(['video/VP8'])
    expect(await mimeTypes(repairing)).toEqual(['video/VP8', 'video/rtx'])
    expect(await repairing.dump()).toMatchObject({ type: 'pipe', rtx: true })
    expect(await repairing.getStats()).toMatchObject([{ type: 'pipe-transport' }])
  })

  test('has SRTP parameters with enableSrtp only, and connects once', async () => {
    const { from } = await openPair()
    const listenInfo = { protocol: 'udp', ip: '127.0.0.1' } as const
    const clear = await from.createPipeTransport({ listenInfo })
    const secret = await from.createPipeTransport({ listenInfo, enableSrtp: true })
    expect(clear.srtpParameters).toBeUndefined()
    expect(secret.srtpParameters?.cryptoSuite).toBe('AEAD_AES_256_GCM')
    await expect(secret.connect({ ip: '127.0.0.1', port: 9 })).rejects.toThrow(TypeError)
    const { srtpParameters } = secret
    if (srtpParameters === undefined) throw new Error('no SRTP parameters')
    await expect(clear.connect({ ip: '127.0.0.1', port: 9, srtpParameters })).rejects.toThrow(TypeError)
    await secret.connect({ ip: '127.0.0.1', port: 9, srtpParameters })
    expect(secret.tuple).toMatchObject({ remoteIp: '127.0.0.1', remotePort: 9 })
    await expect(secret.connect({ ip: '127.0.0.1', port: 9, srtpParameters })).rejects.toMatchObject({
      name: 'InvalidStateError',
    })
  })
})
