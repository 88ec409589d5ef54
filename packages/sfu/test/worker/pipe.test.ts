import type { RtpParameters } from '@sangam/ortc'
import {
  forEachNackedSequenceNumber,
  HeaderExtensionUri,
  parseRtcpPacket,
  RtcpHeader,
  readFeedbackMedia,
  writeNack,
  writePli,
  writeRtpPacket,
} from '@sangam/rtp'
import { describe, expect, test } from 'vitest'
import type { Consumer } from '../../src/worker/consumer/consumer.ts'
import { PlanFlag } from '../../src/worker/packet-port/packet-port.ts'
import type { PipeTransport } from '../../src/worker/transport/pipe-transport.ts'
import { DELTA_FRAME, EngineFixture, KEY_FRAME, VIDEO } from './engine-fixture.ts'

const LAYERS = [1001, 1002, 1003]
const LEGS = [5001, 5002, 5003]
const LEG_RTX = [6001, 6002, 6003]

function pipe(fixture: EngineFixture, id = 'pipe'): PipeTransport {
  const transport = fixture.engine.createPipeTransport({
    routerId: 'router',
    transportId: id,
    listenInfo: { protocol: 'udp', ip: '127.0.0.1', port: 0 },
    enableRtx: true,
    enableSrtp: false,
  })
  transport.connect({ ip: '127.0.0.1', port: 40900 })
  return transport
}

function produceLayers(fixture: EngineFixture, parameters: Partial<RtpParameters>): void {
  fixture.engine.produce({
    transportId: 'publisher',
    producerId: 'producer',
    kind: 'video',
    rtpParameters: { ...VIDEO, ...parameters },
    rtpMapping: { codecs: [{ payloadType: 96, mappedPayloadType: 101 }], encodings: [] },
    keyFrameRequestDelay: 0,
    paused: false,
  })
}

function consumeLayers(fixture: EngineFixture, paused = false): Consumer {
  return fixture.engine.consume({
    transportId: 'pipe',
    consumerId: 'consumer',
    producerId: 'producer',
    kind: 'video',
    type: 'pipe',
    rtpParameters: {
      ...VIDEO,
      codecs: [
        { ...VIDEO.codecs[0]!, payloadType: 101 },
        { ...VIDEO.codecs[1]!, payloadType: 102, parameters: { apt: 101 } },
      ],
      headerExtensions: [],
      encodings: LEGS.map((ssrc, i) => ({ ssrc, rtx: { ssrc: LEG_RTX[i]! } })),
    },
    consumableRtpEncodings: [],
    paused,
    ignoreDtx: false,
  })
}

/** A publisher with three layers, and a pipe that consumes them. */
function piped(paused = false) {
  const fixture = new EngineFixture()
  const publisher = fixture.connected('publisher', 40001)
  produceLayers(fixture, { encodings: LAYERS.map((ssrc) => ({ ssrc })) })
  const transport = pipe(fixture)
  const consumer = consumeLayers(fixture, paused)
  fixture.run()
  return { fixture, publisher, transport, consumer }
}

/** Media SSRCs that were asked for a key frame. */
function keyFramesAskedOf(fixture: EngineFixture): number[] {
  const header = new RtcpHeader()
  return fixture.port.rtcp
    .splice(0)
    .filter(({ bytes }) => parseRtcpPacket(bytes, 0, bytes.length, header) && header.packetType === 206)
    .map(({ bytes }) => readFeedbackMedia(bytes, header))
}

function rtcp(write: (bytes: Uint8Array) => number): Uint8Array {
  const bytes = new Uint8Array(100)
  return bytes.slice(0, write(bytes))
}

