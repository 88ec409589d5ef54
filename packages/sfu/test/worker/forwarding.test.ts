import {
  forEachNackedSequenceNumber,
  parseRtcpPacket,
  RtcpHeader,
  RtcpType,
  writeNack,
  writePli,
} from '@sangam/rtp'
import { describe, expect, test } from 'vitest'
import { PlanFlag } from '../../src/worker/packet-port/packet-port.ts'
import { DELTA_FRAME, EngineFixture, KEY_FRAME } from './engine-fixture.ts'

function rtcpTypes(fixture: EngineFixture, session: number): string[] {
  const header = new RtcpHeader()
  return fixture.port.rtcp
    .filter((packet) => packet.session === session)
    .map(({ bytes }) =>
      parseRtcpPacket(bytes, 0, bytes.length, header) ? `${header.packetType}/${header.count}` : 'malformed',
    )
}

const PLI = `${RtcpType.payloadFeedback}/1`
const NACK = `${RtcpType.transportFeedback}/1`

function room(): {
  fixture: EngineFixture
  publisher: ReturnType<EngineFixture['connected']>
  viewer: ReturnType<EngineFixture['connected']>
} {
  const fixture = new EngineFixture()
  const publisher = fixture.connected('publisher', 40001)
  const viewer = fixture.connected('viewer', 40002)
  fixture.produceVideo(publisher)
  return { fixture, publisher, viewer }
}

