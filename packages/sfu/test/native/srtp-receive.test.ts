import { afterEach, describe, expect, test } from 'vitest'
import { loadAddon, SRTP_SUITES } from '../../src/worker/packet-port/load.ts'
import { Counter, PacketKind, type SrtpSuite } from '../../src/worker/packet-port/packet-port.ts'
import { masterKey, PlainPeer, rtcpPacket, rtpPacket, stunPacket, TestPort } from './harness.ts'

const { testing } = loadAddon()
const SSRC = 0x11223344
const opened: { close(): void }[] = []
afterEach(() => {
  for (const thing of opened.splice(0)) thing.close()
})

/** A port with keys for a plain peer, and functions that seal packets as that peer would. */
async function receiveFrom(suite: SrtpSuite) {
  const peer = await PlainPeer.open()
  const to = new TestPort()
  opened.push(peer, to.port)
  const session = to.sessionTo(peer.port)
  const suiteIndex = SRTP_SUITES.indexOf(suite)
  const derived = testing.deriveKeys(suiteIndex, masterKey(suite, 1))
  const half = derived.length / 2
  to.port.setSrtpKeys(session, suite, masterKey(suite, 2), masterKey(suite, 1))
  const rtp = (index: number, ssrc = SSRC, payloadBytes = 50): Uint8Array =>
    testing.sealRtp(suiteIndex, derived.subarray(0, half), rtpPacket(index, ssrc, payloadBytes), index)
  const rtcp = (index: number, ssrc = SSRC): Uint8Array =>
    testing.sealRtcp(suiteIndex, derived.subarray(half), rtcpPacket(ssrc, 3), index)
  /** Sends, then waits for a marker that comes after all of it. Returns what came before the marker. */
  const deliver = async (...packets: Uint8Array[]) => {
    await peer.send(to, ...packets, stunPacket(7))
    while (!to.received.some((packet) => packet.kind === PacketKind.stun)) {
      to.received.unshift(...(await to.take(to.received.length + 1)))
    }
    return to.received.splice(0).filter((packet) => packet.kind !== PacketKind.stun)
  }
  return { peer, to, session, rtp, rtcp, deliver }
}

describe.each(SRTP_SUITES)('receiving with %s', (suite) => {
  test('RTP and RTCP arrive decrypted, with the session, the source and rising packet ids', async () => {
    const { peer, to, session, rtp, rtcp, deliver } = await receiveFrom(suite)
    const got = await deliver(rtp(1), rtcp(1), rtp(2))
    expect(got.map((p) => p.kind)).toEqual([PacketKind.rtp, PacketKind.rtcp, PacketKind.rtp])
    expect(got[0]!.bytes).toEqual(rtpPacket(1, SSRC, 50))
    expect(got[1]!.bytes).toEqual(rtcpPacket(SSRC, 3))
    expect(got[2]!.bytes).toEqual(rtpPacket(2, SSRC, 50))
    expect(got[2]!.packetId - got[0]!.packetId).toBe(1)
    expect(got.every((p) => p.session === session && p.from.port === peer.port)).toBe(true)
    expect(to.port.sessionStats(session).receivedPackets).toBe(4) // with the marker
  })

  test('a packet that was seen before is dropped as replayed', async () => {
    const { to, rtp, rtcp, deliver } = await receiveFrom(suite)
    expect(await deliver(rtp(100), rtp(100), rtp(99), rtp(99), rtcp(5), rtcp(5))).toHaveLength(3)
    expect(to.counter(Counter.droppedReplayed)).toBe(3)
  })

  test('a tampered packet is dropped and its index stays free for the honest one', async () => {
    const { to, rtp, deliver } = await receiveFrom(suite)
    const honest = rtp(7)
    const tampered = Uint8Array.from(honest)
    tampered[20] = tampered[20]! ^ 1
    expect(await deliver(tampered, honest)).toHaveLength(1)
    expect(to.counter(Counter.droppedAuthentication)).toBe(1)
    expect(to.counter(Counter.droppedReplayed)).toBe(0)
  })
})

