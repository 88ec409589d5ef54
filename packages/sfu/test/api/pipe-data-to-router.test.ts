import { once } from 'node:events'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { createWorker, type types } from '../../src/index.ts'

const LISTEN = { protocol: 'udp', ip: '127.0.0.1' } as const

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

async function openRouter(worker: 0 | 1): Promise<types.Router> {
  const router = await workers[worker].createRouter()
  routers.push(router)
  return router
}

/** A DataProducer of the test's in one router, piped to another. */
async function piped(across = true, options: Partial<types.PipeToRouterOptions> = {}) {
  const from = await openRouter(0)
  const to = await openRouter(across ? 1 : 0)
  const source = await from.createDirectTransport()
  const sink = await to.createDirectTransport({ maxSendMessageSize: 300_000 })
  const dataProducer = await source.produceData({ label: 'chat', protocol: 'json', appData: { room: 1 } })
  const result = await from.pipeToRouter({ dataProducerId: dataProducer.id, router: to, ...options })
  const pipeDataConsumer = result.pipeDataConsumer as types.DataConsumer
  const pipeDataProducer = result.pipeDataProducer as types.DataProducer
  const dataConsumer = await sink.consumeData({ dataProducerId: pipeDataProducer.id })
  return { from, to, source, sink, dataProducer, pipeDataConsumer, pipeDataProducer, dataConsumer }
}

describe.each([
  ['across two workers', true, {}],
  ['across two workers, with SRTP', true, { enableSrtp: true }],
  ['within one worker', false, { keepId: false }],
] as const)('pipeToRouter() with dataProducerId %s', (_name, across, options) => {
  test('brings messages in order, large ones as well, with what they are', async () => {
    const { dataProducer, pipeDataProducer, pipeDataConsumer, dataConsumer } = await piped(across, options)
    expect(pipeDataProducer.id === dataProducer.id).toBe(across)
    expect(pipeDataConsumer).toMatchObject({ type: 'sctp', label: 'chat', protocol: 'json' })
    expect(pipeDataProducer).toMatchObject({
      type: 'sctp',
      label: 'chat',
      protocol: 'json',
      appData: { room: 1 },
    })
    expect(pipeDataProducer.sctpStreamParameters).toEqual(pipeDataConsumer.sctpStreamParameters)
    const received: [Buffer, number][] = []
    const { promise, resolve } = Promise.withResolvers<void>()
    dataConsumer.on('message', (message, ppid) => {
      if (received.push([message, ppid]) === 3) resolve()
    })
    const large = Buffer.alloc(262_144, 'x')
    dataProducer.send('first')
    dataProducer.send(large)
    dataProducer.send('')
    await promise
    expect(received.map(([message]) => message.length)).toEqual([5, 262_144, 1])
    expect(received.map(([, ppid]) => ppid)).toEqual([51, 53, 56])
    expect(received[1]?.[0].equals(large)).toBe(true)
  })

  test('mirrors pause, resume and close', async () => {
    const { dataProducer, pipeDataConsumer, pipeDataProducer, dataConsumer } = await piped(across, options)
    const said = (event: 'pause' | 'resume' | 'close') => once(pipeDataProducer.observer, event)
    for (const [act, event] of [
      [() => dataProducer.pause(), 'pause'],
      [() => dataProducer.resume(), 'resume'],
      [() => pipeDataConsumer.pause(), 'pause'],
      [() => pipeDataConsumer.resume(), 'resume'],
    ] as const) {
      const heard = said(event)
      await act()
      await heard
    }
    const heard = once(dataConsumer, 'dataproducerclose')
    dataProducer.close()
    await heard
    expect([pipeDataConsumer.closed, pipeDataProducer.closed]).toEqual([true, true])
  })
})

