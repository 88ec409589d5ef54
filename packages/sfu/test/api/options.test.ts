import { describe, expect, test } from 'vitest'
import { createWorker } from '../../src/api/create-worker.ts'
import type { Router } from '../../src/api/router-types.ts'
import type { WebRtcTransport } from '../../src/api/webrtc-transport-types.ts'
import type { WorkerImpl } from '../../src/api/worker.ts'
import { audioParameters, peerDtlsParameters, receiverCapabilities } from './media-fixtures.ts'
import { rig } from './rig.ts'

interface Targets {
  readonly worker: WorkerImpl
  readonly router: Router
  readonly transport: WebRtcTransport
}

const listenInfo = { protocol: 'udp', ip: '127.0.0.1' }
const produce = { kind: 'audio', rtpParameters: audioParameters() }
const consume = { producerId: 'nobody', rtpCapabilities: receiverCapabilities() }

// Types forbid these calls; JavaScript makes them.
const badCalls: [field: string, call: (targets: Targets) => Promise<unknown>][] = [
  ['settings', () => createWorker(wrong('fast'))],
  ['logLevel', () => createWorker(wrong({ logLevel: 'loud' }))],
  ['logTags[1]', () => createWorker(wrong({ logTags: ['ice', 'fire'] }))],
  ['dtlsCertificateFile', () => createWorker(wrong({ dtlsPrivateKeyFile: '/key.pem' }))],
  ['workerBin', () => createWorker(wrong({ workerBin: '' }))],
  ['rtcMinPort/rtcMaxPort.max', () => createWorker(wrong({ rtcMinPort: 2000, rtcMaxPort: 1000 }))],
  ['logLevel', ({ worker }) => worker.updateSettings(wrong({ logLevel: 1 }))],
  ['options', ({ worker }) => worker.createWebRtcServer(wrong(undefined))],
  ['listenInfos', ({ worker }) => worker.createWebRtcServer(wrong({ listenInfos: [] }))],
  [
    'listenInfos[0].protocol',
    ({ worker }) => worker.createWebRtcServer(wrong({ listenInfos: [{ ip: '127.0.0.1' }] })),
  ],
  ['appData', ({ worker }) => worker.createRouter(wrong({ appData: 'mine' }))],
  ['mediaCodecs', ({ worker }) => worker.createRouter(wrong({ mediaCodecs: {} }))],
  ['options', ({ router }) => router.createWebRtcTransport(wrong({}))],
  [
    'options',
    ({ router }) => router.createWebRtcTransport(wrong({ listenInfos: [listenInfo], listenIps: ['::1'] })),
  ],
  ['webRtcServer', ({ router }) => router.createWebRtcTransport(wrong({ webRtcServer: {} }))],
  ['listenIps[0].ip', ({ router }) => router.createWebRtcTransport(wrong({ listenIps: ['localhost'] }))],
  [
    'enableUdp',
    ({ router }) => router.createWebRtcTransport(wrong({ listenInfos: [listenInfo], enableUdp: 1 })),
  ],
  [
    'iceConsentTimeout',
    ({ router }) => router.createWebRtcTransport(wrong({ listenInfos: [listenInfo], iceConsentTimeout: -1 })),
  ],
  ...(
    [
      ['ip', 'localhost'],
      ['announcedAddress', ''],
      ['port', 65536],
      ['portRange.max', { min: 10, max: 9 }],
      ['flags', true],
      ['exposeInternalIp', 'yes'],
      ['sendBufferSize', 1.5],
    ] as const
  ).map(([field, value]): [string, (targets: Targets) => Promise<unknown>] => [
    `listenInfos[0].${field}`,
    ({ router }) =>
      router.createWebRtcTransport(
        wrong({ listenInfos: [{ ...listenInfo, [field.split('.')[0] ?? '']: value }] }),
      ),
  ]),
  ['maxSendMessageSize', ({ router }) => router.createDirectTransport(wrong({ maxSendMessageSize: 'big' }))],
  ['mediaCodecs', async ({ router }) => router.updateMediaCodecs(wrong('opus'))],
  ['parameters', ({ transport }) => transport.connect(wrong(undefined))],
  ['dtlsParameters', ({ transport }) => transport.connect(wrong({}))],
  [
    'dtlsParameters.fingerprints',
    ({ transport }) => transport.connect(wrong({ dtlsParameters: { fingerprints: [] } })),
  ],
  [
    'dtlsParameters.role',
    ({ transport }) => transport.connect(wrong({ dtlsParameters: { ...peerDtlsParameters, role: 'both' } })),
  ],
  [
    'dtlsParameters.fingerprints[0].algorithm',
    ({ transport }) =>
      transport.connect(wrong({ dtlsParameters: { fingerprints: [{ algorithm: 'md5', value: 'AB' }] } })),
  ],
  [
    'dtlsParameters.fingerprints[0].value',
    ({ transport }) =>
      transport.connect(
        wrong({ dtlsParameters: { fingerprints: [{ algorithm: 'sha-256', value: 'AB:CD' }] } }),
      ),
  ],
  ['bitrate', ({ transport }) => transport.setMaxIncomingBitrate(-1)],
  ['bitrate', ({ transport }) => transport.setMaxOutgoingBitrate(wrong('fast'))],
  ['bitrate', ({ transport }) => transport.setMinOutgoingBitrate(0.5)],
  ['types[0]', ({ transport }) => transport.enableTraceEvent(wrong(['everything']))],
  ['options', ({ transport }) => transport.produce(wrong(null))],
  ['kind', ({ transport }) => transport.produce(wrong({ ...produce, kind: 'smell' }))],
  ['rtpParameters', ({ transport }) => transport.produce(wrong({ kind: 'audio' }))],
  ['id', ({ transport }) => transport.produce(wrong({ ...produce, id: '' }))],
  ['paused', ({ transport }) => transport.produce(wrong({ ...produce, paused: 'no' }))],
  [
    'keyFrameRequestDelay',
    ({ transport }) => transport.produce(wrong({ ...produce, keyFrameRequestDelay: -5 })),
  ],
  ['appData', ({ transport }) => transport.produce(wrong({ ...produce, appData: [] }))],
  ['producerId', ({ transport }) => transport.consume(wrong({ ...consume, producerId: 7 }))],
  ['rtpCapabilities', ({ transport }) => transport.consume(wrong({ producerId: 'nobody' }))],
  ['mid', ({ transport }) => transport.consume(wrong({ ...consume, mid: '' }))],
]

