import {
  HeaderExtensionUri,
  parseRtcpPacket,
  parseRtpPacket,
  parseVp8Descriptor,
  RtcpHeader,
  RtcpType,
  RtpHeader,
  readFeedbackMedia,
  Vp8Descriptor,
  writeNack,
  writeRemb,
  writeRtpPacket,
} from '@sangam/rtp'
import { describe, expect, test } from 'vitest'
import type { ConsumerType } from '../../src/channel/messages.ts'
import { AdaptiveConsumer } from '../../src/worker/consumer/adaptive-consumer.ts'
import { PlanFlag } from '../../src/worker/packet-port/packet-port.ts'
import { TransportTrace } from '../../src/worker/trace.ts'
import { EngineFixture, VIDEO } from './engine-fixture.ts'

const SSRC = [1000, 2000, 3000]
const RIDS = ['r0', 'r1', 'r2']
const encode = (text: string): Uint8Array => new TextEncoder().encode(text)

/** A VP8 packet: X, 15-bit picture id, TL0PICIDX, TID and Y (RFC 7741 section 4.2). */
function vp8(pictureId: number, isKey: boolean, temporalLayer = 0, y = false): Uint8Array {
  const tid = (temporalLayer << 6) | (y ? 0x20 : 0)
  const frame = isKey ? [0x10, 2, 0, 0x9d, 1, 0x2a, 0x40, 1, 0xf0, 0] : [0x11, 2, 0, 1, 2, 3]
  return Uint8Array.of(0x90, 0xe0, 0x80 | (pictureId >> 8), pictureId & 0xff, 7, tid, ...frame)
}

/** A room with a publisher of three encodings, each with three temporal layers, and one viewer. */
class Simulcast {
  readonly fixture = new EngineFixture()
  readonly publisher = this.fixture.connected('publisher', 40001)
  readonly viewer = this.fixture.connected('viewer', 40002)
  readonly consumer: AdaptiveConsumer
  /** Bytes that each encoding's packets have beyond the least. */
  extraBytes: readonly [number, number, number] = [0, 0, 0]
  readonly #sequences = [100, 65535, 32767]
  #picture = 0

  constructor(withRids = false, preferredLayers?: { spatialLayer: number; temporalLayer?: number }) {
    const { fixture } = this
    const encodings = SSRC.map((ssrc, i) => ({
      ...(withRids ? { rid: RIDS[i] as string } : { ssrc, rtx: { ssrc: ssrc + 1 } }),
      scalabilityMode: 'L1T3',
    }))
    fixture.engine.produce({
      transportId: this.publisher.id,
      producerId: 'producer',
      kind: 'video',
      rtpParameters: {
        ...VIDEO,
        headerExtensions: [
          ...(VIDEO.headerExtensions ?? []),
          { uri: HeaderExtensionUri.rid, id: 10 },
          { uri: HeaderExtensionUri.repairedRid, id: 11 },
        ],
        encodings,
      },
      rtpMapping: {
        codecs: [
          { payloadType: 96, mappedPayloadType: 101 },
          { payloadType: 97, mappedPayloadType: 102 },
        ],
        encodings: [],
      },
      keyFrameRequestDelay: 0,
      paused: false,
    })
    this.consumer = consume(fixture, this.viewer.id, 'simulcast', preferredLayers)
  }

