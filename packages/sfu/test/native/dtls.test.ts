import { createHash, X509Certificate } from 'node:crypto'
import { afterEach, describe, expect, test } from 'vitest'
import { SRTP_SUITES } from '../../src/worker/packet-port/load.ts'
import {
  ControlKind,
  Counter,
  type Fingerprint,
  type FingerprintAlgorithm,
  PacketKind,
  type SessionEvent,
} from '../../src/worker/packet-port/packet-port.ts'
import { connectPair, PlainPeer, rtcpPacket, rtpPacket, TestPort } from './harness.ts'

const opened: { close(): void }[] = []
afterEach(() => {
  for (const thing of opened.splice(0)) thing.close()
})

type Pair = ReturnType<typeof connectPair>

function openPair(): Pair {
  const pair = connectPair()
  opened.push(pair)
  return pair
}

/** `a` is the client. */
function startBoth({ a, b, toA, toB }: Pair, ofA = a.fingerprint(), ofB = b.fingerprint()): void {
  b.port.startDtls(toA, 'server', [ofA])
  a.port.startDtls(toB, 'client', [ofB])
}

async function connected(pair: Pair): Promise<void> {
  startBoth(pair)
  for (const side of [pair.a, pair.b]) expect((await side.takeEvent()).event.type).toBe('connected')
}

describe('a DTLS handshake', () => {
  test('connects both sides, tells the certificate, and installs keys of AEAD_AES_128_GCM', async () => {
    const pair = openPair()
    startBoth(pair)
    const atA = await pair.a.takeEvent()
    const atB = await pair.b.takeEvent()
    expect(atA).toEqual({
      session: pair.toB,
      event: { type: 'connected', srtpSuite: 'AEAD_AES_128_GCM', remoteCertificate: pair.b.port.certificate },
    })
    expect(atB.event).toMatchObject({ type: 'connected', remoteCertificate: pair.a.port.certificate })
  })

  test('lets RTP, RTCP and application data through in both directions', async () => {
    const pair = openPair()
    await connected(pair)
    for (const [from, session, to] of [
      [pair.a, pair.toB, pair.b],
      [pair.b, pair.toA, pair.a],
    ] as const) {
      const rtp = rtpPacket(3, 0xabcd, 200)
      const sink = from.port.createSink({ session, ssrc: 0xabcd, payloadType: 96, headerExtensions: [] })
      from.entry(0, { sink, packetId: from.inject(rtp), sequenceNumber: 3, timestamp: rtp.readUInt32BE(4) })
      from.control(0, ControlKind.rtcp, session, rtcpPacket(9), 0)
      from.control(1, ControlKind.applicationData, session, Buffer.from('sctp'), 100)
      from.port.execute(1, 2)
      const got = await to.take(3)
      expect(got.map((p) => p.kind)).toEqual([PacketKind.rtcp, PacketKind.applicationData, PacketKind.rtp])
      expect(got.map((p) => p.bytes)).toEqual([rtcpPacket(9), Buffer.from('sctp'), rtp])
    }
  })

  test.each([...SRTP_SUITES.entries()])(
    'with suite %i of the list negotiates %s and its keys fit',
    async (bit, suite) => {
      const pair = openPair()
      // The client offers all; what the server has decides.
      pair.b.port.restrictSuites(1 << bit)
      startBoth(pair)
      expect((await pair.a.takeEvent()).event).toMatchObject({ srtpSuite: suite })
      expect((await pair.b.takeEvent()).event).toMatchObject({ srtpSuite: suite })
      pair.a.sendRtcp(pair.toB, rtcpPacket(1))
      pair.b.sendRtcp(pair.toA, rtcpPacket(2))
      expect((await pair.b.take(1))[0]!.bytes).toEqual(rtcpPacket(1))
      expect((await pair.a.take(1))[0]!.bytes).toEqual(rtcpPacket(2))
    },
  )

  test('without a common SRTP profile fails both sides with no-srtp-profile', async () => {
    const pair = openPair()
    pair.a.port.restrictSuites(0b0001)
    pair.b.port.restrictSuites(0b1100)
    startBoth(pair)
    const failure: SessionEvent = { type: 'failed', reason: 'no-srtp-profile' }
    expect((await pair.a.takeEvent()).event).toEqual(failure)
    expect((await pair.b.takeEvent()).event).toEqual(failure)
  })

  test('works with PEMs given, and shows them as the own certificate', async () => {
    const first = new TestPort()
    first.port.close()
    // A certificate without its key, and PEM that is none.
    expect(() => new TestPort({ certificatePem: first.port.certificate })).toThrow(TypeError)
    expect(
      () => new TestPort({ certificatePem: first.port.certificate, privateKeyPem: PRIVATE_KEY }),
    ).toThrow(TypeError)
    expect(() => new TestPort({ certificatePem: 'x', privateKeyPem: 'y' })).toThrow(
      expect.objectContaining({ code: 'ERR_BAD_CERTIFICATE' }),
    )
    const own = new TestPort({ certificatePem: CERTIFICATE, privateKeyPem: PRIVATE_KEY })
    opened.push(own.port)
    expect(own.port.certificate.trim()).toBe(CERTIFICATE.trim())
  })

  test('the certificate is ECDSA P-256, signed with SHA-256, valid for 31 days', () => {
    const { a } = openPair()
    const certificate = new X509Certificate(a.port.certificate)
    expect(certificate.publicKey.asymmetricKeyDetails?.namedCurve).toBe('prime256v1')
    const days = (Date.parse(certificate.validTo) - Date.parse(certificate.validFrom)) / 86_400_000
    expect(days).toBe(31)
    expect(certificate.verify(certificate.publicKey)).toBe(true)
  })
})

