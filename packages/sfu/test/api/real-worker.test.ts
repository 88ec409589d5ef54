import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { afterEach, describe, expect, test } from 'vitest'
import {
  createWorker,
  extras,
  observer,
  setLogEventListeners,
  type types,
  version,
  workerBin,
} from '../../src/index.ts'
import {
  audioParameters,
  mediaCodecs,
  peerDtlsParameters,
  receiverCapabilities,
  videoParameters,
} from './media-fixtures.ts'

// Below the range that Linux takes ports of outgoing connections from.
const FIRST_PORT = 19_400
const started: types.Worker[] = []

afterEach(async () => {
  for (const worker of started.splice(0)) {
    if (worker.subprocessClosed) continue
    const ended = once(worker, 'subprocessclose')
    worker.close()
    await ended
  }
})

async function startWorker(settings: types.WorkerSettings = {}): Promise<types.Worker> {
  const worker = await createWorker({ logLevel: 'none', ...settings })
  started.push(worker)
  return worker
}

describe('createWorker()', () => {
  test('starts a process of its own, and tells the observer', async () => {
    const created = once(observer, 'newworker')
    const worker = await startWorker({ appData: { core: 1 } })
    expect(await created).toEqual([worker])
    expect(worker.pid).not.toBe(process.pid)
    expect(worker).toMatchObject({
      closed: false,
      died: false,
      subprocessClosed: false,
      appData: { core: 1 },
    })
    expect(await worker.dump()).toMatchObject({ pid: worker.pid, routerIds: [], webRtcServerIds: [] })
    const usage = await worker.getResourceUsage()
    expect(usage.ru_utime).toBeGreaterThan(0)
    expect(usage.ru_maxrss).toBeGreaterThan(0)
    await expect(worker.updateSettings({ logLevel: 'error', logTags: ['ice'] })).resolves.toBeUndefined()
  })

  test('rejects with one sentence when the process ends before it is ready', async () => {
    const files = { dtlsCertificateFile: '/nowhere/cert.pem', dtlsPrivateKeyFile: '/nowhere/key.pem' }
    const failed = createWorker(files)
    await expect(failed).rejects.toMatchObject({ name: 'WorkerClosedError', code: 'worker-not-started' })
    await expect(failed).rejects.toThrow(/^the worker did not start: .*\/nowhere\/cert\.pem/)
  })

  test('rejects when there is no such program', async () => {
    await expect(createWorker({ workerBin: '/nowhere/worker.ts' })).rejects.toMatchObject({
      code: 'worker-not-started',
    })
  })

  test('the module names its version and its worker program', () => {
    expect(version).toMatch(/^\d+\.\d+\.\d+/)
    expect(workerBin).toMatch(/worker\/main\.ts$/)
  })
})

test('a killed worker emits died with the signal; its port is free for the next one', async () => {
  const listenInfos: types.TransportListenInfo[] = [{ protocol: 'udp', ip: '127.0.0.1', port: FIRST_PORT }]
  const worker = await startWorker()
  const webRtcServer = await worker.createWebRtcServer({ listenInfos })
  const died = once(worker, 'died') as Promise<[Error]>
  const closed = once(webRtcServer, 'workerclose')
  const ended = once(worker, 'subprocessclose')
  process.kill(worker.pid, 'SIGKILL')
  expect((await died)[0].message).toContain('SIGKILL')
  await closed
  await ended
  const next = await startWorker()
  await expect(next.createWebRtcServer({ listenInfos })).resolves.toBeDefined()
})

test('signals that a terminal or a careless parent sends leave a worker as it is', async () => {
  const worker = await startWorker()
  for (const signal of ['SIGPIPE', 'SIGHUP', 'SIGALRM', 'SIGUSR1', 'SIGUSR2', 'SIGINT'] as const) {
    process.kill(worker.pid, signal)
    expect(await worker.dump()).toMatchObject({ pid: worker.pid })
  }
  expect(worker).toMatchObject({ closed: false, died: false })
})

test('a closed worker emits subprocessclose, and did not die', async () => {
  const worker = await startWorker()
  const events: string[] = []
  worker.on('died', () => events.push('died'))
  worker.on('subprocessclose', () => events.push('subprocessclose'))
  worker.observer.on('close', () => events.push('close'))
  const ended = once(worker, 'subprocessclose')
  worker.close()
  expect(worker).toMatchObject({ closed: true, subprocessClosed: false })
  await ended
  expect(events).toEqual(['close', 'subprocessclose'])
  expect(worker).toMatchObject({ died: false, subprocessClosed: true })
})

test('the log of a worker reaches the listeners, by level and tag, and changes while it runs', async () => {
  const lines = new extras.EnhancedEventEmitter<{ line: [namespace: string, line: string] }>()
  setLogEventListeners({ ondebug: (namespace, line) => lines.emit('line', namespace, line) })
  try {
    const worker = await startWorker()
    await worker.updateSettings({ logLevel: 'debug', logTags: ['info'] })
    const first = once(lines, 'line')
    await worker.dump()
    expect(await first).toEqual(['sangam:Worker', 'request worker.dump'])
  } finally {
    setLogEventListeners()
  }
})

test('a worker that cuts its channel is killed, and has died', async () => {
  const worker = await startWorker({ workerBin: fileURLToPath(new URL('deaf-worker.mjs', import.meta.url)) })
  const died = once(worker, 'died') as Promise<[Error]>
  const pending = expect(worker.dump()).rejects.toMatchObject({ code: 'worker-died' })
  expect((await died)[0].message).toContain('SIGKILL')
  await pending
})

