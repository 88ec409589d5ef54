import { once } from 'node:events'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { InvalidStateError, WorkerClosedError } from '../../src/api/error-classes.ts'
import { setLogEventListeners } from '../../src/api/logger.ts'
import { WorkerImpl } from '../../src/api/worker.ts'
import { EventRecorder } from './event-recorder.ts'
import { FakeWorker } from './fake-worker.ts'
import { audioParameters, mediaCodecs, receiverCapabilities, videoParameters } from './media-fixtures.ts'
import { startHarness, stopWorker } from './worker-harness.ts'

const TRANSPORT_EVENTS = ['routerclose', 'listenserverclose'] as const
const PRODUCER_EVENTS = ['transportclose'] as const
const CONSUMER_EVENTS = ['transportclose', 'producerclose'] as const
const SERVER_OBSERVER_EVENTS = ['close', 'webrtctransporthandled', 'webrtctransportunhandled'] as const

const started: WorkerImpl[] = []
afterEach(async () => {
  await Promise.all(started.splice(0).map(stopWorker))
})

/**
 * One router; `sender` (on a WebRtcServer) holds `producer`, and `own`, which consumes it on the same transport;
 * `receiver` (without a WebRtcServer) holds `remote`, which consumes it as well.
 */
async function treeOn(worker: WorkerImpl) {
  started.push(worker)
  const webRtcServer = await worker.createWebRtcServer({
    listenInfos: [{ protocol: 'udp', ip: '127.0.0.1' }],
  })
  const router = await worker.createRouter({ mediaCodecs })
  const sender = await router.createWebRtcTransport({ webRtcServer })
  const receiver = await router.createDirectTransport()
  const producer = await sender.produce({ kind: 'audio', rtpParameters: audioParameters() })
  const rtpCapabilities = receiverCapabilities()
  const own = await sender.consume({ producerId: producer.id, rtpCapabilities })
  const remote = await receiver.consume({ producerId: producer.id, rtpCapabilities })
  const recorder = new EventRecorder()
  recorder.watch('worker', worker, ['died', 'subprocessclose'])
  recorder.watch('server', webRtcServer, ['workerclose'], SERVER_OBSERVER_EVENTS)
  recorder.watch('router', router, ['workerclose'])
  recorder.watch('sender', sender, TRANSPORT_EVENTS)
  recorder.watch('receiver', receiver, TRANSPORT_EVENTS)
  recorder.watch('producer', producer, PRODUCER_EVENTS)
  recorder.watch('own', own, CONSUMER_EVENTS)
  recorder.watch('remote', remote, CONSUMER_EVENTS)
  return { worker, webRtcServer, router, sender, receiver, producer, own, remote, recorder }
}

/** The tree on a worker of a kind. */
async function treeOf(kind: 'fake' | 'real') {
  const harness = await startHarness(kind)
  const tree = await treeOn(harness.worker)
  harness.takeSent()
  return { ...harness, ...tree }
}

/** The tree on a worker in memory, which the test steers. */
async function tree() {
  const fake = new FakeWorker()
  const made = await treeOn(await WorkerImpl.start({ startProcess: fake.start, appData: {} }))
  fake.received.length = 0
  return { fake, ...made }
}

/** Resolves when the worker has delivered all that it has to say by now. */
async function delivered({ worker }: { worker: WorkerImpl }): Promise<void> {
  await worker.dump()
}

const SENDER_CONTENT = [
  'producer:transportclose',
  'producer.observer:close',
  'own:transportclose',
  'own.observer:close',
]
const REMOTE_BY_TRANSPORT = ['remote:transportclose', 'remote.observer:close']
const REMOTE_BY_PRODUCER = ['remote:producerclose', 'remote.observer:close']
const ROUTER_CONTENT = [
  ...SENDER_CONTENT,
  'server.observer:webrtctransportunhandled',
  'sender:routerclose',
  'sender.observer:close',
  ...REMOTE_BY_TRANSPORT,
  'receiver:routerclose',
  'receiver.observer:close',
]
const WORKER_CONTENT = [
  ...ROUTER_CONTENT,
  'router:workerclose',
  'router.observer:close',
  'server:workerclose',
  'server.observer:close',
]