describe('the fingerprint', () => {
  const algorithms: readonly FingerprintAlgorithm[] = ['sha-1', 'sha-224', 'sha-256', 'sha-384', 'sha-512']
  const fingerprintOf = (port: TestPort, algorithm: FingerprintAlgorithm): Fingerprint => {
    const digest = createHash(algorithm.replace('-', '')).update(
      new X509Certificate(port.port.certificate).raw,
    )
    return { algorithm, value: digest.digest('hex').toUpperCase().match(/../g)!.join(':') }
  }

  test.each(algorithms)('of %s is accepted', async (algorithm) => {
    const pair = openPair()
    startBoth(pair, fingerprintOf(pair.a, algorithm), fingerprintOf(pair.b, algorithm))
    expect((await pair.a.takeEvent()).event.type).toBe('connected')
    expect((await pair.b.takeEvent()).event.type).toBe('connected')
  })

  const mismatch: SessionEvent = { type: 'failed', reason: 'fingerprint-mismatch' }

  test('that the client presents and the server does not expect fails the server, without keys', async () => {
    const pair = openPair()
    startBoth(pair, pair.b.fingerprint())
    expect((await pair.b.takeEvent()).event).toEqual(mismatch)
    expect((await pair.a.takeEvent()).event).toMatchObject({ type: 'failed' })
    pair.b.sendRtcp(pair.toA, rtcpPacket(1))
    expect(pair.b.counter(Counter.droppedNoKeys)).toBe(1)
  })

  test('that the server presents and the client does not expect fails both, without keys', async () => {
    const pair = openPair()
    startBoth(pair, undefined, pair.a.fingerprint())
    expect((await pair.a.takeEvent()).event).toEqual(mismatch)
    expect((await pair.b.takeEvent()).event).toMatchObject({ type: 'failed' })
    expect(pair.a.port.startDtls.bind(null, pair.toB, 'client', [])).toThrow(
      expect.objectContaining({ code: 'ERR_DTLS_STARTED' }),
    )
  })

  test('list that is empty accepts nobody', async () => {
    const pair = openPair()
    pair.b.port.startDtls(pair.toA, 'server', [])
    pair.a.port.startDtls(pair.toB, 'client', [pair.b.fingerprint()])
    expect((await pair.b.takeEvent()).event).toEqual(mismatch)
  })

  test('of the wrong length or alphabet is a TypeError', () => {
    const { a, toB } = openPair()
    const start = (value: string) => () => a.port.startDtls(toB, 'client', [{ algorithm: 'sha-256', value }])
    expect(start('AB:CD')).toThrow(TypeError)
    expect(start(a.fingerprint().value.replace(/^../, 'ZZ'))).toThrow(TypeError)
  })
})

