// Runs in the page: mediasoup-client's data channels, driven by a test through `page.evaluate`.
import { Device, type types } from 'mediasoup-client'

type Reliability = Pick<types.DataProducerOptions, 'ordered' | 'maxPacketLifeTime' | 'maxRetransmits'>
type Parameters = Omit<types.TransportOptions, 'iceServers'>

/** What a page starts with. */
export interface PageStart {
  readonly capabilities: types.RtpCapabilities
  readonly sender: Parameters
  readonly receiver: Parameters
}

/** What one channel of the page received. */
interface Inbox {
  messages: (string | Uint8Array)[]
  bytes: number
  count: number
  firstMs: number
  lastMs: number
  closed: boolean
}

const MAX_BUFFERED_BYTES = 1024 * 1024
const LOW_BYTES = 256 * 1024
/** Messages that are kept to be looked at. */
const MAX_KEPT = 1000

declare global {
  interface Window {
    /** Given by the test: signalling. */
    connectTransport(transportId: string, dtlsParameters: types.DtlsParameters): Promise<void>
    produceData(transportId: string, parameters: unknown): Promise<string>
    dataPage: DataPage
  }
}

/** Bytes that tell from where in the message they are. */
function pattern(length: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length)
  for (let i = 0; i < length; i++) bytes[i] = (i * 7 + (i >> 8) * 13) & 0xff
  return bytes
}

function take(inbox: Inbox, message: string | ArrayBuffer): void {
  inbox.lastMs = performance.now()
  if (inbox.count++ === 0) inbox.firstMs = inbox.lastMs
  inbox.bytes += typeof message === 'string' ? message.length : message.byteLength
  if (inbox.messages.length >= MAX_KEPT) return
  inbox.messages.push(typeof message === 'string' ? message : new Uint8Array(message))
}

/** What a test calls in the page. */
export class DataPage {
  readonly #device = new Device()
  readonly #producers = new Map<string, types.DataProducer>()
  readonly #inboxes = new Map<string, Inbox>()
  readonly #direct = new RTCPeerConnection()
  #directChannel: RTCDataChannel | undefined
  #sender: types.Transport | undefined
  #receiver: types.Transport | undefined

