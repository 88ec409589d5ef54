import { once } from 'node:events'
import { afterEach, describe, expect, test } from 'vitest'
import { UnsupportedError } from '../../src/api/error-classes.ts'
import type { WorkerImpl } from '../../src/api/worker.ts'
import { lastRequest, rig } from './rig.ts'
import { startHarness, stopWorker } from './worker-harness.ts'

const LISTEN = { listenInfos: [{ protocol: 'udp', ip: '127.0.0.1' }] } as const
const listen = () => ({ listenInfos: [...LISTEN.listenInfos], enableSctp: true })

async function dataRig() {
  const base = await rig()
  const transport = await base.router.createWebRtcTransport(listen())
  const direct = await base.router.createDirectTransport()
  const producer = await transport.produceData({
    sctpStreamParameters: { streamId: 3, maxRetransmits: 2 },
    label: 'chat',
    protocol: 'json',
  })
  return { ...base, transport, direct, producer }
}

describe('a transport with SCTP', () => {
  test('tells its parameters, with what is left out filled in', async () => {
    const { router, fake } = await rig()
    const transport = await router.createWebRtcTransport({ ...listen(), maxReceiveMessageSize: 1000 })
    expect(transport.sctpParameters).toEqual({
      port: 5000,
      OS: 65535,
      MIS: 65535,
      maxMessageSize: 1000,
      maxSendMessageSize: 262_144,
      maxReceiveMessageSize: 1000,
      sendBufferSize: 2_000_000,
      perStreamSendQueueLimit: 2_000_000,
      maxReceiverWindowBufferSize: 5_242_880,
      isDataChannel: true,
    })
    expect(transport.sctpState).toBe('new')
    expect(lastRequest(fake, 'router.createWebRtcTransport').sctp?.bufferedAmountLowThreshold).toBe(1024)
  })

  test('follows the state of its association', async () => {
    const { fake, transport } = await dataRig()
    const changed = once(transport, 'sctpstatechange')
    const negotiated = { outboundStreams: 10, inboundStreams: 20 }
    fake.emit('transport.sctpState', transport.id, { sctpState: 'connected', negotiated })
    expect(await changed).toEqual(['connected'])
    expect(transport.sctpState).toBe('connected')
    expect(transport.sctpNegotiatedCapabilities).toEqual({
      negotiatedMaxOutboundStreams: 10,
      negotiatedMaxInboundStreams: 20,
    })
  })

  test.each([
    'maxSendMessageSize',
    'maxReceiveMessageSize',
    'sctpSendBufferSize',
    'sctpPerStreamSendQueueLimit',
    'sctpMaxReceiverWindowBufferSize',
    'sctpDefaultStreamBufferedAmountLowThreshold',
  ] as const)('%s that is no size rejects with TypeError', async (option) => {
    const { router } = await rig()
    for (const value of [-1, 1.5, Number.NaN, '1' as unknown as number]) {
      await expect(router.createWebRtcTransport({ ...listen(), [option]: value })).rejects.toThrow(TypeError)
    }
  })

  test('without it, data rejects with UnsupportedError', async () => {
    const { transport } = await rig()
    expect(transport.sctpParameters).toBeUndefined()
    expect(transport.sctpState).toBeUndefined()
    await expect(transport.produceData({ sctpStreamParameters: { streamId: 0 } })).rejects.toBeInstanceOf(
      UnsupportedError,
    )
  })
})

