import {
  isRemb,
  microsecondsToNtpMiddle,
  parseRtcpPacket,
  RtcpHeader,
  RtcpType,
  readRembBitrateBps,
  writeDelaySinceLastReceiverReport,
  writeNack,
} from '@sangam/rtp'
import { describe, expect, test } from 'vitest'
import type { Stat } from '../../src/channel/messages.ts'
import { requestHandlers } from '../../src/worker/requests.ts'
import { TransportTrace } from '../../src/worker/trace.ts'
import type { WebRtcTransport } from '../../src/worker/transport/webrtc-transport.ts'
import { DELTA_FRAME, EngineFixture, KEY_FRAME } from './engine-fixture.ts'

/** 12 bytes of fixed header; mid and transport-wide number in the one-byte form make 12 more. */
const HEADER = 12 + 12
const RTP_BYTES = 12 + DELTA_FRAME.length

class Room extends EngineFixture {
  readonly publisher: WebRtcTransport
  readonly viewer: WebRtcTransport

  constructor() {
    super()
    this.publisher = this.connected('publisher', 40001)
    this.viewer = this.connected('viewer', 40002)
    this.produceVideo(this.publisher)
    this.consumeVideo(this.viewer)
  }

  statsOf(transport: WebRtcTransport): Stat {
    return transport.stats(this.context.unixMs())[0]!
  }

  rtcp(transport: WebRtcTransport, write: (bytes: Uint8Array) => number): void {
    const bytes = new Uint8Array(128)
    this.port.addRtcp(transport.session, bytes.slice(0, write(bytes)))
    this.run()
  }
}

describe('the statistics of a transport', () => {
  test('count RTP and RTX apart, both ways, in whole packets', () => {
    const room = new Room()
    room.video(room.publisher, 10, KEY_FRAME)
    room.video(room.publisher, 11, DELTA_FRAME)
    room.video(room.publisher, 1, Uint8Array.of(0, 9, ...DELTA_FRAME), { ssrc: 1112, payloadType: 97 })
    room.run()
    room.rtcp(room.viewer, (bytes) => writeNack(bytes, 0, 1, 2222, [1002]))
    expect(room.statsOf(room.publisher)).toMatchObject({
      rtpBytesReceived: 12 + KEY_FRAME.length + RTP_BYTES,
      rtxBytesReceived: RTP_BYTES + 2,
      rtpBytesSent: 0,
      rtxBytesSent: 0,
      probationBytesSent: 0,
    })
    expect(room.statsOf(room.viewer)).toMatchObject({
      rtpBytesReceived: 0,
      rtpBytesSent: 2 * HEADER + KEY_FRAME.length + DELTA_FRAME.length,
      rtxBytesSent: HEADER + 2 + DELTA_FRAME.length,
    })
  })

  test('tell the rates of the last second, and go on counting when a consumer closes', () => {
    const room = new Room()
    room.video(room.publisher, 10, KEY_FRAME)
    room.run()
    room.tick(1100)
    for (let i = 0; i < 100; i++) room.video(room.publisher, 11 + i, DELTA_FRAME)
    room.run()
    room.tick(1000)
    const bps = (bytes: number): number => Math.round(bytes * 8)
    expect(room.statsOf(room.publisher).rtpRecvBitrate).toBe(bps(100 * RTP_BYTES))
    expect(room.statsOf(room.viewer).rtpSendBitrate).toBe(bps(100 * (HEADER + DELTA_FRAME.length)))
    const sent = room.statsOf(room.viewer).rtpBytesSent
    room.engine.closeConsumer('consumer')
    expect(room.statsOf(room.viewer).rtpBytesSent).toBe(sent)
    room.tick(1000)
    expect(room.statsOf(room.viewer).rtpSendBitrate).toBe(0)
  })

  test('tell both ends of the selected pair, once there is one', () => {
    const room = new Room()
    expect(room.statsOf(room.viewer)).toMatchObject({
      iceSelectedTuple: {
        localIp: '127.0.0.1',
        localAddress: '127.0.0.1',
        remotePort: 40002,
        protocol: 'udp',
      },
    })
    expect(room.viewer.dump()).toMatchObject({ iceSelectedTuple: { localIp: '127.0.0.1' } })
    expect(room.statsOf(room.transport('new'))).not.toHaveProperty('iceSelectedTuple')
  })

  test('tell the share of packets that did not come', () => {
    const room = new Room()
    for (let i = 0; i < 100; i++) if (i % 4 !== 1) room.video(room.publisher, i, KEY_FRAME)
    room.run()
    expect(room.statsOf(room.publisher)).not.toHaveProperty('rtpPacketLossReceived')
    room.tick(1100)
    expect(room.statsOf(room.publisher).rtpPacketLossReceived).toBe(0.25)
    for (let i = 100; i < 200; i++) room.video(room.publisher, i, KEY_FRAME)
    room.run()
    room.tick(1100)
    expect(room.statsOf(room.publisher).rtpPacketLossReceived).toBe(0)
  })
})

