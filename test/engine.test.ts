import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import {
  forEachNackedSequenceNumber,
  HeaderExtensionUri,
  parseRtcpPacket,
  RtcpHeader,
  RtcpType,
  readUint16,
  TransportFeedbackFormat,
  writeNack,
} from '@sangam/rtp'
import { createWorker, type types } from '@sangam/sfu'
import { MediaPeer, PeerPort } from '@sangam/testkit'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

const SSRC = 5000
const RTX_SSRC = 5001
const KEY_FRAME = Uint8Array.of(0x10, 0x10, 0x02, 0x00, 0x9d, 0x01, 0x2a, 0x40, 0x01, 0xf0, 0x00)
const DELTA_FRAME = Uint8Array.of(0x10, 0x11, 0x02, 0x00, 0x01, 0x02, 0x03)
const TRANSPORT_CC_ID = 5

const VIDEO: types.RtpParameters = {
  codecs: [
    {
      mimeType: 'video/VP8',
      payloadType: 96,
      clockRate: 90000,
      rtcpFeedback: [{ type: 'nack' }, { type: 'nack', parameter: 'pli' }, { type: 'transport-cc' }],
    },
    { mimeType: 'video/rtx', payloadType: 97, clockRate: 90000, parameters: { apt: 96 } },
  ],
  headerExtensions: [{ uri: HeaderExtensionUri.transportSequenceNumber, id: TRANSPORT_CC_ID }],
  encodings: [{ ssrc: SSRC, rtx: { ssrc: RTX_SSRC } }],
  rtcp: { cname: 'publisher' },
}

interface Connected {
  readonly transport: types.WebRtcTransport
  readonly peer: MediaPeer
}

/** The sequence numbers that a NACK in this compound packet asks for. */
function nacked(packet: Uint8Array): number[] {
  const header = new RtcpHeader()
  const numbers: number[] = []
  for (let at = 0; parseRtcpPacket(packet, at, packet.length, header); at += header.packetLength) {
    if (header.packetType !== RtcpType.transportFeedback || header.count !== TransportFeedbackFormat.nack)
      continue
    forEachNackedSequenceNumber(packet, header, (number) => numbers.push(number))
  }
  return numbers
}