describe('an association', () => {
  test('that one side closes is closed at the other', async () => {
    const pair = openPair()
    await connected(pair)
    pair.a.port.closeSession(pair.toB)
    expect(await pair.b.takeEvent()).toEqual({ session: pair.toA, event: { type: 'closed' } })
  })

  test('of a port that closes is closed at the other side', async () => {
    const pair = openPair()
    await connected(pair)
    pair.b.port.close()
    expect((await pair.a.takeEvent()).event).toEqual({ type: 'closed' })
  })

  test('survives lost flights: the client sends its ClientHello again', async () => {
    const peer = await PlainPeer.open()
    const client = new TestPort()
    opened.push(peer, client.port)
    client.port.startDtls(client.sessionTo(peer.port), 'client', [client.fingerprint()])
    const hellos = await peer.take(3)
    expect(hellos.every((hello) => hello[0] === 22 && hello[13] === 1)).toBe(true) // handshake, client_hello
  })

  test('takes a ClientHello in two fragments (RFC 6347 section 4.2.3)', async () => {
    // The client's datagrams pass through a relay that cuts its first ClientHello in two.
    const relay = await PlainPeer.open()
    const client = new TestPort()
    const server = new TestPort()
    opened.push(relay, client.port, server.port)
    const toClient = server.sessionTo(relay.port)
    const toServer = client.sessionTo(relay.port)
    relay.socket.removeAllListeners('message')
    relay.socket.on('message', (bytes, { port }) => {
      const target = port === client.udpPort ? server.udpPort : client.udpPort
      const isHello = bytes[0] === 22 && bytes.readUInt16BE(3) === 0 && bytes[13] === 1
      const parts = isHello ? fragment(bytes, 60) : [port === client.udpPort ? renumber(bytes) : bytes]
      for (const part of parts) relay.socket.send(part, target, '127.0.0.1')
    })
    server.port.startDtls(toClient, 'server', [client.fingerprint()])
    client.port.startDtls(toServer, 'client', [server.fingerprint()])
    expect((await server.takeEvent()).event.type).toBe('connected')
    expect((await client.takeEvent()).event.type).toBe('connected')
  })

  test('is not disturbed by garbage records, replayed records, or alerts that nobody sealed', async () => {
    const relay = await PlainPeer.open()
    const client = new TestPort()
    const server = new TestPort()
    opened.push(relay, client.port, server.port)
    const seen: Buffer[] = []
    relay.socket.removeAllListeners('message')
    relay.socket.on('message', (bytes, { port }) => {
      if (port === client.udpPort) seen.push(bytes)
      relay.socket.send(bytes, port === client.udpPort ? server.udpPort : client.udpPort, '127.0.0.1')
    })
    const toClient = server.sessionTo(relay.port)
    const toServer = client.sessionTo(relay.port)
    server.port.startDtls(toClient, 'server', [client.fingerprint()])
    client.port.startDtls(toServer, 'client', [server.fingerprint()])
    await server.takeEvent()
    await client.takeEvent()
    const say = (text: string): void => {
      client.control(0, ControlKind.applicationData, toServer, Buffer.from(text))
      client.port.execute(0, 1)
    }
    say('before')
    expect((await server.take(1))[0]!.bytes.toString()).toBe('before')
    const alert = Buffer.from('15fefd000000000000006300020228', 'hex') // fatal handshake_failure, epoch 0
    const garbage = Buffer.alloc(80, 0x17)
    const unsealed = applicationRecord(0, 0x77) // application data in the clear, epoch 0
    await relay.send(server, seen.at(-1)!, alert, garbage, unsealed, Buffer.alloc(13, 22))
    say('after')
    expect((await server.take(1))[0]!.bytes.toString()).toBe('after')
    expect(server.counter(Counter.droppedDtls)).toBe(5)
    expect(server.events).toEqual([])
  })

  test('takes 400 datagrams during its handshake, and drops what a peer sends beyond that', async () => {
    const peer = await PlainPeer.open()
    const server = new TestPort()
    opened.push(peer, server.port)
    server.port.startDtls(server.sessionTo(peer.port), 'server', [server.fingerprint()])
    // Records of an epoch that is far away: OpenSSL ignores each of them.
    const record = Buffer.concat([
      Buffer.from('16fefd0009000000000000', 'hex'),
      Buffer.from([0, 4, 9, 9, 9, 9]),
    ])
    await peer.send(server, ...Array.from({ length: 450 }, () => record))
    await sentinel(server, peer)
    expect(server.counter(Counter.droppedDtls)).toBe(50)
    expect(server.events).toEqual([])
  })

  test('holds at most 2 MB for a peer that floods it with fragments and with records of a later epoch', async () => {
    const sessions = 40
    const peers = await Promise.all(Array.from({ length: sessions }, () => PlainPeer.open()))
    const server = new TestPort()
    opened.push(server.port, ...peers)
    for (const peer of peers)
      server.port.startDtls(server.sessionTo(peer.port), 'server', [server.fingerprint()])
    const before = process.memoryUsage.rss()
    for (const peer of peers) {
      // Both kinds are kept by OpenSSL until what comes before them is there, which never comes.
      const fragments = Array.from({ length: 200 }, (_, i) => handshakeFragment(i))
      const later = Array.from({ length: 200 }, (_, i) => applicationRecord(1, i, 1100))
      await peer.send(server, ...fragments, ...later)
      await sentinel(server, peer)
    }
    expect((process.memoryUsage.rss() - before) / sessions).toBeLessThan(2e6)
    expect(server.events).toEqual([])
  })

  test('ends with protocol when its peer sends a message that no handshake has', async () => {
    const peer = await PlainPeer.open()
    const server = new TestPort()
    opened.push(peer, server.port)
    server.port.startDtls(server.sessionTo(peer.port), 'server', [server.fingerprint()])
    await peer.send(
      server,
      Buffer.concat([Buffer.from('16fefd0000000000000000', 'hex'), Buffer.from([0, 4, 9, 9, 9, 9])]),
    )
    expect((await server.takeEvent()).event).toEqual({ type: 'failed', reason: 'protocol' })
  })

  test('gets no application data before it is connected', async () => {
    const peer = await PlainPeer.open()
    const server = new TestPort()
    opened.push(peer, server.port)
    server.port.startDtls(server.sessionTo(peer.port), 'server', [server.fingerprint()])
    const record = Buffer.concat([
      Buffer.from('17fefd0000000000000000', 'hex'),
      Buffer.from([0, 4, 1, 2, 3, 4]),
    ])
    await peer.send(server, record)
    await sentinel(server, peer)
    expect(server.received).toEqual([])
  })

  test('before startDtls() drops records and counts them', async () => {
    const peer = await PlainPeer.open()
    const server = new TestPort()
    opened.push(peer, server.port)
    server.sessionTo(peer.port)
    await peer.send(server, Buffer.alloc(20, 22))
    await sentinel(server, peer)
    expect(server.counter(Counter.droppedDtls)).toBe(1)
  })
})