describe('the extended sequence number (RFC 3711 section 3.3.1)', () => {
  test.each([0, 127, 32767, 65530, 65535])(
    'a stream that starts at %i goes on over the wrap, with loss',
    async (start) => {
      const { rtp, deliver } = await receiveFrom('AES_CM_128_HMAC_SHA1_80')
      const indexes = [0, 1, 4, 5, 6, 8, 9, 20, 400, 401].map((step) => start + step)
      const got = await deliver(...indexes.map((index) => rtp(index)))
      expect(got.map((p) => p.bytes.readUInt16BE(2))).toEqual(indexes.map((index) => index & 0xffff))
    },
  )

  test('goes through several wraps in steps of 30000', async () => {
    const { rtp, deliver } = await receiveFrom('AEAD_AES_128_GCM')
    const indexes = Array.from({ length: 20 }, (_, i) => 65000 + i * 30000)
    expect(await deliver(...indexes.map((index) => rtp(index)))).toHaveLength(20)
  })

  test('takes a late packet of the time before the wrap, and refuses it the second time', async () => {
    const { to, rtp, deliver } = await receiveFrom('AEAD_AES_128_GCM')
    expect(await deliver(rtp(65533), rtp(65537), rtp(65535), rtp(65535))).toHaveLength(3)
    expect(to.counter(Counter.droppedReplayed)).toBe(1)
  })

  test('a forged packet with a far sequence number moves nothing', async () => {
    const { rtp, deliver } = await receiveFrom('AEAD_AES_128_GCM')
    const forged = Uint8Array.from(rtp(40000))
    forged[30] = forged[30]! ^ 1
    expect(await deliver(rtp(10), forged, rtp(11))).toHaveLength(2)
  })

  test('a packet from before the first one of a stream at 2 is refused, not thought to be of the next round', async () => {
    const { to, rtp, deliver } = await receiveFrom('AEAD_AES_128_GCM')
    expect(await deliver(rtp(2), rtp(65534), rtp(3))).toHaveLength(2)
    expect(to.counter(Counter.droppedReplayed)).toBe(1)
  })
})

describe('the replay window', () => {
  test.each([
    [1023, 1],
    [1024, 0],
    [1500, 0],
  ])('an RTP packet %i behind the newest is taken %i times', async (behind, times) => {
    const { rtp, deliver } = await receiveFrom('AEAD_AES_128_GCM')
    expect(await deliver(rtp(5000), rtp(5000 - behind))).toHaveLength(1 + times)
  })

  test.each([
    [127, 1],
    [128, 0],
    [200, 0],
  ])('an RTCP packet %i behind the newest is taken %i times', async (behind, times) => {
    const { rtcp, deliver } = await receiveFrom('AES_CM_128_HMAC_SHA1_80')
    expect(await deliver(rtcp(500), rtcp(500 - behind))).toHaveLength(1 + times)
  })

  test('forgets what left it: a late packet is not taken for one of 1024 before', async () => {
    const { rtp, deliver } = await receiveFrom('AEAD_AES_128_GCM')
    expect(await deliver(rtp(100), rtp(600), rtp(1200), rtp(100 + 1024))).toHaveLength(4)
  })

  test('remembers every index of a shuffled stream', async () => {
    const { to, rtp, deliver } = await receiveFrom('AEAD_AES_128_GCM')
    const shuffled = Array.from({ length: 200 }, (_, i) => 65436 + ((i * 77) % 200))
    expect(await deliver(...shuffled.map((index) => rtp(index)))).toHaveLength(200)
    expect(await deliver(...shuffled.map((index) => rtp(index)))).toHaveLength(0)
    expect(to.counter(Counter.droppedReplayed)).toBe(200)
  })
})

describe('SSRCs of a session', () => {
  test('256 are taken and the next is dropped before any cryptography', async () => {
    const { to, rtp, deliver } = await receiveFrom('AEAD_AES_128_GCM')
    const packets = Array.from({ length: 256 }, (_, i) => rtp(1, 1000 + i))
    expect(await deliver(...packets)).toHaveLength(256)
    expect(await deliver(rtp(1, 5), rtp(2, 1000))).toHaveLength(1)
    expect(to.counter(Counter.droppedTooManySsrcs)).toBe(1)
  })

  test('forged SSRCs take no place', async () => {
    const { to, rtp, deliver } = await receiveFrom('AEAD_AES_128_GCM')
    const forged = Array.from({ length: 600 }, (_, i) => {
      const packet = Uint8Array.from(rtp(1, 1000 + i))
      packet[40] = packet[40]! ^ 1
      return packet
    })
    expect(await deliver(...forged, rtp(1))).toHaveLength(1)
    expect(to.counter(Counter.droppedAuthentication)).toBe(600)
    expect(to.counter(Counter.droppedTooManySsrcs)).toBe(0)
  })
})

test('a header longer than the packet, though authentic, is dropped as malformed', async () => {
  const { to, rtp, deliver } = await receiveFrom('AEAD_AES_128_GCM')
  const packet = Uint8Array.from(rtp(1, SSRC, 8))
  packet[0] = 0x9f // 15 CSRCs and an extension
  expect(await deliver(packet, rtp(2))).toHaveLength(1)
  expect(to.counter(Counter.droppedMalformed)).toBe(1)
})