  /** One picture of each of `layers`, 33 ms after the last one. */
  picture(layers: readonly number[], keyOf: readonly number[] = [], temporalLayer = 0, y = false): void {
    this.fixture.tick(33)
    this.#picture++
    for (const layer of layers) {
      const frame = vp8(this.#picture + 1000 * layer, keyOf.includes(layer), temporalLayer, y)
      const payload = Uint8Array.of(...frame, ...new Uint8Array(this.extraBytes[layer] ?? 0))
      const sequence = this.#sequences[layer] as number
      this.#sequences[layer] = sequence + 1
      const timestamp = this.#picture * 3000 + layer * 1_000_000
      this.fixture.video(this.publisher, sequence, payload, { ssrc: SSRC[layer] as number, timestamp })
    }
    this.fixture.run()
  }

  get sent() {
    return this.fixture.port.sent
  }

  /** What the application was told of current layers. */
  get told(): unknown[] {
    return this.fixture.events
      .filter((e) => e.event === 'consumer.layers')
      .map((e) => (e.data as { layers: unknown }).layers)
  }

  /** SSRCs that the publisher was asked for key frames of, since the last look. */
  get asked(): number[] {
    const header = new RtcpHeader()
    const all = this.fixture.port.rtcp.splice(0).filter(({ session }) => session === this.publisher.session)
    return all
      .filter(
        ({ bytes }) =>
          parseRtcpPacket(bytes, 0, bytes.length, header) && header.packetType === RtcpType.payloadFeedback,
      )
      .map(({ bytes }) => {
        parseRtcpPacket(bytes, 0, bytes.length, header)
        return readFeedbackMedia(bytes, header)
      })
  }
}

function consume(
  fixture: EngineFixture,
  transportId: string,
  type: ConsumerType,
  preferredLayers?: { spatialLayer: number; temporalLayer?: number },
  consumerId = 'consumer',
): AdaptiveConsumer {
  const consumer = fixture.engine.consume({
    transportId,
    consumerId,
    producerId: 'producer',
    kind: 'video',
    rtpParameters: {
      ...VIDEO,
      // Without transport-cc nobody knows what fits, unless a test says so by REMB.
      headerExtensions: [{ uri: HeaderExtensionUri.mid, id: 4 }],
      codecs: [
        { ...VIDEO.codecs[0]!, payloadType: 101 },
        { ...VIDEO.codecs[1]!, payloadType: 102, parameters: { apt: 101 } },
      ],
      encodings: [{ ssrc: 2222, rtx: { ssrc: 2223 } }],
    },
    type,
    consumableRtpEncodings: [],
    paused: false,
    ignoreDtx: false,
    ...(preferredLayers === undefined ? {} : { preferredLayers }),
  })
  if (!(consumer instanceof AdaptiveConsumer)) throw new Error('not adaptive')
  return consumer
}

describe('a simulcast consumer and the bandwidth to its receiver', () => {
  /** Tells the engine what the receiver believes to fit, and lets pictures come until it acted on it. */
  function limit(room: Simulcast, bps: number): void {
    const remb = new Uint8Array(64)
    const length = writeRemb(remb, 0, 1, bps, [2222])
    room.fixture.port.addRtcp(room.viewer.session, remb.slice(0, length))
    for (let i = 0; i < 60; i++) room.picture([0, 1, 2], [0, 1, 2])
  }

  test('what does not fit is not sent: it goes down to the layer that fits, says why, and comes up again', () => {
    const room = new Simulcast()
    room.extraBytes = [100, 400, 1000]
    for (let i = 0; i < 60; i++) room.picture([0, 1, 2], [0, 1, 2])
    expect(room.consumer.currentLayers?.spatialLayer).toBe(2)
    limit(room, 60_000)
    expect(room.consumer.currentLayers?.spatialLayer).toBe(0)
    expect(room.consumer.stats(0)[0]).toMatchObject({ allocationReason: 'bandwidth' })
    limit(room, 5_000_000)
    expect(room.consumer.currentLayers?.spatialLayer).toBe(2)
    expect(room.consumer.stats(0)[0]).toMatchObject({ allocationReason: 'preferred' })
  })

  test('a bwe trace tells who gets which layers, and why, whenever that changes', () => {
    const room = new Simulcast()
    room.extraBytes = [100, 400, 1000]
    room.viewer.traced = TransportTrace.bwe
    limit(room, 10_000_000)
    limit(room, 150_000)
    const traces = room.fixture.events.filter(({ event }) => event === 'transport.trace')
    const infos = traces.map(({ data }) => (data as { info: Record<string, unknown> }).info)
    const outcomes = infos.flatMap(
      ({ allocations }) => allocations as { consumerId: string; reason: string }[],
    )
    expect(new Set(outcomes.map(({ consumerId }) => consumerId))).toEqual(new Set(['consumer']))
    expect(outcomes.map(({ reason }) => reason)).toContain('preferred')
    expect(outcomes.at(-1)?.reason).toBe('bandwidth')
    expect(infos.at(-1)).toMatchObject({ bweType: 'remb', availableBitrate: 150_000 })
    // One for each change, not one for each allocation.
    expect(traces.length).toBeLessThan(8)
  })

  test('where not even the lowest layer fits nothing is sent, and the reason is starved', () => {
    const room = new Simulcast()
    room.extraBytes = [100, 400, 1000]
    for (let i = 0; i < 60; i++) room.picture([0, 1, 2], [0, 1, 2])
    limit(room, 5_000)
    const sent = room.sent.length
    for (let i = 0; i < 10; i++) room.picture([0, 1, 2], [0, 1, 2])
    expect(room.sent.length).toBe(sent)
    expect(room.consumer.stats(0)[0]).toMatchObject({ allocationReason: 'starved' })
  })
})

describe('a simulcast consumer', () => {
  test('gets the highest live layer; the application is told', () => {
    const room = new Simulcast()
    room.picture([0, 1, 2], [0, 1, 2])
    room.picture([0, 1, 2])
    expect(room.told.at(-1)).toEqual({ spatialLayer: 2, temporalLayer: 2 })
    expect(room.consumer.currentLayers).toEqual({ spatialLayer: 2, temporalLayer: 2 })
    expect(room.sent.at(-1)).toMatchObject({ sink: { ssrc: 2222, payloadType: 101 } })
    const { sequenceNumber } = room.sent.at(-1)!
    room.picture([0, 1, 2])
    expect(room.sent.at(-1)!.sequenceNumber).toBe(sequenceNumber + 1)
  })

  test('asks the stream that it is to change to for a key frame, and again while none comes', () => {
    const room = new Simulcast(false, { spatialLayer: 0 })
    room.picture([0, 1, 2], [0, 1, 2])
    for (let i = 0; i < 10; i++) room.picture([0, 1, 2])
    void room.asked
    room.consumer.setPreferredLayers({ spatialLayer: 2 })
    room.picture([0, 1, 2])
    expect(room.asked).toEqual([3000])
    for (let i = 0; i < 300; i++) room.picture([0, 1, 2])
    expect(room.asked.length).toBeGreaterThanOrEqual(6)
    for (let i = 0; i < 100; i++) room.picture([0, 1, 2])
    expect(room.consumer.currentLayers).toMatchObject({ spatialLayer: 0 })
    const again = room.asked
    expect(again.length).toBeGreaterThanOrEqual(2)
    expect(new Set(again)).toEqual(new Set([3000]))
    room.picture([0, 1, 2], [2])
    expect(room.consumer.currentLayers).toMatchObject({ spatialLayer: 2 })
    room.picture([0, 1, 2])
    for (let i = 0; i < 100; i++) room.picture([0, 1, 2])
    expect(room.asked).toEqual([])
  })

  test('changes at once to a lower layer when the packets of its own stop, and back with the first key frame', () => {
    const room = new Simulcast()
    room.picture([0, 1, 2], [0, 1, 2])
    for (let i = 0; i < 30; i++) room.picture([0, 1, 2])
    void room.asked
    let silentPictures = 0
    while (room.asked.length === 0) {
      room.picture([0, 1])
      if (++silentPictures > 100) throw new Error('the dead layer went unnoticed')
    }
    // Five picture intervals.
    expect(silentPictures).toBeLessThanOrEqual(7)
    room.picture([0, 1], [1])
    expect(room.consumer.currentLayers).toMatchObject({ spatialLayer: 1 })
    room.picture([0, 1, 2], [2])
    expect(room.consumer.currentLayers).toMatchObject({ spatialLayer: 2 })
  })

  test('nothing is dead while the whole publisher is silent', () => {
    const room = new Simulcast()
    room.picture([0, 1, 2], [0, 1, 2])
    void room.asked
    room.fixture.tick(5000)
    room.picture([0, 1, 2])
    expect(room.asked).toEqual([])
    expect(room.consumer.currentLayers).toMatchObject({ spatialLayer: 2 })
  })

  test('preferred layers beyond those of the producer become its highest', () => {
    const room = new Simulcast()
    expect(room.consumer.setPreferredLayers({ spatialLayer: 9, temporalLayer: 7 })).toEqual({
      spatialLayer: 2,
      temporalLayer: 2,
    })
    expect(room.consumer.setPreferredLayers({ spatialLayer: 1 })).toEqual({
      spatialLayer: 1,
      temporalLayer: 2,
    })
  })

  test('an allocator limits the layers, down to nothing', () => {
    const room = new Simulcast()
    room.picture([0, 1, 2], [0, 1, 2])
    room.consumer.setTargetLayers({ spatialLayer: 0, temporalLayer: 1 })
    room.picture([0, 1, 2], [0])
    expect(room.told.at(-1)).toEqual({ spatialLayer: 0, temporalLayer: 1 })
    room.consumer.setTargetLayers('none')
    const { length } = room.sent
    room.picture([0, 1, 2], [0, 1, 2])
    expect(room.sent).toHaveLength(length)
    expect(room.told.at(-1)).toBeUndefined()
    room.consumer.setTargetLayers('unlimited')
    room.picture([0, 1, 2], [2])
    expect(room.told.at(-1)).toMatchObject({ spatialLayer: 2 })
    expect(room.sent.at(-1)!.sequenceNumber).toBe(room.sent[length - 1]!.sequenceNumber + 1)
  })

  test('a lost packet of before the change is retransmitted with the picture id that it had', () => {
    const room = new Simulcast(false, { spatialLayer: 1 })
    room.picture([0, 1, 2], [0, 1, 2])
    room.picture([0, 1, 2])
    const lost = room.sent.at(-1)!
    room.consumer.setPreferredLayers({ spatialLayer: 2 })
    room.picture([0, 1, 2], [2])
    room.picture([0, 1, 2])
    const later = room.sent.at(-1)!
    for (const wanted of [lost, later]) {
      const bytes = new Uint8Array(64)
      const length = writeNack(bytes, 0, 1, 2222, [wanted.sequenceNumber & 0xffff])
      room.fixture.port.addRtcp(room.viewer.session, bytes.slice(0, length))
      room.fixture.run()
      const repair = room.sent.at(-1)!
      expect(repair).toMatchObject({
        sink: { ssrc: 2223 },
        packetId: wanted.packetId,
        timestamp: wanted.timestamp,
        vp8Patch: wanted.vp8Patch,
        extra: wanted.sequenceNumber & 0xffff,
      })
      expect(repair.flags & PlanFlag.rtx).not.toBe(0)
      expect(repair.flags & PlanFlag.vp8Patch).not.toBe(0)
    }
  })

  test('pausing tells that there are no layers, and going on continues the numbers at a key frame', () => {
    const room = new Simulcast()
    room.picture([0, 1, 2], [0, 1, 2])
    room.consumer.pause()
    expect(room.told.at(-1)).toBeUndefined()
    const { length } = room.sent
    room.picture([0, 1, 2], [0, 1, 2])
    room.consumer.resume()
    room.picture([0, 1, 2])
    expect(room.sent).toHaveLength(length)
    room.picture([0, 1, 2], [2])
    expect(room.sent.at(-1)!.sequenceNumber).toBe(room.sent[length - 1]!.sequenceNumber + 1)
  })

  test('closing leaves no member behind', () => {
    const room = new Simulcast()
    room.picture([0, 1, 2], [0, 1, 2])
    room.fixture.engine.closeConsumer('consumer')
    const producer = room.fixture.engine.producers.get('producer')!
    expect(producer.streams.map((stream) => stream.adaptive.count)).toEqual([0, 0, 0])
  })
})

test('a consumer on a DirectTransport gets packets with numbers and picture ids of its own', () => {
  const room = new Simulcast()
  const { engine, events } = room.fixture
  engine.createDirectTransport({ routerId: 'router', transportId: 'direct' })
  const direct = consume(room.fixture, 'direct', 'simulcast', { spatialLayer: 1, temporalLayer: 0 }, 'tap')
  room.picture([0, 1], [0, 1])
  for (let i = 1; i < 5; i++) room.picture([0, 1], [], i % 2)
  direct.setPreferredLayers({ spatialLayer: 0 })
  room.picture([0, 1], [0])
  const header = new RtpHeader()
  const descriptor = new Vp8Descriptor()
  const got = events
    .filter((e) => e.event === 'consumer.rtp' && e.target === 'tap')
    .map((e) => {
      const { packet } = e.data as { packet: Uint8Array }
      expect(parseRtpPacket(packet, 0, packet.length, header)).toBe(true)
      expect(parseVp8Descriptor(packet, header.payloadOffset, header.payloadLength, descriptor)).toBe(true)
      return [header.sequenceNumber, descriptor.pictureId, descriptor.keyFrame]
    })
  // The first picture comes twice: the low layer was the first to live.
  const [first = 0, id = 0] = got[0] as [number, number]
  expect(got).toEqual([true, true, false, false, true].map((isKey, i) => [first + i, id + i, isKey]))
})

describe('a simulcast producer', () => {
  test('whose streams are named by MID and RID is told apart, RTX by the repaired RID', () => {
    const room = new Simulcast(true)
    const send = (
      ssrc: number,
      sequenceNumber: number,
      slot: 10 | 11,
      rid: string,
      payload: Uint8Array,
    ): void => {
      const bytes = new Uint8Array(1500)
      const length = writeRtpPacket(bytes, 0, {
        payloadType: slot === 11 ? 97 : 96,
        sequenceNumber,
        timestamp: 3000,
        ssrc,
        headerExtensions: [
          { id: 4, data: encode('0') },
          { id: slot, data: encode(rid) },
        ],
        payload,
      })
      room.fixture.port.addRtp(room.publisher.session, bytes.slice(0, length))
      room.fixture.run()
    }
    send(77, 65535, 10, 'r1', vp8(1, true))
    send(78, 5, 10, 'r0', vp8(1, true))
    send(77, 1, 10, 'r1', vp8(3, false))
    send(79, 900, 11, 'r1', Uint8Array.of(0, 0, ...vp8(2, false)))
    const producer = room.fixture.engine.producers.get('producer')!
    expect(producer.streams.map((s) => [s.rid, s.ssrc, s.rtxSsrc])).toEqual([
      ['r1', 77, 79],
      ['r0', 78, 0],
    ])
    expect(producer.streams[0]!.packetsRepaired).toBe(1)
    expect(room.consumer.currentLayers).toMatchObject({ spatialLayer: 1 })
    expect(room.sent.map((s) => s.sequenceNumber)).toEqual([1001, 1003, 1002])
    expect(producer.scores()).toMatchObject([
      { encodingIdx: 1, rid: 'r1' },
      { encodingIdx: 0, rid: 'r0' },
    ])
  })

  test('tells the rate of each layer', () => {
    const room = new Simulcast()
    for (let i = 0; i < 40; i++) room.picture([0, 1, 2], i === 0 ? [0, 1, 2] : [], i % 2)
    const rows = room.fixture.engine.producers.get('producer')!.stats(0)
    expect(rows).toHaveLength(3)
    const rates = rows[2]!.bitrateByLayer as Record<string, number>
    expect(Object.keys(rates)).toEqual(['0.0', '0.1', '0.2'])
    expect(rates['0.0']).toBeGreaterThan(0)
    expect(rates['0.1']).toBeGreaterThan((rates['0.0'] as number) * 1.5)
    expect(rates['0.2']).toBe(rates['0.1'])
  })

  test('a consumer of another type than the producer is refused', () => {
    const room = new Simulcast()
    room.fixture.engine.closeConsumer('consumer')
    expect(() => consume(room.fixture, room.viewer.id, 'simple')).toThrow(/type .* is simulcast, not simple/)
  })
})