/** A DTLS 1.2 record of application data (RFC 6347 section 4.1). */
function applicationRecord(epoch: number, fill: number, bytes = 30): Buffer {
  const record = Buffer.alloc(13 + bytes, fill)
  record.set([23, 0xfe, 0xfd])
  record.writeUInt16BE(epoch, 3)
  record.writeUIntBE(fill + 1, 5, 6)
  record.writeUInt16BE(bytes, 11)
  return record
}

/** The middle of a handshake message of 16 kB, one of ten that are told apart by their numbers; `index` numbers the record. */
function handshakeFragment(index: number): Buffer {
  const bytes = 1100
  const record = Buffer.alloc(25 + bytes)
  record.set([22, 0xfe, 0xfd])
  record.writeUIntBE(index + 1, 5, 6)
  record.writeUInt16BE(12 + bytes, 11)
  record.writeUInt8(11, 13) // Certificate
  record.writeUIntBE(16_000, 14, 3)
  record.writeUInt16BE(1 + (index % 10), 17)
  record.writeUIntBE(1200 + 100 * (index % 20), 19, 3)
  record.writeUIntBE(bytes, 22, 3)
  return record
}

async function sentinel(port: TestPort, peer: PlainPeer): Promise<'sentinel'> {
  const stun = Buffer.from('000100002112a442000000000000000000000000', 'hex')
  await peer.send(port, stun)
  await port.take(1)
  return 'sentinel'
}

