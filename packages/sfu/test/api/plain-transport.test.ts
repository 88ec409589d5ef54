import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import type { RtpParameters } from '@sangam/ortc'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { createWorker, type types } from '../../src/index.ts'
import { audioParameters, mediaCodecs, receiverCapabilities } from './media-fixtures.ts'

// Below the range that Linux takes ports of outgoing connections from.
const FIRST_PORT = 19_500
const listenInfo: types.TransportListenInfo = { protocol: 'udp', ip: '127.0.0.1' }
const SUITES = [
  ['AEAD_AES_256_GCM', 44],
  ['AEAD_AES_128_GCM', 28],
  ['AES_CM_128_HMAC_SHA1_80', 30],
  ['AES_CM_128_HMAC_SHA1_32', 30],
] as const

const closing: (() => unknown)[] = []
afterEach(async () => {
  await Promise.all(closing.splice(0).map((close) => close()))
})

let worker: types.Worker
beforeAll(async () => {
  worker = await createWorker({ logLevel: 'none' })
})
afterAll(() => worker.close())

async function openRouter(): Promise<types.Router> {
  const router = await worker.createRouter({ mediaCodecs })
  closing.push(() => router.close())
  return router
}

async function openSocket(): Promise<Socket> {
  const socket = createSocket('udp4')
  closing.push(() => socket.close())
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  return socket
}

/** Opus without MID, as RTP tools send it. */
function plainAudio(ssrc = 1111): RtpParameters {
  const { mid: _mid, ...parameters } = audioParameters('a', ssrc)
  return { ...parameters, headerExtensions: [] }
}

function opusPacket(sequenceNumber: number, ssrc = 1111): Buffer {
  const packet = Buffer.alloc(12 + 20, sequenceNumber)
  packet.writeUInt16BE(0x8000 | 111, 0)
  packet.writeUInt16BE(sequenceNumber, 2)
  packet.writeUInt32BE(sequenceNumber * 960, 4)
  packet.writeUInt32BE(ssrc, 8)
  return packet
}

async function nextDatagram(socket: Socket): Promise<Buffer> {
  const [bytes] = (await once(socket, 'message')) as [Buffer]
  return bytes
}

/** The next RTP packet: reports come in between where RTCP shares the port (RFC 5761 section 4). */
async function nextRtpPacket(socket: Socket): Promise<Buffer> {
  const bytes = await nextDatagram(socket)
  const type = bytes.readUInt8(1)
  return type >= 192 && type <= 223 ? nextRtpPacket(socket) : bytes
}