  async start(
    routerRtpCapabilities: types.RtpCapabilities,
    sender: Parameters,
    receiver: Parameters,
  ): Promise<void> {
    await this.#device.load({ routerRtpCapabilities })
    this.#sender = this.#device.createSendTransport(sender)
    this.#receiver = this.#device.createRecvTransport(receiver)
    for (const transport of [this.#sender, this.#receiver]) {
      transport.on('connect', ({ dtlsParameters }, done, failed) => {
        window.connectTransport(transport.id, dtlsParameters).then(done, failed)
      })
    }
    this.#sender.on('producedata', (parameters, done, failed) => {
      window.produceData(sender.id, parameters).then((id) => done({ id }), failed)
    })
  }

  /** Opens a channel to the server. @returns the DataProducer's id */
  async produce(label: string, reliability: Reliability): Promise<string> {
    const producer = await (this.#sender as types.Transport).produceData({ label, ...reliability })
    if (producer.readyState !== 'open')
      await new Promise((resolve) => producer.on('open', () => resolve(null)))
    producer.bufferedAmountLowThreshold = LOW_BYTES
    this.#producers.set(producer.id, producer)
    return producer.id
  }

  /** Takes a channel from the server; it is open when this resolves. */
  async consume(options: types.DataConsumerOptions): Promise<void> {
    const consumer = await (this.#receiver as types.Transport).consumeData(options)
    const inbox = this.#openInbox(options.id as string)
    consumer.on('message', (message: string | ArrayBuffer) => take(inbox, message))
    consumer.on('close', () => {
      inbox.closed = true
    })
    if (consumer.readyState !== 'open')
      await new Promise((resolve) => consumer.on('open', () => resolve(null)))
  }

  sendText(id: string, text: string): void {
    this.#producers.get(id)?.send(text)
  }

  sendPattern(id: string, length: number): void {
    this.#producers.get(id)?.send(pattern(length))
  }

  /** Sends so many messages as fast as the channel takes them. */
  async flood(id: string, messageBytes: number, count: number): Promise<void> {
    const producer = this.#producers.get(id) as types.DataProducer
    const message = pattern(messageBytes)
    for (let i = 0; i < count; i++) {
      if (producer.bufferedAmount > MAX_BUFFERED_BYTES) {
        await new Promise((resolve) => producer.once('bufferedamountlow', () => resolve(null)))
      }
      producer.send(message)
    }
  }

  /** A channel to another page without a server between: this page's offer. */
  async offerDirect(): Promise<string> {
    this.#directChannel = this.#direct.createDataChannel('direct')
    this.#directChannel.binaryType = 'arraybuffer'
    this.#directChannel.bufferedAmountLowThreshold = LOW_BYTES
    await this.#direct.setLocalDescription()
    return this.#gathered()
  }

  /** The other page's answer to it. What comes is in the inbox 'direct'. */
  async answerDirect(sdp: string): Promise<string> {
    this.#direct.addEventListener('datachannel', ({ channel }) => {
      channel.binaryType = 'arraybuffer'
      const inbox = this.#openInbox('direct')
      channel.addEventListener('message', ({ data }) => take(inbox, data))
    })
    await this.#direct.setRemoteDescription({ type: 'offer', sdp })
    await this.#direct.setLocalDescription()
    return this.#gathered()
  }

  /** Resolves when the channel is open. */
  async acceptDirect(sdp: string): Promise<void> {
    await this.#direct.setRemoteDescription({ type: 'answer', sdp })
    const channel = this.#directChannel as RTCDataChannel
    if (channel.readyState !== 'open')
      await new Promise((resolve) => channel.addEventListener('open', resolve))
  }

  /** As `flood()`, to the other page. */
  async floodDirect(messageBytes: number, count: number): Promise<void> {
    const channel = this.#directChannel as RTCDataChannel
    const message = pattern(messageBytes)
    for (let i = 0; i < count; i++) {
      if (channel.bufferedAmount > MAX_BUFFERED_BYTES) {
        await new Promise((resolve) => channel.addEventListener('bufferedamountlow', resolve, { once: true }))
      }
      channel.send(message)
    }
  }

  /** Begins to count again. */
  forget(id: string): void {
    const inbox = this.#inboxes.get(id)
    if (inbox !== undefined) Object.assign(inbox, { bytes: 0, count: 0, messages: [] })
  }

  texts(id: string): string[] {
    return (this.#inboxes.get(id)?.messages ?? []).filter((message) => typeof message === 'string')
  }

  /** How many messages came, how many of them are not the pattern, and how fast they came. */
  received(id: string): { count: number; bytes: number; broken: number; ms: number; closed: boolean } {
    const inbox = this.#inboxes.get(id) as Inbox
    const broken = inbox.messages.filter((message) => {
      if (typeof message === 'string') return true
      const expected = pattern(message.length)
      return message.some((byte, i) => byte !== expected[i])
    })
    const { count, bytes, firstMs, lastMs, closed } = inbox
    return { count, bytes, broken: broken.length, ms: lastMs - firstMs, closed }
  }

  close(id: string): void {
    this.#producers.get(id)?.close()
  }

  #openInbox(id: string): Inbox {
    const inbox: Inbox = { messages: [], bytes: 0, count: 0, firstMs: 0, lastMs: 0, closed: false }
    this.#inboxes.set(id, inbox)
    return inbox
  }

  async #gathered(): Promise<string> {
    while (this.#direct.iceGatheringState !== 'complete') {
      await new Promise((resolve) =>
        this.#direct.addEventListener('icegatheringstatechange', resolve, { once: true }),
      )
    }
    return this.#direct.localDescription?.sdp ?? ''
  }
}

window.dataPage = new DataPage()