/** Cuts a record with one whole handshake message into two records with a fragment each. */
function fragment(record: Buffer, firstBytes: number): Buffer[] {
  const head = record.subarray(0, 13)
  const message = record.subarray(13, 25)
  const body = record.subarray(25, 13 + record.readUInt16BE(11))
  return [
    [0, firstBytes],
    [firstBytes, body.length],
  ].map(([from, to], i) => {
    const piece = body.subarray(from, to)
    const recordHead = Buffer.from(head)
    recordHead.writeUIntBE(recordHead.readUIntBE(5, 6) + i, 5, 6) // a sequence number of its own
    recordHead.writeUInt16BE(12 + piece.length, 11)
    const messageHead = Buffer.from(message)
    messageHead.writeUIntBE(from!, 6, 3)
    messageHead.writeUIntBE(piece.length, 9, 3)
    return Buffer.concat([recordHead, messageHead, piece])
  })
}

/** Moves the numbers of the unencrypted records on by the one that the second fragment took. */
function renumber(datagram: Buffer): Buffer {
  const moved = Buffer.from(datagram)
  for (let at = 0; at + 13 <= moved.length; at += 13 + moved.readUInt16BE(at + 11)) {
    if (moved.readUInt16BE(at + 3) === 0) moved.writeUIntBE(moved.readUIntBE(at + 5, 6) + 1, at + 5, 6)
  }
  return moved
}

// A throw-away pair, valid for a hundred years, that secures nothing.
const CERTIFICATE = `-----BEGIN CERTIFICATE-----
MIIBdTCCARugAwIBAgIUGABMvDD9n/qXPuAgZV7pEUMtmGIwCgYIKoZIzj0EAwIw
DzENMAsGA1UEAwwEdGVzdDAgFw0yNjExMjMxMzAyNTRaGA8yMTI2MTAzMDEzMDI1
NFowDzENMAsGA1UEAwwEdGVzdDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABHQp
aLxWllTU81RpW+NK7MQExN8cIFhM0gsk2zlKOYPdExaj5e8ZISyR9q2ySHkTbCKi
PC7xZMLvikgPTpVRu2ijUzBRMB0GA1UdDgQWBBRzYNHXRS21DZvKorXqkV2Dw3ZA
+jAfBgNVHSMEGDAWgBRzYNHXRS21DZvKorXqkV2Dw3ZA+jAPBgNVHRMBAf8EBTAD
AQH/MAoGCCqGSM49BAMCA0gAMEUCIH3bI58hHsy4wGCEDe9BqzfMmxLGlaL5Fw3T
q3yIp9eoAiEApU+MYWncvQihISKbOgadUpuHw4VER23n4czL5Sftd0c=
-----END CERTIFICATE-----
`
const PRIVATE_KEY = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg73jBTuAnRowWFzzC
cBCTqTnW5pWjCGflfTstq+AEvI+hRANCAAR0KWi8VpZU1PNUaVvjSuzEBMTfHCBY
TNILJNs5SjmD3RMWo+XvGSEskfatskh5E2wiojwu8WTC74pID06VUbto
-----END PRIVATE KEY-----
`
