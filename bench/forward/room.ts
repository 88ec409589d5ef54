import { once } from 'node:events'
import type { types } from '@sangam/sfu'
import { MediaPeer, PeerPort } from '@sangam/testkit'
import type { Engine } from './engines.ts'
import { FeedbackTraffic } from './feedback.ts'
import { CODECS, type Media, MediaStreams, rtpParameters, TAG_BYTES } from './media.ts'
import { processCpuUs } from './process-cpu.ts'

/** What is forwarded to whom. */
export interface RoomOptions {
  readonly engine: Engine
  readonly media: Media
  /** Transports that receive. */
  readonly receivers: number
  /** Streams that each of them receives. */
  readonly legs: number
  readonly extensions: ExtensionMode
}

/**
 * Whether receivers negotiated RTP header extensions and transport-cc; `feedback`: and send transport-cc feedback; `ignored`:
 * and send as much of what the worker does not know.
 */
export type ExtensionMode = 'off' | 'on' | 'ignored' | 'feedback'

interface Receiver {
  readonly transport: types.WebRtcTransport
  readonly peer: MediaPeer
  /** The first of its consumers. */
  readonly consumer: types.Consumer
}

const BUFFERS = { sendBufferSize: 4_000_000, recvBufferSize: 4_000_000 }

/** One worker with one sender and many receivers: real sockets, real DTLS and SRTP. */
export class Room {
  readonly worker: types.Worker
  readonly router: types.Router
  readonly producerIds: readonly string[]
  readonly streams: MediaStreams
  readonly receivingTransports: readonly types.WebRtcTransport[]
  readonly receivers: readonly MediaPeer[]
  readonly #ports: readonly PeerPort[]
  readonly #webRtcServer: types.WebRtcServer
  readonly #feedback: FeedbackTraffic | undefined

  private constructor(
    worker: types.Worker,
    router: types.Router,
    webRtcServer: types.WebRtcServer,
    producerIds: readonly string[],
    ports: readonly PeerPort[],
    streams: MediaStreams,
    receivers: readonly Receiver[],
    feedback: FeedbackTraffic | undefined,
  ) {
    this.worker = worker
    this.router = router
    this.producerIds = producerIds
    this.streams = streams
    this.receivingTransports = receivers.map(({ transport }) => transport)
    this.receivers = receivers.map(({ peer }) => peer)
    this.#ports = ports
    this.#webRtcServer = webRtcServer
    this.#feedback = feedback
  }

  /** Connects everybody. */
  static async open({ engine, media, receivers, legs, extensions }: RoomOptions): Promise<Room> {
    const worker = await engine.createWorker()
    const ports = Array.from({ length: Math.ceil((receivers + 1) / PeerPort.maxPeers) }, () => new PeerPort())
    const listenInfos = [{ protocol: 'udp' as const, ip: '127.0.0.1', port: 0, ...BUFFERS }]
    const webRtcServer = await worker.createWebRtcServer({ listenInfos })
    const router = await worker.createRouter({ mediaCodecs: CODECS })
    const connect = async (index: number) => {
      const transport = await router.createWebRtcTransport({ webRtcServer })
      const port = ports[Math.floor(index / PeerPort.maxPeers)] as PeerPort
      const peer = new MediaPeer(port, transport as ConstructorParameters<typeof MediaPeer>[1])
      await transport.connect({ dtlsParameters: peer.dtlsParameters })
      await peer.connect()
      return { transport, peer }
    }
    const sender = await connect(0)
    const producers: types.Producer[] = []
    for (let i = 0; i < legs; i++) {
      const parameters = rtpParameters(media.kind, i)
      producers.push(await sender.transport.produce({ kind: media.kind, rtpParameters: parameters }))
    }
    const rtpCapabilities = extensions === 'off' ? plain(router.rtpCapabilities) : router.rtpCapabilities
    const peers = await Promise.all(
      Array.from({ length: receivers }, async (_, i) => {
        const { transport, peer } = await connect(i + 1)
        const consumers: types.Consumer[] = []
        for (const { id } of producers)
          consumers.push(await transport.consume({ producerId: id, rtpCapabilities }))
        return { transport, peer, consumer: consumers[0] as types.Consumer }
      }),
    )
    const streams = new MediaStreams(media, sender.peer, legs)
    const feedback =
      extensions === 'feedback' || extensions === 'ignored'
        ? new FeedbackTraffic(peers, streams.bitsPerSecond, extensions === 'ignored')
        : undefined
    return new Room(
      worker,
      router,
      webRtcServer,
      producers.map(({ id }) => id),
      ports,
      streams,
      peers,
      feedback,
    )
  }

  /** Of its producers, the first. */
  get producerId(): string {
    return this.producerIds[0] ?? ''
  }

  /** One more transport, for somebody else to connect. */
  newTransport(): Promise<types.WebRtcTransport> {
    return this.router.createWebRtcTransport({ webRtcServer: this.#webRtcServer })
  }

  /** RTP packets that the receivers got so far. */
  get received(): number {
    let packets = 0
    for (const { counts } of this.receivers) for (const stream of counts.values()) packets += stream.packets
    return packets
  }

  /** What the receivers got so far in the mean, on the wire: with the header extensions that the worker wrote. */
  get packetBytes(): number {
    const bytes = this.receivers.flatMap(({ counts }) => [...counts.values()].map((stream) => stream.bytes))
    return Math.round(bytes.reduce((sum, one) => sum + one, 0) / this.received) + TAG_BYTES
  }

  /** Streams of which the receivers got anything so far. */
  get receivedStreams(): number {
    return this.receivers.reduce((sum, { counts }) => sum + counts.size, 0)
  }

  /** CPU time of the whole worker process, microseconds. */
  get cpuUs(): number {
    return processCpuUs(this.worker.pid)
  }

  async close(): Promise<void> {
    this.#feedback?.close()
    for (const port of this.#ports) port.close()
    this.worker.close()
    if (!this.worker.subprocessClosed) await once(this.worker, 'subprocessclose')
  }
}

/** The capabilities of a receiver without header extensions and transport-cc. */
function plain(capabilities: types.RtpCapabilities): types.RtpCapabilities {
  const codecs = capabilities.codecs?.map((codec) => ({
    ...codec,
    rtcpFeedback: codec.rtcpFeedback?.filter(({ type }) => type !== 'transport-cc') ?? [],
  }))
  return { ...(codecs === undefined ? {} : { codecs }), headerExtensions: [] }
}
