import { once } from 'node:events'
import type { types as M } from 'mediasoup'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createWorker, type types } from '../../src/index.ts'
import { mediaCodecs, receiverCapabilities, videoParameters } from '../api/media-fixtures.ts'

type Kind = 'string' | 'number' | 'boolean' | 'object'
type KindOf<T> = T extends string
  ? 'string'
  : T extends number
    ? 'number'
    : T extends boolean
      ? 'boolean'
      : 'object'
type RequiredKeys<T> = { [K in keyof T]-?: Record<never, never> extends Pick<T, K> ? never : K }[keyof T]
/** The kind of each field that the reference always has: a list that lacks one does not compile. */
type Shape<T> = { readonly [K in RequiredKeys<T>]: KindOf<T[K]> }

let worker: types.Worker
let router: types.Router
let server: types.WebRtcServer
let webRtc: types.WebRtcTransport
let plain: types.PlainTransport
let pipe: types.PipeTransport
let direct: types.DirectTransport

beforeAll(async () => {
  worker = await createWorker({ logLevel: 'none' })
  router = await worker.createRouter({ mediaCodecs })
  const listenInfo = { protocol: 'udp', ip: '127.0.0.1' } as const
  server = await worker.createWebRtcServer({ listenInfos: [listenInfo] })
  webRtc = await router.createWebRtcTransport({ webRtcServer: server, enableSctp: true })
  plain = await router.createPlainTransport({ listenInfo })
  pipe = await router.createPipeTransport({ listenInfo })
  direct = await router.createDirectTransport()
})

afterAll(async () => {
  const ended = once(worker, 'subprocessclose')
  worker.close()
  await ended
})

/** That an answer of the worker has all these fields, of these kinds. */
function expectShape(answer: object | undefined, shape: Readonly<Record<string, Kind>>): void {
  const kinds = Object.fromEntries(Object.entries(answer ?? {}).map(([key, value]) => [key, typeof value]))
  expect(kinds).toMatchObject(shape)
}

const TRANSPORT_DUMP: Shape<M.BaseTransportDump> = {
  id: 'string',
  producerIds: 'object',
  consumerIds: 'object',
  mapSsrcConsumerId: 'object',
  mapRtxSsrcConsumerId: 'object',
  recvRtpHeaderExtensions: 'object',
  rtpListener: 'object',
  maxSendMessageSize: 'number',
  maxReceiveMessageSize: 'number',
  dataProducerIds: 'object',
  dataConsumerIds: 'object',
}
const TRANSPORT_STATS: Shape<M.BaseTransportStats> = {
  transportId: 'string',
  timestamp: 'number',
  bytesReceived: 'number',
  recvBitrate: 'number',
  bytesSent: 'number',
  sendBitrate: 'number',
  rtpBytesReceived: 'number',
  rtpRecvBitrate: 'number',
  rtpBytesSent: 'number',
  rtpSendBitrate: 'number',
  rtxBytesReceived: 'number',
  rtxRecvBitrate: 'number',
  rtxBytesSent: 'number',
  rtxSendBitrate: 'number',
  probationBytesSent: 'number',
  probationSendBitrate: 'number',
}
const STREAM_STATS: Shape<M.BaseRtpStreamStats> = {
  timestamp: 'number',
  ssrc: 'number',
  kind: 'string',
  mimeType: 'string',
  packetsLost: 'number',
  fractionLost: 'number',
  jitter: 'number',
  packetsDiscarded: 'number',
  packetsRetransmitted: 'number',
  packetsRepaired: 'number',
  nackCount: 'number',
  nackPacketCount: 'number',
  pliCount: 'number',
  firCount: 'number',
  score: 'number',
}
const COUNTED = { type: 'string', packetCount: 'number', byteCount: 'number', bitrate: 'number' } as const
const CONSUMER_DUMP: Shape<M.BaseConsumerDump> = {
  id: 'string',
  producerId: 'string',
  kind: 'string',
  rtpParameters: 'object',
  supportedCodecPayloadTypes: 'object',
  traceEventTypes: 'object',
  paused: 'boolean',
  producerPaused: 'boolean',
  priority: 'number',
}
const STREAM_DUMP: Shape<M.RtpStreamParametersDump> = {
  encodingIdx: 'number',
  ssrc: 'number',
  payloadType: 'number',
  mimeType: 'string',
  clockRate: 'number',
  cname: 'string',
  useNack: 'boolean',
  usePli: 'boolean',
  useFir: 'boolean',
  useInBandFec: 'boolean',
  useDtx: 'boolean',
  spatialLayers: 'number',
  temporalLayers: 'number',
}

