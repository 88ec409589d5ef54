import { createHmac } from 'node:crypto'
import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { StunType, writeStunMessage } from '@sangam/rtp'
import { MediaPeer, PeerPort } from '@sangam/testkit'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { createWorker, type types } from '../../src/index.ts'
import { mediaCodecs } from './media-fixtures.ts'

// Below the ports that the system gives away, and those that other tests look for.
const FIRST_PORT = 19_600
const UDP4 = { protocol: 'udp', ip: '127.0.0.1' } as const
const TCP4 = { protocol: 'tcp', ip: '127.0.0.1' } as const

let worker: types.Worker
let router: types.Router
beforeAll(async () => {
  worker = await createWorker({ logLevel: 'none' })
})
afterAll(() => worker.close())
const sockets: Socket[] = []
afterEach(() => {
  router?.close()
  for (const socket of sockets.splice(0)) socket.destroy()
})

async function openRouter(): Promise<types.Router> {
  router = await worker.createRouter({ mediaCodecs })
  return router
}

function hmacSha1(key: Uint8Array, ...parts: readonly Uint8Array[]): Uint8Array {
  const hmac = createHmac('sha1', key)
  for (const part of parts) hmac.update(part)
  return hmac.digest()
}

/** A connectivity check that nominates, in a frame (RFC 4571). */
function framedCheck({ usernameFragment, password }: types.IceParameters): Buffer {
  const bytes = Buffer.alloc(256)
  const length = writeStunMessage(bytes, 2, {
    type: StunType.bindingRequest,
    transactionId: new Uint8Array(12).fill(7),
    attributes: [
      { type: 'username', value: `${usernameFragment}:peer` },
      { type: 'priority', value: 1 },
      { type: 'iceControlling', value: 1n },
      { type: 'useCandidate' },
    ],
    integrity: { key: new TextEncoder().encode(password), hmacSha1 },
    fingerprint: true,
  })
  bytes.writeUInt16BE(length, 0)
  return bytes.subarray(0, 2 + length)
}

async function connectTcp(host: string, port: number): Promise<Socket> {
  const socket = connect({ host, port })
  sockets.push(socket)
  await once(socket, 'connect')
  return socket
}

describe.each([['127.0.0.1'], ['::1']] as const)('a WebRtcTransport on %s', (ip) => {
  test('is connected to over UDP, DTLS included', async () => {
    const transport = await (await openRouter()).createWebRtcTransport({
      listenInfos: [{ protocol: 'udp', ip }],
    })
    const port = new PeerPort()
    const peer = new MediaPeer(port, transport, ip)
    const selected = once(transport, 'iceselectedtuplechange') as Promise<[types.TransportTuple]>
    await Promise.all([transport.connect({ dtlsParameters: peer.dtlsParameters }), peer.connect()])
    const [tuple] = await selected
    expect(tuple).toMatchObject({ protocol: 'udp', localAddress: ip, remotePort: peer.localPort })
    port.close()
  })

  test('is checked over TCP, and disconnected when the connection ends', async () => {
    const transport = await (await openRouter()).createWebRtcTransport({
      listenInfos: [{ protocol: 'tcp', ip }],
    })
    const [candidate] = transport.iceCandidates
    expect(candidate).toMatchObject({ protocol: 'tcp', tcpType: 'passive', address: ip, type: 'host' })
    const socket = await connectTcp(ip, candidate?.port ?? 0)
    const completed = once(transport, 'icestatechange')
    const answered = once(socket, 'data') as Promise<[Buffer]>
    socket.write(framedCheck(transport.iceParameters))
    expect(await completed).toEqual(['completed'])
    const [answer] = await answered
    expect(answer.readUInt16BE(0)).toBe(answer.length - 2)
    expect(answer.readUInt16BE(2)).toBe(StunType.bindingSuccess)
    expect(transport.iceSelectedTuple).toMatchObject({ protocol: 'tcp', remotePort: socket.localPort })
    const disconnected = once(transport, 'icestatechange')
    socket.end()
    expect(await disconnected).toEqual(['disconnected'])
    expect(transport.iceSelectedTuple).toBeUndefined()
  })
})