describe('pipeToRouter() with dataProducerId', () => {
  test('shares the link with producers and other DataProducers, in both directions', async () => {
    const { from, to, source, sink } = await piped()
    const transports = async (router: types.Router) => (await router.dump()).transportIds.length
    const before = [await transports(from), await transports(to)]
    const more = await Promise.all([1, 2, 3].map(() => source.produceData()))
    const back = await sink.produceData()
    const results = await Promise.all([
      ...more.map(({ id }) => from.pipeToRouter({ dataProducerId: id, router: to })),
      to.pipeToRouter({ dataProducerId: back.id, router: from }),
    ])
    expect([await transports(from), await transports(to)]).toEqual(before)
    const streams = results.slice(0, 3).map((r) => r.pipeDataProducer?.sctpStreamParameters?.streamId)
    expect(new Set(streams).size).toBe(3)
    const consumer = await source.consumeData({ dataProducerId: back.id })
    const arrived = once(consumer, 'message') as Promise<[Buffer]>
    back.send('back')
    expect(String((await arrived)[0])).toBe('back')
  })

  test('takes sizes for its association, for messages as large as those of the endpoints', async () => {
    const from = await openRouter(0)
    const to = await openRouter(1)
    const source = await from.createDirectTransport({ maxReceiveMessageSize: 1_000_000 })
    const sink = await to.createDirectTransport({ maxSendMessageSize: 1_000_000 })
    const dataProducer = await source.produceData()
    const { pipeDataProducer } = await from.pipeToRouter({
      dataProducerId: dataProducer.id,
      router: to,
      maxSendMessageSize: 1_000_000,
      maxReceiveMessageSize: 1_000_000,
    })
    const consumer = await sink.consumeData({ dataProducerId: pipeDataProducer?.id ?? '' })
    const arrived = once(consumer, 'message') as Promise<[Buffer]>
    const message = Buffer.alloc(1_000_000, 'a message of many packets')
    dataProducer.send(message)
    expect((await arrived)[0].equals(message)).toBe(true)
    const other = { router: await openRouter(1), keepId: false, maxSendMessageSize: -1 }
    await expect(from.pipeToRouter({ dataProducerId: dataProducer.id, ...other })).rejects.toThrow(TypeError)
  })

  test('closing the copy closes the consumer here, and no more', async () => {
    const { dataProducer, pipeDataConsumer, pipeDataProducer } = await piped()
    pipeDataProducer.close()
    expect([pipeDataConsumer.closed, dataProducer.closed]).toEqual([true, false])
  })

  test('over a link without SCTP rejects with UnsupportedError; an unknown one with NotFoundError', async () => {
    const from = await openRouter(0)
    const to = await openRouter(1)
    const source = await from.createDirectTransport()
    const { id } = await source.produceData()
    const bare = { dataProducerId: id, router: to, enableSctp: false }
    await expect(from.pipeToRouter(bare)).rejects.toMatchObject({ name: 'UnsupportedError' })
    await expect(from.pipeToRouter({ ...bare, dataProducerId: 'nobody' })).rejects.toMatchObject({
      name: 'NotFoundError',
    })
  })

  test('a DataProducer that closes meanwhile rejects, and leaves nothing behind', async () => {
    const from = await openRouter(0)
    const to = await openRouter(1)
    const source = await from.createDirectTransport()
    const dataProducer = await source.produceData()
    const piping = from.pipeToRouter({ dataProducerId: dataProducer.id, router: to })
    dataProducer.close()
    await expect(piping).rejects.toThrow()
    for (const router of [from, to]) {
      expect(await router.dump()).toMatchObject({ mapDataProducerIdDataConsumerIds: [] })
    }
  })
})

describe('SCTP on a PlainTransport', () => {
  test.each([
    ['with both addresses told', false],
    ['with comedia at one end', true],
  ])('%s connects, tells so, and carries messages', async (_name, comedia) => {
    const from = await openRouter(0)
    const to = await openRouter(1)
    const near = await from.createPlainTransport({
      listenInfo: LISTEN,
      enableSctp: true,
      maxSendMessageSize: 1000,
    })
    const far = await to.createPlainTransport({ listenInfo: LISTEN, enableSctp: true, comedia })
    expect(near.sctpParameters).toMatchObject({ port: 5000, isDataChannel: false, maxSendMessageSize: 1000 })
    expect([near.sctpState, far.sctpState]).toEqual(['new', 'new'])
    const states: string[] = []
    near.on('sctpstatechange', (state) => states.push(state))
    const connected = new Promise<void>((resolve) => {
      far.observer.on('sctpstatechange', (state) => {
        if (state === 'connected') resolve()
      })
    })
    if (!comedia) await far.connect({ ip: '127.0.0.1', port: near.tuple.localPort })
    await near.connect({ ip: '127.0.0.1', port: far.tuple.localPort })
    await connected
    expect(far.tuple.remotePort).toBe(near.tuple.localPort)
    expect(far.sctpNegotiatedCapabilities?.negotiatedMaxInboundStreams).toBe(65_535)
    const source = await from.createDirectTransport()
    const dataProducer = await source.produceData({ label: 'x' })
    const consumer = await near.consumeData({ dataProducerId: dataProducer.id })
    const { sctpStreamParameters } = consumer
    if (sctpStreamParameters === undefined) throw new Error('no stream')
    const copy = await far.produceData({ sctpStreamParameters })
    const sink = await (await to.createDirectTransport()).consumeData({ dataProducerId: copy.id })
    const arrived = once(sink, 'message') as Promise<[Buffer]>
    dataProducer.send(Buffer.alloc(1001))
    dataProducer.send('fits')
    expect(String((await arrived)[0])).toBe('fits')
    expect(states).toEqual(['connecting', 'connected'])
    expect(await near.dump()).toMatchObject({ sctpState: 'connected', dataConsumerIds: [consumer.id] })
    const closed = once(far, 'sctpstatechange')
    near.close()
    expect(await closed).toEqual(['closed'])
    expect(near.sctpState).toBe('closed')
  })

  test('without enableSctp has none, and data rejects with UnsupportedError', async () => {
    const router = await openRouter(0)
    const transport = await router.createPlainTransport({ listenInfo: LISTEN })
    expect([transport.sctpParameters, transport.sctpState]).toEqual([undefined, undefined])
    await expect(transport.produceData({ sctpStreamParameters: { streamId: 1 } })).rejects.toMatchObject({
      name: 'UnsupportedError',
    })
  })
})
