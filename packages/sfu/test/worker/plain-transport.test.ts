import { describe, expect, test } from 'vitest'
import { writePacketAddress } from '../../src/worker/packet-port/address.ts'
import type { PlainTransport } from '../../src/worker/transport/plain-transport.ts'
import { EngineFixture, KEY_FRAME } from './engine-fixture.ts'

const LISTEN = { protocol: 'udp', ip: '127.0.0.1', port: 0 } as const
const REMOTE_KEY = new Uint8Array(30).fill(7)

function plain(
  fixture: EngineFixture,
  options: { comedia?: boolean; rtcpApart?: boolean; srtp?: boolean } = {},
): PlainTransport {
  return fixture.engine.createPlainTransport({
    routerId: 'router',
    transportId: 'plain',
    listenInfo: LISTEN,
    ...(options.rtcpApart === true ? { rtcpListenInfo: LISTEN } : {}),
    comedia: options.comedia ?? false,
    ...(options.srtp === true ? { srtpCryptoSuite: 'AES_CM_128_HMAC_SHA1_80' } : {}),
  })
}

/** The port learnt an address on a socket of the transport. */
function learn(fixture: EngineFixture, transport: PlainTransport, socket: number, port: number): Uint8Array {
  const address = writePacketAddress({ socket, ip: '192.0.2.7', port })
  fixture.engine.handleSessionEvent(transport.session, { type: 'address', address })
  return address
}

/** A publisher, and `transport` as one that consumes it. */
function consumed(fixture: EngineFixture, transport: PlainTransport) {
  const publisher = fixture.connected('publisher', 40001)
  fixture.produceVideo(publisher)
  fixture.consumeVideo(transport as never)
  let sequence = 65534
  return (): number => {
    fixture.video(publisher, sequence++, KEY_FRAME)
    fixture.run()
    return fixture.port.sent.splice(0).length
  }
}

/** Numbers below `below`, the same for the same seed. */
function seeded(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff
    return (state >>> 8) % below
  }
}

/** Random bytes that begin like RTP or RTCP; half of them name the SSRC of `VIDEO`. */
function garbage(random: (below: number) => number): Uint8Array {
  const bytes = Uint8Array.from({ length: 12 + random(80) }, () => random(256))
  bytes[0] = 0x80 | ((bytes[0] ?? 0) & 0x3f)
  if (random(2) === 0) bytes.set([0, 0, 0x04, 0x57], 8)
  return bytes
}

describe('PlainTransport', () => {
  test('sends nothing before it knows where to, and everything from then on', () => {
    const fixture = new EngineFixture()
    const transport = plain(fixture, { comedia: true })
    const forward = consumed(fixture, transport)
    expect(forward()).toBe(0)
    const address = learn(fixture, transport, transport.listener.socket, 5004)
    expect(fixture.port.sessions[transport.session]).toMatchObject({
      plain: true,
      destination: address.join(),
    })
    expect(fixture.events.at(-1)).toMatchObject({
      event: 'transport.tuple',
      target: 'plain',
      data: { tuple: { remoteIp: '192.0.2.7', remotePort: 5004 } },
    })
    expect(forward()).toBe(1)
  })

  test('learns an address on each of its two sockets; RTCP alone opens no way for media', () => {
    const fixture = new EngineFixture()
    const transport = plain(fixture, { comedia: true, rtcpApart: true })
    const [rtp, rtcp] = [transport.listener.socket, transport.rtcpListener!.socket]
    const session = fixture.port.sessions[transport.session]!
    expect(session).toMatchObject({ learning: [rtp, rtcp], rtcpDestination: '' })
    const forward = consumed(fixture, transport)
    const rtcpAddress = learn(fixture, transport, rtcp, 5005)
    expect(session).toMatchObject({ rtcpDestination: rtcpAddress.join(), destination: '' })
    expect(forward()).toBe(0)
    learn(fixture, transport, rtp, 5004)
    expect(forward()).toBe(1)
  })

  test('with SRTP is deaf and mute until it has keys', () => {
    const fixture = new EngineFixture()
    const transport = plain(fixture, { comedia: true, srtp: true })
    const session = fixture.port.sessions[transport.session]!
    expect(session).toMatchObject({ plain: false, learning: [], keys: undefined })
    const own = transport.state.srtpParameters!
    const keyBase64 = Buffer.from(REMOTE_KEY).toString('base64')
    transport.connect({ srtpParameters: { cryptoSuite: own.cryptoSuite, keyBase64 } })
    expect(session.learning).toEqual([transport.listener.socket])
    expect(session.keys?.suite).toBe('AES_CM_128_HMAC_SHA1_80')
    expect(Buffer.from(session.keys!.receiveKey)).toEqual(Buffer.from(REMOTE_KEY))
    expect(Buffer.from(session.keys!.sendKey).toString('base64')).toBe(own.keyBase64)
  })

  test('hears and sends to the addresses that connect() gives', () => {
    const fixture = new EngineFixture()
    const transport = plain(fixture, { rtcpApart: true })
    const state = transport.connect({ ip: '192.0.2.7', port: 5004, rtcpPort: 5005 })
    expect(state).toMatchObject({ tuple: { remotePort: 5004 }, rtcpTuple: { remotePort: 5005 } })
    const at = (socket: number, port: number): string =>
      writePacketAddress({ socket, ip: '192.0.2.7', port }).join()
    const rtp = at(transport.listener.socket, 5004)
    const rtcp = at(transport.rtcpListener!.socket, 5005)
    expect(fixture.port.sessions[transport.session]).toMatchObject({
      addresses: [rtp, rtcp],
      destination: rtp,
      rtcpDestination: rtcp,
      learning: [],
    })
    expect(() => transport.connect({ ip: '192.0.2.7', port: 5004, rtcpPort: 5005 })).toThrow(/already/)
  })

  test('outlives any bytes, and they leave the honest stream of another transport alone', () => {
    const fixture = new EngineFixture()
    const transport = plain(fixture, { comedia: true })
    learn(fixture, transport, transport.listener.socket, 5004)
    fixture.produceVideo(transport as never, 'tool')
    const publisher = fixture.connected('publisher', 40001)
    const viewer = fixture.connected('viewer', 40002)
    fixture.produceVideo(publisher)
    fixture.consumeVideo(viewer)
    const random = seeded(1)
    const rounds = 300
    for (let round = 0; round < rounds; round++) {
      for (let i = 0; i < 50; i++) {
        fixture.port.addRtp(transport.session, garbage(random))
        fixture.port.addRtcp(transport.session, garbage(random))
      }
      fixture.video(publisher, round, KEY_FRAME)
      fixture.run()
      fixture.tick(20)
    }
    expect(fixture.port.sent.filter(({ sink }) => sink.ssrc === 2222)).toHaveLength(rounds)
    expect(fixture.engine.path.counters.malformedRtp).toBeGreaterThan(0)
    expect(transport.streams.size).toBe(2)
  })

  test('gives both sockets back when it closes', () => {
    const fixture = new EngineFixture()
    const before = fixture.port.openSockets.size
    plain(fixture, { rtcpApart: true })
    fixture.engine.closeTransport('plain')
    expect(fixture.port.openSockets.size).toBe(before)
    expect(fixture.port.sessions.at(-1)?.closed).toBe(true)
  })
})
