import { afterEach, describe, expect, test } from 'vitest'
import { writePacketAddress } from '../../src/worker/packet-port/address.ts'
import { ControlKind, Counter, PacketKind } from '../../src/worker/packet-port/packet-port.ts'
import { connectKeyedPair, PlainPeer, rtcpPacket, rtpPacket, stunPacket, TestPort } from './harness.ts'

const opened: { close(): void }[] = []
afterEach(() => {
  for (const thing of opened.splice(0)) thing.close()
})

async function openPeer(): Promise<{ peer: PlainPeer; to: TestPort }> {
  const peer = await PlainPeer.open()
  const to = new TestPort()
  opened.push(peer, to.port)
  return { peer, to }
}

/** Sends, and waits for a STUN marker behind it. Returns what the engine got before the marker. */
async function deliver(peer: PlainPeer, to: TestPort, ...datagrams: Uint8Array[]) {
  const marker = stunPacket(0x77)
  await peer.send(to, ...datagrams, marker)
  const before = []
  for (;;) {
    const [packet] = await to.take(1)
    if (packet!.bytes.equals(marker)) return before
    before.push(packet!)
  }
}

describe('a datagram', () => {
  test('of STUN comes from any address, with the session where there is one', async () => {
    const { peer, to } = await openPeer()
    const [unknown] = await deliver(peer, to, stunPacket(1))
    expect(unknown).toMatchObject({
      kind: PacketKind.stun,
      session: -1,
      from: { ip: '127.0.0.1', port: peer.port },
    })
    const session = to.sessionTo(peer.port)
    const [known] = await deliver(peer, to, stunPacket(1))
    expect(known).toMatchObject({ kind: PacketKind.stun, session, bytes: stunPacket(1) })
    to.port.removeAddress(to.addressOf(peer.port))
    expect((await deliver(peer, to, stunPacket(1)))[0]!.session).toBe(-1)
  })

  const broken = (change: (stun: Buffer) => void): Buffer => {
    const stun = stunPacket(1)
    change(stun)
    return stun
  }
  test.each([
    ['that is empty', Buffer.alloc(0)],
    ['of STUN that is too short', stunPacket(1).subarray(0, 16)],
    ['of STUN with another cookie', broken((s) => s.writeUInt8(0, 4))],
    ['of STUN with a length that does not fit', broken((s) => s.writeUInt16BE(4, 2))],
    [
      'of STUN whose length is no multiple of 4',
      Buffer.concat([broken((s) => s.writeUInt16BE(2, 2)), Buffer.alloc(2)]),
    ],
    ['of ZRTP', Buffer.alloc(40, 16)],
    ['of a TURN channel', Buffer.alloc(40, 64)],
    ['with a first byte over 191', Buffer.alloc(40, 192)],
    ['of DTLS that is shorter than a record header', Buffer.alloc(12, 22)],
    ['of RTP that is shorter than a header', Buffer.alloc(11, 0x80)],
    ['of RTCP that is shorter than a header', rtcpPacket(1).subarray(0, 7)],
    ['of one byte', Buffer.alloc(1, 0x80)],
  ])('%s is dropped as malformed', async (_name, datagram) => {
    const { peer, to } = await openPeer()
    to.sessionTo(peer.port)
    expect(await deliver(peer, to, datagram)).toEqual([])
    expect(to.counter(Counter.droppedMalformed)).toBe(1)
    expect(to.counter(Counter.receivedPackets)).toBe(2)
  })

  test('longer than a slot is dropped as oversized, and one as long as a slot is not', async () => {
    const { peer, to } = await openPeer()
    const long = (bytes: number): Buffer => {
      const stun = Buffer.alloc(bytes)
      stunPacket().copy(stun)
      stun.writeUInt16BE(bytes - 20, 2)
      return stun
    }
    expect((await deliver(peer, to, long(2052), long(2048))).map((p) => p.bytes.length)).toEqual([2048])
    expect(to.counter(Counter.droppedOversized)).toBe(1)
  })

  test.each([
    ['DTLS', Buffer.alloc(20, 22)],
    ['RTP', rtpPacket(1, 1, 20)],
    ['RTCP', rtcpPacket(1)],
  ])('of %s from an unknown address is dropped', async (_name, datagram) => {
    const { peer, to } = await openPeer()
    expect(await deliver(peer, to, datagram)).toEqual([])
    expect(to.counter(Counter.droppedUnknownAddress)).toBe(1)
  })

  test.each([
    ['RTP', rtpPacket(1, 1, 20)],
    ['RTCP', rtcpPacket(1)],
  ])('of %s before there are keys is dropped', async (_name, datagram) => {
    const { peer, to } = await openPeer()
    to.sessionTo(peer.port)
    expect(await deliver(peer, to, datagram)).toEqual([])
    expect(to.counter(Counter.droppedNoKeys)).toBe(1)
  })
})

