import { once } from 'node:events'
import { afterEach, describe, expect, test } from 'vitest'
import type { WorkerImpl } from '../../src/api/worker.ts'
import { EventRecorder } from './event-recorder.ts'
import { startHarness, stopWorker } from './worker-harness.ts'

const started: WorkerImpl[] = []
afterEach(async () => {
  await Promise.all(started.splice(0).map(stopWorker))
})

/**
 * One router; `sender` holds `producer`, and `own`, which consumes it on the same transport; `receiver` holds `remote`,
 * which consumes it as well.
 */
async function treeOf(kind: 'fake' | 'real') {
  const { worker, takeSent, kill } = await startHarness(kind)
  started.push(worker)
  const router = await worker.createRouter()
  const sender = await router.createWebRtcTransport({
    listenInfos: [{ protocol: 'udp', ip: '127.0.0.1' }],
    enableSctp: true,
  })
  const receiver = await router.createDirectTransport()
  const producer = await sender.produceData({ sctpStreamParameters: { streamId: 1 } })
  const own = await sender.consumeData({ dataProducerId: producer.id })
  const remote = await receiver.consumeData({ dataProducerId: producer.id })
  const recorder = new EventRecorder()
  recorder.watch('router', router, ['workerclose'])
  recorder.watch('sender', sender, ['routerclose', 'listenserverclose'])
  recorder.watch('receiver', receiver, ['routerclose', 'listenserverclose'])
  recorder.watch('producer', producer, ['transportclose'])
  recorder.watch('own', own, ['transportclose', 'dataproducerclose'])
  recorder.watch('remote', remote, ['transportclose', 'dataproducerclose'])
  takeSent()
  return { worker, router, sender, receiver, producer, own, remote, recorder, takeSent, kill }
}

/** Events of what was sent before have arrived when the answer to a later request has. */
async function delivered({ worker }: { worker: WorkerImpl }): Promise<void> {
  await worker.dump()
}

const SENDER_CONTENT = [
  'producer:transportclose',
  'producer.observer:close',
  'own:transportclose',
  'own.observer:close',
]
const REMOTE_BY_PRODUCER = ['remote:dataproducerclose', 'remote.observer:close']
const REMOTE_BY_TRANSPORT = ['remote:transportclose', 'remote.observer:close']

describe.each(['fake', 'real'] as const)('data, %s worker', (kind) => {
  test('dataConsumer.close() closes the DataConsumer only, and is silent on it', async () => {
    const t = await treeOf(kind)
    t.remote.close()
    t.remote.close()
    expect(t.recorder.take()).toEqual(['remote.observer:close'])
    await delivered(t)
    expect(t.takeSent()).toEqual(['dataConsumer.close', 'worker.dump'])
    expect(t.recorder.take()).toEqual([])
    expect([t.remote.closed, t.own.closed, t.producer.closed]).toEqual([true, false, false])
    await expect(t.remote.pause()).rejects.toMatchObject({ name: 'InvalidStateError' })
  })

  test('dataProducer.close() closes its DataConsumers when the worker tells', async () => {
    const t = await treeOf(kind)
    t.producer.close()
    expect(t.recorder.take()).toEqual(['producer.observer:close'])
    await delivered(t)
    expect(t.takeSent()).toEqual(['dataProducer.close', 'worker.dump'])
    expect(t.recorder.take()).toEqual(['own:dataproducerclose', 'own.observer:close', ...REMOTE_BY_PRODUCER])
    await expect(t.receiver.consumeData({ dataProducerId: t.producer.id })).rejects.toMatchObject({
      name: 'NotFoundError',
    })
  })

  test('transport.close() closes DataProducers, then DataConsumers; those elsewhere when the worker tells', async () => {
    const t = await treeOf(kind)
    t.sender.close()
    expect(t.recorder.take()).toEqual([...SENDER_CONTENT, 'sender.observer:close'])
    await delivered(t)
    expect(t.takeSent()).toEqual(['transport.close', 'worker.dump'])
    expect(t.recorder.take()).toEqual(REMOTE_BY_PRODUCER)
    expect(t.sender.sctpState).toBe('closed')
  })

  test('router.close() closes all that its transports hold', async () => {
    const t = await treeOf(kind)
    t.router.close()
    expect(t.recorder.take()).toEqual([
      ...SENDER_CONTENT,
      'sender:routerclose',
      'sender.observer:close',
      ...REMOTE_BY_TRANSPORT,
      'receiver:routerclose',
      'receiver.observer:close',
      'router.observer:close',
    ])
    await delivered(t)
    expect(t.takeSent()).toEqual(['router.close', 'worker.dump'])
    expect(t.recorder.take()).toEqual([])
  })

  test('a worker that dies takes everything along', async () => {
    const t = await treeOf(kind)
    const died = once(t.worker, 'died')
    t.kill()
    await died
    expect(t.recorder.take().slice(0, 4)).toEqual(SENDER_CONTENT)
    expect([t.producer.closed, t.own.closed, t.remote.closed]).toEqual([true, true, true])
  })
})
