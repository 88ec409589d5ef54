import type { RtpParameters } from '@sangam/ortc'
import {
  HeaderExtensionUri,
  writeFir,
  writeNack,
  writePli,
  writeRtpPacket,
  writeSenderReport,
} from '@sangam/rtp'
import { describe, expect, test } from 'vitest'
import type { TraceEvent } from '../../src/channel/messages.ts'
import { requestHandlers } from '../../src/worker/requests.ts'
import type { WebRtcTransport } from '../../src/worker/transport/webrtc-transport.ts'
import { DELTA_FRAME, EngineFixture, KEY_FRAME, VIDEO } from './engine-fixture.ts'

const PRODUCER_TYPES = ['rtp', 'keyframe', 'nack', 'pli', 'fir', 'sr']
const CONSUMER_TYPES = ['rtp', 'keyframe', 'nack', 'pli', 'fir']
/** 12 bytes of fixed header; mid and transport-wide number in the one-byte form make 12 more. */
const OUTGOING_HEADER = 12 + 12

class Room extends EngineFixture {
  readonly publisher: WebRtcTransport
  readonly viewer: WebRtcTransport
  readonly handlers = requestHandlers(this.engine, this.context, {
    resourceUsage: () => ({}),
    updateSettings: () => {},
    close: () => {},
  })

  constructor() {
    super()
    this.publisher = this.connected('publisher', 40001)
    this.viewer = this.connected('viewer', 40002)
    this.produceVideo(this.publisher)
    this.consumeVideo(this.viewer)
  }

  traceProducer(...types: string[]): void {
    this.handlers['producer.enableTraceEvent']({ producerId: 'producer', types })
  }

  traceConsumer(...types: string[]): void {
    this.handlers['consumer.enableTraceEvent']({ consumerId: 'consumer', types })
  }

  /** RTCP of a peer arrives. */
  rtcp(transport: WebRtcTransport, write: (bytes: Uint8Array) => number): void {
    const bytes = new Uint8Array(128)
    this.port.addRtcp(transport.session, bytes.slice(0, write(bytes)))
    this.run()
  }

  traces(event: 'producer.trace' | 'consumer.trace'): TraceEvent[] {
    return this.events.filter((e) => e.event === event).map(({ data }) => data as TraceEvent)
  }

  traced(event: 'producer.trace' | 'consumer.trace'): string[] {
    return this.traces(event).map(({ type, direction }) => `${type} ${direction}`)
  }
}