describe('an address', () => {
  test('belongs to the session that named it last, and to none after that one closed', async () => {
    const { peer, to } = await openPeer()
    const first = to.sessionTo(peer.port)
    const second = to.sessionTo(peer.port)
    expect((await deliver(peer, to, stunPacket(1)))[0]!.session).toBe(second)
    to.port.closeSession(first)
    expect((await deliver(peer, to, stunPacket(1)))[0]!.session).toBe(second)
    to.port.closeSession(second)
    expect((await deliver(peer, to, stunPacket(1)))[0]!.session).toBe(-1)
  })

  test('is found among thousands, after others were removed', async () => {
    const { peer, to } = await openPeer()
    const peers = await Promise.all(Array.from({ length: 60 }, () => PlainPeer.open()))
    opened.push(...peers)
    const others = Array.from({ length: 3000 }, () => to.port.createSession())
    const mine: number[] = []
    for (const [i, session] of others.entries()) {
      to.port.addAddress(session, to.addressOf(1000 + i))
      if (i % 50 === 0) mine.push(to.sessionTo(peers[i / 50]!.port))
    }
    for (const [i, session] of others.entries()) {
      if (i % 3 === 0) to.port.removeAddress(to.addressOf(1000 + i))
      else to.port.closeSession(session)
    }
    for (const one of peers) await one.send(to, stunPacket(1))
    const got = await deliver(peer, to)
    expect(got.map((p) => p.session)).toEqual(mine)
  })

  test('of another length, family or socket is refused', () => {
    const to = new TestPort()
    opened.push(to.port)
    const session = to.port.createSession()
    const bad = expect.objectContaining({ code: 'ERR_BAD_ADDRESS' })
    const family = Uint8Array.from(to.addressOf(1))
    family[0] = 5
    const socket = writePacketAddress({ socket: 9, ip: '127.0.0.1', port: 1 })
    expect(() => to.port.addAddress(session, new Uint8Array(19))).toThrow(bad)
    expect(() => to.port.setDestination(session, family)).toThrow(bad)
    expect(() => to.port.setDestination(session, socket)).toThrow(bad)
  })
})

test('floods of garbage of every first byte leave an honest stream whole and are all counted', async () => {
  const pair = connectKeyedPair()
  const stranger = await PlainPeer.open()
  opened.push(pair, stranger)
  const { a, b, toB } = pair
  const sink = a.port.createSink({ session: toB, ssrc: 77, payloadType: 96, headerExtensions: [] })
  const garbage = Array.from({ length: 256 }, (_, first) => {
    const bytes = Buffer.alloc(1 + ((first * 37) % 300), first)
    bytes[0] = first
    return bytes
  })
  for (let i = 0; i < 40; i++) {
    await stranger.send(b, ...garbage.slice((i % 4) * 64, (i % 4) * 64 + 64))
    // The same from the honest peer's own address.
    for (const [at, bytes] of garbage.slice((i % 4) * 64, (i % 4) * 64 + 64).entries()) {
      a.control(at, ControlKind.raw, 0, Buffer.concat([a.addressOf(b.udpPort), bytes]), at * 512)
    }
    a.entry(0, { sink, packetId: a.inject(rtpPacket(i, 1, 100)), sequenceNumber: 65500 + i })
    a.port.execute(1, 64)
  }
  const got = await b.take(40)
  expect(got.every((p) => p.kind === PacketKind.rtp)).toBe(true)
  expect(got.map((p) => p.bytes.readUInt16BE(2))).toEqual(
    Array.from({ length: 40 }, (_, i) => (65500 + i) & 0xffff),
  )
  const dropped = [
    Counter.droppedMalformed,
    Counter.droppedUnknownAddress,
    Counter.droppedAuthentication,
    Counter.droppedDtls,
  ].map((counter) => b.counter(counter))
  expect(dropped.every((count) => count > 0)).toBe(true)
  expect(dropped.reduce((sum, count) => sum + count, 0)).toBe(2 * 40 * 64)
  expect(b.counter(Counter.receivedPackets)).toBe(2 * 40 * 64 + 40)
})

test('control messages that point outside their bytes are refused, and the others go', async () => {
  const { peer, to } = await openPeer()
  const raw = Buffer.concat([to.addressOf(peer.port), Buffer.from('hello')])
  to.port.controlBytes.set(raw)
  const capacity = to.port.controlBytes.length
  to.port.control.set([ControlKind.raw, 0, capacity, 1], 0)
  to.port.control.set([ControlKind.raw, 0, 0xffffffff, 0xffffffff], 4)
  // A whole message, but for its last byte, at the very end.
  to.port.controlBytes.set(raw.subarray(0, -1), capacity - raw.length + 1)
  to.port.control.set([ControlKind.raw, 0, capacity - raw.length + 1, raw.length], 8)
  to.port.control.set([ControlKind.raw, 0, 0, 5000], 12)
  to.port.control.set([ControlKind.rtcp, 12345, 0, 8], 16)
  to.port.control.set([ControlKind.raw, 0, 0, raw.length], 20)
  to.port.execute(0, 6)
  expect((await peer.take(1))[0]!.toString()).toBe('hello')
  expect(to.counter(Counter.sendErrors)).toBe(4)
  expect(to.counter(Counter.expired)).toBe(1)
})
