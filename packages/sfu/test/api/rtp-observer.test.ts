import { once } from 'node:events'
import { afterEach, describe, expect, test } from 'vitest'
import { InvalidStateError } from '../../src/api/error-classes.ts'
import type { WorkerImpl } from '../../src/api/worker.ts'
import { EventRecorder } from './event-recorder.ts'
import { audioParameters, videoParameters } from './media-fixtures.ts'
import { lastRequest, rig } from './rig.ts'
import { startHarness, stopWorker } from './worker-harness.ts'

describe('RtpObserver', () => {
  test('fills in the defaults of its options, and brings the interval into what it can keep', async () => {
    const { fake, router } = await rig()
    await router.createAudioLevelObserver()
    expect(lastRequest(fake, 'router.createAudioLevelObserver')).toMatchObject({
      maxEntries: 1,
      thresholdDbov: -80,
      intervalMs: 1000,
    })
    await router.createActiveSpeakerObserver()
    expect(lastRequest(fake, 'router.createActiveSpeakerObserver').intervalMs).toBe(300)
    for (const [interval, intervalMs] of [
      [0, 250],
      [249, 250],
      [5001, 5000],
    ] as const) {
      await router.createActiveSpeakerObserver({ interval })
      expect(lastRequest(fake, 'router.createActiveSpeakerObserver').intervalMs).toBe(intervalMs)
      await router.createAudioLevelObserver({ interval })
      expect(lastRequest(fake, 'router.createAudioLevelObserver').intervalMs).toBe(intervalMs)
    }
  })

  test.each([
    [{ maxEntries: 0 }],
    [{ threshold: -128 }],
    [{ threshold: 1 }],
    [{ interval: 'often' }],
    [{ appData: 7 }],
  ])('createAudioLevelObserver(%j) rejects with TypeError', async (options) => {
    const { router } = await rig()
    await expect(router.createAudioLevelObserver(options as never)).rejects.toThrow(TypeError)
  })

  test('tells of producers, and of none that closed meanwhile', async () => {
    const { fake, router, transport } = await rig()
    const producer = await transport.produce({ kind: 'audio', rtpParameters: audioParameters() })
    const levels = await router.createAudioLevelObserver({ appData: { room: 1 } })
    const speaker = await router.createActiveSpeakerObserver()
    expect([levels.type, speaker.type, levels.appData.room]).toEqual(['audiolevel', 'activespeaker', 1])
    const told: unknown[] = []
    for (const emitter of [levels, levels.observer]) {
      emitter.on('volumes', (volumes) => told.push(volumes))
      emitter.on('silence', () => told.push('silence'))
    }
    for (const emitter of [speaker, speaker.observer]) emitter.on('dominantspeaker', (who) => told.push(who))
    const ids = { producerId: producer.id }
    fake.emit('rtpObserver.volumes', levels.id, {
      volumes: [
        { ...ids, volume: -20 },
        { producerId: 'gone', volume: -30 },
      ],
    })
    fake.emit('rtpObserver.volumes', levels.id, { volumes: [{ producerId: 'gone', volume: -30 }] })
    fake.emit('rtpObserver.silence', levels.id, {})
    fake.emit('rtpObserver.dominantSpeaker', speaker.id, ids)
    fake.emit('rtpObserver.dominantSpeaker', speaker.id, { producerId: 'gone' })
    await router.dump()
    const volumes = [{ producer, volume: -20 }]
    expect(told).toEqual([volumes, volumes, 'silence', 'silence', { producer }, { producer }])
  })

  test('an AudioSelector says how many voices it forwards, and tells whose', async () => {
    const { fake, router, transport } = await rig()
    const producer = await transport.produce({ kind: 'audio', rtpParameters: audioParameters() })
    const selector = await router.createAudioSelector()
    expect(selector.type).toBe('audioselector')
    expect(lastRequest(fake, 'router.createAudioSelector').maxVoices).toBe(3)
    await router.createAudioSelector({ maxVoices: 7 })
    expect(lastRequest(fake, 'router.createAudioSelector').maxVoices).toBe(7)
    for (const maxVoices of [0, 101, 1.5, 'all'])
      await expect(router.createAudioSelector({ maxVoices } as never)).rejects.toThrow(TypeError)
    const told: unknown[] = []
    for (const emitter of [selector, selector.observer]) emitter.on('voices', (who) => told.push(who))
    fake.emit('rtpObserver.voices', selector.id, { producerIds: [producer.id, 'gone'] })
    await router.dump()
    expect(told).toEqual([[producer], [producer]])
  })

  test('adds and removes audio producers of its router only', async () => {
    const { router, transport } = await rig()
    const audio = await transport.produce({ kind: 'audio', rtpParameters: audioParameters() })
    const video = await transport.produce({ kind: 'video', rtpParameters: videoParameters() })
    const observer = await router.createAudioLevelObserver()
    const recorder = new EventRecorder()
    recorder.watch('observer', observer, [], ['addproducer', 'removeproducer', 'pause', 'resume'])
    await observer.addProducer({ producerId: audio.id })
    await observer.removeProducer({ producerId: audio.id })
    await observer.pause()
    await observer.pause()
    expect(observer.paused).toBe(true)
    await observer.resume()
    const told = ['addproducer', 'removeproducer', 'pause', 'resume'].map(
      (name) => `observer.observer:${name}`,
    )
    expect(recorder.take()).toEqual(told)
    await expect(observer.addProducer({ producerId: video.id })).rejects.toThrow(TypeError)
    await expect(observer.addProducer({} as never)).rejects.toThrow(TypeError)
    for (const call of [observer.addProducer, observer.removeProducer]) {
      await expect(call.call(observer, { producerId: 'nobody' })).rejects.toMatchObject({
        code: 'producer-not-found',
      })
    }
  })
})

