import { describe, expect, test } from 'vitest'
import { writePacketAddress } from '../../src/worker/packet-port/address.ts'
import type { WebRtcTransport } from '../../src/worker/transport/webrtc-transport.ts'
import { bindingRequest, EngineFixture } from './engine-fixture.ts'

const IP = '127.0.0.1'
const CHOICE = { enableUdp: true, enableTcp: true, preferUdp: false, preferTcp: false }
const REQUEST = { routerId: 'router', iceConsentTimeoutSeconds: 30, initialAvailableOutgoingBitrate: 600_000 }

/** A WebRtcServer with a UDP port and a TCP listener, and a transport on it. */
function tcpFixture(choice: Partial<typeof CHOICE> = {}) {
  const fixture = new EngineFixture()
  fixture.engine.createWebRtcServer({
    webRtcServerId: 'both',
    listenInfos: (['udp', 'tcp'] as const).map((protocol) => ({ protocol, ip: IP, port: 7000 })),
  })
  const { listeners } = fixture.engine.webRtcServers.get('both')!
  const [udp, tcp] = listeners.map(({ socket }) => socket) as [number, number]
  const transport = fixture.engine.createWebRtcTransport({
    ...REQUEST,
    ...CHOICE,
    ...choice,
    transportId: 't',
    webRtcServerId: 'both',
  })
  return { fixture, transport, udp, tcp }
}

function check(fixture: EngineFixture, transport: WebRtcTransport, socket: number, port: number): Uint8Array {
  const { usernameFragment, password } = transport.creation.iceParameters
  const address = writePacketAddress({ socket, ip: IP, port })
  fixture.port.addStun(address, bindingRequest(usernameFragment, password))
  fixture.run()
  return address
}

function selectedTuples(fixture: EngineFixture): unknown[] {
  return fixture.events
    .filter(({ event }) => event === 'transport.iceSelectedTuple')
    .map(({ data }) => (data as { tuple: unknown }).tuple)
}

function states(fixture: EngineFixture): unknown[] {
  return fixture.events
    .filter(({ event }) => event === 'transport.iceState')
    .map(({ data }) => (data as { iceState: string }).iceState)
}

describe('candidates', () => {
  test('of a server with both protocols: UDP first, TCP passive, all priorities different', () => {
    const { candidates } = tcpFixture().transport
    expect(candidates).toMatchObject([
      { protocol: 'udp', address: IP, port: 7000, type: 'host' },
      { protocol: 'tcp', address: IP, port: 7000, type: 'host', tcpType: 'passive' },
    ])
    expect(candidates[0]).not.toHaveProperty('tcpType')
    expect(candidates[0]!.priority).toBeGreaterThan(candidates[1]!.priority)
    // RFC 6544 section 4.2: the upper three bits of a passive candidate's local preference are 4.
    expect((candidates[1]!.priority >>> 21) & 7).toBe(4)
  })

  test.each([
    [{ preferTcp: true }, true],
    [{ preferUdp: true }, false],
    [{ preferUdp: true, preferTcp: true }, false],
  ])('with %j TCP is first: %s', (choice, tcpFirst) => {
    const [udp, tcp] = tcpFixture(choice).transport.candidates
    expect(tcp!.priority > udp!.priority).toBe(tcpFirst)
  })

  test('of a protocol that is not enabled are left out, and checks over it get no answer', () => {
    const { fixture, transport, udp, tcp } = tcpFixture({ enableUdp: false })
    expect(transport.candidates.map(({ protocol }) => protocol)).toEqual(['tcp'])
    check(fixture, transport, udp, 40_000)
    expect(fixture.port.raw).toHaveLength(0)
    check(fixture, transport, fixture.port.acceptTcp(tcp), 40_000)
    expect(fixture.port.raw).toHaveLength(1)
  })

  test('are needed: a transport with none is refused', () => {
    expect(() => tcpFixture({ enableUdp: false, enableTcp: false })).toThrow(/none of the protocols/)
  })

  test('show in the dump of the server', () => {
    const { fixture } = tcpFixture()
    expect(fixture.engine.webRtcServers.get('both')!.dump()).toMatchObject({
      udpSockets: [{ ip: IP, port: 7000 }],
      tcpServers: [{ ip: IP, port: 7000 }],
    })
  })
})

