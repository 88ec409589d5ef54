import { once } from 'node:events'
import { describe, expect, test } from 'vitest'
import { UnsupportedError } from '../../src/api/error-classes.ts'
import {
  audioParameters,
  foreignCapabilities,
  mediaCodecs,
  receiverCapabilities,
  videoParameters,
} from './media-fixtures.ts'
import { lastRequest, rig } from './rig.ts'

describe('transport.produce()', () => {
  test('tells the worker what it matched, and resolves with a producer that knows it', async () => {
    const { fake, transport } = await rig()
    const created = once(transport.observer, 'newproducer')
    const rtpParameters = videoParameters()
    const producer = await transport.produce({
      kind: 'video',
      rtpParameters,
      paused: true,
      appData: { tile: 1 },
    })
    const request = lastRequest(fake, 'transport.produce')
    expect(request).toMatchObject({
      producerId: producer.id,
      kind: 'video',
      paused: true,
      keyFrameRequestDelay: 0,
    })
    expect(request.rtpMapping.codecs.map(({ payloadType }) => payloadType)).toEqual([96, 97])
    expect(request.rtpMapping.encodings).toMatchObject([{ ssrc: 2222, mappedSsrc: expect.any(Number) }])
    expect(request).not.toHaveProperty('consumableRtpParameters')
    expect(producer).toMatchObject({
      kind: 'video',
      type: 'simple',
      paused: true,
      appData: { tile: 1 },
      score: [],
    })
    expect(await created).toEqual([producer])
  })

  test('leaves the given parameters as they are', async () => {
    const { transport } = await rig()
    const rtpParameters = audioParameters()
    await transport.produce({ kind: 'audio', rtpParameters })
    expect(rtpParameters).toEqual(audioParameters())
  })

  test('gives all producers of a transport the CNAME of the first', async () => {
    const { transport } = await rig()
    const audio = await transport.produce({ kind: 'audio', rtpParameters: audioParameters() })
    const video = await transport.produce({ kind: 'video', rtpParameters: videoParameters() })
    expect(audio.rtpParameters.rtcp?.cname).toBe('cname-audio')
    expect(video.rtpParameters.rtcp?.cname).toBe('cname-audio')
    expect(video.consumableRtpParameters.rtcp?.cname).toBe('cname-audio')
  })

  test('makes up a CNAME where none is given', async () => {
    const { transport } = await rig()
    const { rtcp: _rtcp, ...rtpParameters } = audioParameters()
    const producer = await transport.produce({ kind: 'audio', rtpParameters })
    expect(producer.rtpParameters.rtcp?.cname).toMatch(/^[\w+/]{16}$/)
  })

  test.each([
    ['MID', audioParameters('a', 1), audioParameters('a', 2), 'rtpParameters.mid'],
    ['SSRC', audioParameters('a', 1), audioParameters('b', 1), 'rtpParameters.encodings[0].ssrc'],
    ['RTX SSRC', audioParameters('a', 8), videoParameters('b', 7), 'rtpParameters.encodings[0].rtx.ssrc'],
  ])(
    'rejects a second producer with the same %s until the first is closed',
    async (_what, first, second, field) => {
      const { transport } = await rig()
      const kind = second.codecs[0]?.mimeType.startsWith('video') ? 'video' : 'audio'
      const holder = await transport.produce({ kind: 'audio', rtpParameters: first })
      const rejected = transport.produce({ kind, rtpParameters: second })
      await expect(rejected).rejects.toMatchObject({ name: 'TypeError', code: 'invalid-option', field })
      holder.close()
      await expect(transport.produce({ kind, rtpParameters: second })).resolves.toBeDefined()
    },
  )

  test('frees what a producer claimed when the worker refuses it', async () => {
    const { fake, transport } = await rig()
    fake.refuseNext('transport.produce', { name: 'TypeError', message: 'not that' })
    const options = { kind: 'audio', rtpParameters: audioParameters() } as const
    await expect(transport.produce(options)).rejects.toThrow(TypeError)
    await expect(transport.produce(options)).resolves.toBeDefined()
  })

  test('takes over an id once per router', async () => {
    const { router, transport } = await rig()
    const other = await router.createDirectTransport()
    const options = { id: 'piped', kind: 'audio', rtpParameters: audioParameters() } as const
    expect((await transport.produce(options)).id).toBe('piped')
    await expect(other.produce(options)).rejects.toMatchObject({ name: 'TypeError', field: 'id' })
  })

  test('rejects a codec that the router lacks with UnsupportedError', async () => {
    const { worker } = await rig()
    const router = await worker.createRouter({ mediaCodecs: mediaCodecs.slice(0, 1) })
    const transport = await router.createDirectTransport()
    const rejected = transport.produce({ kind: 'video', rtpParameters: videoParameters() })
    await expect(rejected).rejects.toBeInstanceOf(UnsupportedError)
  })
})