describe('PlainTransport', () => {
  test('with comedia takes the address of the first packet, tells it, and sends there', async () => {
    const router = await openRouter()
    const transport = await router.createPlainTransport({ listenInfo, comedia: true })
    expect(transport.type).toBe('plain')
    expect(transport.tuple).toEqual({
      localIp: '127.0.0.1',
      localAddress: '127.0.0.1',
      localPort: transport.tuple.localPort,
      protocol: 'udp',
    })
    expect([transport.rtcpTuple, transport.srtpParameters]).toEqual([undefined, undefined])
    const producer = await transport.produce({ kind: 'audio', rtpParameters: plainAudio() })
    const consumer = await transport.consume({
      producerId: producer.id,
      rtpCapabilities: receiverCapabilities(),
    })
    const [tool, stranger] = [await openSocket(), await openSocket()]
    const [learnt, first] = [once(transport, 'tuple'), nextRtpPacket(tool)]
    tool.send(opusPacket(1), transport.tuple.localPort, '127.0.0.1')
    const remote = { remoteIp: '127.0.0.1', remotePort: tool.address().port }
    expect(await learnt).toEqual([{ ...transport.tuple, ...remote }])
    expect((await first).at(-1)).toBe(1)
    stranger.send(opusPacket(2), transport.tuple.localPort, '127.0.0.1')
    const second = nextRtpPacket(tool)
    tool.send(opusPacket(3), transport.tuple.localPort, '127.0.0.1')
    expect((await second).at(-1)).toBe(3)
    expect((await second).readUInt32BE(8)).toBe(consumer.rtpParameters.encodings?.[0]?.ssrc)
    expect(transport.tuple.remotePort).toBe(tool.address().port)
    expect(await transport.dump()).toMatchObject({ type: 'plain', rtcpMux: true, comedia: true })
    expect(await transport.getStats()).toMatchObject([
      { type: 'plain-rtp-transport', comedia: true, rtcpMux: true, rtpBytesReceived: 64 },
    ])
  })

  test('without comedia hears its peer only, and sends RTCP to its own port where rtcpMux is off', async () => {
    const router = await openRouter()
    const transport = await router.createPlainTransport({ listenInfo, rtcpMux: false })
    expect(transport.rtcpTuple?.localPort).not.toBe(transport.tuple.localPort)
    const [rtp, rtcp] = [await openSocket(), await openSocket()]
    const producer = await transport.produce({ kind: 'audio', rtpParameters: plainAudio() })
    await transport.connect({ ip: '127.0.0.1', port: rtp.address().port, rtcpPort: rtcp.address().port })
    expect(transport.tuple.remotePort).toBe(rtp.address().port)
    expect(transport.rtcpTuple?.remotePort).toBe(rtcp.address().port)
    await transport.consume({ producerId: producer.id, rtpCapabilities: receiverCapabilities() })
    const overRtp: Buffer[] = []
    rtp.on('message', (bytes) => overRtp.push(bytes))
    const report = nextDatagram(rtcp)
    rtp.send(opusPacket(1), transport.tuple.localPort, '127.0.0.1')
    // Reports come each second.
    expect((await report).readUInt8(1)).toBeGreaterThanOrEqual(200)
    expect(overRtp.map((bytes) => bytes.readUInt8(1) & 0x7f)).toEqual([100])
  })

  test('with comedia and rtcpMux off learns the address of RTCP by itself', async () => {
    const router = await openRouter()
    const transport = await router.createPlainTransport({ listenInfo, rtcpMux: false, comedia: true })
    const rtcp = await openSocket()
    const learnt = once(transport, 'rtcptuple')
    // RFC 3550 section 6.4.2: a receiver report without blocks.
    rtcp.send(Buffer.from('80c9000100000457', 'hex'), transport.rtcpTuple?.localPort ?? 0, '127.0.0.1')
    expect(await learnt).toMatchObject([{ remotePort: rtcp.address().port }])
    expect(transport.tuple.remotePort).toBeUndefined()
  })

  test.each(SUITES)(
    'with SRTP %s two transports carry media to each other',
    async (srtpCryptoSuite, bytes) => {
      const router = await openRouter()
      const options = { listenInfo, enableSrtp: true, srtpCryptoSuite }
      const sender = await router.createPlainTransport(options)
      const receiver = await router.createPlainTransport({ ...options, comedia: true })
      expect(Buffer.from(sender.srtpParameters?.keyBase64 ?? '', 'base64').length).toBe(bytes)
      await receiver.connect({ srtpParameters: sender.srtpParameters })
      await sender.connect({
        ip: '127.0.0.1',
        port: receiver.tuple.localPort,
        srtpParameters: receiver.srtpParameters,
      })
      const direct = await router.createDirectTransport()
      const learnt = once(receiver, 'tuple')
      // There, and once the receiver knows where the sender is, back.
      for (const [from, to, ssrc] of [
        [sender, receiver, 1111],
        [receiver, sender, 2222],
      ] as const) {
        const source = await direct.produce({ kind: 'audio', rtpParameters: plainAudio(ssrc) })
        const link = await from.consume({ producerId: source.id, rtpCapabilities: receiverCapabilities() })
        const { mid: _mid, ...rtpParameters } = link.rtpParameters
        const copy = await to.produce({ kind: 'audio', rtpParameters })
        const end = await direct.consume({ producerId: copy.id, rtpCapabilities: receiverCapabilities() })
        const arrived = once(end, 'rtp') as Promise<[Buffer]>
        source.send(opusPacket(65535, ssrc))
        expect((await arrived)[0].subarray(12)).toEqual(opusPacket(65535, ssrc).subarray(12))
        expect(await learnt).toMatchObject([{ remotePort: sender.tuple.localPort }])
      }
    },
  )

  test("takes the peer's suite where it differs from the one that was offered", async () => {
    const router = await openRouter()
    const transport = await router.createPlainTransport({ listenInfo, enableSrtp: true })
    expect(transport.srtpParameters?.cryptoSuite).toBe('AES_CM_128_HMAC_SHA1_80')
    const keyBase64 = Buffer.alloc(44, 7).toString('base64')
    const srtpParameters = { cryptoSuite: 'AEAD_AES_256_GCM', keyBase64 } as const
    await transport.connect({ ip: '127.0.0.1', port: 9, srtpParameters })
    expect(transport.srtpParameters?.cryptoSuite).toBe('AEAD_AES_256_GCM')
    expect(Buffer.from(transport.srtpParameters?.keyBase64 ?? '', 'base64').length).toBe(44)
  })

  test('connect() rejects what does not fit with TypeError, and can then be repeated', async () => {
    const router = await openRouter()
    const srtpParameters = { cryptoSuite: 'AEAD_AES_128_GCM', keyBase64: 'AAAA' } as const
    const muxed = await router.createPlainTransport({ listenInfo })
    const apart = await router.createPlainTransport({ listenInfo, rtcpMux: false })
    const comedia = await router.createPlainTransport({ listenInfo, comedia: true })
    const srtp = await router.createPlainTransport({ listenInfo, enableSrtp: true })
    const address = { ip: '127.0.0.1', port: 9 }
    for (const call of [
      () => muxed.connect({}),
      () => muxed.connect({ ip: 'localhost', port: 9 }),
      () => muxed.connect({ ip: '::1', port: 9 }),
      () => muxed.connect({ ip: 'fe80::1%lo', port: 9 }),
      () => muxed.connect({ ip: '64:ff9b::192.0.2.1', port: 9 }),
      () => muxed.connect({ ip: '127.0.0.1', port: 65536 }),
      () => muxed.connect({ ...address, rtcpPort: 10 }),
      () => muxed.connect({ ...address, srtpParameters }),
      () => apart.connect(address),
      () => comedia.connect({}),
      () => comedia.connect(address),
      () => srtp.connect(address),
      () => srtp.connect({ ...address, srtpParameters }),
      () => srtp.connect({ ...address, srtpParameters: { cryptoSuite: 'NULL', keyBase64: 'AAAA' } as never }),
    ]) {
      await expect(call()).rejects.toThrow(TypeError)
    }
    expect(muxed.tuple.remoteIp).toBeUndefined()
    await muxed.connect({ ...address, ip: '::ffff:127.0.0.1' })
    expect(muxed.tuple).toMatchObject({ remoteIp: '127.0.0.1', remotePort: 9 })
    await expect(muxed.connect(address)).rejects.toMatchObject({ name: 'InvalidStateError' })
  })
})