const started: WorkerImpl[] = []
afterEach(async () => {
  await Promise.all(started.splice(0).map(stopWorker))
})

describe.each(['fake', 'real'] as const)('closures, %s worker', (kind) => {
  async function tree() {
    const harness = await startHarness(kind)
    started.push(harness.worker)
    const mediaCodecs = [{ kind: 'audio', mimeType: 'audio/opus', clockRate: 48000, channels: 2 }] as const
    const router = await harness.worker.createRouter({ mediaCodecs: [...mediaCodecs] })
    const plain = await router.createPlainTransport({ listenInfo: { protocol: 'udp', ip: '127.0.0.1' } })
    const pipe = await router.createPipeTransport({ listenInfo: { protocol: 'udp', ip: '127.0.0.1' } })
    const producer = await plain.produce({ kind: 'audio', rtpParameters: audioParameters() })
    const observer = await router.createAudioLevelObserver()
    await observer.addProducer({ producerId: producer.id })
    const recorder = new EventRecorder()
    recorder.watch('router', router, ['workerclose'])
    recorder.watch('plain', plain, ['routerclose'])
    recorder.watch('pipe', pipe, ['routerclose'])
    recorder.watch('producer', producer, ['transportclose'])
    recorder.watch('observer', observer, ['routerclose'])
    harness.takeSent()
    return { ...harness, router, plain, pipe, producer, observer, recorder }
  }

  const ROUTER_CONTENT = [
    'producer:transportclose',
    'producer.observer:close',
    'plain:routerclose',
    'plain.observer:close',
    'pipe:routerclose',
    'pipe.observer:close',
    'observer:routerclose',
    'observer.observer:close',
  ]

  test('rtpObserver.close() is silent on the observer, and closes nothing else', async () => {
    const t = await tree()
    t.observer.close()
    t.observer.close()
    expect(t.recorder.take()).toEqual(['observer.observer:close'])
    await t.worker.dump()
    expect(t.takeSent()).toEqual(['rtpObserver.close', 'worker.dump'])
    expect([t.observer.closed, t.producer.closed]).toEqual([true, false])
    await expect(t.observer.pause()).rejects.toBeInstanceOf(InvalidStateError)
    await expect(t.observer.addProducer({ producerId: t.producer.id })).rejects.toBeInstanceOf(
      InvalidStateError,
    )
  })

  test('plainTransport.close() and pipeTransport.close() close what they hold', async () => {
    const t = await tree()
    t.plain.close()
    t.pipe.close()
    expect(t.recorder.take()).toEqual([
      'producer:transportclose',
      'producer.observer:close',
      'plain.observer:close',
      'pipe.observer:close',
    ])
    await t.worker.dump()
    expect(t.takeSent()).toEqual(['transport.close', 'transport.close', 'worker.dump'])
  })

  test('router.close() closes its transports, then its RtpObservers', async () => {
    const t = await tree()
    t.router.close()
    expect(t.recorder.take()).toEqual([...ROUTER_CONTENT, 'router.observer:close'])
    await t.worker.dump()
    expect(t.takeSent()).toEqual(['router.close', 'worker.dump'])
    expect(t.recorder.take()).toEqual([])
  })

  test('a worker that dies takes all of it along', async () => {
    const t = await tree()
    const ended = once(t.worker, 'subprocessclose')
    t.kill()
    await ended
    expect(t.recorder.take()).toEqual([...ROUTER_CONTENT, 'router:workerclose', 'router.observer:close'])
  })
})
