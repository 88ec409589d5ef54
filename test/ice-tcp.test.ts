import { once } from 'node:events'
import { createWorker, type types } from '@sangam/sfu'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { TestBrowser } from './harness/chromium.ts'
import { DataPeer } from './harness/data-peer.ts'
import { findFreePorts } from './harness/free-ports.ts'
import { Person } from './harness/person.ts'
import { ServerProcess } from './harness/server-process.ts'

const MESSAGE_BYTES = 256 * 1024
const MINIMUM_FPS = 10

describe('where UDP is blocked', () => {
  let browser: TestBrowser

  beforeAll(async () => {
    browser = await TestBrowser.launch()
  })
  afterAll(async () => {
    await browser?.close()
  })

  describe('two people in a room of the app', () => {
    let server: ServerProcess

    beforeAll(async () => {
      server = await ServerProcess.start()
    })
    afterAll(async () => {
      await server?.dispose()
    })

    test('see and hear each other over TCP', async () => {
      const people = [
        await Person.enter(browser, server, 'Asha', { blocksUdp: true }),
        await Person.enter(browser, server, 'Ravi', { blocksUdp: true }),
      ]
      for (const person of people) await person.joinRoom('standup')
      for (const person of people) {
        await person.seesAndHears(1, MINIMUM_FPS)
        expect(await person.selectedProtocols()).toEqual(['tcp'])
      }
      expect(browser.problems).toEqual([])
    }, 120_000)
  })

  describe('data channels of two windows', () => {
    let worker: types.Worker

    beforeAll(async () => {
      worker = await createWorker({ logLevel: 'warn' })
    })
    afterAll(async () => {
      if (worker === undefined) return
      const ended = once(worker, 'subprocessclose')
      worker.close()
      await ended
    })

    test('bring messages of 256 KiB whole, and the transport ends with its connection', async () => {
      const port = await findFreePorts(1)
      const webRtcServer = await worker.createWebRtcServer({
        listenInfos: (['udp', 'tcp'] as const).map((protocol) => ({ protocol, ip: '127.0.0.1', port })),
      })
      const router = await worker.createRouter()
      const options = {
        webRtcServer,
        enableUdp: false,
        enableSctp: true,
        sctpSendBufferSize: 32 * MESSAGE_BYTES,
        sctpPerStreamSendQueueLimit: 32 * MESSAGE_BYTES,
      }
      const asha = await DataPeer.start(browser, router, options)
      const ravi = await DataPeer.start(browser, router, options)
      const producer = await asha.produce('files')
      const consumer = await ravi.consume(producer)
      await asha.page.evaluate(
        ([id, size]) => {
          for (let i = 0; i < 16; i++) window.dataPage.sendPattern(id, size)
        },
        [producer.id, MESSAGE_BYTES] as const,
      )
      await expect.poll(async () => (await ravi.received(consumer)).count, { timeout: 30_000 }).toBe(16)
      expect(await ravi.received(consumer)).toMatchObject({ broken: 0, bytes: 16 * MESSAGE_BYTES })
      expect(asha.sender.iceSelectedTuple).toMatchObject({ protocol: 'tcp', localPort: port })
      const disconnected = new Promise<void>((resolve) => {
        asha.sender.on('icestatechange', (state) => {
          if (state === 'disconnected') resolve()
        })
        asha.sender.on('dtlsstatechange', (state) => {
          if (state === 'closed') resolve()
        })
      })
      await asha.page.context().close()
      await disconnected
    }, 60_000)
  })
})
