import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { StunType, writeStunMessage } from '@sangam/rtp'
import { createWorker, type types } from '@sangam/sfu'
import { writePacketAddress } from '@sangam/sfu/packet-port'
import { hmacSha1, MediaPeer, PeerPort } from '@sangam/testkit'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

const SSRC = 5000
const PAYLOAD = new Uint8Array(60).fill(0x33)
const AUDIO: types.RtpParameters = {
  codecs: [{ mimeType: 'audio/opus', payloadType: 100, clockRate: 48000, channels: 2 }],
  encodings: [{ ssrc: SSRC }],
  rtcp: { cname: 'publisher' },
}
/** A DTLS record of application data that nobody sealed (epoch 0), with a whole SCTP packet in it. */
const PLAIN_APPLICATION_DATA = Buffer.from('17fefd0000000000000000000c138813880000000000000000', 'hex')
const encoder = new TextEncoder()

/** A UDP socket of somebody whom ICE has never heard of. */
async function openStranger(): Promise<{ socket: Socket; receivedBytes: () => number }> {
  const socket = createSocket('udp4')
  let receivedBytes = 0
  socket.on('message', (bytes) => {
    receivedBytes += bytes.length
  })
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  return { socket, receivedBytes: () => receivedBytes }
}

async function untilDtls(transport: types.WebRtcTransport, state: types.DtlsState): Promise<void> {
  while (transport.dtlsState !== state) await once(transport, 'dtlsstatechange')
}

function sendTo(socket: Socket, port: number, bytes: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) =>
    socket.send(bytes, port, '127.0.0.1', (error) => (error ? reject(error) : resolve())),
  )
}

/** The first flight of a DTLS client, as one sends it. */
async function captureClientHello(port: PeerPort): Promise<Uint8Array> {
  const { socket } = await openStranger()
  const heard = once(socket, 'message')
  const bound = port.port.openUdp({ ip: '127.0.0.1', port: 0 })
  const session = port.port.createSession()
  const address = writePacketAddress({ socket: bound.socket, ip: '127.0.0.1', port: socket.address().port })
  port.port.addAddress(session, address)
  port.port.setDestination(session, address)
  port.port.startDtls(session, 'client', port.fingerprints)
  const [hello] = (await heard) as [Buffer]
  port.port.closeSession(session)
  port.port.closeSocket(bound.socket)
  socket.close()
  return hello
}

function bindingRequest(usernameFragment: string, password: string): Uint8Array {
  const bytes = new Uint8Array(256)
  const length = writeStunMessage(bytes, 0, {
    type: StunType.bindingRequest,
    transactionId: crypto.getRandomValues(new Uint8Array(12)),
    attributes: [
      { type: 'username', value: `${usernameFragment}:x` },
      { type: 'priority', value: 1 },
      { type: 'iceControlling', value: 1n },
    ],
    integrity: { key: encoder.encode(password), hmacSha1 },
    fingerprint: true,
  })
  return bytes.subarray(0, length)
}

