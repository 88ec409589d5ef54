import { once } from 'node:events'
import { describe, expect, test } from 'vitest'
import { UnsupportedError } from '../../src/api/error-classes.ts'
import { WorkerImpl } from '../../src/api/worker.ts'
import { FakeWorker } from './fake-worker.ts'
import { audioParameters, peerDtlsParameters, receiverCapabilities } from './media-fixtures.ts'
import { lastRequest, rig } from './rig.ts'

describe('WebRtcTransport', () => {
  test('knows what the worker made', async () => {
    const { transport } = await rig()
    expect(transport).toMatchObject({
      type: 'webrtc',
      iceRole: 'controlled',
      iceParameters: { usernameFragment: 'fragment', iceLite: true },
      iceState: 'new',
      dtlsState: 'new',
      dtlsParameters: { role: 'auto' },
      iceSelectedTuple: undefined,
      sctpParameters: undefined,
    })
    expect(transport.iceCandidates).toHaveLength(1)
  })

  test('fills in the defaults of its options', async () => {
    const { fake, router } = await rig()
    await router.createWebRtcTransport({
      listenInfos: [{ protocol: 'udp', ip: '::1', announcedIp: 'talk.example' }],
    })
    expect(lastRequest(fake, 'router.createWebRtcTransport')).toMatchObject({
      listenInfos: [{ protocol: 'udp', ip: '::1', announcedAddress: 'talk.example', port: 0 }],
      enableUdp: true,
      enableTcp: false,
      preferUdp: false,
      preferTcp: false,
      iceConsentTimeoutSeconds: 30,
      initialAvailableOutgoingBitrate: 600_000,
    })
  })

  test('listens on bare addresses with every enabled protocol', async () => {
    const { fake, router } = await rig()
    await router.createWebRtcTransport({
      listenIps: ['127.0.0.1', { ip: '::1' }],
      port: 47001,
      enableTcp: true,
    })
    expect(lastRequest(fake, 'router.createWebRtcTransport').listenInfos).toEqual([
      { protocol: 'udp', ip: '127.0.0.1', port: 47001 },
      { protocol: 'tcp', ip: '127.0.0.1', port: 47001 },
      { protocol: 'udp', ip: '::1', port: 47001 },
      { protocol: 'tcp', ip: '::1', port: 47001 },
    ])
  })

  test("uses the worker's deprecated port range where neither a port nor a range is given", async () => {
    const fake = new FakeWorker()
    const defaultPortRange = { min: 47100, max: 47199 }
    const worker = await WorkerImpl.start({ startProcess: fake.start, appData: {}, defaultPortRange })
    const listenInfo = { protocol: 'udp', ip: '127.0.0.1' } as const
    const listenInfos = [
      listenInfo,
      { ...listenInfo, port: 47001 },
      { ...listenInfo, portRange: { min: 47001, max: 47009 } },
    ]
    await worker.createWebRtcServer({ listenInfos })
    expect(lastRequest(fake, 'worker.createWebRtcServer').listenInfos).toEqual([
      { ...listenInfo, port: 0, portRange: defaultPortRange },
      { ...listenInfo, port: 47001 },
      { ...listenInfo, port: 0, portRange: { min: 47001, max: 47009 } },
    ])
  })

  test('a WebRtcServer serves its own worker only', async () => {
    const [one, other] = [await rig(), await rig()]
    const webRtcServer = await other.worker.createWebRtcServer({
      listenInfos: [{ protocol: 'udp', ip: '127.0.0.1' }],
    })
    const handled = once(webRtcServer.observer, 'webrtctransporthandled')
    const transport = await other.router.createWebRtcTransport({ webRtcServer })
    expect(await handled).toEqual([transport])
    expect(lastRequest(other.fake, 'router.createWebRtcTransport')).toMatchObject({
      webRtcServerId: webRtcServer.id,
      enableTcp: true,
    })
    await expect(one.router.createWebRtcTransport({ webRtcServer })).rejects.toMatchObject({
      name: 'TypeError',
      field: 'webRtcServer',
    })
  })

  test('connect() connects once, and a refused one may be repeated', async () => {
    const { fake, transport } = await rig()
    fake.refuseNext('transport.connectWebRtc', { name: 'TypeError', message: 'not that' })
    await expect(transport.connect({ dtlsParameters: peerDtlsParameters })).rejects.toThrow(TypeError)
    await transport.connect({ dtlsParameters: peerDtlsParameters })
    expect(transport.dtlsParameters.role).toBe('client')
    const sent = lastRequest(fake, 'transport.connectWebRtc').dtlsParameters
    expect(sent.fingerprints[0]?.value).toMatch(/^AB(:AB){31}$/)
    await expect(transport.connect({ dtlsParameters: peerDtlsParameters })).rejects.toMatchObject({
      name: 'InvalidStateError',
      code: 'already-connected',
    })
  })

  test('restartIce() replaces the credentials', async () => {
    const { transport } = await rig()
    expect(await transport.restartIce()).toMatchObject({ usernameFragment: 'new' })
    expect(transport.iceParameters).toMatchObject({ usernameFragment: 'new' })
  })

  test('follows the states that the worker tells', async () => {
    const { fake, transport } = await rig()
    const told: unknown[] = []
    for (const emitter of [transport, transport.observer]) {
      emitter.on('icestatechange', (state) => told.push(state))
      emitter.on('iceselectedtuplechange', (tuple) => told.push(tuple.localIp))
      emitter.on('dtlsstatechange', (state) => told.push(state))
    }
    const tuple = {
      localAddress: '127.0.0.1',
      localPort: 47000,
      remoteIp: '127.0.0.1',
      remotePort: 47002,
      protocol: 'udp',
    } as const
    const connected = once(transport.observer, 'dtlsstatechange')
    fake.emit('transport.iceSelectedTuple', transport.id, { tuple })
    fake.emit('transport.iceState', transport.id, { iceState: 'completed' })
    fake.emit('transport.dtlsState', transport.id, { dtlsState: 'connected', remoteCertificate: 'PEM' })
    await connected
    expect(told).toEqual(['127.0.0.1', '127.0.0.1', 'completed', 'completed', 'connected', 'connected'])
    expect(transport).toMatchObject({ iceState: 'completed', dtlsState: 'connected', dtlsRemoteCert: 'PEM' })
    expect(transport.iceSelectedTuple).toEqual({ ...tuple, localIp: '127.0.0.1' })
    const lost = once(transport, 'icestatechange')
    fake.emit('transport.iceSelectedTuple', transport.id, { tuple: undefined })
    fake.emit('transport.iceState', transport.id, { iceState: 'disconnected' })
    await lost
    expect(transport.iceSelectedTuple).toBeUndefined()
    expect(transport.closed).toBe(false)
  })

  test('tells states that come with its creation to listeners that are attached after it', async () => {
    const { fake, router } = await rig()
    const release = fake.hold('router.createWebRtcTransport')
    const creating = router.createWebRtcTransport({ listenInfos: [{ protocol: 'udp', ip: '127.0.0.1' }] })
    const { transportId } = await new Promise<{ transportId: string }>((resolve) =>
      setImmediate(() => resolve(lastRequest(fake, 'router.createWebRtcTransport'))),
    )
    release()
    fake.emit('transport.iceState', transportId, { iceState: 'connected' })
    const transport = await creating
    const [state] = await once(transport, 'icestatechange')
    expect(state).toBe('connected')
  })
})

