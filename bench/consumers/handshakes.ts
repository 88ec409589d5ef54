import { diffieHellman, generateKeyPairSync, sign, verify } from 'node:crypto'
import * as sfu from '@sangam/sfu'
import { MediaPeer, PeerPort } from '@sangam/testkit'
import { MEDIA } from '../forward/media.ts'
import { Room } from '../forward/room.ts'

const AT_ONCE = 50
const CURVE = { namedCurve: 'P-256' }
/** About what the ServerKeyExchange signs: two randoms, curve and point. */
const SIGNED_BYTES = 133

/** What 1,000 people who come at once cost, milliseconds. */
export interface Handshakes {
  /** From the first request until each has its transport, its DTLS session and its consumer; then each gets its packets. */
  readonly ms: number
  /** CPU of the worker in that time; the peers' own handshakes are another process's. */
  readonly workerMs: number
  /** CPU of one side's elliptic-curve operations in as many handshakes, one after the other. */
  readonly bareMs: number
}

/** Connects `count` peers, each with a full DTLS handshake, and gives each a consumer. */
export async function connectMany(count: number): Promise<Handshakes> {
  const bareMs = bareOperations(count)
  const media = MEDIA.audio as NonNullable<typeof MEDIA.audio>
  const room = await Room.open({ engine: sfu, media, receivers: 0, legs: 1, extensions: 'on' })
  const ports = Array.from({ length: Math.ceil(count / PeerPort.maxPeers) }, () => new PeerPort())
  try {
    const cpuBeforeUs = room.cpuUs
    const startMs = performance.now()
    const peers = await connect(room, ports, count)
    const ms = performance.now() - startMs
    const workerMs = (room.cpuUs - cpuBeforeUs) / 1000
    // None counts that does not work.
    while (peers.some(({ counts }) => counts.size === 0)) await room.streams.send(0.02)
    return { ms, workerMs, bareMs }
  } finally {
    for (const port of ports) port.close()
    await room.close()
  }
}

async function connect(room: Room, ports: readonly PeerPort[], count: number): Promise<MediaPeer[]> {
  const peers: MediaPeer[] = []
  let next = 0
  const connectNext = async (): Promise<void> => {
    for (let i = next++; i < count; i = next++) {
      const transport = await room.newTransport()
      const peer = new MediaPeer(ports[i % ports.length] as PeerPort, transport)
      await Promise.all([transport.connect({ dtlsParameters: peer.dtlsParameters }), peer.connect()])
      await transport.consume({
        producerId: room.producerId,
        rtpCapabilities: room.router.rtpCapabilities,
      })
      peers.push(peer)
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, connectNext))
  return peers
}

/** One side of ECDHE with ECDSA certificates on both: a key pair, a shared secret, a signature, a verification. */
function bareOperations(count: number): number {
  const { privateKey, publicKey } = generateKeyPairSync('ec', CURVE)
  const data = new Uint8Array(SIGNED_BYTES)
  const signature = sign('sha256', data, privateKey)
  const before = process.cpuUsage()
  for (let i = 0; i < count; i++) {
    const own = generateKeyPairSync('ec', CURVE)
    diffieHellman({ privateKey: own.privateKey, publicKey })
    sign('sha256', data, privateKey)
    verify('sha256', data, publicKey, signature)
  }
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1000
}
