import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createWorker, type types } from '@sangam/sfu'
import type { types as clientTypes } from 'mediasoup-client'
import type { Page } from 'playwright-core'
import { rolldown } from 'rolldown'
import type { TestBrowser } from './chromium.ts'
import { LossyRelay } from './lossy-relay.ts'

/** More than all layers need: these pages choose layers by preference, and an estimate that grows would choose for them. */
const AMPLE_BPS = 20_000_000

/** What a browser says of the one video that it receives (W3C webrtc-stats). */
export interface ReceivedVideo {
  readonly framesDecoded: number
  readonly nackCount: number
  readonly retransmittedPacketsReceived: number
  readonly frameWidth: number
  readonly frameHeight: number
  /** Key frames that the receiver asked for, because it could not go on without. */
  readonly pliCount: number
}

type TransportParameters = Pick<
  types.WebRtcTransport,
  'id' | 'iceParameters' | 'iceCandidates' | 'dtlsParameters'
>
type MediasoupClient = typeof import('mediasoup-client')
type Publication = { transport: clientTypes.Transport; producer: clientTypes.Producer }

declare global {
  interface Window {
    mediasoupClient: MediasoupClient
    signal: (method: string, data: unknown) => Promise<unknown>
    device?: clientTypes.Device
    publication?: Publication
    subscription?: clientTypes.Consumer
  }
}

const MEDIA_CODECS: types.RouterRtpCodecCapability[] = [
  { kind: 'video', mimeType: 'video/VP8', clockRate: 90000 },
  { kind: 'video', mimeType: 'video/VP9', clockRate: 90000, parameters: { 'profile-id': 0 } },
  { kind: 'video', mimeType: 'video/AV1', clockRate: 90000 },
  {
    kind: 'video',
    mimeType: 'video/H264',
    clockRate: 90000,
    parameters: { 'packetization-mode': 1, 'profile-level-id': '42e01f', 'level-asymmetry-allowed': 1 },
  },
]

async function bundleClient(): Promise<string> {
  const entry = 'media-page-entry'
  const bundle = await rolldown({
    input: entry,
    cwd: import.meta.dirname,
    plugins: [
      {
        name: entry,
        resolveId: (id) => (id === entry ? `${import.meta.dirname}/${entry}.js` : null),
        load: (id) =>
          id.endsWith(`${entry}.js`)
            ? `import * as client from 'mediasoup-client'; window.mediasoupClient = client`
            : null,
      },
    ],
    platform: 'browser',
    logLevel: 'silent',
  })
  const { output } = await bundle.generate({ format: 'iife' })
  return output[0].code
}

async function serve(script: string): Promise<Server> {
  const server = createServer((request, response) => {
    if (request.url === '/client.js') response.setHeader('content-type', 'text/javascript').end(script)
    else if (request.url === '/') {
      response.setHeader('content-type', 'text/html')
      response.end(
        '<!doctype html><video autoplay playsinline muted></video><script src="/client.js"></script>',
      )
    } else response.writeHead(204).end()
  })
  const { promise, resolve } = Promise.withResolvers<void>()
  server.listen(0, '127.0.0.1', resolve)
  await promise
  return server
}

/**
 * A browser window that publishes one video through a media engine of its own and receives it again, without the
 * server and the app: the test holds the engine's objects in hand.
 */
export class MediaPage implements AsyncDisposable {
  readonly page: Page
  readonly worker: types.Worker
  readonly router: types.Router
  readonly #server: Server
  readonly #transports = new Map<string, types.WebRtcTransport>()
  readonly #listen: types.TransportListenInfo
  producer: types.Producer | undefined
  consumer: types.Consumer | undefined
  /** What the received stream comes through, where `open()` was told to lose packets. */
  relay: LossyRelay | undefined
  readonly #loss: number

  private constructor(
    page: Page,
    worker: types.Worker,
    router: types.Router,
    server: Server,
    mediaPort: number,
    loss: number,
  ) {
    this.page = page
    this.worker = worker
    this.router = router
    this.#server = server
    this.#loss = loss
    this.#listen = { protocol: 'udp', ip: '127.0.0.1', portRange: { min: mediaPort, max: mediaPort + 9 } }
  }