describe('produceData() and consumeData()', () => {
  test('tell the worker, emit on the observer, and know what they were given', async () => {
    const { transport, direct, fake } = await dataRig()
    const produced = once(transport.observer, 'newdataproducer')
    const producer = await transport.produceData({
      sctpStreamParameters: { streamId: 4 },
      label: 'x',
      paused: true,
    })
    expect(await produced).toEqual([producer])
    expect(producer).toMatchObject({
      type: 'sctp',
      label: 'x',
      protocol: '',
      paused: true,
      sctpStreamParameters: { streamId: 4, ordered: true },
    })
    expect(lastRequest(fake, 'transport.produceData')).toMatchObject({
      dataProducerId: producer.id,
      type: 'sctp',
    })
    const consumed = once(direct.observer, 'newdataconsumer')
    const consumer = await direct.consumeData({ dataProducerId: producer.id, subchannels: [5, 5, 6] })
    expect(await consumed).toEqual([consumer])
    expect(consumer).toMatchObject({
      type: 'direct',
      dataProducerId: producer.id,
      dataProducerPaused: true,
      subchannels: [5, 6],
      sctpStreamParameters: undefined,
    })
  })

  test('a DataConsumer takes over the reliability of its DataProducer, unless told otherwise', async () => {
    const { transport, direct, producer } = await dataRig()
    const ofDirect = await direct.produceData()
    const parameters = async (options: Parameters<typeof transport.consumeData>[0]) =>
      (await transport.consumeData(options)).sctpStreamParameters
    const { id: dataProducerId } = producer
    expect(await parameters({ dataProducerId })).toEqual({ streamId: 0, ordered: false, maxRetransmits: 2 })
    expect(await parameters({ dataProducerId, ordered: true })).toEqual({ streamId: 1, ordered: true })
    expect(await parameters({ dataProducerId, maxPacketLifeTime: 9 })).toEqual({
      streamId: 2,
      ordered: false,
      maxPacketLifeTime: 9,
    })
    expect(await parameters({ dataProducerId: ofDirect.id })).toEqual({ streamId: 3, ordered: true })
  })

  test('two DataConsumers never have one stream, and a closed one gives its own back', async () => {
    const { transport, producer } = await dataRig()
    const consume = () => transport.consumeData({ dataProducerId: producer.id })
    const all = await Promise.all(Array.from({ length: 100 }, consume))
    expect(new Set(all.map((consumer) => consumer.sctpStreamParameters?.streamId)).size).toBe(100)
  })

  test.each([
    ['streamId', { streamId: 65535 }],
    ['streamId', { streamId: -1 }],
    ['maxRetransmits', { streamId: 1, maxRetransmits: 1, maxPacketLifeTime: 1 }],
    ['ordered', { streamId: 1, ordered: true, maxRetransmits: 1 }],
    ['maxPacketLifeTime', { streamId: 1, maxPacketLifeTime: 65536 }],
  ])('sctpStreamParameters with a wrong %s reject with TypeError', async (field, sctpStreamParameters) => {
    const { transport } = await dataRig()
    await expect(transport.produceData({ sctpStreamParameters })).rejects.toThrow(field)
  })

  test('what can not be rejects', async () => {
    const { transport, direct, producer } = await dataRig()
    const stream = { sctpStreamParameters: { streamId: 9 } }
    await expect(transport.produceData()).rejects.toThrow(TypeError)
    await expect(direct.produceData(stream)).rejects.toThrow(TypeError)
    await expect(transport.produceData({ ...stream, id: producer.id })).rejects.toThrow(producer.id)
    await expect(transport.consumeData({ dataProducerId: 'nobody' })).rejects.toMatchObject({
      name: 'NotFoundError',
    })
    await expect(direct.consumeData({ dataProducerId: producer.id, ordered: true })).rejects.toThrow(
      TypeError,
    )
    await expect(direct.consumeData({ dataProducerId: producer.id, subchannels: [65536] })).rejects.toThrow(
      'subchannels[0]',
    )
  })
})

describe('messages of the application', () => {
  test.each([
    ['text', 'text', undefined, 51],
    ['empty text', '', undefined, 56],
    ['bytes', Buffer.from([1]), undefined, 53],
    ['no bytes', Buffer.alloc(0), undefined, 57],
    ['an identifier of its own', 'x', 99, 99],
  ])('%s has its payload protocol identifier', async (_name, message, given, ppid) => {
    const { transport, producer, fake } = await dataRig()
    const consumer = await transport.consumeData({ dataProducerId: producer.id })
    expect(await consumer.send(message, given)).toBe(17)
    expect(lastRequest(fake, 'dataConsumer.send').ppid).toBe(ppid)
    expect(lastRequest(fake, 'dataConsumer.send').message.length).toBeGreaterThan(0)
  })

  test('what is too large, or no message, or has nowhere to go, throws', async () => {
    const { router, producer, direct } = await dataRig()
    const small = await router.createDirectTransport({ maxReceiveMessageSize: 10 })
    const own = await small.produceData()
    expect(() => own.send('12345678901')).toThrow(/10/)
    expect(() => own.send(5 as unknown as string)).toThrow(TypeError)
    expect(() => own.send('x', 51, [-1])).toThrow('subchannels[0]')
    expect(() => producer.send('x')).toThrow(UnsupportedError)
    const listener = await direct.consumeData({ dataProducerId: producer.id })
    await expect(listener.send('x')).rejects.toBeInstanceOf(UnsupportedError)
  })

  test('pauses of either side are told when they change whether messages flow', async () => {
    const { direct, producer } = await dataRig()
    const consumer = await direct.consumeData({ dataProducerId: producer.id })
    const seen: string[] = []
    for (const event of ['dataproducerpause', 'dataproducerresume'] as const) {
      consumer.on(event, () => seen.push(event))
    }
    for (const event of ['pause', 'resume'] as const) consumer.observer.on(event, () => seen.push(event))
    await consumer.pause()
    const paused = once(consumer, 'dataproducerpause')
    await producer.pause()
    await paused
    await consumer.resume()
    const resumed = once(consumer, 'dataproducerresume')
    await producer.resume()
    await resumed
    expect(seen).toEqual(['pause', 'dataproducerpause', 'resume', 'dataproducerresume'])
    expect([consumer.paused, consumer.dataProducerPaused]).toEqual([false, false])
  })

  test('buffer events reach the application', async () => {
    const { transport, producer, fake } = await dataRig()
    const consumer = await transport.consumeData({ dataProducerId: producer.id })
    const low = once(consumer, 'bufferedamountlow')
    const full = once(consumer, 'sctpsendbufferfull')
    fake.emit('dataConsumer.bufferedAmountLow', consumer.id, { bufferedAmount: 12 })
    fake.emit('dataConsumer.sctpSendBufferFull', consumer.id, {})
    expect(await low).toEqual([12])
    expect(await full).toEqual([])
    await consumer.setBufferedAmountLowThreshold(99)
    expect(lastRequest(fake, 'dataConsumer.setBufferedAmountLowThreshold').threshold).toBe(99)
    await expect(consumer.setBufferedAmountLowThreshold(-1)).rejects.toThrow(TypeError)
  })
})