describe('a connection', () => {
  test('is answered, and selected with the listener’s address', () => {
    const { fixture, transport, tcp } = tcpFixture()
    const address = check(fixture, transport, fixture.port.acceptTcp(tcp), 40_000)
    expect(fixture.port.raw[0]?.address).toEqual(address)
    expect(states(fixture)).toEqual(['completed'])
    expect(selectedTuples(fixture)).toEqual([
      { localAddress: IP, localPort: 7000, remoteIp: IP, remotePort: 40_000, protocol: 'tcp' },
    ])
  })

  test('gives way to UDP when the peer nominates that, and takes over again', () => {
    const { fixture, transport, udp, tcp } = tcpFixture()
    const connection = fixture.port.acceptTcp(tcp)
    const overTcp = check(fixture, transport, connection, 40_000)
    const overUdp = check(fixture, transport, udp, 40_000)
    const session = fixture.port.sessions[transport.session]!
    expect(session.destination).toBe(overUdp.join())
    check(fixture, transport, connection, 40_000)
    expect(session.destination).toBe(overTcp.join())
    expect(selectedTuples(fixture)).toMatchObject([
      { protocol: 'tcp' },
      { protocol: 'udp' },
      { protocol: 'tcp' },
    ])
  })

  test('that ends leaves the other address selected; without one the transport is disconnected', () => {
    const { fixture, transport, udp, tcp } = tcpFixture()
    const first = check(fixture, transport, udp, 40_000)
    const second = check(fixture, transport, fixture.port.acceptTcp(tcp), 40_000)
    const end = (address: Uint8Array) =>
      fixture.engine.handleSessionEvent(transport.session, { type: 'disconnected', address })
    const session = fixture.port.sessions[transport.session]!
    end(second)
    expect(session).toMatchObject({ addresses: [first.join()], destination: first.join() })
    expect(states(fixture)).toEqual(['completed'])
    const third = check(fixture, transport, fixture.port.acceptTcp(tcp), 40_001)
    fixture.tick(31_000)
    end(third)
    expect(states(fixture)).toEqual(['completed', 'disconnected'])
    expect(selectedTuples(fixture).at(-1)).toBeUndefined()
  })

  test('that ended is not told twice, and one that is unknown changes nothing', () => {
    const { fixture, transport, tcp } = tcpFixture()
    const address = check(fixture, transport, fixture.port.acceptTcp(tcp), 40_000)
    for (let i = 0; i < 2; i++)
      fixture.engine.handleSessionEvent(transport.session, { type: 'disconnected', address })
    expect(states(fixture)).toEqual(['completed', 'disconnected'])
  })

  test('is closed when consent runs out, and when the transport closes', () => {
    const { fixture, transport, tcp } = tcpFixture()
    const before = fixture.port.openSockets.size
    check(fixture, transport, fixture.port.acceptTcp(tcp), 40_000)
    fixture.tick(31_000)
    expect(states(fixture)).toEqual(['completed', 'disconnected'])
    expect(fixture.port.openSockets.size).toBe(before)
    check(fixture, transport, fixture.port.acceptTcp(tcp), 40_001)
    expect(fixture.port.openSockets.size).toBe(before + 1)
    fixture.engine.closeTransport('t')
    expect(fixture.port.openSockets.size).toBe(before)
  })

  test('of a transport with own ports belongs to that one alone', () => {
    const { fixture, tcp } = tcpFixture()
    const own = fixture.engine.createWebRtcTransport({
      ...REQUEST,
      ...CHOICE,
      enableTcp: false,
      transportId: 'own',
      listenInfos: [{ protocol: 'tcp', ip: IP, port: 0 }],
    })
    expect(own.candidates.map(({ protocol }) => protocol)).toEqual(['tcp'])
    check(fixture, own, fixture.port.acceptTcp(tcp), 40_000)
    expect(fixture.port.raw).toHaveLength(0)
  })
})