describe('the engine over real sockets', () => {
  let worker: types.Worker
  let server: types.WebRtcServer
  let router: types.Router
  let port: PeerPort

  beforeEach(async () => {
    worker = await createWorker()
    server = await worker.createWebRtcServer({ listenInfos: [{ protocol: 'udp', ip: '127.0.0.1', port: 0 }] })
    router = await worker.createRouter({
      mediaCodecs: [{ kind: 'video', mimeType: 'video/VP8', clockRate: 90000 }],
    })
    port = new PeerPort()
  })

  afterEach(async () => {
    port.close()
    worker.close()
    if (!worker.subprocessClosed) await once(worker, 'subprocessclose')
  })

  async function connect(): Promise<Connected> {
    const transport = await router.createWebRtcTransport({ webRtcServer: server })
    const peer = new MediaPeer(port, transport)
    await transport.connect({ dtlsParameters: peer.dtlsParameters })
    await peer.connect()
    return { transport, peer }
  }

  /** A publisher of video and a viewer of it; `send` sends the packet with this number. */
  async function publisherAndViewer() {
    const publisher = await connect()
    const viewer = await connect()
    const producer = await publisher.transport.produce({ kind: 'video', rtpParameters: VIDEO })
    const consumer = await viewer.transport.consume({
      producerId: producer.id,
      rtpCapabilities: router.rtpCapabilities,
    })
    const extensions = [{ type: 'transportSequenceNumber', id: TRANSPORT_CC_ID }] as const
    const sink = publisher.peer.openStream(SSRC, 96, extensions)
    let transportSequence = 0
    const send = (sequence: number, payload = DELTA_FRAME): void =>
      publisher.peer.send(sink, sequence, 3000 * sequence, payload, false, transportSequence++)
    /** Resolves with the original numbers that the viewer has, in the order of arrival, once there are `count`. */
    const received = (count: number): Promise<number[]> => {
      const numbers: number[] = []
      const { promise, resolve } = Promise.withResolvers<number[]>()
      viewer.peer.on('rtp', ({ header, memory }) => {
        const isRtx = header.ssrc !== consumer.rtpParameters.encodings?.[0]?.ssrc
        numbers.push(isRtx ? readUint16(memory, header.payloadOffset) : header.sequenceNumber)
        if (numbers.length === count) resolve(numbers)
      })
      return promise
    }
    return { publisher, viewer, producer, consumer, send, received }
  }

  test('what the publisher lost on the way is asked for and forwarded when it comes as RTX', async () => {
    const { publisher, send, received } = await publisherAndViewer()
    const rtx = publisher.peer.openStream(RTX_SSRC, 97)
    const asked = new Promise<number[]>((resolve) => {
      publisher.peer.on('rtcp', (packet) => {
        const numbers = nacked(packet)
        if (numbers.length > 0) resolve(numbers)
      })
    })
    const arrived = received(4)
    send(100, KEY_FRAME)
    send(101)
    send(103)
    expect(await asked).toEqual([102])
    publisher.peer.send(rtx, 7, 3000 * 102, Uint8Array.of(0, 102, ...DELTA_FRAME))
    const numbers = await arrived
    const first = numbers[0] ?? 0
    expect(numbers.map((number) => number - first)).toEqual([0, 1, 3, 2])
  })

  test('what the viewer lost comes again as RTX when it asks', async () => {
    const { viewer, consumer, send, received } = await publisherAndViewer()
    const arrived = received(3)
    const firstThree = arrived.then((numbers) => numbers[1] ?? 0)
    send(200, KEY_FRAME)
    send(201)
    send(202)
    const lost = await firstThree
    const repaired = received(1)
    const nack = new Uint8Array(64)
    const length = writeNack(nack, 0, 1, consumer.rtpParameters.encodings?.[0]?.ssrc ?? 0, [lost])
    viewer.peer.sendRtcp(nack.slice(0, length))
    expect(await repaired).toEqual([lost])
  })

  test('the publisher gets transport-wide feedback about every packet', async () => {
    const { publisher, send } = await publisherAndViewer()
    const feedback = new Promise<void>((resolve) => {
      publisher.peer.on('rtcp', (packet) => {
        const header = new RtcpHeader()
        for (let at = 0; parseRtcpPacket(packet, at, packet.length, header); at += header.packetLength) {
          if (
            header.packetType === RtcpType.transportFeedback &&
            header.count === TransportFeedbackFormat.transportCc
          ) {
            resolve()
          }
        }
      })
    })
    send(1, KEY_FRAME)
    await feedback
  })

  test('a peer whose certificate is not the announced one gets no keys: the transport fails and forwards nothing', async () => {
    const transport = await router.createWebRtcTransport({ webRtcServer: server })
    const peer = new MediaPeer(port, transport)
    const wrong = peer.dtlsParameters.fingerprints.map((fingerprint) => ({
      ...fingerprint,
      value: fingerprint.value.replace(/^../, (byte) => (byte === '00' ? '01' : '00')),
    }))
    const failed = once(transport, 'dtlsstatechange').then(() => once(transport, 'dtlsstatechange'))
    await transport.connect({ dtlsParameters: { role: 'client', fingerprints: wrong } })
    peer.connect().catch(() => {})
    expect(await failed).toEqual(['failed'])
    expect(transport.dtlsState).toBe('failed')
  })

  test('garbage at ten times the load costs an honest stream at most one packet in a hundred', async () => {
    const { viewer, consumer, send } = await publisherAndViewer()
    const target = server
    const dump = (await target.dump()) as unknown as { udpSockets: { ip: string; port: number }[] }
    const mediaPort = dump.udpSockets[0]?.port ?? 0
    const attacker = createSocket('udp4')
    const kinds = [0x00, 0x16, 0x80, 0xff].map((first) => {
      const bytes = new Uint8Array(200).fill(0xa5)
      bytes[0] = first
      return bytes
    })
    const ssrc = consumer.rtpParameters.encodings?.[0]?.ssrc ?? 0
    const packets = 1000
    send(1, KEY_FRAME)
    for (let i = 0; i < packets; i++) {
      send(2 + i)
      for (let k = 0; k < 10; k++)
        attacker.send(kinds[k % kinds.length] as Uint8Array, mediaPort, '127.0.0.1')
      // A turn of the loop lets sockets breathe: 10,000 datagrams in one go would only measure the kernel's queue.
      await new Promise((resolve) => setImmediate(resolve))
    }
    await expect
      .poll(() => viewer.peer.counts.get(ssrc)?.packets ?? 0, { timeout: 10_000 })
      .toBeGreaterThanOrEqual(packets * 0.99)
    const { packetPort } = (await worker.dump()) as unknown as { packetPort: Record<string, number> }
    expect(packetPort.droppedMalformed).toBeGreaterThan(0)
    expect(packetPort.droppedUnknownAddress).toBeGreaterThan(0)
    attacker.close()
  })

  test('500 connected transports that close leave the worker with the file descriptors it had', async () => {
    const descriptors = (): number => readdirSync(`/proc/${worker.pid}/fd`).length
    const before = descriptors()
    for (let round = 0; round < 5; round++) {
      const connected = await Promise.all(Array.from({ length: 100 }, connect))
      for (const { transport, peer } of connected) {
        transport.close()
        peer.close()
      }
    }
    const dump = (await router.dump()) as unknown as { transportIds: string[] }
    expect(dump.transportIds).toEqual([])
    expect(descriptors()).toBe(before)
  })

  test('SIGKILL of the worker closes what it held and fires died', async () => {
    const { transport } = await connect()
    const closed = once(transport, 'routerclose')
    const died = once(worker, 'died')
    process.kill(worker.pid, 'SIGKILL')
    await Promise.all([died, closed])
    expect([transport.closed, router.closed, server.closed, worker.closed]).toEqual([true, true, true, true])
  })
})
