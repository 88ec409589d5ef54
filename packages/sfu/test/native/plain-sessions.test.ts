import { afterEach, describe, expect, test } from 'vitest'
import { readPacketAddress } from '../../src/worker/packet-port/address.ts'
import { ControlKind, Counter, type SrtpSuite } from '../../src/worker/packet-port/packet-port.ts'
import { masterKey, PacketKind, PlainPeer, rtcpPacket, rtpPacket, stunPacket, TestPort } from './harness.ts'

const opened: { close(): void }[] = []
afterEach(() => {
  for (const thing of opened.splice(0)) thing.close()
})

function openPort(): TestPort {
  const test = new TestPort()
  opened.push(test.port)
  return test
}

async function openPeer(): Promise<PlainPeer> {
  const peer = await PlainPeer.open()
  opened.push(peer)
  return peer
}

/** As much of an SCTP packet as the port looks at: ports 5000, and a number to know it by. */
function sctpPacket(number: number): Buffer {
  const packet = Buffer.alloc(28)
  packet.writeUInt32BE(0x13881388, 0)
  packet.writeUInt32BE(number, 16)
  return packet
}

describe('a session that carries SCTP', () => {
  test.each([['plain'], ['with SRTP']] as const)(
    '%s passes SCTP packets as they are, both ways',
    async (kind) => {
      const port = openPort()
      const peer = await openPeer()
      const session = port.sessionTo(peer.port)
      if (kind === 'plain') port.port.setPlain(session)
      else {
        const keys = [1, 2].map((seed) => masterKey('AEAD_AES_128_GCM', seed)) as [Uint8Array, Uint8Array]
        port.port.setSrtpKeys(session, 'AEAD_AES_128_GCM', ...keys)
      }
      port.port.carrySctp(session)
      await peer.send(port, sctpPacket(1))
      expect(await port.take(1)).toMatchObject([
        { kind: PacketKind.applicationData, session, bytes: sctpPacket(1) },
      ])
      port.control(0, ControlKind.applicationData, session, sctpPacket(2))
      port.port.execute(0, 1)
      expect(await peer.take(1)).toEqual([sctpPacket(2)])
    },
  )

  test('drops what is too short, and one that was not told to drops all of it', async () => {
    const port = openPort()
    const peer = await openPeer()
    const session = port.sessionTo(peer.port)
    port.port.setPlain(session)
    await peer.send(port, sctpPacket(1), stunPacket(1))
    await port.take(1)
    expect(port.counter(Counter.droppedMalformed)).toBe(1)
    port.port.carrySctp(session)
    await peer.send(port, sctpPacket(2).subarray(0, 11), stunPacket(1))
    await port.take(1)
    expect(port.counter(Counter.droppedMalformed)).toBe(2)
  })
})

