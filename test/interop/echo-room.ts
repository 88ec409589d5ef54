import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createWorker, type types } from '@sangam/sfu'
import type { Page } from 'playwright-core'
import { rolldown } from 'rolldown'
import type { TestBrowser } from '../harness/chromium.ts'
import type { EchoStart, ReceivedMessage, ReceivedTrack } from './echo-page.ts'

const MEDIA_CODECS: types.RouterRtpCodecCapability[] = [
  { kind: 'audio', mimeType: 'audio/opus', clockRate: 48000, channels: 2 },
  { kind: 'video', mimeType: 'video/VP8', clockRate: 90000 },
]

async function bundle(): Promise<string> {
  const input = new URL('echo-page.ts', import.meta.url).pathname
  const build = await rolldown({ input, platform: 'browser' })
  const { output } = await build.generate({ format: 'iife', name: 'echoPageModule' })
  await build.close()
  return output[0].code
}

/** Serves a page with a script, in a secure context. */
async function serve(script: string): Promise<Server> {
  const server = createServer((request, response) => {
    if (request.url === '/page.js') response.setHeader('content-type', 'text/javascript').end(script)
    else
      response.setHeader('content-type', 'text/html').end('<!doctype html><script src="/page.js"></script>')
  })
  const { promise, resolve } = Promise.withResolvers<void>()
  server.listen(0, '127.0.0.1', resolve)
  await promise
  return server
}

/** A router, and a browser's window that sends everything it has into it and receives it back, by mediasoup-client. */
export class EchoRoom implements AsyncDisposable {
  readonly page: Page
  readonly producers: types.Producer[] = []
  readonly dataProducers: types.DataProducer[] = []
  readonly #worker: types.Worker
  readonly #sender: types.WebRtcTransport
  readonly #receiver: types.WebRtcTransport
  readonly #server: Server

  private constructor(
    page: Page,
    worker: types.Worker,
    transports: readonly [types.WebRtcTransport, types.WebRtcTransport],
    server: Server,
  ) {
    this.page = page
    this.#worker = worker
    this.#sender = transports[0]
    this.#receiver = transports[1]
    this.#server = server
  }

  /** @param ip where the engine listens */
  static async open(browser: TestBrowser, ip: string): Promise<EchoRoom> {
    const server = await serve(await bundle())
    const worker = await createWorker({ logLevel: 'warn' })
    const router = await worker.createRouter({ mediaCodecs: MEDIA_CODECS })
    const webRtcServer = await worker.createWebRtcServer({ listenInfos: [{ protocol: 'udp', ip }] })
    const sender = await router.createWebRtcTransport({ webRtcServer, enableSctp: true })
    const receiver = await router.createWebRtcTransport({ webRtcServer, enableSctp: true })
    const page = await browser.openWindow()
    const room = new EchoRoom(page, worker, [sender, receiver], server)
    await page.exposeFunction('ask', (method: string, data: unknown) => room.#answer(method, data))
    await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`)
    const start = {
      capabilities: router.rtpCapabilities,
      sender: parametersOf(sender),
      receiver: parametersOf(receiver),
    }
    await page.evaluate((given) => window.echoPage.start(given), start as EchoStart)
    return room
  }

  /** Has the page send everything, and receive it back. */
  async echo(): Promise<void> {
    await this.page.evaluate(() => window.echoPage.publish())
    const rtpCapabilities = await this.page.evaluate(() => window.echoPage.capabilities())
    for (const { id } of this.producers) {
      const consumer = await this.#receiver.consume({ producerId: id, rtpCapabilities, paused: true })
      const { producerId, kind, rtpParameters } = consumer
      await this.page.evaluate((options) => window.echoPage.consume(options as never), {
        id: consumer.id,
        producerId,
        kind,
        rtpParameters,
      })
      await consumer.resume()
    }
    for (const dataProducer of this.dataProducers) {
      const consumer = await this.#receiver.consumeData({ dataProducerId: dataProducer.id })
      const { id, dataProducerId, sctpStreamParameters, label, protocol } = consumer
      await this.page.evaluate((options) => window.echoPage.consumeData(options as never), {
        id,
        dataProducerId,
        sctpStreamParameters,
        label,
        protocol,
      })
    }
  }

  received(): Promise<ReceivedTrack[]> {
    return this.page.evaluate(() => window.echoPage.received())
  }

  messages(): Promise<ReceivedMessage[]> {
    return this.page.evaluate(() => window.echoPage.messages())
  }

  /** New ICE credentials for both transports, which the page takes on. */
  async restartIce(): Promise<void> {
    const restarted = [await this.#sender.restartIce(), await this.#receiver.restartIce()] as const
    await this.page.evaluate(([sender, receiver]) => window.echoPage.restartIce(sender, receiver), restarted)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.page.context().close()
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#worker.once('subprocessclose', resolve)
    this.#worker.close()
    await promise
    this.#server.close()
  }

  async #answer(method: string, data: unknown): Promise<unknown> {
    switch (method) {
      case 'connect': {
        const { transportId, dtlsParameters } = data as {
          transportId: string
          dtlsParameters: types.DtlsParameters
        }
        const transport = transportId === this.#sender.id ? this.#sender : this.#receiver
        return transport.connect({ dtlsParameters })
      }
      case 'produce': {
        const producer = await this.#sender.produce(data as types.ProducerOptions)
        this.producers.push(producer)
        return producer.id
      }
      case 'produceData': {
        const dataProducer = await this.#sender.produceData(data as types.DataProducerOptions)
        this.dataProducers.push(dataProducer)
        return dataProducer.id
      }
      default:
        throw new Error(`unknown method ${method}`)
    }
  }
}

function parametersOf(transport: types.WebRtcTransport) {
  const { id, iceParameters, iceCandidates, dtlsParameters, sctpParameters } = transport
  return { id, iceParameters, iceCandidates, dtlsParameters, sctpParameters }
}