describe('what a producer traces', () => {
  test('rtp of each packet and keyframe of those that start one, with what their headers say', () => {
    const room = new Room()
    room.traceProducer('rtp', 'keyframe')
    room.video(room.publisher, 7, KEY_FRAME, { timestamp: 1234 })
    room.video(room.publisher, 8, DELTA_FRAME)
    room.run()
    expect(room.traced('producer.trace')).toEqual(['keyframe in', 'rtp in', 'rtp in'])
    expect(room.traces('producer.trace')[0]).toEqual({
      type: 'keyframe',
      direction: 'in',
      timestamp: room.context.unixMs(),
      info: {
        isRtx: false,
        rtpPacket: {
          payloadType: 96,
          sequenceNumber: 7,
          timestamp: 1234,
          marker: false,
          ssrc: 1111,
          isKeyFrame: true,
          size: 12 + KEY_FRAME.length,
          payloadSize: KEY_FRAME.length,
          spatialLayer: 0,
          temporalLayer: 0,
        },
      },
    })
  })

  test('the header extensions of a packet, and that one came as a repair', () => {
    const room = new Room()
    room.traceProducer('rtp')
    room.video(room.publisher, 10, KEY_FRAME)
    room.video(room.publisher, 12, DELTA_FRAME)
    room.video(room.publisher, 1, Uint8Array.of(0, 11, ...DELTA_FRAME), { ssrc: 1112, payloadType: 97 })
    const bytes = new Uint8Array(200)
    const length = writeRtpPacket(bytes, 0, {
      payloadType: 96,
      sequenceNumber: 13,
      timestamp: 1,
      ssrc: 1111,
      payload: DELTA_FRAME,
      headerExtensions: [
        { id: 4, data: new TextEncoder().encode('0') },
        { id: 3, data: Uint8Array.of(1, 2) },
      ],
    })
    room.port.addRtp(room.publisher.session, bytes.slice(0, length))
    room.run()
    const infos = room.traces('producer.trace').map(({ info }) => info)
    expect(infos.map(({ isRtx }) => isRtx)).toEqual([false, false, true, false])
    expect(infos[3]).toMatchObject({ rtpPacket: { mid: '0', wideSequenceNumber: 0x0102, size: length } })
  })

  test('nack and pli that go out, and sr that comes in', () => {
    const room = new Room()
    room.run()
    room.traceProducer(...PRODUCER_TYPES.filter((type) => type !== 'rtp' && type !== 'keyframe'))
    room.video(room.publisher, 10, KEY_FRAME)
    room.video(room.publisher, 13, DELTA_FRAME)
    room.run()
    room.tick(1000)
    room.rtcp(room.viewer, (bytes) => writePli(bytes, 0, 1, 2222))
    room.rtcp(room.publisher, (bytes) =>
      writeSenderReport(bytes, 0, {
        ssrc: 1111,
        ntpSeconds: 3_900_000_001,
        ntpFraction: 5,
        rtpTimestamp: 6,
        packetCount: 7,
        octetCount: 8,
      }),
    )
    const traces = room.traces('producer.trace')
    expect(room.traced('producer.trace')).toEqual(expect.arrayContaining(['nack out', 'pli out', 'sr in']))
    expect(traces.find(({ type }) => type === 'nack')?.info).toEqual({
      ssrc: 1111,
      sequenceNumbers: [11, 12],
    })
    expect(traces.find(({ type }) => type === 'pli')?.info).toEqual({ ssrc: 1111 })
    expect(traces.find(({ type }) => type === 'sr')?.info).toEqual({
      ssrc: 1111,
      ntpSec: 3_900_000_001,
      ntpFrac: 5,
      rtpTs: 6,
      packetCount: 7,
      octetCount: 8,
    })
  })

  test('fir, where that is what the publisher understands', () => {
    const room = new Room()
    const codec = { ...VIDEO.codecs[0]!, rtcpFeedback: [{ type: 'ccm', parameter: 'fir' }] }
    const rtpParameters: RtpParameters = {
      mid: '1',
      codecs: [codec],
      headerExtensions: [{ uri: HeaderExtensionUri.mid, id: 4 }],
      encodings: [{ ssrc: 3333 }],
    }
    room.engine.produce({
      transportId: 'publisher',
      producerId: 'fir',
      kind: 'video',
      rtpParameters,
      rtpMapping: { codecs: [{ payloadType: 96, mappedPayloadType: 101 }], encodings: [] },
      keyFrameRequestDelay: 0,
      paused: false,
    })
    room.handlers['producer.enableTraceEvent']({ producerId: 'fir', types: PRODUCER_TYPES })
    const stream = room.engine.producers.get('fir')!.streams[0]!
    room.publisher.requestKeyFrame(stream)
    expect(room.traces('producer.trace')).toMatchObject([
      { type: 'fir', direction: 'out', info: { ssrc: 3333 } },
    ])
  })

  test('nothing before it is asked to, and nothing after an empty list', () => {
    const room = new Room()
    room.video(room.publisher, 10, KEY_FRAME)
    room.run()
    room.traceProducer(...PRODUCER_TYPES)
    room.traceConsumer(...CONSUMER_TYPES)
    room.traceProducer()
    room.traceConsumer()
    room.video(room.publisher, 12, KEY_FRAME)
    room.run()
    room.rtcp(room.viewer, (bytes) => writePli(bytes, 0, 1, 2222))
    expect(room.traces('producer.trace')).toEqual([])
    expect(room.traces('consumer.trace')).toEqual([])
    expect(room.engine.producers.get('producer')!.streams[0]!.tracing.size).toBe(0)
  })
})