describe('a pipe consumer', () => {
  test('asks for a key frame of every layer, and forwards each under its own SSRC', () => {
    const { fixture, publisher } = piped()
    expect(keyFramesAskedOf(fixture).sort()).toEqual(LAYERS)
    for (const ssrc of LAYERS) fixture.video(publisher, 7, KEY_FRAME, { ssrc })
    fixture.run()
    expect(fixture.port.sent.map(({ sink }) => sink.ssrc)).toEqual(LEGS)
    expect(fixture.port.sent.every(({ sink }) => sink.payloadType === 101)).toBe(true)
  })

  test.each([0, 127, 32767, 65535])(
    'keeps the gaps of the incoming numbers, from %d on, so that the other end sees the losses',
    (start) => {
      const { fixture, publisher } = piped()
      for (const offset of [0, 1, 3, 4, 8]) {
        fixture.video(publisher, start + offset, offset === 0 ? KEY_FRAME : DELTA_FRAME, { ssrc: 1002 })
      }
      fixture.run()
      const numbers = fixture.port.sent.map(({ sequenceNumber }) => sequenceNumber)
      expect(numbers.map((number) => number - numbers[0]!)).toEqual([0, 1, 3, 4, 8])
    },
  )

  test("answers a NACK of one stream with RTX of that stream's packet", () => {
    const { fixture, publisher, transport } = piped()
    for (const ssrc of LAYERS) fixture.video(publisher, 65535, KEY_FRAME, { ssrc, timestamp: ssrc })
    fixture.run()
    const { sequenceNumber } = fixture.port.sent[2]!
    fixture.port.sent.length = 0
    fixture.port.addRtcp(
      transport.session,
      rtcp((bytes) => writeNack(bytes, 0, 1, LEGS[2]!, [sequenceNumber & 0xffff])),
    )
    fixture.run()
    expect(fixture.port.sent).toMatchObject([
      { sink: { ssrc: LEG_RTX[2], payloadType: 102 }, timestamp: LAYERS[2], extra: sequenceNumber & 0xffff },
    ])
    expect(fixture.port.sent[0]!.flags & PlanFlag.rtx).toBe(PlanFlag.rtx)
  })

  test('passes a key-frame request for one stream on to that layer', () => {
    const { fixture, publisher, transport } = piped()
    for (const ssrc of LAYERS) fixture.video(publisher, 1, KEY_FRAME, { ssrc })
    fixture.run()
    fixture.tick(2000)
    keyFramesAskedOf(fixture)
    fixture.port.addRtcp(
      transport.session,
      rtcp((bytes) => writePli(bytes, 0, 1, LEGS[1]!)),
    )
    fixture.run()
    expect(keyFramesAskedOf(fixture)).toEqual([LAYERS[1]])
  })

  test('pauses and resumes all of its streams', () => {
    const { fixture, publisher, consumer } = piped(true)
    const send = (sequence: number): number => {
      for (const ssrc of LAYERS) fixture.video(publisher, sequence, KEY_FRAME, { ssrc })
      fixture.run()
      return fixture.port.sent.splice(0).length
    }
    expect(send(1)).toBe(0)
    consumer.resume()
    expect(send(2)).toBe(3)
    consumer.pause()
    expect(send(3)).toBe(0)
  })

  test('reports as sender of every stream', () => {
    const { fixture, publisher, transport } = piped()
    for (const ssrc of LAYERS) fixture.video(publisher, 1, KEY_FRAME, { ssrc })
    fixture.run()
    fixture.port.rtcp.length = 0
    fixture.tick(1000)
    const header = new RtcpHeader()
    const senders = fixture.port.rtcp
      .filter(({ session }) => session === transport.session)
      .flatMap(({ bytes }) => {
        const found: number[] = []
        for (let at = 0; parseRtcpPacket(bytes, at, bytes.length, header); at += header.packetLength) {
          if (header.packetType === 200)
            found.push(new DataView(bytes.buffer, bytes.byteOffset).getUint32(at + 4))
        }
        return found
      })
    expect(senders).toEqual(LEGS)
  })

  test('has a place for each layer that only its RID names, in whatever order they come', () => {
    const fixture = new EngineFixture()
    const publisher = fixture.connected('publisher', 40001)
    const rids = ['q', 'h', 'f']
    const headerExtensions = [
      { uri: HeaderExtensionUri.mid, id: 4 },
      { uri: HeaderExtensionUri.rid, id: 5 },
    ]
    produceLayers(fixture, { headerExtensions, encodings: rids.map((rid) => ({ rid })) })
    pipe(fixture)
    consumeLayers(fixture)
    for (const layer of [2, 0, 1]) {
      const bytes = new Uint8Array(200)
      const length = writeRtpPacket(bytes, 0, {
        payloadType: 96,
        sequenceNumber: 65535,
        timestamp: 1,
        ssrc: LAYERS[layer]!,
        headerExtensions: [
          { id: 4, data: new TextEncoder().encode('0') },
          { id: 5, data: new TextEncoder().encode(rids[layer]) },
        ],
        payload: KEY_FRAME,
      })
      fixture.port.addRtp(publisher.session, bytes.slice(0, length))
    }
    fixture.run()
    expect(fixture.port.sent.map(({ sink }) => sink.ssrc)).toEqual([LEGS[2], LEGS[0], LEGS[1]])
    const stats = fixture.engine.consumers.get('consumer')!.stats(0)
    expect(stats.map(({ ssrc }) => ssrc)).toEqual(LEGS.flatMap((leg, i) => [leg, LAYERS[i]]))
  })

  test('takes all of its sinks along when it closes', () => {
    const { fixture, publisher } = piped()
    fixture.engine.closeConsumer('consumer')
    expect(fixture.port.sinks.filter((sink) => sink !== undefined)).toEqual([])
    for (const ssrc of LAYERS) fixture.video(publisher, 1, KEY_FRAME, { ssrc })
    fixture.run()
    expect(fixture.port.sent).toEqual([])
  })
})

describe('a PipeTransport', () => {
  test('NACKs what is missing of a stream that comes in with RTX', () => {
    const fixture = new EngineFixture()
    const transport = pipe(fixture)
    fixture.produceVideo(transport as never)
    fixture.video(transport as never, 65534, KEY_FRAME)
    fixture.video(transport as never, 1, DELTA_FRAME)
    fixture.run()
    const missing: number[] = []
    const header = new RtcpHeader()
    for (const { bytes } of fixture.port.rtcp) {
      if (parseRtcpPacket(bytes, 0, bytes.length, header) && header.packetType === 205)
        forEachNackedSequenceNumber(bytes, header, (number) => missing.push(number))
    }
    expect(missing).toEqual([65535, 0])
  })

  test('gives its socket and session back when it closes, or when it can not be made', () => {
    const fixture = new EngineFixture()
    const before = fixture.port.openSockets.size
    pipe(fixture)
    expect(fixture.port.openSockets.size).toBe(before + 1)
    fixture.engine.closeTransport('pipe')
    expect(fixture.port.openSockets.size).toBe(before)
    expect(fixture.port.sessions.at(-1)).toMatchObject({ closed: true, plain: true })
  })
})
