import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { createInterface } from 'node:readline'
import { afterEach, describe, expect, test } from 'vitest'
import { writePacketAddress } from '../../src/worker/packet-port/address.ts'
import { ControlKind, Counter, PacketKind } from '../../src/worker/packet-port/packet-port.ts'
import { PlainPeer, rtpPacket, stunPacket, TestPort } from './harness.ts'

const opened: { close(): void }[] = []
afterEach(() => {
  for (const thing of opened.splice(0)) thing.close()
})

/** Datagrams in frames (RFC 4571). */
function framed(...datagrams: readonly Uint8Array[]): Buffer {
  return Buffer.concat(
    datagrams.flatMap((bytes) => [Uint8Array.of(bytes.length >> 8, bytes.length & 0xff), bytes]),
  )
}

/** The whole frames in `stream`. */
function unframed(stream: Buffer): Buffer[] {
  const frames: Buffer[] = []
  for (let at = 0; at + 2 <= stream.length; ) {
    const end = at + 2 + stream.readUInt16BE(at)
    if (end > stream.length) break
    frames.push(stream.subarray(at + 2, end))
    at = end
  }
  return frames
}

/** A TCP peer that keeps what it receives. */
class TcpPeer {
  readonly socket: Socket
  #received = Buffer.alloc(0)

  private constructor(socket: Socket) {
    this.socket = socket
    socket.on('data', (bytes) => {
      this.#received = Buffer.concat([this.#received, bytes])
    })
    socket.on('error', () => {})
    opened.push({ close: () => socket.destroy() })
  }

  static async open(port: number, host = '127.0.0.1'): Promise<TcpPeer> {
    const socket = connect({ port, host, noDelay: true })
    await once(socket, 'connect')
    return new TcpPeer(socket)
  }

  get port(): number {
    return this.socket.localPort as number
  }