describe('DirectTransport', () => {
  test('carries RTP and RTCP between the application and the worker', async () => {
    const { fake, router } = await rig()
    const transport = await router.createDirectTransport()
    const producer = await transport.produce({ kind: 'audio', rtpParameters: audioParameters() })
    const consumer = await transport.consume({
      producerId: producer.id,
      rtpCapabilities: receiverCapabilities(),
    })
    producer.send(Buffer.from([0x80, 1]))
    transport.sendRtcp(Buffer.from([0x80, 2]))
    expect(fake.received.slice(-2)).toEqual([
      { event: 'producer.send', target: producer.id, data: { packet: expect.anything() } },
      { event: 'transport.sendRtcp', target: transport.id, data: { packet: expect.anything() } },
    ])
    const [rtp, rtcp] = [once(consumer, 'rtp'), once(transport, 'rtcp')]
    fake.emit('consumer.rtp', consumer.id, { packet: new Uint8Array([0x80, 3]) })
    fake.emit('transport.rtcp', transport.id, { packet: new Uint8Array([0x80, 4]) })
    expect([await rtp, await rtcp]).toEqual([[Buffer.from([0x80, 3])], [Buffer.from([0x80, 4])]])
  })

  test('has nothing to connect and no bitrate to limit', async () => {
    const { router } = await rig()
    const transport = await router.createDirectTransport()
    await expect(transport.connect()).resolves.toBeUndefined()
    await expect(transport.setMaxIncomingBitrate(1000)).rejects.toBeInstanceOf(UnsupportedError)
    await expect(transport.setMaxOutgoingBitrate(1000)).rejects.toBeInstanceOf(UnsupportedError)
    await expect(transport.setMinOutgoingBitrate(1000)).rejects.toBeInstanceOf(UnsupportedError)
  })

  test('producer.send() off a DirectTransport throws UnsupportedError', async () => {
    const { transport } = await rig()
    const producer = await transport.produce({ kind: 'audio', rtpParameters: audioParameters() })
    expect(() => producer.send(Buffer.from([0x80]))).toThrow(UnsupportedError)
  })
})
