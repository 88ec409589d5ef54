import { X509Certificate } from 'node:crypto'
import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import {
  type PacketAddress,
  readPacketAddress,
  writePacketAddress,
} from '../../src/worker/packet-port/address.ts'
import { createNativePacketPort, type NativePacketPort } from '../../src/worker/packet-port/load.ts'
import {
  ADDRESS_BYTES,
  CONTROL_WORDS,
  ControlKind,
  type Fingerprint,
  PacketKind,
  type PacketPortOptions,
  PLAN_WORDS,
  PlanWord,
  RECORD_WORDS,
  RING_SLOTS,
  type SessionEvent,
  type SrtpSuite,
} from '../../src/worker/packet-port/packet-port.ts'

/** One row of a batch, copied out. */
export interface Received {
  readonly kind: number
  readonly session: number
  readonly packetId: number
  readonly bytes: Buffer
  readonly from: PacketAddress
}

/** A port with one socket on 127.0.0.1, which keeps what it receives until the test takes it. */
export class TestPort {
  readonly port: NativePacketPort
  readonly udpPort: number
  readonly socket: number
  readonly received: Received[] = []
  readonly events: { session: number; event: SessionEvent }[] = []
  #wake: () => void = () => undefined

  constructor(options: Partial<PacketPortOptions> = {}) {
    this.port = createNativePacketPort({
      onBatch: (count) => this.#takeBatch(count),
      onSessionEvent: (session, event) => {
        this.events.push({ session, event })
        this.#wake()
      },
      ...options,
    })
    const bound = this.port.openUdp({ ip: '127.0.0.1', port: 0 })
    this.socket = bound.socket
    this.udpPort = bound.port
  }

  #takeBatch(count: number): void {
    const { batch, memory } = this.port
    for (let row = 0; row < count; row++) {
      const offset = batch.offset[row]!
      this.received.push({
        kind: batch.kind[row]!,
        session: batch.session[row]!,
        packetId: batch.packetId[row]!,
        bytes: Buffer.from(memory.subarray(offset, offset + batch.length[row]!)),
        from: readPacketAddress(batch.address, row * ADDRESS_BYTES),
      })
    }
    this.#wake()
  }

  async #until(done: () => boolean): Promise<void> {
    while (!done()) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
  }

  /** Waits until `count` packets have come, and takes them. */
  async take(count: number): Promise<Received[]> {
    await this.#until(() => this.received.length >= count)
    return this.received.splice(0, count)
  }

  async takeEvent(): Promise<{ session: number; event: SessionEvent }> {
    await this.#until(() => this.events.length > 0)
    return this.events.shift()!
  }

  /** The address bytes of a loopback port, seen from this port's socket. */
  addressOf(udpPort: number): Uint8Array {
    return writePacketAddress({ socket: this.socket, ip: '127.0.0.1', port: udpPort })
  }

  /** A session that receives from and sends to a loopback port. */
  sessionTo(udpPort: number): number {
    const session = this.port.createSession()
    this.port.addAddress(session, this.addressOf(udpPort))
    this.port.setDestination(session, this.addressOf(udpPort))
    return session
  }

  fingerprint(): Fingerprint {
    return { algorithm: 'sha-256', value: new X509Certificate(this.port.certificate).fingerprint256 }
  }

  /** Writes one control message and returns the count for `execute`. */
  control(index: number, kind: number, session: number, bytes: Uint8Array, offset = 0): void {
    this.port.controlBytes.set(bytes, offset)
    this.port.control.set([kind, session, offset, bytes.length], index * CONTROL_WORDS)
  }

  sendRtcp(session: number, bytes: Uint8Array): void {
    this.control(0, ControlKind.rtcp, session, bytes)
    this.port.execute(0, 1)
  }

  /** Puts a packet into the ring with a record whose payload begins at `payloadOffset`. */
  inject(packet: Uint8Array, payloadOffset = 12, record: readonly number[] = []): number {
    const id = this.port.injectPacket(packet)
    const row = (id & (RING_SLOTS - 1)) * RECORD_WORDS
    this.port.records.set([payloadOffset, packet.length - payloadOffset, ...record], row)
    return id
  }

  entry(index: number, values: Partial<Record<keyof typeof PlanWord, number>>): void {
    const row = index * PLAN_WORDS
    this.port.plan.fill(0, row, row + PLAN_WORDS)
    for (const [word, value] of Object.entries(values)) {
      this.port.plan[row + PlanWord[word as keyof typeof PlanWord]] = value
    }
  }

  counter(index: number): number {
    return this.port.counters[index]!
  }
}