describe('a limit on what a publisher may send', () => {
  /** The limits that the publisher was told since the last look (REMB), bits per second. */
  function told(room: Room): number[] {
    const header = new RtcpHeader()
    const packets = room.port.rtcp.splice(0).filter(({ session }) => session === room.publisher.session)
    return packets.flatMap(({ bytes }) => {
      const limits: number[] = []
      for (let at = 0; parseRtcpPacket(bytes, at, bytes.length, header); at += header.packetLength) {
        const isFeedback = header.packetType === RtcpType.payloadFeedback
        if (isFeedback && isRemb(bytes, header)) limits.push(readRembBitrateBps(bytes, header))
      }
      return limits
    })
  }

  test('is told it once a second, as long as it holds, and stands in the statistics', () => {
    const room = new Room()
    const limit = (bitrate: number): void => {
      requestHandlers(room.engine, room.context, {
        resourceUsage: () => ({}),
        updateSettings: () => {},
        close: () => {},
      })['transport.setMaxIncomingBitrate']({ transportId: 'publisher', bitrate })
    }
    room.video(room.publisher, 10, KEY_FRAME)
    room.run()
    room.tick(1100)
    expect(told(room)).toEqual([])
    limit(512_000)
    for (const _ of [1, 2]) {
      room.tick(1100)
      expect(told(room)).toEqual([512_000])
    }
    expect(room.statsOf(room.publisher)).toMatchObject({
      maxIncomingBitrate: 512_000,
      availableIncomingBitrate: 512_000,
    })
    limit(0)
    room.tick(1100)
    expect(told(room)).toEqual([])
    expect(room.statsOf(room.publisher)).not.toHaveProperty('maxIncomingBitrate')
  })
})

describe('the round trip to a publisher', () => {
  /** The publisher answers our last reference time `afterMs` later, having held it for `heldMs` (RFC 3611 section 4.5). */
  function answer(room: Room, afterMs: number, heldMs: number, ssrc = 1): void {
    const askedNtpUs = room.port.timeUs + room.context.ntpOffsetUs
    room.port.timeUs += afterMs * 1000
    room.rtcp(room.publisher, (bytes) =>
      writeDelaySinceLastReceiverReport(bytes, 0, 1111, [
        {
          ssrc,
          lastReceiverReport: microsecondsToNtpMiddle(askedNtpUs),
          delaySinceLastReceiverReport: Math.round((heldMs / 1000) * 65536),
        },
      ]),
    )
  }

  test('is measured from its answers, and told in the rows of its streams', () => {
    const room = new Room()
    room.video(room.publisher, 10, KEY_FRAME)
    room.run()
    const row = (): Stat => room.engine.producers.get('producer')!.stats(0)[0]!
    expect(row()).not.toHaveProperty('roundTripTime')
    answer(room, 80, 30)
    expect(row().roundTripTime).toBeCloseTo(50, 0)
    answer(room, 200, 0, 77)
    expect(row().roundTripTime).toBeCloseTo(50, 0)
  })

  test.each([30, 200])(
    'of %d ms is how long a NACK waits to be repeated, then twice and three times that',
    (rttMs) => {
      const room = new Room()
      room.video(room.publisher, 10, KEY_FRAME)
      room.run()
      answer(room, rttMs, 0)
      const { nackCount } = room.engine.producers.get('producer')!.streams[0]!
      expect(nackCount).toBe(0)
      room.video(room.publisher, 12, DELTA_FRAME)
      room.run()
      const askedMs = [0]
      for (let ms = 1; askedMs.length < 4 && ms < 3000; ms++) {
        const before = room.engine.producers.get('producer')!.streams[0]!.nackCount
        room.tick(1)
        if (room.engine.producers.get('producer')!.streams[0]!.nackCount > before) askedMs.push(ms)
      }
      const waits = askedMs.slice(1).map((ms, i) => ms - (askedMs[i] as number))
      for (const [i, waitMs] of waits.entries())
        expect(Math.abs(waitMs - rttMs * (i + 1))).toBeLessThanOrEqual(1)
    },
  )
})

describe('dumps', () => {
  test('of a transport say whose every SSRC, MID and RID is, and what is traced', () => {
    const room = new Room()
    room.viewer.traced = TransportTrace.bwe
    expect(room.publisher.dump()).toMatchObject({
      id: 'publisher',
      producerIds: ['producer'],
      recvRtpHeaderExtensions: { mid: 4, transportWideCc01: 3 },
      rtpListener: {
        ssrcTable: [
          { key: 1111, value: 'producer' },
          { key: 1112, value: 'producer' },
        ],
        midTable: [{ key: '0', value: 'producer' }],
        ridTable: [],
      },
      traceEventTypes: [],
      dtlsState: 'connected',
    })
    expect(room.viewer.dump()).toMatchObject({
      consumerIds: ['consumer'],
      mapSsrcConsumerId: [{ key: 2222, value: 'consumer' }],
      mapRtxSsrcConsumerId: [{ key: 2223, value: 'consumer' }],
      traceEventTypes: ['bwe'],
    })
  })

  test('of a producer and a consumer say what was negotiated for their streams', () => {
    const room = new Room()
    room.engine.producers.get('producer')!.traced = 3
    const negotiated = { useNack: true, usePli: true, useFir: false, mimeType: 'video/VP8', clockRate: 90000 }
    expect(room.engine.producers.get('producer')!.dump()).toMatchObject({
      rtpMapping: { codecs: [{ payloadType: 96, mappedPayloadType: 101 }, {}] },
      traceEventTypes: ['rtp', 'keyframe'],
      rtpStreams: [
        {
          params: { ...negotiated, ssrc: 1111, payloadType: 96, rtxSsrc: 1112, rtxPayloadType: 97 },
          rtxStream: { params: { ssrc: 1112, payloadType: 97, mimeType: 'video/rtx' } },
          score: 10,
        },
      ],
    })
    expect(room.engine.consumers.get('consumer')!.dump()).toMatchObject({
      supportedCodecPayloadTypes: [101],
      traceEventTypes: [],
      priority: 1,
      rtpStream: {
        params: { ...negotiated, ssrc: 2222, payloadType: 101, rtxSsrc: 2223, rtxPayloadType: 102 },
      },
    })
  })
})