  /** Waits until `count` frames have come, and gives all. */
  async frames(count: number): Promise<Buffer[]> {
    while (unframed(this.#received).length < count) await once(this.socket, 'data')
    return unframed(this.#received)
  }

  async ended(): Promise<void> {
    if (!this.socket.closed) await once(this.socket, 'close')
  }
}

function listening(ip = '127.0.0.1'): { to: TestPort; listener: number; tcpPort: number } {
  const to = new TestPort()
  opened.push(to.port)
  const { socket, port } = to.port.openTcp({ ip, port: 0 })
  return { to, listener: socket, tcpPort: port }
}

/** A connection that a session has: its first STUN message came, and was believed. */
async function proven(to: TestPort, tcpPort: number) {
  const peer = await TcpPeer.open(tcpPort)
  peer.socket.write(framed(stunPacket(1)))
  const { from } = (await to.take(1))[0]!
  const address = writePacketAddress(from)
  const session = to.port.createSession()
  to.port.addAddress(session, address)
  to.port.setDestination(session, address)
  return { peer, session, address, socket: from.socket }
}

function sendRaw(to: TestPort, address: Uint8Array, ...datagrams: readonly Uint8Array[]): void {
  datagrams.forEach((bytes, i) => {
    to.control(i, ControlKind.raw, 0, Buffer.concat([address, bytes]), i * 2048)
  })
  to.port.execute(0, datagrams.length)
}

describe('a TCP listener', () => {
  test.each([
    ['127.0.0.1', '127.0.0.1'],
    ['::1', '0:0:0:0:0:0:0:1'],
  ])('on %s takes framed datagrams, and answers in frames', async (ip, from) => {
    const { to, listener, tcpPort } = listening(ip)
    const peer = await TcpPeer.open(tcpPort, ip)
    peer.socket.write(framed(stunPacket(5)))
    const packet = (await to.take(1))[0]!
    expect(packet).toMatchObject({ kind: PacketKind.stun, session: -1, bytes: stunPacket(5) })
    const { socket } = packet.from
    expect(packet.from).toMatchObject({ ip: from, port: peer.port })
    expect(socket).not.toBe(listener)
    expect(to.port.listenerOf(socket)).toBe(listener)
    expect(to.port.listenerOf(listener)).toBe(listener)
    sendRaw(to, writePacketAddress({ socket, ip, port: peer.port }), Buffer.from('one'), Buffer.from('two'))
    expect((await peer.frames(2)).map(String)).toEqual(['one', 'two'])
  })

  test('on a port that another listens on throws EADDRINUSE; UDP has the same port beside it', () => {
    const { to, tcpPort } = listening()
    expect(() => to.port.openTcp({ ip: '127.0.0.1', port: tcpPort })).toThrow(
      expect.objectContaining({ code: 'EADDRINUSE' }),
    )
    expect(to.port.openUdp({ ip: '127.0.0.1', port: tcpPort }).port).toBe(tcpPort)
    expect(() => to.port.openTcp({ ip: '192.0.2.1', port: 0 })).toThrow(
      expect.objectContaining({ code: 'EADDRNOTAVAIL' }),
    )
  })

  test('takes its connections along when it closes', async () => {
    const { to, listener, tcpPort } = listening()
    const { peer, socket } = await proven(to, tcpPort)
    to.port.closeSocket(listener)
    await peer.ended()
    expect(to.port.listenerOf(socket)).toBe(-1)
  })
})

describe('frames', () => {
  test('come whole however the stream is cut', async () => {
    const { to, tcpPort } = listening()
    const { peer, session } = await proven(to, tcpPort)
    to.port.setPlain(session)
    const packets = [20, 1200, 1, 333].map((bytes, i) => rtpPacket(i, 7, bytes))
    const stream = framed(...packets)
    // One write per byte for the small ones, so that every boundary is met.
    for (const byte of framed(packets[0]!, packets[2]!)) peer.socket.write(Uint8Array.of(byte))
    expect((await to.take(2)).map(({ bytes }) => bytes)).toEqual([packets[0], packets[2]])
    for (const cut of [1, 2, 3, 35, 1000, stream.length - 1]) {
      peer.socket.write(stream.subarray(0, cut))
      peer.socket.write(stream.subarray(cut))
      expect((await to.take(4)).map(({ bytes }) => bytes)).toEqual(packets)
    }
  })

  test('that are empty are ignored, and those longer than a slot are skipped and counted', async () => {
    const { to, tcpPort } = listening()
    const { peer, session } = await proven(to, tcpPort)
    to.port.setPlain(session)
    const [before, after] = [rtpPacket(1, 7, 100), rtpPacket(2, 7, 100)]
    peer.socket.write(framed(before, new Uint8Array(0), new Uint8Array(65_535), new Uint8Array(2049), after))
    expect((await to.take(2)).map(({ bytes }) => bytes)).toEqual([before, after])
    expect(to.counter(Counter.droppedOversized)).toBe(2)
  })

  test('are more than a batch holds: they come in several, in order', async () => {
    const { to, tcpPort } = listening()
    const { peer, session } = await proven(to, tcpPort)
    to.port.setPlain(session)
    const packets = Array.from({ length: 1500 }, (_, i) => rtpPacket(i, 7, 10))
    peer.socket.write(framed(...packets))
    expect((await to.take(1500)).map(({ bytes }) => bytes.readUInt16BE(2))).toEqual(packets.map((_, i) => i))
  })
})

describe('a connection that is nobody’s', () => {
  test('may not send more than 8 KiB', async () => {
    const { to, tcpPort } = listening()
    const peer = await TcpPeer.open(tcpPort)
    for (let i = 0; i < 5; i++) peer.socket.write(new Uint8Array(2048))
    await peer.ended()
    expect(to.counter(Counter.droppedConnections)).toBe(1)
  })

  test('has ten seconds; one that is proven stays', async () => {
    const { to, tcpPort } = listening()
    const { peer: honest, address } = await proven(to, tcpPort)
    const slow = await TcpPeer.open(tcpPort)
    slow.socket.write(framed(stunPacket(1)))
    await to.take(1)
    to.port.ageConnections(9_000_000)
    slow.socket.write(framed(stunPacket(2)))
    await to.take(1)
    to.port.ageConnections(10_000_000)
    await slow.ended()
    sendRaw(to, address, Buffer.from('still here'))
    expect(String((await honest.frames(1))[0])).toBe('still here')
    expect(to.counter(Counter.droppedConnections)).toBe(1)
  })

  test('gives way, the oldest first, when there are more than 512; one that is proven stays', async () => {
    const { to, tcpPort } = listening()
    const { peer: honest, address } = await proven(to, tcpPort)
    const first = await TcpPeer.open(tcpPort)
    first.socket.write(framed(stunPacket(1)))
    await to.take(1)
    const idle = await Promise.all(Array.from({ length: 511 }, () => TcpPeer.open(tcpPort)))
    expect(first.socket.closed).toBe(false)
    const last = await TcpPeer.open(tcpPort)
    await first.ended()
    last.socket.write(framed(stunPacket(2)))
    await to.take(1)
    sendRaw(to, address, Buffer.from('still here'))
    expect(String((await honest.frames(1))[0])).toBe('still here')
    expect(idle.every(({ socket }) => !socket.destroyed)).toBe(true)
    expect(to.counter(Counter.droppedConnections)).toBe(1)
  })
})

describe('a flood', () => {
  test('of connections and garbage leaves an honest stream over UDP whole', async () => {
    const { to, tcpPort } = listening()
    const honest = await PlainPeer.open()
    opened.push(honest)
    const session = to.sessionTo(honest.port)
    to.port.setPlain(session)
    const peers = await Promise.all(Array.from({ length: 100 }, () => TcpPeer.open(tcpPort)))
    for (const [i, { socket }] of peers.entries()) {
      // Frames of every first byte, and lengths that promise more than comes.
      for (let k = 0; k < 20; k++) socket.write(framed(Buffer.alloc(500, (i * 20 + k) & 0xff)))
    }
    for (let n = 0; n < 40; n++) await honest.send(to, rtpPacket(n, 7, 100))
    const got = await to.take(40)
    expect(got.map(({ bytes }) => bytes.readUInt16BE(2))).toEqual(got.map((_, n) => n))
    await Promise.all(peers.map((peer) => peer.ended()))
    expect(to.counter(Counter.droppedConnections)).toBe(100)
  })

  test('that takes every descriptor ends the oldest connections, and the port goes on', async () => {
    const code = `
      import { createPacketPort } from '${new URL('../../src/worker/packet-port/load.ts', import.meta.url)}'
      const port = createPacketPort({
        onBatch: () => console.log('batch ' + port.counters[${Counter.droppedConnections}]),
        onSessionEvent: () => {},
      })
      const at = { ip: '127.0.0.1', port: 0 }
      console.log(port.openUdp(at).port + ' ' + port.openTcp(at).port)
      process.stdin.on('end', () => port.close()).resume()`
    const limited = [
      '-c',
      'ulimit -n 64 && exec "$0" "$@"',
      process.execPath,
      '--input-type=module',
      '-e',
      code,
    ]
    const child = spawn('sh', limited, { stdio: ['pipe', 'pipe', 'inherit'] })
    opened.push({ close: () => child.kill('SIGKILL') })
    const lines = createInterface(child.stdout)[Symbol.asyncIterator]()
    const [udpPort = 0, tcpPort = 0] = String((await lines.next()).value)
      .split(' ')
      .map(Number)
    const peers = await Promise.all(Array.from({ length: 150 }, () => TcpPeer.open(tcpPort)))
    // At least those that can't have a descriptor.
    await Promise.all(peers.slice(0, 150 - 64).map((peer) => peer.ended()))
    const stranger = await PlainPeer.open()
    opened.push(stranger)
    await new Promise((resolve) => stranger.socket.send(stunPacket(1), udpPort, '127.0.0.1', resolve))
    const [word, dropped] = String((await lines.next()).value).split(' ')
    expect(word).toBe('batch')
    expect(Number(dropped)).toBeGreaterThanOrEqual(150 - 64)
    const exited = once(child, 'exit')
    child.stdin.end()
    expect(await exited).toEqual([0, null])
  })
})

describe('a connection of a session', () => {
  test('that the peer ends is told by "disconnected", and nothing is sent there any longer', async () => {
    const { to, tcpPort } = listening()
    const { peer, session, address, socket } = await proven(to, tcpPort)
    peer.socket.end()
    expect(await to.takeEvent()).toEqual({ session, event: { type: 'disconnected', address } })
    expect(to.port.listenerOf(socket)).toBe(-1)
    const before = to.counter(Counter.sendErrors)
    sendRaw(to, address, Buffer.from('gone'))
    expect(to.counter(Counter.sendErrors)).toBe(before + 1)
    to.control(0, ControlKind.rtcp, session, Buffer.from('nowhere'))
    to.port.execute(0, 1)
    expect(to.counter(Counter.expired)).toBe(1)
  })

  test('that does not read loses whole frames, and holds a bounded backlog; what it then reads is in order', async () => {
    const { to, tcpPort } = listening()
    const { peer, address } = await proven(to, tcpPort)
    peer.socket.pause()
    const count = 200 * 200
    let number = 0
    // More than both kernels' buffers can take: 40,000 packets of 1,000 bytes.
    while (number < count) {
      const packets = Array.from({ length: 200 }, () => {
        const bytes = Buffer.alloc(1000, 0x20)
        bytes.writeUInt32BE(number++)
        return bytes
      })
      sendRaw(to, address, ...packets)
    }
    const lost = to.counter(Counter.sendBufferFull)
    expect(lost).toBeGreaterThan(0)
    expect(to.counter(Counter.sentPackets) + lost).toBe(count)
    peer.socket.resume()
    const numbers = (await peer.frames(count - lost)).map((bytes) => bytes.readUInt32BE())
    expect(numbers).toHaveLength(count - lost)
    expect(numbers).toEqual([...numbers].sort((a, b) => a - b))
    // And there is room again.
    sendRaw(to, address, Buffer.from('after'))
    expect(String((await peer.frames(count - lost + 1)).at(-1))).toBe('after')
  }, 60_000)
})