/** Two ports with a session to each other, without keys yet. */
export function connectPair(): {
  readonly a: TestPort
  readonly b: TestPort
  readonly toB: number
  readonly toA: number
  close(): void
} {
  const a = new TestPort()
  const b = new TestPort()
  const close = (): void => {
    a.port.close()
    b.port.close()
  }
  return { a, b, toB: a.sessionTo(b.udpPort), toA: b.sessionTo(a.udpPort), close }
}

/** Master key and salt bytes of each suite. */
export const MASTER_BYTES: Readonly<Record<SrtpSuite, number>> = {
  AEAD_AES_128_GCM: 28,
  AEAD_AES_256_GCM: 44,
  AES_CM_128_HMAC_SHA1_80: 30,
  AES_CM_128_HMAC_SHA1_32: 30,
}

export function masterKey(suite: SrtpSuite, seed: number): Uint8Array {
  return Uint8Array.from({ length: MASTER_BYTES[suite] }, (_, i) => (seed * 31 + i * 7) & 0xff)
}

/** `connectPair` with SRTP keys installed on both sides. */
export function connectKeyedPair(suite: SrtpSuite = 'AEAD_AES_128_GCM'): ReturnType<typeof connectPair> {
  const pair = connectPair()
  pair.a.port.setSrtpKeys(pair.toB, suite, masterKey(suite, 1), masterKey(suite, 2))
  pair.b.port.setSrtpKeys(pair.toA, suite, masterKey(suite, 2), masterKey(suite, 1))
  return pair
}

/** An RTP packet without CSRC and extension: `payload` bytes counting up from the sequence number. */
export function rtpPacket(sequenceNumber: number, ssrc: number, payloadBytes: number): Buffer {
  const packet = Buffer.alloc(12 + payloadBytes)
  packet[0] = 0x80
  packet[1] = 96
  packet.writeUInt16BE(sequenceNumber & 0xffff, 2)
  packet.writeUInt32BE((sequenceNumber * 960) >>> 0, 4)
  packet.writeUInt32BE(ssrc, 8)
  for (let i = 0; i < payloadBytes; i++) packet[12 + i] = (sequenceNumber + i) & 0xff
  return packet
}

/** A receiver report without blocks (RFC 3550 section 6.4.2), padded with application data to `words` further words. */
export function rtcpPacket(ssrc: number, words = 0): Buffer {
  const packet = Buffer.alloc(8 + 4 * words, 0x5c)
  packet.writeUInt32BE(0x80c90001 + words, 0)
  packet.writeUInt32BE(ssrc, 4)
  return packet
}

/** A STUN binding request's header: nothing a STUN agent would answer, but of the right shape. */
export function stunPacket(fill = 0): Buffer {
  const packet = Buffer.alloc(20, fill)
  packet.writeUInt16BE(1, 0)
  packet.writeUInt16BE(0, 2)
  packet.writeUInt32BE(0x2112a442, 4)
  return packet
}

/** A plain UDP socket on 127.0.0.1 that plays a peer. */
export class PlainPeer {
  readonly socket: Socket = createSocket('udp4')
  readonly datagrams: Buffer[] = []

  static async open(): Promise<PlainPeer> {
    const peer = new PlainPeer()
    peer.socket.on('message', (bytes) => peer.datagrams.push(bytes))
    peer.socket.bind(0, '127.0.0.1')
    await once(peer.socket, 'listening')
    return peer
  }

  get port(): number {
    return this.socket.address().port
  }

  async send(to: TestPort, ...datagrams: Uint8Array[]): Promise<void> {
    for (const bytes of datagrams) {
      await new Promise<void>((resolve, reject) => {
        this.socket.send(bytes, to.udpPort, '127.0.0.1', (error) => (error ? reject(error) : resolve()))
      })
    }
  }

  /** Waits until `count` datagrams have come, and takes them. */
  async take(count: number): Promise<Buffer[]> {
    while (this.datagrams.length < count) await once(this.socket, 'message')
    return this.datagrams.splice(0, count)
  }

  close(): void {
    this.socket.close()
  }
}

export { PacketKind }