test('a worker ends when its application is killed', async () => {
  const program = `
    import { createWorker } from ${JSON.stringify(fileURLToPath(new URL('../../src/index.ts', import.meta.url)))}
    const worker = await createWorker({ logLevel: 'none' })
    process.stdout.write(String(worker.pid))`
  const application = spawn(process.execPath, ['--input-type=module', '--eval', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  await once(application.stdout, 'data')
  // The worker holds the same output open: it is at its end when both are gone.
  const bothGone = once(application, 'close')
  application.kill('SIGKILL')
  await bothGone
})

test('a port in use rejects, and the worker goes on', async () => {
  const worker = await startWorker()
  const listenInfos: types.TransportListenInfo[] = [
    { protocol: 'udp', ip: '127.0.0.1', port: FIRST_PORT + 1 },
  ]
  await worker.createWebRtcServer({ listenInfos })
  await expect(worker.createWebRtcServer({ listenInfos })).rejects.toThrow(`${FIRST_PORT + 1}`)
  await expect(worker.createRouter({ mediaCodecs })).resolves.toBeDefined()
})

test('a WebRtcTransport offers candidates, connects once and restarts ICE', async () => {
  const worker = await startWorker()
  const router = await worker.createRouter({ mediaCodecs })
  const port = FIRST_PORT + 2
  const transport = await router.createWebRtcTransport({
    listenInfos: [
      { protocol: 'udp', ip: '127.0.0.1', announcedAddress: '203.0.113.7', exposeInternalIp: true, port },
    ],
  })
  expect(transport.iceParameters.iceLite).toBe(true)
  expect(transport.iceCandidates.map(({ address }) => address).sort()).toEqual(['127.0.0.1', '203.0.113.7'])
  expect(transport.iceCandidates.every((candidate) => candidate.port === port)).toBe(true)
  expect(transport.dtlsParameters.fingerprints.map(({ algorithm }) => algorithm)).toContain('sha-256')
  await transport.connect({ dtlsParameters: peerDtlsParameters })
  expect(transport.dtlsParameters.role).toBe('client')
  await expect(transport.connect({ dtlsParameters: peerDtlsParameters })).rejects.toMatchObject({
    name: 'InvalidStateError',
  })
  const { usernameFragment } = transport.iceParameters
  expect((await transport.restartIce()).usernameFragment).not.toBe(usernameFragment)
  expect(await transport.getStats()).toMatchObject([{ type: 'webrtc-transport', transportId: transport.id }])
})

test('audio and video are produced and consumed; pausing and closing is told to the consumer', async () => {
  const worker = await startWorker()
  const router = await worker.createRouter({ mediaCodecs })
  const listenInfos: types.TransportListenInfo[] = [
    { protocol: 'udp', ip: '127.0.0.1', port: FIRST_PORT + 3 },
  ]
  const webRtcServer = await worker.createWebRtcServer({ listenInfos })
  const sender = await router.createWebRtcTransport({ webRtcServer })
  const receiver = await router.createWebRtcTransport({ webRtcServer })
  const rtpCapabilities = receiverCapabilities()
  await sender.produce({ kind: 'audio', rtpParameters: audioParameters() })
  const video = await sender.produce({ kind: 'video', rtpParameters: videoParameters() })
  const consumer = await receiver.consume({ producerId: video.id, rtpCapabilities, paused: true })
  expect(consumer).toMatchObject({ kind: 'video', type: 'simple', paused: true, producerPaused: false })
  await consumer.resume()
  const paused = once(consumer, 'producerpause')
  await video.pause()
  await paused
  const resumed = once(consumer, 'producerresume')
  await video.resume()
  await resumed
  expect(await consumer.getStats()).toMatchObject([{ type: 'outbound-rtp' }, { type: 'inbound-rtp' }])
  const closed = once(consumer, 'producerclose')
  sender.close()
  await closed
  expect(await router.dump()).toMatchObject({ transportIds: [receiver.id] })
})

test('RTP that the application sends on a DirectTransport comes out of its consumers', async () => {
  const worker = await startWorker()
  const router = await worker.createRouter({ mediaCodecs })
  const transport = await router.createDirectTransport()
  const producer = await transport.produce({ kind: 'audio', rtpParameters: audioParameters('a', 1111) })
  const consumer = await transport.consume({
    producerId: producer.id,
    rtpCapabilities: receiverCapabilities(),
  })
  const received = once(consumer, 'rtp') as Promise<[Buffer]>
  // RFC 3550 section 5.1: version 2, payload type 111, sequence number 7, timestamp 960, SSRC 1111; then the payload.
  const payload = Buffer.from('opus')
  producer.send(Buffer.concat([Buffer.from([0x80, 111, 0, 7, 0, 0, 0x03, 0xc0, 0, 0, 0x04, 0x57]), payload]))
  const [packet] = await received
  expect(packet.readUInt32BE(8)).toBe(consumer.rtpParameters.encodings?.[0]?.ssrc)
  expect(packet.subarray(-payload.length)).toEqual(payload)
})

test('2,000 transports come and go without a trace', async () => {
  const worker = await startWorker()
  const router = await worker.createRouter({ mediaCodecs })
  const listenInfos: types.TransportListenInfo[] = [
    { protocol: 'udp', ip: '127.0.0.1', port: FIRST_PORT + 4 },
  ]
  const webRtcServer = await worker.createWebRtcServer({ listenInfos })
  for (let round = 0; round < 20; round++) {
    const options = Array.from({ length: 100 }, () => router.createWebRtcTransport({ webRtcServer }))
    for (const transport of await Promise.all(options)) transport.close()
  }
  expect(await router.dump()).toMatchObject({ transportIds: [] })
  expect(await webRtcServer.dump()).toMatchObject({ webRtcTransportIds: [] })
})