describe.each(['fake', 'real'] as const)('closed by the application, %s worker', (kind) => {
  test('consumer.close() closes the consumer only, and is silent on it', async () => {
    const t = await treeOf(kind)
    t.remote.close()
    expect(t.recorder.take()).toEqual(['remote.observer:close'])
    await delivered(t)
    expect(t.takeSent()).toEqual(['consumer.close', 'worker.dump'])
    expect(t.recorder.take()).toEqual([])
    expect([t.remote.closed, t.own.closed, t.producer.closed]).toEqual([true, false, false])
  })

  test('producer.close() closes its consumers when the worker tells', async () => {
    const t = await treeOf(kind)
    t.producer.close()
    expect(t.recorder.take()).toEqual(['producer.observer:close'])
    await delivered(t)
    expect(t.takeSent()).toEqual(['producer.close', 'worker.dump'])
    expect(t.recorder.take()).toEqual(['own:producerclose', 'own.observer:close', ...REMOTE_BY_PRODUCER])
    expect([t.own.closed, t.remote.closed]).toEqual([true, true])
    await expect(
      t.receiver.consume({ producerId: t.producer.id, rtpCapabilities: receiverCapabilities() }),
    ).rejects.toMatchObject({ name: 'NotFoundError', code: 'producer-not-found' })
  })

  test('transport.close() closes producers, then consumers; consumers elsewhere when the worker tells', async () => {
    const t = await treeOf(kind)
    t.sender.close()
    expect(t.recorder.take()).toEqual([
      ...SENDER_CONTENT,
      'server.observer:webrtctransportunhandled',
      'sender.observer:close',
    ])
    await delivered(t)
    expect(t.takeSent()).toEqual(['transport.close', 'worker.dump'])
    expect(t.recorder.take()).toEqual(REMOTE_BY_PRODUCER)
    expect(t.sender).toMatchObject({ closed: true, iceState: 'closed', dtlsState: 'closed' })
    expect(t.router.canConsume({ producerId: t.producer.id, rtpCapabilities: receiverCapabilities() })).toBe(
      false,
    )
  })

  test('webRtcServer.close() closes its transports with all that they hold', async () => {
    const t = await treeOf(kind)
    t.webRtcServer.close()
    expect(t.recorder.take()).toEqual([
      ...SENDER_CONTENT,
      'sender:listenserverclose',
      'sender.observer:close',
      'server.observer:close',
    ])
    await delivered(t)
    expect(t.takeSent()).toEqual(['webRtcServer.close', 'worker.dump'])
    expect(t.recorder.take()).toEqual(REMOTE_BY_PRODUCER)
    expect([t.receiver.closed, t.router.closed]).toEqual([false, false])
    await expect(t.router.createWebRtcTransport({ webRtcServer: t.webRtcServer })).rejects.toBeInstanceOf(
      InvalidStateError,
    )
  })

  test('router.close() closes its transports with all that they hold', async () => {
    const t = await treeOf(kind)
    t.router.close()
    expect(t.recorder.take()).toEqual([...ROUTER_CONTENT, 'router.observer:close'])
    await delivered(t)
    expect(t.takeSent()).toEqual(['router.close', 'worker.dump'])
    expect(t.recorder.take()).toEqual([])
    expect(t.webRtcServer.closed).toBe(false)
  })

  test('worker.close() closes routers, then WebRtcServers, and ends the process', async () => {
    const t = await treeOf(kind)
    const ended = once(t.worker, 'subprocessclose')
    t.worker.close()
    expect(t.recorder.take()).toEqual([...WORKER_CONTENT, 'worker.observer:close'])
    expect(t.worker).toMatchObject({ closed: true, died: false, subprocessClosed: false })
    await ended
    expect(t.takeSent()).toEqual(['worker.close'])
    expect(t.recorder.take()).toEqual(['worker:subprocessclose'])
    expect(t.worker).toMatchObject({ died: false, subprocessClosed: true })
  })

  test('closing twice does nothing the second time', async () => {
    const t = await treeOf(kind)
    for (const closable of [t.remote, t.producer, t.sender, t.webRtcServer, t.router, t.worker]) {
      closable.close()
      t.recorder.take()
      t.takeSent()
      closable.close()
      expect(t.recorder.take()).toEqual([])
      expect(t.takeSent()).toEqual([])
    }
  })

  test('everything is closed before the first event is emitted about it', async () => {
    const t = await treeOf(kind)
    const seen: boolean[] = []
    t.producer.on('transportclose', () => seen.push(t.producer.closed, t.sender.closed, t.router.closed))
    t.sender.on('routerclose', () => seen.push(t.sender.closed, t.producer.closed, t.own.closed))
    t.router.observer.on('close', () => seen.push(t.router.closed, t.receiver.closed, t.remote.closed))
    t.router.close()
    expect(seen).toEqual(new Array(9).fill(true))
  })
})