describe('listening', () => {
  test('on all IPv6 addresses takes IPv4 as well, unless ipv6Only says otherwise', async () => {
    const port = FIRST_PORT
    const any = { protocol: 'udp', ip: '::', port } as const
    const ipv4 = { protocol: 'udp', ip: '0.0.0.0', port } as const
    const both = await worker.createWebRtcServer({ listenInfos: [any] })
    await expect(worker.createWebRtcServer({ listenInfos: [ipv4] })).rejects.toThrow(/EADDRINUSE/)
    both.close()
    const only = await worker.createWebRtcServer({ listenInfos: [{ ...any, flags: { ipv6Only: true } }] })
    const beside = await worker.createWebRtcServer({ listenInfos: [ipv4] })
    only.close()
    beside.close()
  })

  test('under an announced host name says that, and the own address with exposeInternalIp', async () => {
    const announced = { announcedAddress: 'media.example', exposeInternalIp: true }
    const transport = await (await openRouter()).createWebRtcTransport({
      listenInfos: [
        { ...UDP4, ...announced },
        { ...TCP4, announcedAddress: 'media.example' },
      ],
    })
    expect(transport.iceCandidates.map(({ protocol, address }) => `${protocol} ${address}`)).toEqual([
      'udp media.example',
      'udp 127.0.0.1',
      'tcp media.example',
    ])
    expect(new Set(transport.iceCandidates.map(({ priority }) => priority)).size).toBe(3)
  })

  test.each([
    ['UDP', UDP4],
    ['TCP', TCP4],
  ] as const)(
    'in a range of %s ports takes a free one; an exhausted range rejects with its reason',
    async (name, info) => {
      const [min, max] = [FIRST_PORT + 10, FIRST_PORT + 11]
      const listenInfos = [{ ...info, portRange: { min, max } }]
      await openRouter()
      const transports = [
        await router.createWebRtcTransport({ listenInfos }),
        await router.createWebRtcTransport({ listenInfos }),
      ]
      expect(transports.map(({ iceCandidates }) => iceCandidates[0]?.port).sort()).toEqual([min, max])
      await expect(router.createWebRtcTransport({ listenInfos })).rejects.toThrow(
        `no free ${name} port on 127.0.0.1 from ${min} to ${max}`,
      )
      transports[0]?.close()
      await expect(router.createWebRtcTransport({ listenInfos })).resolves.toBeDefined()
    },
  )

  test.each([
    ['UDP', UDP4],
    ['TCP', TCP4],
  ] as const)(
    'where it can not be had over %s rejects with the reason of the system',
    async (_name, info) => {
      const port = FIRST_PORT + 20
      const server = await worker.createWebRtcServer({ listenInfos: [{ ...info, port }] })
      await expect(worker.createWebRtcServer({ listenInfos: [{ ...info, port }] })).rejects.toThrow(
        new RegExp(`EADDRINUSE.*${port}`),
      )
      await expect(
        worker.createWebRtcServer({ listenInfos: [{ ...info, ip: '192.0.2.1' }] }),
      ).rejects.toThrow(/EADDRNOTAVAIL.*192\.0\.2\.1/)
      server.close()
      // The port is free again.
      const again = await worker.createWebRtcServer({ listenInfos: [{ ...info, port }] })
      again.close()
    },
  )

  test('with udpReusePort shares a port', async () => {
    const shared = [{ ...UDP4, port: FIRST_PORT + 30, flags: { udpReusePort: true } }]
    const servers = [
      await worker.createWebRtcServer({ listenInfos: shared }),
      await worker.createWebRtcServer({ listenInfos: shared }),
    ]
    for (const server of servers) server.close()
  })

  test('offers of a server only what the transport enables', async () => {
    const listenInfos = [UDP4, TCP4].map((info) => ({ ...info, port: FIRST_PORT + 40 }))
    const webRtcServer = await worker.createWebRtcServer({ listenInfos })
    expect(await webRtcServer.dump()).toMatchObject({
      udpSockets: [{ ip: '127.0.0.1', port: FIRST_PORT + 40 }],
      tcpServers: [{ ip: '127.0.0.1', port: FIRST_PORT + 40 }],
    })
    await openRouter()
    const protocols = async (options: Partial<types.WebRtcTransportOptions>) =>
      (
        await router.createWebRtcTransport({ webRtcServer, ...options } as types.WebRtcTransportOptions)
      ).iceCandidates
        .toSorted((a, b) => b.priority - a.priority)
        .map(({ protocol }) => protocol)
    expect(await protocols({})).toEqual(['udp', 'tcp'])
    expect(await protocols({ preferTcp: true })).toEqual(['tcp', 'udp'])
    expect(await protocols({ enableTcp: false })).toEqual(['udp'])
    expect(await protocols({ enableUdp: false })).toEqual(['tcp'])
    await expect(protocols({ enableUdp: false, enableTcp: false })).rejects.toThrow(TypeError)
    webRtcServer.close()
  })
})

test('600 transports with ports of their own are open at a time, and leave no descriptor behind', async () => {
  const descriptors = (): number => readdirSync(`/proc/${worker.pid}/fd`).length
  await openRouter()
  const before = descriptors()
  const options = { listenInfos: [UDP4, TCP4] }
  const transports = await Promise.all(
    Array.from({ length: 600 }, () => router.createWebRtcTransport(options)),
  )
  const ports = transports.flatMap(({ iceCandidates }) => iceCandidates.map((c) => `${c.protocol} ${c.port}`))
  expect(new Set(ports).size).toBe(1200)
  expect(descriptors()).toBe(before + 1200)
  for (const transport of transports) transport.close()
  // Answered after all that was sent before.
  await worker.dump()
  expect(descriptors()).toBe(before)
})