describe('what a consumer traces', () => {
  test('rtp and keyframe as they go out, under its own numbers; retransmissions are marked', () => {
    const room = new Room()
    room.traceConsumer('rtp', 'keyframe')
    room.video(room.publisher, 9, DELTA_FRAME)
    room.video(room.publisher, 10, KEY_FRAME)
    room.video(room.publisher, 11, DELTA_FRAME)
    room.run()
    expect(room.traced('consumer.trace')).toEqual(['keyframe out', 'rtp out', 'rtp out'])
    expect(room.traces('consumer.trace')[0]?.info).toMatchObject({
      isRtx: false,
      rtpPacket: {
        payloadType: 101,
        sequenceNumber: 1001,
        ssrc: 2222,
        isKeyFrame: true,
        size: OUTGOING_HEADER + KEY_FRAME.length,
        payloadSize: KEY_FRAME.length,
        mid: '0',
      },
    })
    room.rtcp(room.viewer, (bytes) => writeNack(bytes, 0, 1, 2222, [1002]))
    expect(room.traces('consumer.trace').at(-1)?.info).toMatchObject({
      isRtx: true,
      rtpPacket: { ssrc: 2223, payloadType: 102, payloadSize: 2 + DELTA_FRAME.length },
    })
  })

  test('nack, pli and fir that come in', () => {
    const room = new Room()
    room.traceConsumer('nack', 'pli', 'fir')
    room.video(room.publisher, 10, KEY_FRAME)
    room.run()
    room.rtcp(room.viewer, (bytes) => writeNack(bytes, 0, 1, 2222, [1001, 1003]))
    room.rtcp(room.viewer, (bytes) => writePli(bytes, 0, 1, 2222))
    room.rtcp(room.viewer, (bytes) => writeFir(bytes, 0, 1, 2222, 1))
    expect(
      room.traces('consumer.trace').map(({ type, direction, info }) => ({ type, direction, info })),
    ).toEqual([
      { type: 'nack', direction: 'in', info: { ssrc: 2222, sequenceNumbers: [1001, 1003] } },
      { type: 'pli', direction: 'in', info: { ssrc: 2222 } },
      { type: 'fir', direction: 'in', info: { ssrc: 2222 } },
    ])
  })

  test('rtp of a consumer that begins to trace before its stream is known, and none once it is closed', () => {
    const room = new Room()
    room.traceConsumer('rtp')
    const stream = room.engine.producers.get('producer')!.streams[0]!
    expect(stream.tracing.size).toBe(1)
    room.engine.closeConsumer('consumer')
    expect(stream.tracing.size).toBe(0)
  })
})

describe('what a camera tells', () => {
  test('its orientation is told when it is first known, and when it changes', () => {
    const room = new EngineFixture()
    const publisher = room.connected('publisher', 40001)
    room.engine.produce({
      transportId: 'publisher',
      producerId: 'producer',
      kind: 'video',
      rtpParameters: {
        ...VIDEO,
        headerExtensions: [{ uri: HeaderExtensionUri.videoOrientation, id: 5 }],
      },
      rtpMapping: { codecs: [{ payloadType: 96, mappedPayloadType: 101 }], encodings: [] },
      keyFrameRequestDelay: 0,
      paused: false,
    })
    let sequenceNumber = 0
    const turn = (value: number | undefined): void => {
      const bytes = new Uint8Array(200)
      const length = writeRtpPacket(bytes, 0, {
        payloadType: 96,
        sequenceNumber: sequenceNumber++,
        timestamp: 1,
        ssrc: 1111,
        payload: KEY_FRAME,
        ...(value === undefined ? {} : { headerExtensions: [{ id: 5, data: Uint8Array.of(value) }] }),
      })
      room.port.addRtp(publisher.session, bytes.slice(0, length))
    }
    // Camera bit 8, flip 4, rotation in the lower two (3GPP TS 26.114 section 7.4.5).
    for (const value of [8, 8, undefined, 8, 13, 2]) turn(value)
    room.run()
    expect(room.events.filter((e) => e.event === 'producer.videoOrientation').map((e) => e.data)).toEqual([
      { camera: true, flip: false, rotation: 0 },
      { camera: true, flip: true, rotation: 90 },
      { camera: false, flip: false, rotation: 180 },
    ])
  })
})
