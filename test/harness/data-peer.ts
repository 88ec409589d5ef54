import type { types } from '@sangam/sfu'
import type { Page } from 'playwright-core'
import { rolldown } from 'rolldown'
import type { TestBrowser } from './chromium.ts'
import type { DataPage, PageStart } from './data-page.ts'

const PAGE_URL = 'http://127.0.0.1:48999/'
let script: string | undefined

/** The page's script, in one piece. */
async function bundle(): Promise<string> {
  if (script !== undefined) return script
  const build = await rolldown({
    input: new URL('data-page.ts', import.meta.url).pathname,
    platform: 'browser',
  })
  const { output } = await build.generate({ format: 'iife', name: 'dataPageModule' })
  await build.close()
  script = output[0].code
  return script
}

/** A browser window whose data channels go through a router of the engine. */
export class DataPeer {
  readonly page: Page
  readonly sender: types.WebRtcTransport
  readonly receiver: types.WebRtcTransport
  readonly producers = new Map<string, types.DataProducer>()

  private constructor(page: Page, sender: types.WebRtcTransport, receiver: types.WebRtcTransport) {
    this.page = page
    this.sender = sender
    this.receiver = receiver
  }

  static async start(
    browser: TestBrowser,
    router: types.Router,
    options: types.WebRtcTransportOptions,
  ): Promise<DataPeer> {
    const page = await browser.openWindow()
    const sender = await router.createWebRtcTransport(options)
    const receiver = await router.createWebRtcTransport(options)
    const peer = new DataPeer(page, sender, receiver)
    await page.exposeFunction('connectTransport', (id: string, dtlsParameters: types.DtlsParameters) =>
      [sender, receiver].find((transport) => transport.id === id)?.connect({ dtlsParameters }),
    )
    await page.exposeFunction('produceData', (_id: string, parameters: types.DataProducerOptions) =>
      peer.#produced(parameters),
    )
    // A secure context with an origin; nobody listens there.
    await page.route(PAGE_URL, (route) =>
      route.fulfill({ contentType: 'text/html', body: '<!doctype html>' }),
    )
    await page.goto(PAGE_URL)
    await page.addScriptTag({ content: await bundle() })
    await page.evaluate((given) => window.dataPage.start(given.capabilities, given.sender, given.receiver), {
      capabilities: router.rtpCapabilities,
      sender: parametersOf(sender),
      receiver: parametersOf(receiver),
    } as PageStart)
    return peer
  }

  /** Opens a channel from the page. */
  async produce(
    label: string,
    reliability: { ordered?: boolean; maxRetransmits?: number; maxPacketLifeTime?: number } = {},
  ): Promise<types.DataProducer> {
    const id = await this.page.evaluate(
      ([name, options]) => window.dataPage.produce(name as string, options as never),
      [label, reliability] as const,
    )
    return this.producers.get(id) as types.DataProducer
  }

  /** Opens a channel to the page. */
  async consume(
    dataProducer: types.DataProducer,
    options: Omit<types.DataConsumerOptions, 'dataProducerId'> = {},
  ): Promise<types.DataConsumer> {
    const consumer = await this.receiver.consumeData({ ...options, dataProducerId: dataProducer.id })
    const { id, dataProducerId, sctpStreamParameters, label, protocol } = consumer
    await this.page.evaluate((given) => window.dataPage.consume(given as never), {
      id,
      dataProducerId,
      sctpStreamParameters,
      label,
      protocol,
    })
    return consumer
  }

  /** What a channel of the page received. */
  received(consumer: types.DataConsumer): Promise<ReturnType<DataPage['received']>> {
    return this.page.evaluate((id) => window.dataPage.received(id), consumer.id)
  }

  async #produced(parameters: types.DataProducerOptions): Promise<string> {
    const { sctpStreamParameters, label, protocol } = parameters
    const producer = await this.sender.produceData({ sctpStreamParameters, label, protocol })
    this.producers.set(producer.id, producer)
    return producer.id
  }
}

function parametersOf({
  id,
  iceParameters,
  iceCandidates,
  dtlsParameters,
  sctpParameters,
}: types.WebRtcTransport) {
  return { id, iceParameters, iceCandidates, dtlsParameters, sctpParameters }
}