describe('a plain session', () => {
  test('passes RTP and RTCP as they are, both ways', async () => {
    const port = openPort()
    const peer = await openPeer()
    const session = port.sessionTo(peer.port)
    port.port.setPlain(session)

    const rtp = rtpPacket(65535, 7, 160)
    const rtcp = rtcpPacket(7, 2)
    await peer.send(port, rtp, rtcp)
    const [gotRtp, gotRtcp] = await port.take(2)
    expect(gotRtp).toMatchObject({ kind: PacketKind.rtp, session, bytes: rtp })
    expect(gotRtcp).toMatchObject({ kind: PacketKind.rtcp, session, bytes: rtcp })

    const sink = port.port.createSink({ session, ssrc: 99, payloadType: 101, headerExtensions: [] })
    const packetId = port.inject(rtp)
    port.entry(0, { sink, packetId, sequenceNumber: 0x1_0005, timestamp: 1234 })
    port.port.execute(1, 0)
    port.sendRtcp(session, rtcp)
    const [sentRtp, sentRtcp] = await peer.take(2)
    expect(sentRtp!.readUInt16BE(0)).toBe(0x8000 | 101)
    expect(sentRtp!.readUInt16BE(2)).toBe(5)
    expect(sentRtp!.readUInt32BE(4)).toBe(1234)
    expect(sentRtp!.readUInt32BE(8)).toBe(99)
    expect(sentRtp!.subarray(12)).toEqual(rtp.subarray(12))
    expect(sentRtcp).toEqual(rtcp)
  })

  test('writes RTX, padding and several packets of one size as ever', async () => {
    const port = openPort()
    const peer = await openPeer()
    const session = port.sessionTo(peer.port)
    port.port.setPlain(session)
    const sink = port.port.createSink({ session, ssrc: 99, payloadType: 101, headerExtensions: [] })
    const packetId = port.inject(rtpPacket(1, 7, 100))
    port.entry(0, { sink, packetId, sequenceNumber: 1 })
    port.entry(1, { sink, packetId, sequenceNumber: 2 })
    port.entry(2, { sink, packetId, sequenceNumber: 3, flags: 4, extra: 0xabcd })
    port.entry(3, { sink, packetId, sequenceNumber: 4, flags: 8, extra: 255 })
    port.port.execute(4, 0)
    const sent = await peer.take(4)
    expect(sent.map((packet) => packet.length)).toEqual([112, 112, 114, 12 + 255])
    expect(sent[2]!.readUInt16BE(12)).toBe(0xabcd)
    expect(sent[3]!.at(-1)).toBe(255)
  })

  test('drops what is no whole RTP header and no whole compound RTCP packet', async () => {
    const port = openPort()
    const peer = await openPeer()
    port.port.setPlain(port.sessionTo(peer.port))
    const cutExtension = rtpPacket(1, 7, 2)
    cutExtension[0] = 0x90
    const longCsrcs = rtpPacket(1, 7, 4)
    longCsrcs[0] = 0x8f
    const lyingRtcp = rtcpPacket(7)
    lyingRtcp.writeUInt16BE(2, 2)
    await peer.send(port, cutExtension, longCsrcs, lyingRtcp, rtpPacket(2, 7, 4))
    const [only] = await port.take(1)
    expect(only!.bytes.readUInt16BE(2)).toBe(2)
    expect(port.counter(Counter.droppedMalformed)).toBe(3)
  })

  test('is refused where there are keys or DTLS; keys given later end it', async () => {
    const port = openPort()
    const peer = await openPeer()
    const keyed = port.sessionTo(peer.port)
    const suite: SrtpSuite = 'AEAD_AES_128_GCM'
    port.port.setSrtpKeys(keyed, suite, masterKey(suite, 1), masterKey(suite, 2))
    expect(() => port.port.setPlain(keyed)).toThrow()
    const dtls = port.port.createSession()
    port.port.startDtls(dtls, 'server', [port.fingerprint()])
    expect(() => port.port.setPlain(dtls)).toThrow()

    const session = port.sessionTo(peer.port)
    port.port.setPlain(session)
    port.port.setSrtpKeys(session, suite, masterKey(suite, 1), masterKey(suite, 2))
    port.sendRtcp(session, rtcpPacket(7))
    expect((await peer.take(1))[0]!.length).toBe(8 + 16 + 4)
  })

  test('sends RTCP its own way, and none while that way has no address', async () => {
    const port = openPort()
    const [peer, rtcpPeer] = [await openPeer(), await openPeer()]
    const session = port.sessionTo(peer.port)
    port.port.setPlain(session)
    port.port.setRtcpDestination(session, undefined)
    port.sendRtcp(session, rtcpPacket(1))
    expect(port.counter(Counter.expired)).toBe(1)
    port.port.setRtcpDestination(session, port.addressOf(rtcpPeer.port))
    port.sendRtcp(session, rtcpPacket(2))
    expect(await rtcpPeer.take(1)).toEqual([rtcpPacket(2)])
    expect(peer.datagrams).toEqual([])
  })
})