describe.each(['fake', 'real'] as const)('the worker process ends by itself, %s worker', (kind) => {
  test('all that it held closes, then the worker emits died, then subprocessclose', async () => {
    const t = await treeOf(kind)
    const atDeath: unknown[] = []
    t.worker.on('died', ({ message }) => {
      atDeath.push(message, t.worker.closed, t.worker.died, t.worker.subprocessClosed)
    })
    const ended = once(t.worker, 'subprocessclose')
    t.kill()
    await ended
    expect(atDeath).toEqual([expect.stringContaining('signal SIGKILL'), true, true, false])
    const death = ['worker:died', 'worker.observer:close', 'worker:subprocessclose']
    expect(t.recorder.take()).toEqual([...WORKER_CONTENT, ...death])
    expect(t.worker.subprocessClosed).toBe(true)
    await expect(t.worker.createRouter()).rejects.toMatchObject({ code: 'worker-died' })
  })

  test('another worker goes on', async () => {
    const [dead, alive] = [await treeOf(kind), await treeOf(kind)]
    const died = once(dead.worker, 'died')
    dead.kill()
    await died
    await expect(alive.producer.pause()).resolves.toBeUndefined()
    expect(alive.recorder.take()).toEqual([])
  })
})

describe('a worker process that does not do as it should', () => {
  test('worker.close() kills a process that does not end by itself', async () => {
    const t = await tree()
    t.fake.stubborn = true
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    try {
      const ended = once(t.worker, 'subprocessclose')
      t.worker.close()
      vi.advanceTimersByTime(2000)
      await ended
      expect(t.worker).toMatchObject({ died: false, subprocessClosed: true })
    } finally {
      vi.useRealTimers()
    }
  })

  test('a worker that ends before it runs rejects with its last words', async () => {
    const fake = new FakeWorker()
    fake.mute = true
    const starting = WorkerImpl.start({ startProcess: fake.start, appData: {} })
    fake.exit('exit code 1', 'the native addon is missing')
    await expect(starting).rejects.toMatchObject({
      code: 'worker-not-started',
      message: expect.stringContaining('the native addon is missing'),
    })
  })
})