describe('hostile peers at the engine', () => {
  let worker: types.Worker
  let server: types.WebRtcServer
  let router: types.Router
  let port: PeerPort
  const strangers: Socket[] = []

  beforeEach(async () => {
    worker = await createWorker({ logLevel: 'none' })
    server = await worker.createWebRtcServer({ listenInfos: [{ protocol: 'udp', ip: '127.0.0.1', port: 0 }] })
    router = await worker.createRouter({
      mediaCodecs: [{ kind: 'audio', mimeType: 'audio/opus', clockRate: 48000, channels: 2 }],
    })
    port = new PeerPort()
  })

  afterEach(async () => {
    for (const socket of strangers.splice(0)) socket.close()
    port.close()
    worker.close()
    if (!worker.subprocessClosed) await once(worker, 'subprocessclose')
  })

  async function stranger() {
    const opened = await openStranger()
    strangers.push(opened.socket)
    return opened
  }

  async function connect(fingerprints?: types.DtlsFingerprint[]) {
    const transport = await router.createWebRtcTransport({ webRtcServer: server })
    const peer = new MediaPeer(port, transport)
    const { role, fingerprints: own } = peer.dtlsParameters
    await transport.connect({ dtlsParameters: { role, fingerprints: fingerprints ?? own } })
    await peer.connect()
    return { transport, peer }
  }

  const serverPort = (transport: types.WebRtcTransport): number => transport.iceCandidates[0]!.port

  /** Resolves once all that was sent before on this connection has been handled by the worker. */
  async function handled(peer: MediaPeer, producer: types.Producer, sink: number, sequence: number) {
    const before = packetsOf(await producer.getStats())
    peer.send(sink, sequence, 960 * sequence, PAYLOAD)
    for (;;) if (packetsOf(await producer.getStats()) > before) return
  }

  const packetsOf = (stats: types.ProducerStat[]): number =>
    stats.reduce((sum, { packetCount }) => sum + packetCount, 0)

  test('ten thousand ClientHellos from addresses that ICE has not validated fail no honest handshake, and get no byte', async () => {
    const hello = await captureClientHello(port)
    const known = await router.createWebRtcTransport({ webRtcServer: server })
    const attackers = await Promise.all(Array.from({ length: 20 }, stranger))
    const attack = Promise.all(
      attackers.map(async ({ socket }) => {
        for (let i = 0; i < 500; i++) await sendTo(socket, serverPort(known), hello)
      }),
    )
    const honest = await Promise.all(Array.from({ length: 10 }, () => connect()))
    await attack
    await Promise.all(honest.map(({ transport }) => untilDtls(transport, 'connected')))
    expect(honest.map(({ transport }) => transport.dtlsState)).toEqual(Array(10).fill('connected'))
    expect(attackers.map(({ receivedBytes }) => receivedBytes())).toEqual(Array(20).fill(0))
    const { packetPort } = (await worker.dump()) as unknown as { packetPort: Record<string, number> }
    expect(packetPort.droppedUnknownAddress).toBeGreaterThan(0)
  })

  test('bytes sent to an address that ICE has not validated never exceed the bytes that came from it', async () => {
    const transport = await router.createWebRtcTransport({ webRtcServer: server })
    const { usernameFragment, password } = transport.iceParameters
    const hello = await captureClientHello(port)
    const rtp = new Uint8Array(100).fill(0x80)
    const silent = await stranger()
    const unanswered = [
      hello,
      rtp,
      bindingRequest(usernameFragment, 'not the password'),
      bindingRequest('nobody', password),
      bindingRequest(usernameFragment, password).slice(0, 40),
    ]
    for (const bytes of unanswered) await sendTo(silent.socket, serverPort(transport), bytes)
    // The check with the right password comes last, from another address: its answer says that all before was handled.
    const known = await stranger()
    const answered = once(known.socket, 'message')
    const check = bindingRequest(usernameFragment, password)
    await sendTo(known.socket, serverPort(transport), check)
    const [answer] = (await answered) as [Buffer]
    expect(answer.length).toBeLessThanOrEqual(check.length)
    expect(silent.receivedBytes()).toBe(0)
    expect(transport.dtlsState).toBe('new')
  })

  test('a peer whose certificate has another fingerprint gets no connection, no media and no data', async () => {
    const viewer = await connect()
    const value = Array.from({ length: 32 }, () => 'AA').join(':')
    const transport = await router.createWebRtcTransport({ webRtcServer: server, enableSctp: true })
    const producer = await transport.produce({ kind: 'audio', rtpParameters: AUDIO })
    const dataProducer = await transport.produceData({ sctpStreamParameters: { streamId: 0, ordered: true } })
    await viewer.transport.consume({ producerId: producer.id, rtpCapabilities: router.rtpCapabilities })
    const peer = new MediaPeer(port, transport)
    await transport.connect({
      dtlsParameters: { role: 'client', fingerprints: [{ algorithm: 'sha-256', value }] },
    })
    await expect(peer.connect()).rejects.toThrow(/DTLS failed/)
    await untilDtls(transport, 'failed')
    // It goes on all the same, under keys of its own making.
    const key = new Uint8Array(28).fill(1)
    port.port.setSrtpKeys(peer.session, 'AEAD_AES_128_GCM', key, key)
    const sink = peer.openStream(SSRC, 100)
    port.sendRaw(peer.serverAddress, PLAIN_APPLICATION_DATA)
    for (let i = 0; i < 50; i++) peer.send(sink, i, 960 * i, PAYLOAD)
    port.flush()
    for (;;) {
      const { packetPort } = (await worker.dump()) as unknown as { packetPort: Record<string, number> }
      if (packetPort.droppedNoKeys === 50) break
    }
    expect(packetsOf(await producer.getStats())).toBe(0)
    expect((await dataProducer.getStats())[0]!.messagesReceived).toBe(0)
    expect(viewer.peer.counts.size).toBe(0)
  })

  test("a member who sends under another member's SSRC is not heard as that member", async () => {
    const victim = await connect()
    const attacker = await connect()
    const viewer = await connect()
    const producer = await victim.transport.produce({ kind: 'audio', rtpParameters: AUDIO })
    const own = await attacker.transport.produce({
      kind: 'audio',
      rtpParameters: { ...AUDIO, encodings: [{ ssrc: 6000 }] },
    })
    const consumer = await viewer.transport.consume({
      producerId: producer.id,
      rtpCapabilities: router.rtpCapabilities,
    })
    const forged = attacker.peer.openStream(SSRC, 100)
    for (let i = 0; i < 30; i++) attacker.peer.send(forged, i, 960 * i, PAYLOAD)
    await handled(attacker.peer, own, attacker.peer.openStream(6000, 100), 1)
    expect(packetsOf(await producer.getStats())).toBe(0)
    const honest = victim.peer.openStream(SSRC, 100)
    const heard = once(viewer.peer, 'rtp')
    victim.peer.send(honest, 1, 960, PAYLOAD)
    await heard
    expect([...viewer.peer.counts.entries()]).toMatchObject([
      [consumer.rtpParameters.encodings?.[0]?.ssrc, { packets: 1 }],
    ])
  })
})