describe('forwarding', () => {
  test('a video consumer asks the publisher for a key frame and gets packets from the next key frame on', () => {
    const { fixture, publisher, viewer } = room()
    fixture.consumeVideo(viewer)
    fixture.run()
    expect(rtcpTypes(fixture, publisher.session)).toEqual([PLI])
    fixture.video(publisher, 10, DELTA_FRAME)
    fixture.video(publisher, 11, KEY_FRAME)
    fixture.video(publisher, 12, DELTA_FRAME)
    fixture.run()
    expect(fixture.port.sent.map((s) => s.sequenceNumber)).toEqual([1001, 1002])
    expect(fixture.port.sent.every((s) => s.sink.ssrc === 2222 && s.sink.payloadType === 101)).toBe(true)
  })

  test.each([0, 127, 32767, 65535])(
    'outgoing numbers are continuous when the incoming ones start at %d',
    (start) => {
      const { fixture, publisher, viewer } = room()
      fixture.consumeVideo(viewer)
      fixture.video(publisher, start, KEY_FRAME)
      for (let i = 1; i < 20; i++) fixture.video(publisher, start + i, DELTA_FRAME)
      fixture.run()
      expect(fixture.port.sent.map((s) => s.sequenceNumber)).toEqual(
        Array.from({ length: 20 }, (_, i) => 1001 + i),
      )
    },
  )

  test('a consumer that pauses and resumes goes on without a gap in its numbers, at a key frame', () => {
    const { fixture, publisher, viewer } = room()
    fixture.consumeVideo(viewer)
    fixture.video(publisher, 1, KEY_FRAME)
    fixture.run()
    fixture.engine.consumers.get('consumer')?.pause()
    fixture.video(publisher, 2, DELTA_FRAME)
    fixture.run()
    fixture.engine.consumers.get('consumer')?.resume()
    fixture.video(publisher, 3, DELTA_FRAME)
    fixture.video(publisher, 4, KEY_FRAME)
    fixture.run()
    expect(fixture.port.sent.map((s) => s.sequenceNumber)).toEqual([1001, 1002])
  })

  test('a producer that pauses tells its consumers and forwards nothing until it resumes with a key frame', () => {
    const { fixture, publisher, viewer } = room()
    fixture.consumeVideo(viewer)
    fixture.video(publisher, 1, KEY_FRAME)
    fixture.run()
    const producer = fixture.engine.producers.get('producer')!
    producer.pause()
    fixture.video(publisher, 2, KEY_FRAME)
    fixture.run()
    producer.resume()
    fixture.video(publisher, 3, KEY_FRAME)
    fixture.run()
    expect(fixture.port.sent.map((s) => s.sequenceNumber)).toEqual([1001, 1002])
    expect(fixture.events.map((e) => e.event)).toContain('consumer.producerPaused')
    expect(fixture.events.map((e) => e.event)).toContain('consumer.producerResumed')
  })

  test('a duplicate is forwarded once', () => {
    const { fixture, publisher, viewer } = room()
    fixture.consumeVideo(viewer)
    fixture.video(publisher, 1, KEY_FRAME)
    fixture.video(publisher, 1, KEY_FRAME)
    fixture.run()
    expect(fixture.port.sent).toHaveLength(1)
    expect(fixture.engine.path.counters.duplicate).toBe(1)
  })

  test('a late packet goes only to those who started before it', () => {
    const { fixture, publisher, viewer } = room()
    fixture.consumeVideo(viewer)
    fixture.video(publisher, 1, KEY_FRAME)
    fixture.video(publisher, 3, DELTA_FRAME)
    fixture.run()
    const newcomer = fixture.connected('newcomer', 40003)
    fixture.consumeVideo(newcomer, 'later', 3333)
    fixture.video(publisher, 4, KEY_FRAME)
    fixture.video(publisher, 2, DELTA_FRAME)
    fixture.run()
    const numbersOf = (ssrc: number): number[] =>
      fixture.port.sent.filter((s) => s.sink.ssrc === ssrc).map((s) => s.sequenceNumber)
    expect(numbersOf(2222)).toEqual([1001, 1003, 1004, 1002])
    expect(numbersOf(3333)).toEqual([1001])
  })

  test('a gap is NACKed at the end of the batch, and its RTX repair is forwarded at its own number', () => {
    const { fixture, publisher, viewer } = room()
    fixture.consumeVideo(viewer)
    fixture.video(publisher, 1, KEY_FRAME)
    fixture.video(publisher, 3, DELTA_FRAME)
    fixture.run()
    const nack = fixture.port.rtcp.findLast((packet) => packet.session === publisher.session)!
    const header = new RtcpHeader()
    const asked: number[] = []
    expect(parseRtcpPacket(nack.bytes, 0, nack.bytes.length, header)).toBe(true)
    forEachNackedSequenceNumber(nack.bytes, header, (n) => asked.push(n))
    expect(asked).toEqual([2])
    fixture.video(publisher, 500, Uint8Array.of(0, 2, ...DELTA_FRAME), { ssrc: 1112, payloadType: 97 })
    fixture.run()
    expect(fixture.port.sent.map((s) => s.sequenceNumber)).toEqual([1001, 1003, 1002])
    fixture.tick(200)
    expect(rtcpTypes(fixture, publisher.session).filter((type) => type === NACK)).toHaveLength(1)
  })

  test('a gap that the same batch closes is not asked for', () => {
    const { fixture, publisher, viewer } = room()
    fixture.consumeVideo(viewer)
    fixture.video(publisher, 1, KEY_FRAME)
    fixture.video(publisher, 3, DELTA_FRAME)
    fixture.video(publisher, 2, DELTA_FRAME)
    fixture.run()
    expect(rtcpTypes(fixture, publisher.session)).not.toContain(NACK)
  })

  test("a receiver's NACK is answered by RTX with the original number, once per round trip", () => {
    const { fixture, publisher, viewer } = room()
    fixture.consumeVideo(viewer)
    fixture.video(publisher, 65535, KEY_FRAME)
    fixture.video(publisher, 0, DELTA_FRAME)
    fixture.run()
    const bytes = new Uint8Array(64)
    const length = writeNack(bytes, 0, 1, 2222, [1002])
    fixture.port.addRtcp(viewer.session, bytes.slice(0, length))
    fixture.port.addRtcp(viewer.session, bytes.slice(0, length))
    fixture.run()
    const repairs = fixture.port.sent.filter((s) => (s.flags & PlanFlag.rtx) !== 0)
    expect(repairs).toHaveLength(1)
    expect(repairs[0]).toMatchObject({ extra: 1002, packetId: 1, sink: { ssrc: 2223, payloadType: 102 } })
  })

  test('a NACK for a packet from before the consumer started is not answered', () => {
    const { fixture, publisher, viewer } = room()
    fixture.video(publisher, 5, DELTA_FRAME)
    fixture.consumeVideo(viewer)
    fixture.video(publisher, 6, KEY_FRAME)
    fixture.run()
    const bytes = new Uint8Array(64)
    fixture.port.addRtcp(viewer.session, bytes.slice(0, writeNack(bytes, 0, 1, 2222, [1000])))
    fixture.run()
    expect(fixture.port.sent.filter((s) => (s.flags & PlanFlag.rtx) !== 0)).toEqual([])
  })

  test('500 receivers that ask for a key frame within 250 ms cost the publisher one request', () => {
    const { fixture, publisher } = room()
    const viewers = Array.from({ length: 500 }, (_, i) => fixture.connected(`viewer-${i}`, 41000 + i))
    for (const [i, viewer] of viewers.entries()) fixture.consumeVideo(viewer, `consumer-${i}`, 10_000 + 2 * i)
    viewers.forEach((viewer, i) => {
      const bytes = new Uint8Array(12)
      writePli(bytes, 0, 1, 10_000 + 2 * i)
      fixture.port.addRtcp(viewer.session, bytes)
      if (i % 100 === 99) fixture.run()
    })
    expect(rtcpTypes(fixture, publisher.session).filter((type) => type === PLI)).toHaveLength(1)
  })

  test('H265 is forwarded from a picture on that needs no earlier one', () => {
    const fixture = new EngineFixture()
    const publisher = fixture.connected('publisher', 40001)
    fixture.connected('viewer', 40002)
    const codec = { mimeType: 'video/H265', payloadType: 96, clockRate: 90_000 }
    fixture.engine.produce({
      transportId: 'publisher',
      producerId: 'producer',
      kind: 'video',
      rtpParameters: { codecs: [codec], encodings: [{ ssrc: 1111 }] },
      rtpMapping: { codecs: [{ payloadType: 96, mappedPayloadType: 101 }], encodings: [] },
      keyFrameRequestDelay: 0,
      paused: false,
    })
    fixture.engine.consume({
      transportId: 'viewer',
      consumerId: 'consumer',
      producerId: 'producer',
      kind: 'video',
      type: 'simple',
      rtpParameters: { codecs: [{ ...codec, payloadType: 101 }], encodings: [{ ssrc: 2222 }] },
      consumableRtpEncodings: [],
      paused: false,
      ignoreDtx: false,
    })
    // RFC 7798 section 1.1.4: the type stands in bits 1-6: a trailing picture (1), then an IDR picture (19).
    const nal = (type: number): Uint8Array => Uint8Array.of(type << 1, 1, 0xaa, 0xbb)
    for (const [i, type] of [1, 19, 1].entries()) fixture.video(publisher, 10 + i, nal(type))
    fixture.run()
    expect(fixture.port.sent.map((s) => s.sequenceNumber)).toEqual([1001, 1002])
  })

  test('closing a producer closes its consumers, which are told, and frees their sinks', () => {
    const { fixture, viewer } = room()
    fixture.consumeVideo(viewer)
    fixture.engine.closeProducer('producer')
    expect(fixture.events.filter((e) => e.event === 'consumer.producerClosed').map((e) => e.target)).toEqual([
      'consumer',
    ])
    expect(fixture.engine.consumers.size).toBe(0)
    expect(fixture.port.sinks.every((sink) => sink === undefined)).toBe(true)
  })

  test('an SSRC that nobody announced is dropped and counted', () => {
    const { fixture, publisher, viewer } = room()
    fixture.consumeVideo(viewer)
    fixture.video(publisher, 1, KEY_FRAME, { ssrc: 9999 })
    fixture.run()
    expect(fixture.port.sent).toEqual([])
    expect(fixture.engine.path.counters.unknownSsrc).toBe(1)
  })

  test('a second producer with the same SSRC is refused', () => {
    const { fixture, publisher } = room()
    expect(() => fixture.produceVideo(publisher, 'other')).toThrow(/SSRC 1111 is used/)
  })

  test('each second the publisher gets a receiver report and the receiver a sender report', () => {
    const { fixture, publisher, viewer } = room()
    fixture.consumeVideo(viewer)
    fixture.video(publisher, 1, KEY_FRAME)
    fixture.run()
    fixture.tick(1100)
    expect(rtcpTypes(fixture, publisher.session)).toContain(`${RtcpType.receiverReport}/1`)
    expect(rtcpTypes(fixture, viewer.session)).toContain(`${RtcpType.senderReport}/0`)
  })
})