describe('a real worker', () => {
  const started: WorkerImpl[] = []
  afterEach(async () => {
    await Promise.all(started.splice(0).map(stopWorker))
  })

  test('brings messages from DirectTransport to DirectTransport, by subchannel, and counts them', async () => {
    const { worker } = await startHarness('real')
    started.push(worker)
    const router = await worker.createRouter()
    const [speaker, audience] = [await router.createDirectTransport(), await router.createDirectTransport()]
    const producer = await speaker.produceData({ label: 'news' })
    const consumer = await audience.consumeData({ dataProducerId: producer.id, subchannels: [1, 2] })
    const heard: string[] = []
    const last = new Promise<void>((resolve) => {
      consumer.on('message', (message, ppid) => {
        heard.push(`${ppid} ${message.toString()}`)
        if (message.toString() === 'end') resolve()
      })
    })
    producer.send('all')
    producer.send('one', undefined, [1])
    producer.send('three', undefined, [3])
    producer.send('one and two needed', undefined, [1], 2)
    producer.send('one, and four needed', undefined, [1], 4)
    producer.send('not for two', undefined, [], undefined, 2)
    await producer.pause()
    producer.send('paused')
    await producer.resume()
    await consumer.removeSubchannel(1)
    producer.send('one again', undefined, [1])
    producer.send(Buffer.alloc(200_000, 'x'))
    producer.send('end')
    await last
    expect(heard.map((text) => text.slice(0, 30))).toEqual([
      '51 all',
      '51 one',
      '51 one and two needed',
      `53 ${'x'.repeat(27)}`,
      '51 end',
    ])
    expect(await producer.getStats()).toMatchObject([{ type: 'data-producer', messagesReceived: 10 }])
    expect(await consumer.getStats()).toMatchObject([{ type: 'data-consumer', messagesSent: 5 }])
    expect(await consumer.dump()).toMatchObject({
      subchannels: [2],
      dataProducerId: producer.id,
      type: 'direct',
    })
    expect(await audience.dump()).toMatchObject({ dataConsumerIds: [consumer.id], dataProducerIds: [] })
    expect(await router.dump()).toMatchObject({
      mapDataProducerIdDataConsumerIds: [{ key: producer.id, values: [consumer.id] }],
      mapDataConsumerIdDataProducerId: [{ key: consumer.id, value: producer.id }],
    })
  })

  test('refuses a stream that is taken, and messages before the association is connected', async () => {
    const { worker } = await startHarness('real')
    started.push(worker)
    const router = await worker.createRouter()
    const transport = await router.createWebRtcTransport(listen())
    const producer = await transport.produceData({ sctpStreamParameters: { streamId: 1 } })
    await expect(transport.produceData({ sctpStreamParameters: { streamId: 1 } })).rejects.toThrow(TypeError)
    const consumer = await transport.consumeData({ dataProducerId: producer.id })
    await expect(consumer.send('early')).rejects.toMatchObject({ name: 'InvalidStateError' })
    expect(await consumer.getBufferedAmount()).toBe(0)
    producer.close()
    await expect(transport.produceData({ sctpStreamParameters: { streamId: 1 } })).resolves.toBeDefined()
  })
})
