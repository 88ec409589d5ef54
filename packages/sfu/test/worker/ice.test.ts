import { parseStunMessage, StunMessage, StunType, stunXorMappedAddress } from '@sangam/rtp'
import { describe, expect, test } from 'vitest'
import { writePacketAddress } from '../../src/worker/packet-port/address.ts'
import { bindingRequest, EngineFixture, PEER_ADDRESS } from './engine-fixture.ts'

const OTHER_ADDRESS = writePacketAddress({ socket: 0, ip: '127.0.0.1', port: 40001 })

function check(fixture: EngineFixture, bytes: Uint8Array, address = PEER_ADDRESS): void {
  fixture.port.addStun(address, bytes)
  fixture.run()
}

function states(fixture: EngineFixture): unknown[] {
  return fixture.events
    .filter((e) => e.event === 'transport.iceState')
    .map((e) => (e.data as { iceState: string }).iceState)
}

describe('ICE-lite', () => {
  test('a nominating check is answered with the mapped address and completes', () => {
    const fixture = new EngineFixture()
    const transport = fixture.transport('t')
    const { usernameFragment, password } = transport.creation.iceParameters
    const request = bindingRequest(usernameFragment, password)
    check(fixture, request)
    expect(states(fixture)).toEqual(['completed'])
    const answer = fixture.port.raw[0]!
    const message = new StunMessage()
    expect(parseStunMessage(answer.bytes, 0, answer.bytes.length, message)).toBe(true)
    expect(message.type).toBe(StunType.bindingSuccess)
    expect(stunXorMappedAddress(answer.bytes, message)).toEqual({
      ip: Uint8Array.of(127, 0, 0, 1),
      port: 40000,
    })
    expect(answer.bytes.length).toBeLessThanOrEqual(request.length)
    expect(fixture.port.sessions[transport.session]).toMatchObject({
      addresses: [PEER_ADDRESS.join()],
      destination: PEER_ADDRESS.join(),
    })
  })

  test.each([
    ['a wrong password', (fragment: string, _password: string) => bindingRequest(fragment, 'wrong')],
    [
      'an unknown username fragment',
      (_fragment: string, password: string) => bindingRequest('nobody', password),
    ],
    [
      'a broken message',
      (fragment: string, password: string) => bindingRequest(fragment, password).slice(0, 40),
    ],
  ])('%s gets no answer and changes nothing', (_name, make) => {
    const fixture = new EngineFixture()
    const transport = fixture.transport('t')
    const { usernameFragment, password } = transport.creation.iceParameters
    check(fixture, make(usernameFragment, password))
    expect(fixture.port.raw).toEqual([])
    expect(states(fixture)).toEqual([])
  })

  test('a peer that believes itself controlled is told of the role conflict', () => {
    const fixture = new EngineFixture()
    const { usernameFragment, password } = fixture.transport('t').creation.iceParameters
    check(fixture, bindingRequest(usernameFragment, password, { controlled: true }))
    const message = new StunMessage()
    const answer = fixture.port.raw[0]!.bytes
    expect(parseStunMessage(answer, 0, answer.length, message)).toBe(true)
    expect(message.errorCode).toBe(487)
    expect(states(fixture)).toEqual([])
  })

  test('media follows the nomination to another address', () => {
    const fixture = new EngineFixture()
    const transport = fixture.transport('t')
    const { usernameFragment, password } = transport.creation.iceParameters
    check(fixture, bindingRequest(usernameFragment, password, { nominate: false }))
    expect(states(fixture)).toEqual(['connected'])
    check(fixture, bindingRequest(usernameFragment, password), OTHER_ADDRESS)
    expect(states(fixture)).toEqual(['connected', 'completed'])
    expect(fixture.port.sessions[transport.session]?.destination).toBe(OTHER_ADDRESS.join())
  })

  test('without checks for the consent time it disconnects and stops sending; the next check connects again', () => {
    const fixture = new EngineFixture()
    const transport = fixture.transport('t')
    const { usernameFragment, password } = transport.creation.iceParameters
    check(fixture, bindingRequest(usernameFragment, password))
    fixture.tick(29_000)
    expect(states(fixture)).toEqual(['completed'])
    fixture.tick(2_000)
    expect(states(fixture)).toEqual(['completed', 'disconnected'])
    expect(fixture.port.sessions[transport.session]?.addresses).toEqual([])
    check(fixture, bindingRequest(usernameFragment, password))
    expect(states(fixture)).toEqual(['completed', 'disconnected', 'completed'])
  })

  test('with a consent timeout of 0 stays connected without any checks', () => {
    const fixture = new EngineFixture()
    const transport = fixture.engine.createWebRtcTransport({
      routerId: 'router',
      transportId: 't',
      webRtcServerId: 'server',
      enableUdp: true,
      enableTcp: true,
      preferUdp: false,
      preferTcp: false,
      iceConsentTimeoutSeconds: 0,
      initialAvailableOutgoingBitrate: 600_000,
    })
    const { usernameFragment, password } = transport.creation.iceParameters
    check(fixture, bindingRequest(usernameFragment, password))
    fixture.tick(3_600_000)
    expect(states(fixture)).toEqual(['completed'])
    expect(fixture.port.sessions[transport.session]?.addresses).toEqual([PEER_ADDRESS.join()])
  })

  test('restartIce() gives new credentials; the old ones hold until the first check with the new', () => {
    const fixture = new EngineFixture()
    let serial = 0
    Object.assign(fixture.context, { random: (below: number) => serial++ % below })
    const transport = fixture.transport('t')
    const old = transport.creation.iceParameters
    const fresh = transport.restartIce()
    expect(fresh.usernameFragment).not.toBe(old.usernameFragment)
    check(fixture, bindingRequest(old.usernameFragment, old.password))
    check(fixture, bindingRequest(fresh.usernameFragment, fresh.password))
    expect(fixture.port.raw).toHaveLength(2)
    check(fixture, bindingRequest(old.usernameFragment, old.password))
    expect(fixture.port.raw).toHaveLength(2)
  })

  test('a peer keeps at most eight addresses', () => {
    const fixture = new EngineFixture()
    const transport = fixture.transport('t')
    const { usernameFragment, password } = transport.creation.iceParameters
    for (let i = 0; i < 20; i++) {
      const address = writePacketAddress({ socket: 0, ip: '127.0.0.1', port: 40000 + i })
      check(fixture, bindingRequest(usernameFragment, password, { nominate: i === 0 }), address)
    }
    expect(fixture.port.sessions[transport.session]?.addresses).toHaveLength(8)
    expect(fixture.port.sessions[transport.session]?.addresses).toContain(PEER_ADDRESS.join())
  })

  test('DTLS starts only when both connect() was called and ICE has an address', () => {
    const fixture = new EngineFixture()
    const transport = fixture.transport('t')
    const { usernameFragment, password } = transport.creation.iceParameters
    expect(transport.connect({ role: 'client', fingerprints: [{ algorithm: 'sha-256', value: 'AA' }] })).toBe(
      'server',
    )
    expect(fixture.port.sessions[transport.session]?.dtls).toBe('')
    check(fixture, bindingRequest(usernameFragment, password))
    expect(fixture.port.sessions[transport.session]?.dtls).toBe('server')
    expect(() =>
      transport.connect({ role: 'client', fingerprints: [{ algorithm: 'sha-256', value: 'AA' }] }),
    ).toThrow(/already/)
  })

  test('a transport with own ports opens and closes them; one that is refused leaves nothing open', () => {
    const fixture = new EngineFixture()
    const before = fixture.port.openSockets.size
    const request = {
      routerId: 'router',
      transportId: 'own',
      enableUdp: true,
      enableTcp: true,
      preferUdp: false,
      preferTcp: false,
      iceConsentTimeoutSeconds: 30,
      initialAvailableOutgoingBitrate: 600_000,
    }
    const udp = {
      protocol: 'udp',
      ip: '127.0.0.1',
      port: 0,
      announcedAddress: '192.0.2.1',
      exposeInternalIp: true,
    } as const
    const transport = fixture.engine.createWebRtcTransport({ ...request, listenInfos: [udp] })
    expect(transport.creation.iceCandidates.map((c) => c.address)).toEqual(['192.0.2.1', '127.0.0.1'])
    expect(fixture.port.openSockets.size).toBe(before + 1)
    fixture.engine.closeTransport('own')
    expect(fixture.port.openSockets.size).toBe(before)
    fixture.port.openTcp = () => {
      throw Object.assign(new Error('bind EADDRINUSE'), { code: 'EADDRINUSE' })
    }
    expect(() =>
      fixture.engine.createWebRtcTransport({ ...request, listenInfos: [udp, { ...udp, protocol: 'tcp' }] }),
    ).toThrow(/EADDRINUSE/)
    expect(fixture.port.openSockets.size).toBe(before)
  })
})
