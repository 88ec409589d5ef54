// Runs in the page: mediasoup-client, driven by a test through `page.evaluate`.
import { Device, type types } from 'mediasoup-client'

type Parameters = Omit<types.TransportOptions, 'iceServers'>

/** What a page starts with. */
export interface EchoStart {
  readonly capabilities: types.RtpCapabilities
  readonly sender: Parameters
  readonly receiver: Parameters
}

/** What the browser says of one received track (W3C webrtc-stats). */
export interface ReceivedTrack {
  readonly kind: string
  readonly packetsReceived: number
  /** Video. */
  readonly framesDecoded: number
}

/** What came over a data channel: text as it is, of bytes how many there were. */
export type ReceivedMessage = string | number

declare global {
  interface Window {
    /** Given by the test: signalling. */
    ask(method: string, data: unknown): Promise<unknown>
    echoPage: EchoPage
  }
}

/** What a test calls in the page. */
export class EchoPage {
  readonly #device = new Device()
  readonly #consumers: types.Consumer[] = []
  readonly #messages: ReceivedMessage[] = []
  #sender: types.Transport | undefined
  #receiver: types.Transport | undefined
  #dataProducer: types.DataProducer | undefined

  async start({ capabilities, sender, receiver }: EchoStart): Promise<void> {
    await this.#device.load({ routerRtpCapabilities: capabilities })
    this.#sender = this.#device.createSendTransport(sender)
    this.#receiver = this.#device.createRecvTransport(receiver)
    for (const transport of [this.#sender, this.#receiver]) {
      transport.on('connect', ({ dtlsParameters }, done, failed) => {
        window.ask('connect', { transportId: transport.id, dtlsParameters }).then(() => done(), failed)
      })
    }
    this.#sender.on('produce', ({ kind, rtpParameters }, done, failed) => {
      window.ask('produce', { kind, rtpParameters }).then((id) => done({ id: id as string }), failed)
    })
    this.#sender.on('producedata', ({ sctpStreamParameters, label, protocol }, done, failed) => {
      window
        .ask('produceData', { sctpStreamParameters, label, protocol })
        .then((id) => done({ id: id as string }), failed)
    })
  }

  /** What this browser can receive. */
  capabilities(): types.RtpCapabilities {
    return this.#device.recvRtpCapabilities
  }

  /** Sends the microphone's sound and the camera's picture, and opens a data channel. */
  async publish(): Promise<void> {
    const sender = this.#sender as types.Transport
    const stream = await navigator.mediaDevices.getUserMedia({
      audio: true,
      video: { width: 320, height: 240 },
    })
    for (const track of stream.getTracks()) {
      const codec = this.#device.recvRtpCapabilities.codecs?.find(({ mimeType }) => mimeType === 'video/VP8')
      await sender.produce({ track, ...(track.kind === 'video' && codec !== undefined ? { codec } : {}) })
    }
    const dataProducer = await sender.produceData({ label: 'echo' })
    if (dataProducer.readyState !== 'open')
      await new Promise((resolve) => dataProducer.on('open', () => resolve(null)))
    this.#dataProducer = dataProducer
  }

  /** Receives and plays a track. */
  async consume(options: types.ConsumerOptions): Promise<void> {
    const consumer = await (this.#receiver as types.Transport).consume(options)
    this.#consumers.push(consumer)
    const element = document.createElement(consumer.kind === 'video' ? 'video' : 'audio')
    element.srcObject = new MediaStream([consumer.track])
    element.muted = consumer.kind === 'video'
    document.body.append(element)
    void element.play()
  }

  /** Takes a data channel; it is open when this resolves. */
  async consumeData(options: types.DataConsumerOptions): Promise<void> {
    const consumer = await (this.#receiver as types.Transport).consumeData(options)
    consumer.on('message', (message: string | ArrayBuffer | Blob) => {
      if (typeof message === 'string') this.#messages.push(message)
      else this.#messages.push(message instanceof Blob ? message.size : message.byteLength)
    })
    if (consumer.readyState !== 'open')
      await new Promise((resolve) => consumer.on('open', () => resolve(null)))
  }

  send(text: string, bytes: number): void {
    this.#dataProducer?.send(text)
    this.#dataProducer?.send(new Uint8Array(bytes))
  }

  messages(): ReceivedMessage[] {
    return this.#messages
  }

  /** Goes on with new ICE credentials on both transports. */
  async restartIce(sender: types.IceParameters, receiver: types.IceParameters): Promise<void> {
    await this.#sender?.restartIce({ iceParameters: sender })
    await this.#receiver?.restartIce({ iceParameters: receiver })
  }

  async received(): Promise<ReceivedTrack[]> {
    const rows = await Promise.all(
      this.#consumers.map(async (consumer) => {
        const row = [...(await consumer.getStats()).values()].find(({ type }) => type === 'inbound-rtp')
        return {
          kind: consumer.kind,
          packetsReceived: Number(row?.packetsReceived ?? 0),
          framesDecoded: Number(row?.framesDecoded ?? 0),
        }
      }),
    )
    return rows.sort((a, b) => a.kind.localeCompare(b.kind))
  }
}

window.echoPage = new EchoPage()
