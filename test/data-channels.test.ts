import { once } from 'node:events'
import { createWorker, type types } from '@sangam/sfu'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { TestBrowser } from './harness/chromium.ts'
import { DataPeer } from './harness/data-peer.ts'

// Below the range that Linux takes ports of outgoing connections from.
const PORT = 19_300
const MIB = 1024 * 1024

describe('data channels of two Chromium windows', () => {
  let browser: TestBrowser
  let worker: types.Worker
  let router: types.Router
  let webRtcServer: types.WebRtcServer
  let asha: DataPeer
  let ravi: DataPeer

  beforeAll(async () => {
    worker = await createWorker({ logLevel: 'warn' })
    webRtcServer = await worker.createWebRtcServer({
      listenInfos: [{ protocol: 'udp', ip: '127.0.0.1', port: PORT }],
    })
    router = await worker.createRouter({
      mediaCodecs: [{ kind: 'audio', mimeType: 'audio/opus', clockRate: 48000, channels: 2 }],
    })
    browser = await TestBrowser.launch()
    const options = {
      webRtcServer,
      enableSctp: true,
      maxSendMessageSize: 2 * MIB,
      maxReceiveMessageSize: 2 * MIB,
      sctpSendBufferSize: 8 * MIB,
      sctpPerStreamSendQueueLimit: 8 * MIB,
    }
    asha = await DataPeer.start(browser, router, options)
    ravi = await DataPeer.start(browser, router, options)
  })

  afterAll(async () => {
    await browser?.close()
    if (worker === undefined) return
    const ended = once(worker, 'subprocessclose')
    worker.close()
    await ended
  })

  test('text arrives, empty text included, in order; the association says what was agreed on', async () => {
    const producer = await asha.produce('chat')
    const consumer = await ravi.consume(producer)
    const texts = ['hello', '', ...Array.from({ length: 200 }, (_, i) => `message ${i} ✓`)]
    await asha.page.evaluate(
      ([id, all]) => {
        for (const text of all) window.dataPage.sendText(id, text)
      },
      [producer.id, texts] as const,
    )
    const arrived = () => ravi.page.evaluate((id) => window.dataPage.texts(id), consumer.id)
    await expect.poll(async () => (await arrived()).length).toBe(texts.length)
    expect(await arrived()).toEqual(texts)
    expect(asha.sender.sctpState).toBe('connected')
    expect(asha.sender.sctpNegotiatedCapabilities).toEqual({
      negotiatedMaxOutboundStreams: 65535,
      negotiatedMaxInboundStreams: 65535,
    })
    expect(await producer.getStats()).toMatchObject([{ messagesReceived: texts.length, label: 'chat' }])
    expect(await consumer.getStats()).toMatchObject([{ messagesSent: texts.length, bufferedAmount: 0 }])
  })

  // Of a message in many packets a partially reliable channel may give one up when the machine is slow (RFC 3758): there
  // only messages that fit one packet are sure enough to be asserted.
  test.each([
    ['256 KiB from window to window and 1 MiB from the engine, ordered', {}, 256 * 1024, MIB],
    [
      '256 KiB from window to window and 1 MiB from the engine, unordered',
      { ordered: false },
      256 * 1024,
      MIB,
    ],
    ['single packets with one retransmission', { ordered: false, maxRetransmits: 1 }, 1000, 1100],
    ['single packets with a lifetime of a second', { ordered: false, maxPacketLifeTime: 1000 }, 1000, 1100],
  ])('arrive unharmed: %s', async (_name, reliability, largest, fromEngine) => {
    const producer = await asha.produce('binary', reliability)
    const consumer = await ravi.consume(producer)
    expect(consumer.sctpStreamParameters).toMatchObject({ ordered: true, ...reliability })
    const sizes = [1, 500, largest / 4, largest]
    for (const bytes of sizes) {
      await asha.page.evaluate(([id, n]) => window.dataPage.sendPattern(id, n), [producer.id, bytes] as const)
    }
    // Chromium refuses to send more than 256 KiB; it takes more.
    await consumer.send(Buffer.from(Uint8Array.from({ length: fromEngine }, (_, i) => i * 7 + (i >> 8) * 13)))
    await expect.poll(async () => (await ravi.received(consumer)).count, { timeout: 20_000 }).toBe(5)
    const total = sizes.reduce((sum, bytes) => sum + bytes, fromEngine)
    expect(await ravi.received(consumer)).toMatchObject({ broken: 0, bytes: total })
  })

  test('the application speaks and listens through a DirectTransport', async () => {
    const direct = await router.createDirectTransport()
    const announcer = await direct.produceData({ label: 'announcements' })
    const consumer = await ravi.consume(announcer, { subchannels: [1] })
    announcer.send('for everybody')
    announcer.send('for one', undefined, [1])
    announcer.send('for two', undefined, [2])
    announcer.send('not for one', undefined, [], undefined, 1)
    await consumer.addSubchannel(2)
    announcer.send('for two, again', undefined, [2])
    const expected = ['for everybody', 'for one', 'for two, again']
    const arrived = () => ravi.page.evaluate((id) => window.dataPage.texts(id), consumer.id)
    await expect.poll(arrived).toEqual(expected)
    expect(await consumer.send('from the consumer')).toBeTypeOf('number')
    await expect.poll(arrived).toEqual([...expected, 'from the consumer'])

    const producer = await asha.produce('to the application')
    const listener = await direct.consumeData({ dataProducerId: producer.id })
    const heard = once(listener, 'message') as Promise<[Buffer, number]>
    await asha.page.evaluate((id) => window.dataPage.sendText(id, 'hello, application'), producer.id)
    const [message, ppid] = await heard
    expect([message.toString(), ppid]).toEqual(['hello, application', 51])
  })

  test('a closed DataProducer closes the channel in the other window; its stream can be used again', async () => {
    for (let round = 0; round < 5; round++) {
      const producer = await asha.produce(`round ${round}`)
      const consumer = await ravi.consume(producer)
      await asha.page.evaluate((id) => window.dataPage.sendText(id, 'hello'), producer.id)
      await expect.poll(async () => (await ravi.received(consumer)).count).toBe(1)
      const closed = once(consumer, 'dataproducerclose')
      await asha.page.evaluate((id) => window.dataPage.close(id), producer.id)
      producer.close()
      await closed
      await expect.poll(async () => (await ravi.received(consumer)).closed).toBe(true)
    }
  })

  test('a full send buffer is told, and so is one that has emptied', async () => {
    const mei = await DataPeer.start(browser, router, {
      webRtcServer,
      enableSctp: true,
      maxSendMessageSize: 2 * MIB,
      sctpSendBufferSize: MIB,
      sctpPerStreamSendQueueLimit: MIB,
    })
    const direct = await router.createDirectTransport()
    const announcer = await direct.produceData()
    const consumer = await mei.consume(announcer)
    await consumer.setBufferedAmountLowThreshold(10_000)
    const low = once(consumer, 'bufferedamountlow') as Promise<[number]>
    const full = once(consumer, 'sctpsendbufferfull')
    const fits = consumer.send(Buffer.alloc(MIB - 1000))
    // More than the buffer holds, however fast it empties.
    await expect(consumer.send(Buffer.alloc(MIB + 1))).rejects.toMatchObject({ name: 'InvalidStateError' })
    await Promise.all([full, fits])
    expect((await low)[0]).toBeLessThanOrEqual(10_000)
    await expect(consumer.send(Buffer.alloc(2 * MIB + 1))).rejects.toThrow(TypeError)
    await expect.poll(async () => (await mei.received(consumer)).count).toBe(1)
    expect(await consumer.getBufferedAmount()).toBe(0)
  })

  test('of 20 MiB in one burst every message arrives whole, or is told as one too many for the send buffer', async () => {
    const producer = await asha.produce('flood')
    const consumer = await ravi.consume(producer)
    let dropped = 0
    consumer.on('sctpsendbufferfull', () => dropped++)
    await asha.page.evaluate((id) => window.dataPage.flood(id, 16 * 1024, 1280), producer.id)
    await expect
      .poll(async () => (await ravi.received(consumer)).count + dropped, { timeout: 30_000 })
      .toBe(1280)
    const { count, bytes, broken } = await ravi.received(consumer)
    expect([bytes, broken]).toEqual([count * 16 * 1024, 0])
    // The send buffer holds 8 MiB by itself.
    expect(count).toBeGreaterThan(512)
  }, 60_000)
})