test('worker, WebRtcServer and router dump what the reference dumps', async () => {
  const workerDump: Shape<M.WorkerDump> = {
    pid: 'number',
    webRtcServerIds: 'object',
    routerIds: 'object',
    channelMessageHandlers: 'object',
  }
  expectShape(await worker.dump(), workerDump)
  const serverDump: Shape<M.WebRtcServerDump> = {
    id: 'string',
    udpSockets: 'object',
    tcpServers: 'object',
    webRtcTransportIds: 'object',
    localIceUsernameFragments: 'object',
  }
  expectShape(await server.dump(), serverDump)
  expect((await server.dump()).localIceUsernameFragments).toEqual([
    { localIceUsernameFragment: webRtc.iceParameters.usernameFragment, webRtcTransportId: webRtc.id },
  ])
  const routerDump: Shape<M.RouterDump> = {
    id: 'string',
    transportIds: 'object',
    rtpObserverIds: 'object',
    mapProducerIdConsumerIds: 'object',
    mapConsumerIdProducerId: 'object',
    mapProducerIdObserverIds: 'object',
    mapDataProducerIdDataConsumerIds: 'object',
    mapDataConsumerIdDataProducerId: 'object',
  }
  expectShape(await router.dump(), routerDump)
  const usage: Shape<M.WorkerResourceUsage> = {
    ru_utime: 'number',
    ru_stime: 'number',
    ru_maxrss: 'number',
    ru_ixrss: 'number',
    ru_idrss: 'number',
    ru_isrss: 'number',
    ru_minflt: 'number',
    ru_majflt: 'number',
    ru_nswap: 'number',
    ru_inblock: 'number',
    ru_oublock: 'number',
    ru_msgsnd: 'number',
    ru_msgrcv: 'number',
    ru_nsignals: 'number',
    ru_nvcsw: 'number',
    ru_nivcsw: 'number',
  }
  expectShape(await worker.getResourceUsage(), usage)
})

test('transports of every kind dump and count what the reference does', async () => {
  const webRtcDump: Shape<M.WebRtcTransportDump> = {
    ...TRANSPORT_DUMP,
    iceRole: 'string',
    iceParameters: 'object',
    iceCandidates: 'object',
    iceState: 'string',
    dtlsParameters: 'object',
    dtlsState: 'string',
  }
  expectShape(await webRtc.dump(), {
    ...webRtcDump,
    sctpParameters: 'object',
    sctpState: 'string',
    sctpListener: 'object',
  })
  expect((await webRtc.dump()).sctpParameters).toEqual(webRtc.sctpParameters)
  const webRtcStats: Shape<M.WebRtcTransportStat> = {
    ...TRANSPORT_STATS,
    type: 'string',
    iceRole: 'string',
    iceState: 'string',
    dtlsState: 'string',
  }
  expectShape((await webRtc.getStats())[0], { ...webRtcStats, availableOutgoingBitrate: 'number' })
  const plainDump: Shape<M.PlainTransportDump> = {
    ...TRANSPORT_DUMP,
    rtcpMux: 'boolean',
    comedia: 'boolean',
    tuple: 'object',
  }
  expectShape(await plain.dump(), plainDump)
  const plainStats: Shape<M.PlainTransportStat> = {
    ...TRANSPORT_STATS,
    type: 'string',
    rtcpMux: 'boolean',
    comedia: 'boolean',
    tuple: 'object',
  }
  expectShape((await plain.getStats())[0], plainStats)
  const pipeDump: Shape<M.PipeTransportDump> = { ...TRANSPORT_DUMP, tuple: 'object', rtx: 'boolean' }
  expectShape(await pipe.dump(), pipeDump)
  const pipeStats: Shape<M.PipeTransportStat> = { ...TRANSPORT_STATS, type: 'string', tuple: 'object' }
  expectShape((await pipe.getStats())[0], pipeStats)
  for (const { tuple } of [await plain.dump(), await pipe.dump()]) expect(tuple.localIp).toBe('127.0.0.1')
  expectShape(await direct.dump(), TRANSPORT_DUMP)
  expectShape((await direct.getStats())[0], { ...TRANSPORT_STATS, type: 'string' })
})