describe('learnAddress()', () => {
  test('takes the first valid packet of an unknown address, and nobody else after it', async () => {
    const port = openPort()
    const [peer, stranger] = [await openPeer(), await openPeer()]
    const session = port.port.createSession()
    port.port.setPlain(session)
    port.port.learnAddress(session, port.socket)
    const cut = rtpPacket(1, 7, 2)
    cut[0] = 0x9f
    await stranger.send(port, cut)
    await peer.send(port, rtpPacket(5, 7, 20))
    const { event } = await port.takeEvent()
    if (event.type !== 'address') throw new Error(event.type)
    expect(readPacketAddress(event.address)).toEqual({
      socket: port.socket,
      ip: '127.0.0.1',
      port: peer.port,
    })
    await stranger.send(port, rtpPacket(6, 7, 20))
    await peer.send(port, rtpPacket(7, 7, 20))
    const received = await port.take(2)
    expect(received.map(({ bytes }) => bytes.readUInt16BE(2))).toEqual([5, 7])
    expect(received.every((packet) => packet.session === session)).toBe(true)
    expect(port.counter(Counter.droppedUnknownAddress)).toBe(1)
    expect(port.events).toEqual([])
  })

  test('with SRTP only an authentic packet counts', async () => {
    const suite: SrtpSuite = 'AES_CM_128_HMAC_SHA1_80'
    const [port, sender] = [openPort(), openPort()]
    const stranger = await openPeer()
    const session = port.port.createSession()
    port.port.setSrtpKeys(session, suite, masterKey(suite, 1), masterKey(suite, 2))
    port.port.learnAddress(session, port.socket)
    const outgoing = sender.sessionTo(port.udpPort)
    sender.port.setSrtpKeys(outgoing, suite, masterKey(suite, 2), masterKey(suite, 1))
    await stranger.send(port, rtpPacket(1, 7, 50), rtcpPacket(7, 8))
    sender.sendRtcp(outgoing, rtcpPacket(3))
    const { event } = await port.takeEvent()
    if (event.type !== 'address') throw new Error(event.type)
    expect(readPacketAddress(event.address).port).toBe(sender.udpPort)
    expect((await port.take(1))[0]).toMatchObject({ kind: PacketKind.rtcp, bytes: rtcpPacket(3) })
    expect(port.counter(Counter.droppedAuthentication)).toBe(2)
  })

  test('takes an SCTP packet in the clear for the first valid one, but not beside SRTP', async () => {
    const port = openPort()
    const peer = await openPeer()
    const session = port.port.createSession()
    port.port.setPlain(session)
    port.port.carrySctp(session)
    port.port.learnAddress(session, port.socket)
    await peer.send(port, sctpPacket(1))
    expect(await port.takeEvent()).toMatchObject({ session, event: { type: 'address' } })
    expect((await port.take(1))[0]).toMatchObject({ session, kind: PacketKind.applicationData })
    port.port.closeSession(session)

    const secret = port.port.createSession()
    port.port.setSrtpKeys(
      secret,
      'AEAD_AES_128_GCM',
      masterKey('AEAD_AES_128_GCM', 1),
      masterKey('AEAD_AES_128_GCM', 2),
    )
    port.port.carrySctp(secret)
    port.port.learnAddress(secret, port.socket)
    const before = port.counter(Counter.droppedUnknownAddress)
    await peer.send(port, sctpPacket(2), stunPacket(1))
    await port.take(1)
    expect(port.counter(Counter.droppedUnknownAddress)).toBe(before + 1)
    expect(port.events).toEqual([])
  })

  test('ends with its session and with its socket', async () => {
    const port = openPort()
    const peer = await openPeer()
    const session = port.port.createSession()
    port.port.setPlain(session)
    port.port.learnAddress(session, port.socket)
    port.port.closeSession(session)
    const fresh = port.port.createSession()
    port.port.setPlain(fresh)
    await peer.send(port, rtpPacket(1, 7, 20))
    port.port.learnAddress(fresh, port.socket)
    await peer.send(port, rtpPacket(2, 7, 20))
    expect((await port.take(1))[0]!.session).toBe(fresh)
    const { socket } = port.port.openUdp({ ip: '127.0.0.1', port: 0 })
    port.port.closeSocket(socket)
    expect(() => port.port.learnAddress(fresh, socket)).toThrow(/ERR_BAD_ADDRESS|address/)
    expect(() => port.port.learnAddress(fresh, 65_536)).toThrow()
  })
})