const badConsumerCalls: [field: string, options: unknown][] = [
  ['paused', { paused: 1 }],
  ['enableRtx', { enableRtx: 'yes' }],
  ['ignoreDtx', { ignoreDtx: null }],
  ['pipe', { pipe: 1 }],
  ['preferredLayers.spatialLayer', { preferredLayers: { spatialLayer: -1 } }],
  ['preferredLayers.temporalLayer', { preferredLayers: { spatialLayer: 0, temporalLayer: 'top' } }],
]

function wrong(value: unknown): never {
  return value as never
}

describe('bad options', () => {
  test.each(badCalls)(
    'a wrong %s rejects with TypeError that names it, and sends nothing',
    async (field, call) => {
      const targets = await rig()
      targets.fake.received.length = 0
      await expect(call(targets)).rejects.toSatisfy((error) => error instanceof TypeError)
      await expect(call(targets)).rejects.toMatchObject({ code: 'invalid-option', field })
      await expect(call(targets)).rejects.toThrow(field)
      expect(targets.fake.received).toEqual([])
    },
  )

  test.each(badConsumerCalls)('consume() with a wrong %s rejects with TypeError', async (field, options) => {
    const { transport } = await rig()
    const producer = await transport.produce(wrong(produce))
    const call = transport.consume(wrong({ ...consume, producerId: producer.id, ...(options as object) }))
    await expect(call).rejects.toMatchObject({ name: 'TypeError', code: 'invalid-option', field })
  })

  test('a producer and a consumer check what they are given', async () => {
    const { transport, router } = await rig()
    const producer = await transport.produce(wrong(produce))
    const consumer = await transport.consume({ ...consume, producerId: producer.id })
    const direct = await router.createDirectTransport()
    await expect(producer.enableTraceEvent(wrong('rtp'))).rejects.toMatchObject({ field: 'types' })
    await expect(consumer.enableTraceEvent(wrong(['sr']))).rejects.toMatchObject({ field: 'types[0]' })
    await expect(consumer.setPriority(0)).rejects.toMatchObject({ field: 'priority' })
    await expect(consumer.setPriority(256)).rejects.toMatchObject({ field: 'priority' })
    await expect(consumer.setPreferredLayers(wrong({}))).rejects.toMatchObject({
      field: 'layers.spatialLayer',
    })
    expect(() => producer.send(wrong('packet'))).toThrow(TypeError)
    expect(() => direct.sendRtcp(wrong(Buffer.alloc(0)))).toThrow(TypeError)
    for (const entity of [transport, producer, consumer, direct, router]) {
      expect(() => {
        entity.appData = wrong(7)
      }).toThrow(TypeError)
    }
  })

  test('refusals of the worker reject with the class that it names', async () => {
    const { fake, transport } = await rig()
    for (const name of ['TypeError', 'UnsupportedError', 'InvalidStateError', 'Error'] as const) {
      fake.refuseNext('transport.getStats', { name, message: 'because' })
      await expect(transport.getStats()).rejects.toMatchObject({ name, message: 'because' })
    }
  })
})