describe('requests in flight', () => {
  test('a request whose object closes rejects with InvalidStateError', async () => {
    const t = await tree()
    const release = t.fake.hold('producer.pause')
    const pausing = t.producer.pause()
    t.producer.close()
    release()
    await expect(pausing).rejects.toBeInstanceOf(InvalidStateError)
    expect(t.producer.paused).toBe(false)
  })

  test('produce() and consume() on a transport that closes meanwhile reject, and leave nothing behind', async () => {
    const t = await tree()
    const newOnes: unknown[] = []
    t.sender.observer.on('newproducer', (producer) => newOnes.push(producer))
    t.sender.observer.on('newconsumer', (consumer) => newOnes.push(consumer))
    const producing = t.sender.produce({ kind: 'video', rtpParameters: videoParameters() })
    const consuming = t.sender.consume({
      producerId: t.producer.id,
      rtpCapabilities: receiverCapabilities(),
    })
    t.sender.close()
    await expect(producing).rejects.toBeInstanceOf(InvalidStateError)
    await expect(consuming).rejects.toBeInstanceOf(InvalidStateError)
    expect(newOnes).toEqual([])
    expect([...t.fake.transports.keys()]).toEqual([t.receiver.id])
    expect([t.fake.producers.size, t.fake.consumers.size]).toEqual([0, 0])
  })

  test('createWebRtcTransport() on a router or a WebRtcServer that closes meanwhile rejects', async () => {
    const t = await tree()
    const viaServer = t.router.createWebRtcTransport({ webRtcServer: t.webRtcServer })
    t.webRtcServer.close()
    await expect(viaServer).rejects.toBeInstanceOf(InvalidStateError)
    const viaRouter = t.router.createDirectTransport()
    t.router.close()
    await expect(viaRouter).rejects.toBeInstanceOf(InvalidStateError)
  })

  test.each(['close', 'die'] as const)(
    'all reject with WorkerClosedError when the worker is to %s',
    async (how) => {
      const t = await tree()
      t.fake.hold('transport.getStats')
      const pending = t.sender.getStats()
      const rejected = expect(pending).rejects.toBeInstanceOf(WorkerClosedError)
      if (how === 'close') t.worker.close()
      else t.fake.exit('signal SIGSEGV')
      await rejected
    },
  )

  test('consume() resolves, and then tells that the producer closed while the answer was on its way', async () => {
    const t = await tree()
    const consuming = t.receiver.consume({
      producerId: t.producer.id,
      rtpCapabilities: receiverCapabilities(),
    })
    t.producer.close()
    const consumer = await consuming
    expect(consumer.closed).toBe(false)
    await once(consumer, 'producerclose')
    expect(consumer.closed).toBe(true)
  })

  test('consume() of a producer that the worker has closed already rejects', async () => {
    const t = await tree()
    const release = t.fake.hold('transport.consume')
    const consuming = t.receiver.consume({
      producerId: t.producer.id,
      rtpCapabilities: receiverCapabilities(),
    })
    t.producer.close()
    release()
    await expect(consuming).rejects.toThrow()
    expect(t.fake.consumers.size).toBe(0)
  })

  test('a call on a closed object rejects with InvalidStateError and sends nothing', async () => {
    const t = await tree()
    t.router.close()
    t.fake.received.length = 0
    const calls: Promise<unknown>[] = [
      t.router.createDirectTransport(),
      t.router.dump(),
      t.sender.produce({ kind: 'audio', rtpParameters: audioParameters() }),
      t.sender.consume({ producerId: t.producer.id, rtpCapabilities: receiverCapabilities() }),
      t.sender.restartIce(),
      t.sender.getStats(),
      t.producer.pause(),
      t.remote.resume(),
      t.remote.getStats(),
    ]
    for (const call of calls) await expect(call).rejects.toBeInstanceOf(InvalidStateError)
    expect(t.fake.received).toEqual([])
  })

  test('what the worker sends about a closed object is dropped', async () => {
    const t = await tree()
    const scores: unknown[] = []
    t.producer.on('score', (score) => scores.push(score))
    t.fake.emit('producer.score', t.producer.id, { scores: [{ encodingIdx: 0, ssrc: 1111, score: 5 }] })
    t.producer.close()
    await delivered(t)
    expect(scores).toEqual([])
  })
})

describe('listeners that throw', () => {
  afterEach(() => setLogEventListeners())

  test('stop neither the cascade nor the other listeners, and are reported by listenererror', async () => {
    const t = await tree()
    const reported: unknown[] = []
    const others: string[] = []
    t.producer.on('listenererror', (eventName, error) => reported.push(eventName, error.message))
    t.producer.on('transportclose', () => {
      throw new Error('broken listener')
    })
    t.producer.on('transportclose', () => others.push('second listener'))
    t.worker.close()
    expect(reported).toEqual(['transportclose', 'broken listener'])
    expect(others).toEqual(['second listener'])
    expect(t.recorder.take()).toEqual([...WORKER_CONTENT, 'worker.observer:close'])
  })

  test('are logged when nobody listens to listenererror', async () => {
    const t = await tree()
    const logged: string[] = []
    setLogEventListeners({
      onerror: (namespace, log, error) => logged.push(`${namespace} ${log} ${error?.message}`),
    })
    t.remote.observer.on('close', () => {
      throw new Error('broken observer')
    })
    t.remote.close()
    expect(logged).toEqual([expect.stringMatching(/^sangam:.*'close'.*broken observer$/)])
  })
})