  /**
   * @param mediaPort first of ten ports that the engine may use
   * @param loss share of the packets to the receiver that is lost, 0 to 1
   */
  static async open(browser: TestBrowser, mediaPort: number, loss = 0): Promise<MediaPage> {
    const server = await serve(await bundleClient())
    const worker = await createWorker({ logLevel: 'warn' })
    const router = await worker.createRouter({ mediaCodecs: MEDIA_CODECS })
    const page = await browser.openWindow({ name: 'media' })
    const media = new MediaPage(page, worker, router, server, mediaPort, loss)
    await page.exposeFunction('signal', (method: string, data: unknown) => media.#answer(method, data))
    await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`)
    return media
  }

  /** Publishes a moving picture of 1280 x 720. */
  async publish(mimeType: string, encodings: clientTypes.RtpEncodingParameters[]): Promise<types.Producer> {
    await this.page.evaluate(
      async ({ mimeType, encodings }) => {
        const device = new window.mediasoupClient.Device()
        window.device = device
        const routerRtpCapabilities = (await window.signal('capabilities', {})) as clientTypes.RtpCapabilities
        await device.load({ routerRtpCapabilities })
        const options = (await window.signal('createTransport', {})) as clientTypes.TransportOptions
        const transport = device.createSendTransport(options)
        transport.on('connect', ({ dtlsParameters }, done, fail) => {
          window.signal('connect', { id: transport.id, dtlsParameters }).then(() => done(), fail)
        })
        transport.on('produce', ({ kind, rtpParameters }, done, fail) => {
          window
            .signal('produce', { id: transport.id, kind, rtpParameters })
            .then((id) => done({ id: id as string }), fail)
        })
        const stream = await navigator.mediaDevices.getUserMedia({ video: { width: 1280, height: 720 } })
        const track = stream.getVideoTracks()[0]
        const codec = device.recvRtpCapabilities.codecs?.find(
          (c) => c.mimeType.toLowerCase() === mimeType.toLowerCase(),
        )
        if (track === undefined || codec === undefined) throw new Error(`can't publish ${mimeType}`)
        const codecOptions = { videoGoogleStartBitrate: 3000 }
        const producer = await transport.produce({ track, encodings, codec, codecOptions })
        window.publication = { transport, producer }
      },
      { mimeType, encodings },
    )
    if (this.producer === undefined) throw new Error('the page produced nothing')
    return this.producer
  }

  /** Receives what it published. */
  async subscribe(): Promise<types.Consumer> {
    await this.page.evaluate(async () => {
      const { device } = window
      if (device === undefined) throw new Error('publish first')
      const options = (await window.signal('createReceiver', {})) as clientTypes.TransportOptions
      const transport = device.createRecvTransport(options)
      transport.on('connect', ({ dtlsParameters }, done, fail) => {
        window.signal('connect', { id: transport.id, dtlsParameters }).then(() => done(), fail)
      })
      const consume = { id: transport.id, rtpCapabilities: device.recvRtpCapabilities }
      const consumer = await transport.consume(
        (await window.signal('consume', consume)) as clientTypes.ConsumerOptions,
      )
      window.subscription = consumer
      const video = document.querySelector('video')
      if (video !== null) video.srcObject = new MediaStream([consumer.track])
      await window.signal('resume', {})
    })
    if (this.consumer === undefined) throw new Error('the page consumes nothing')
    return this.consumer
  }

  /** What the page receives now; waits for the first packet. */
  async received(): Promise<ReceivedVideo> {
    const video = await this.page.evaluate(async () => {
      for (;;) {
        const rows = [...((await window.subscription?.getStats())?.values() ?? [])]
        const row = rows.find(({ type }) => type === 'inbound-rtp')
        if (row !== undefined) return row
        await new Promise((resolve) => setTimeout(resolve, 20))
      }
    })
    return video as ReceivedVideo
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.page.context().close()
    const { promise, resolve } = Promise.withResolvers<void>()
    this.worker.once('subprocessclose', resolve)
    this.worker.close()
    await promise
    this.relay?.close()
    this.#server.close()
  }

  async #answer(method: string, data: unknown): Promise<unknown> {
    const fields = data as {
      readonly id: string
      readonly dtlsParameters: types.DtlsParameters
      readonly kind: types.MediaKind
      readonly rtpParameters: types.RtpParameters
      readonly rtpCapabilities: types.RtpCapabilities
    }
    switch (method) {
      case 'capabilities':
        return this.router.rtpCapabilities
      case 'createTransport':
        return this.#createTransport()
      case 'createReceiver':
        return this.#throughRelay(await this.#createTransport())
      case 'connect':
        return this.#transport(fields.id).connect({ dtlsParameters: fields.dtlsParameters })
      case 'produce': {
        const { kind, rtpParameters } = fields
        this.producer = await this.#transport(fields.id).produce({ kind, rtpParameters })
        return this.producer.id
      }
      case 'consume':
        return this.#consume(fields.id, fields.rtpCapabilities)
      case 'resume':
        return this.consumer?.resume()
      default:
        throw new Error(`unknown method ${method}`)
    }
  }

  async #createTransport(): Promise<TransportParameters> {
    const transport = await this.router.createWebRtcTransport({
      listenInfos: [this.#listen],
      initialAvailableOutgoingBitrate: AMPLE_BPS,
    })
    await transport.setMinOutgoingBitrate(AMPLE_BPS)
    this.#transports.set(transport.id, transport)
    const { id, iceParameters, iceCandidates, dtlsParameters } = transport
    return { id, iceParameters, iceCandidates, dtlsParameters }
  }

  async #throughRelay(options: TransportParameters): Promise<TransportParameters> {
    const [candidate] = options.iceCandidates
    if (this.#loss === 0 || candidate === undefined) return options
    this.relay = await LossyRelay.open(candidate.port, this.#loss)
    return { ...options, iceCandidates: [{ ...candidate, port: this.relay.port }] }
  }

  async #consume(transportId: string, rtpCapabilities: types.RtpCapabilities): Promise<unknown> {
    if (this.producer === undefined) throw new Error('nothing is produced')
    const producerId = this.producer.id
    const consumer = await this.#transport(transportId).consume({ producerId, rtpCapabilities, paused: true })
    this.consumer = consumer
    const { id, kind, rtpParameters } = consumer
    return { id, producerId, kind, rtpParameters }
  }

  #transport(id: string): types.WebRtcTransport {
    const transport = this.#transports.get(id)
    if (transport === undefined) throw new Error(`no transport ${id}`)
    return transport
  }
}