describe('transport.consume()', () => {
  async function withProducers() {
    const made = await rig()
    const audio = await made.transport.produce({ kind: 'audio', rtpParameters: audioParameters() })
    const video = await made.transport.produce({ kind: 'video', rtpParameters: videoParameters() })
    const receiver = await made.router.createWebRtcTransport({
      listenInfos: [{ protocol: 'udp', ip: '127.0.0.1' }],
    })
    return { ...made, audio, video, receiver, rtpCapabilities: receiverCapabilities() }
  }

  test('tells the worker what it matched, and resolves with a consumer that knows it', async () => {
    const t = await withProducers()
    const created = once(t.receiver.observer, 'newconsumer')
    const { id: producerId } = t.video
    const consumer = await t.receiver.consume({
      producerId,
      rtpCapabilities: t.rtpCapabilities,
      paused: true,
    })
    const request = lastRequest(t.fake, 'transport.consume')
    expect(request).toMatchObject({
      consumerId: consumer.id,
      producerId,
      kind: 'video',
      type: 'simple',
      paused: true,
    })
    expect(request.consumableRtpEncodings).toEqual(t.video.consumableRtpParameters.encodings)
    expect(request.rtpParameters).toEqual(consumer.rtpParameters)
    expect(consumer).toMatchObject({ kind: 'video', paused: true, producerPaused: false, priority: 1 })
    expect(consumer.score).toEqual({ score: 10, producerScore: 10, producerScores: [10] })
    expect(await created).toEqual([consumer])
  })

  test('numbers MIDs on each transport, and takes a given one', async () => {
    const t = await withProducers()
    const consume = (producerId: string, mid?: string) =>
      t.receiver.consume({ producerId, rtpCapabilities: t.rtpCapabilities, mid })
    const consumers = [
      await consume(t.audio.id),
      await consume(t.video.id, 'given'),
      await consume(t.video.id),
    ]
    expect(consumers.map(({ rtpParameters }) => rtpParameters.mid)).toEqual(['0', 'given', '1'])
    const elsewhere = await t.transport.consume({
      producerId: t.audio.id,
      rtpCapabilities: t.rtpCapabilities,
    })
    expect(elsewhere.rtpParameters.mid).toBe('0')
  })

  test('retransmits video unless told otherwise, and audio when told', async () => {
    const t = await withProducers()
    const nacks = async ({ id: producerId }: { id: string }, enableRtx?: boolean): Promise<number> => {
      const options = { producerId, rtpCapabilities: t.rtpCapabilities, enableRtx }
      const { rtpParameters } = await t.receiver.consume(options)
      const feedback = rtpParameters.codecs[0]?.rtcpFeedback ?? []
      return feedback.filter(({ type, parameter }) => type === 'nack' && !parameter).length
    }
    expect([await nacks(t.video), await nacks(t.video, true), await nacks(t.video, false)]).toEqual([1, 1, 0])
    expect([await nacks(t.audio), await nacks(t.audio, true), await nacks(t.audio, false)]).toEqual([0, 1, 0])
  })

  test('takes all streams as a pipe', async () => {
    const t = await withProducers()
    const consumer = await t.receiver.consume({
      producerId: t.video.id,
      rtpCapabilities: t.rtpCapabilities,
      pipe: true,
    })
    expect(consumer.type).toBe('pipe')
    expect(consumer.rtpParameters.mid).toBeUndefined()
  })

  test('rejects a receiver without a common codec with UnsupportedError, as canConsume() tells', async () => {
    const t = await withProducers()
    const { id: producerId } = t.video
    const rejected = t.receiver.consume({ producerId, rtpCapabilities: foreignCapabilities() })
    await expect(rejected).rejects.toBeInstanceOf(UnsupportedError)
    expect(t.router.canConsume({ producerId, rtpCapabilities: foreignCapabilities() })).toBe(false)
    expect(t.router.canConsume({ producerId, rtpCapabilities: t.rtpCapabilities })).toBe(true)
  })

  test('follows the producer, and tells its observer whether packets may flow', async () => {
    const t = await withProducers()
    const consumer = await t.receiver.consume({ producerId: t.audio.id, rtpCapabilities: t.rtpCapabilities })
    const observed: string[] = []
    for (const event of ['pause', 'resume'] as const) consumer.observer.on(event, () => observed.push(event))
    const paused = once(consumer, 'producerpause')
    await t.audio.pause()
    await paused
    expect([consumer.producerPaused, consumer.paused, observed]).toEqual([true, false, ['pause']])
    await consumer.pause()
    const resumed = once(consumer, 'producerresume')
    await t.audio.resume()
    await resumed
    expect([consumer.producerPaused, consumer.paused, observed]).toEqual([false, true, ['pause']])
    await consumer.resume()
    expect(observed).toEqual(['pause', 'resume'])
  })

  test('a consumer of a producer that is paused already starts with producerPaused', async () => {
    const t = await withProducers()
    await t.audio.pause()
    const consumer = await t.receiver.consume({ producerId: t.audio.id, rtpCapabilities: t.rtpCapabilities })
    expect(consumer.producerPaused).toBe(true)
  })

  test('knows scores, layers and priority', async () => {
    const t = await withProducers()
    const consumer = await t.receiver.consume({ producerId: t.video.id, rtpCapabilities: t.rtpCapabilities })
    const scored = once(consumer, 'score')
    const layered = once(consumer, 'layerschange')
    const score = { score: 7, producerScore: 8, producerScores: [8] }
    t.fake.emit('consumer.score', consumer.id, { score })
    t.fake.emit('consumer.layers', consumer.id, { layers: { spatialLayer: 0, temporalLayer: 2 } })
    expect([await scored, consumer.score]).toEqual([[score], score])
    expect([await layered, consumer.currentLayers]).toEqual([
      [{ spatialLayer: 0, temporalLayer: 2 }],
      { spatialLayer: 0, temporalLayer: 2 },
    ])
    await consumer.setPreferredLayers({ spatialLayer: 1 })
    expect(consumer.preferredLayers).toEqual({ spatialLayer: 1 })
    await consumer.setPriority(255)
    expect(consumer.priority).toBe(255)
    await consumer.unsetPriority()
    expect(consumer.priority).toBe(1)
  })
})

test('updateMediaCodecs() changes what the router can do, for producers to come', async () => {
  const { worker } = await rig()
  const router = await worker.createRouter({ mediaCodecs: mediaCodecs.slice(0, 1) })
  const transport = await router.createDirectTransport()
  router.updateMediaCodecs(mediaCodecs)
  expect(router.rtpCapabilities.codecs?.map(({ mimeType }) => mimeType)).toEqual([
    'audio/opus',
    'video/VP8',
    'video/rtx',
  ])
  await expect(transport.produce({ kind: 'video', rtpParameters: videoParameters() })).resolves.toBeDefined()
})