test('producers and consumers dump and count what the reference does', async () => {
  const [layer] = videoParameters().encodings ?? []
  const rtpParameters = {
    ...videoParameters(),
    encodings: [
      { ...layer, ssrc: 5001, rtx: { ssrc: 5002 } },
      { ...layer, ssrc: 5003, rtx: { ssrc: 5004 } },
    ],
  }
  const producer = await webRtc.produce({ kind: 'video', rtpParameters })
  const producerDump: Shape<M.ProducerDump> = {
    id: 'string',
    kind: 'string',
    type: 'string',
    rtpParameters: 'object',
    rtpMapping: 'object',
    rtpStreams: 'object',
    traceEventTypes: 'object',
    paused: 'boolean',
  }
  expectShape(await producer.dump(), producerDump)
  for (const { params } of (await producer.dump()).rtpStreams) expectShape(params, STREAM_DUMP)
  const received: Shape<M.RtpStreamRecvStats> = { ...STREAM_STATS, ...COUNTED, bitrateByLayer: 'object' }
  const rows = await producer.getStats()
  expect(rows.map(({ ssrc }) => ssrc)).toEqual([5001, 5003])
  for (const row of rows) expectShape(row, received)

  const rtpCapabilities = receiverCapabilities()
  const consumer = await direct.consume({ producerId: producer.id, rtpCapabilities })
  const simulcast: Shape<M.SimulcastConsumerDump> = {
    ...CONSUMER_DUMP,
    type: 'string',
    rtpStream: 'object',
    preferredSpatialLayer: 'number',
    targetSpatialLayer: 'number',
    currentSpatialLayer: 'number',
    preferredTemporalLayer: 'number',
    targetTemporalLayer: 'number',
    currentTemporalLayer: 'number',
  }
  expectShape(await consumer.dump(), simulcast)
  await consumer.enableTraceEvent(['rtp', 'pli'])
  expect(await consumer.dump()).toMatchObject({
    type: 'simulcast',
    preferredSpatialLayer: 1,
    currentSpatialLayer: -1,
    traceEventTypes: ['rtp', 'pli'],
    consumableRtpEncodings: [{}, {}],
  })
  const sent: Shape<M.RtpStreamSendStats> = { ...STREAM_STATS, ...COUNTED }
  expectShape((await consumer.getStats())[0], sent)

  const piped = await pipe.consume({ producerId: producer.id })
  const pipeDump: Shape<M.PipeConsumerDump> = { ...CONSUMER_DUMP, type: 'string', rtpStreams: 'object' }
  expectShape(await piped.dump(), pipeDump)
  expect(await piped.dump()).toMatchObject({ rtpStreams: [{ score: 10 }, { score: 10 }] })
})

test('data producers and consumers dump and count what the reference does', async () => {
  const dataProducer = await direct.produceData({ label: 'l', protocol: 'p' })
  const dataConsumer = await direct.consumeData({ dataProducerId: dataProducer.id })
  const producerDump: Shape<M.DataProducerDump> = {
    id: 'string',
    paused: 'boolean',
    type: 'string',
    label: 'string',
    protocol: 'string',
  }
  expectShape(await dataProducer.dump(), producerDump)
  const producerStats: Shape<M.DataProducerStat> = {
    type: 'string',
    timestamp: 'number',
    label: 'string',
    protocol: 'string',
    messagesReceived: 'number',
    bytesReceived: 'number',
  }
  expectShape((await dataProducer.getStats())[0], producerStats)
  const consumerDump: Shape<M.DataConsumerDump> = {
    ...producerDump,
    dataProducerPaused: 'boolean',
    subchannels: 'object',
    dataProducerId: 'string',
    bufferedAmount: 'number',
    bufferedAmountLowThreshold: 'number',
  }
  expectShape(await dataConsumer.dump(), consumerDump)
  const consumerStats: Shape<M.DataConsumerStat> = {
    type: 'string',
    timestamp: 'number',
    label: 'string',
    protocol: 'string',
    messagesSent: 'number',
    bytesSent: 'number',
    bufferedAmount: 'number',
  }
  expectShape((await dataConsumer.getStats())[0], consumerStats)
})