describe('ports of its own', () => {
  test('come from the range, and an exhausted range rejects with its reason', async () => {
    const router = await openRouter()
    const portRange = { min: FIRST_PORT, max: FIRST_PORT + 1 }
    const ranged = { listenInfo: { ...listenInfo, portRange } }
    const first = await router.createPlainTransport(ranged)
    const second = await router.createPipeTransport(ranged)
    expect([first.tuple.localPort, second.tuple.localPort].sort()).toEqual([FIRST_PORT, FIRST_PORT + 1])
    await expect(router.createPlainTransport(ranged)).rejects.toThrow(
      `no free UDP port on 127.0.0.1 from ${FIRST_PORT} to ${FIRST_PORT + 1}`,
    )
    first.close()
    expect((await router.createPlainTransport(ranged)).tuple.localPort).toBe(FIRST_PORT)
  })

  test('that are taken, and addresses that are not here, reject with the reason of the system', async () => {
    const router = await openRouter()
    const port = FIRST_PORT + 10
    await router.createPlainTransport({ listenInfo: { ...listenInfo, port } })
    await expect(router.createPlainTransport({ listenInfo: { ...listenInfo, port } })).rejects.toThrow(
      new RegExp(`EADDRINUSE.*${port}`),
    )
    await expect(
      router.createPipeTransport({ listenInfo: { ...listenInfo, ip: '192.0.2.1' } }),
    ).rejects.toThrow(/EADDRNOTAVAIL.*192\.0\.2\.1/)
    // Neither leaves a socket behind when RTCP's port can't be had.
    const rtcpListenInfo = { ...listenInfo, port }
    const twoPorts = { listenInfo: { ...listenInfo, port: port + 1 }, rtcpListenInfo, rtcpMux: false }
    await expect(router.createPlainTransport(twoPorts)).rejects.toThrow(/EADDRINUSE/)
    await expect(
      router.createPlainTransport({ listenInfo: { ...listenInfo, port: port + 1 } }),
    ).resolves.toBeDefined()
  })

  test('are announced under the announced address; IPv6, shared ports and buffer sizes are had', async () => {
    const router = await openRouter()
    const announced = { ...listenInfo, announcedAddress: 'media.example' }
    const transport = await router.createPlainTransport({ listenInfo: announced })
    expect(transport.tuple.localAddress).toBe('media.example')
    const port = FIRST_PORT + 20
    const shared = {
      protocol: 'udp',
      ip: '::1',
      port,
      flags: { ipv6Only: true, udpReusePort: true },
    } as const
    const sized = { ...shared, sendBufferSize: 65536, recvBufferSize: 65536 }
    expect((await router.createPlainTransport({ listenInfo: sized })).tuple.localPort).toBe(port)
    expect((await router.createPipeTransport({ listenInfo: sized })).tuple.localPort).toBe(port)
  })

  test.each([
    [{}],
    [{ listenInfo, listenIp: '127.0.0.1' }],
    [{ listenInfo: { ...listenInfo, protocol: 'tcp' } }],
    [{ listenInfo: { ...listenInfo, ip: 'localhost' } }],
    [{ listenInfo, rtcpMux: 'yes' }],
    [{ listenInfo, srtpCryptoSuite: 'NULL' }],
    [{ listenInfo: { ...listenInfo, portRange: { min: 5, max: 4 } } }],
  ])('createPlainTransport(%j) rejects with TypeError', async (options) => {
    const router = await openRouter()
    await expect(router.createPlainTransport(options as never)).rejects.toThrow(TypeError)
  })
})
