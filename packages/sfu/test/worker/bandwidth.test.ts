import type { RtpParameters } from '@sangam/ortc'
import { HeaderExtensionUri, writeRemb } from '@sangam/rtp'
import { describe, expect, test } from 'vitest'
import { TransportCcRecorder } from '../../src/worker/congestion/transport-cc-recorder.ts'
import { PlanFlag } from '../../src/worker/packet-port/packet-port.ts'
import { requestHandlers } from '../../src/worker/requests.ts'
import type { WebRtcTransport } from '../../src/worker/transport/webrtc-transport.ts'
import { DELTA_FRAME, EngineFixture, KEY_FRAME, VIDEO } from './engine-fixture.ts'

const FRAME = new Uint8Array(1000)
FRAME.set(DELTA_FRAME)
const STEP_MS = 5

/** An engine with a publisher and a receiver at the other end of a link of some rate. */
class Rig extends EngineFixture {
  readonly publisher: WebRtcTransport
  readonly receiver: WebRtcTransport
  readonly recorder = new TransportCcRecorder()
  linkBps = 0
  #sequence = 1000
  #seen = 0
  #linkFreeUs = 0

  constructor() {
    super()
    this.publisher = this.connected('publisher', 40000)
    this.receiver = this.connected('receiver', 40001)
    this.produceVideo(this.publisher)
    this.consumeVideo(this.receiver)
    this.recorder.enable()
    this.video(this.publisher, this.#sequence++, KEY_FRAME)
    this.run()
  }

  /** Two packets of 1000 bytes every 10 ms are 1.6 Mbit/s; what leaves crosses the link and is reported. */
  play(milliseconds: number): void {
    for (let ms = 0; ms < milliseconds; ms += STEP_MS) {
      this.port.timeUs += STEP_MS * 1000
      this.video(this.publisher, this.#sequence++, FRAME, { timestamp: this.#sequence * 450 })
      this.run()
      if (ms % 20 === 0) this.engine.tick(this.port.timeUs)
      else this.engine.probe(this.port.timeUs)
      this.#cross()
      if (this.recorder.isDue(this.port.timeUs)) {
        const bytes = new Uint8Array(256)
        const length = this.recorder.write(bytes, 0, bytes.length, this.port.timeUs)
        this.port.addRtcp(this.receiver.session, bytes.slice(0, length))
        this.run()
      }
    }
  }

  get availableBps(): number {
    return this.receiver.stats(0)[0]!.availableOutgoingBitrate as number
  }

  #cross(): void {
    for (const { sink, flags, extra } of this.port.sent.slice(this.#seen)) {
      if (sink.session !== this.receiver.session) continue
      const bytes = (flags & PlanFlag.padding) === 0 ? 1068 : 68 + extra
      this.#linkFreeUs = Math.max(this.#linkFreeUs, this.port.timeUs) + (bytes * 8e6) / this.linkBps
      this.recorder.received(flags >>> 16, this.#linkFreeUs, 1)
    }
    this.#seen = this.port.sent.length
  }
}

function handlers(rig: EngineFixture) {
  return requestHandlers(rig.engine, rig.context, {
    resourceUsage: () => ({}),
    updateSettings: () => {},
    close: () => {},
  })
}

function withoutTransportCc(parameters: RtpParameters): RtpParameters {
  const { transportSequenceNumber } = HeaderExtensionUri
  return {
    ...parameters,
    headerExtensions: (parameters.headerExtensions ?? []).filter(
      ({ uri }) => uri !== transportSequenceNumber,
    ),
  }
}

function consumeWithoutTransportCc(
  rig: EngineFixture,
  transport: WebRtcTransport,
  id: string,
  ssrc: number,
): void {
  rig.engine.consume({
    transportId: transport.id,
    consumerId: id,
    producerId: 'producer',
    kind: 'video',
    rtpParameters: {
      ...withoutTransportCc(VIDEO),
      codecs: [{ ...VIDEO.codecs[0]!, payloadType: 101 }],
      encodings: [{ ssrc }],
    },
    type: 'simple',
    consumableRtpEncodings: [],
    paused: false,
    ignoreDtx: false,
  })
}

describe('the bandwidth towards a receiver', () => {
  test('starts at initialAvailableOutgoingBitrate, and rises to what a probe by RTX finds', () => {
    const rig = new Rig()
    rig.linkBps = 3_000_000
    expect(rig.availableBps).toBe(600_000)
    rig.play(5000)
    const probes = rig.port.sent.filter(({ flags }) => (flags & PlanFlag.rtx) !== 0)
    expect(probes.length).toBeGreaterThan(5)
    for (const { sink } of probes) expect(sink).toMatchObject({ session: rig.receiver.session, ssrc: 2223 })
    expect(rig.availableBps).toBeGreaterThan(2_000_000)
    expect(rig.availableBps).toBeLessThan(3_300_000)
  })

  test('falls within 2 s to what the link carries', () => {
    const rig = new Rig()
    rig.linkBps = 3_000_000
    rig.play(5000)
    rig.linkBps = 900_000
    rig.play(2000)
    expect(rig.availableBps).toBeLessThan(900_000)
    expect(rig.availableBps).toBeGreaterThan(300_000)
  })

  test('transport-wide numbers have no holes, though another consumer of the transport bears none', () => {
    const rig = new Rig()
    consumeWithoutTransportCc(rig, rig.receiver, 'plain', 3333)
    rig.video(rig.publisher, 1500, KEY_FRAME)
    rig.linkBps = 3_000_000
    rig.play(1000)
    expect(rig.port.sent.some(({ sink }) => sink.ssrc === 3333)).toBe(true)
    const numbers = rig.port.sent.filter(({ sink }) => sink.ssrc !== 3333).map(({ flags }) => flags >>> 16)
    expect(numbers).toEqual(numbers.map((_, i) => (numbers[0]! + i) & 0xffff))
  })

  test('REMB counts where nobody negotiated transport-cc, the initial value before it', () => {
    const rig = new EngineFixture()
    rig.produceVideo(rig.connected('publisher', 40000))
    const receiver = rig.connected('receiver', 40001)
    consumeWithoutTransportCc(rig, receiver, 'plain', 3333)
    rig.tick(20)
    expect(receiver.stats(0)[0]).toMatchObject({ availableOutgoingBitrate: 600_000 })
    const bytes = new Uint8Array(64)
    rig.port.addRtcp(receiver.session, bytes.slice(0, writeRemb(bytes, 0, 1, 250_000, [3333])))
    rig.run()
    expect(receiver.stats(0)[0]).toMatchObject({ availableOutgoingBitrate: 250_000 })
  })

  test('setMaxOutgoingBitrate() and setMinOutgoingBitrate() bound it, show in the stats, and refuse to cross', () => {
    const rig = new Rig()
    const requests = handlers(rig)
    rig.linkBps = 3_000_000
    rig.play(3000)
    requests['transport.setMaxOutgoingBitrate']({ transportId: 'receiver', bitrate: 500_000 })
    expect(rig.receiver.stats(0)[0]).toMatchObject({
      availableOutgoingBitrate: 500_000,
      maxOutgoingBitrate: 500_000,
    })
    expect(() =>
      requests['transport.setMinOutgoingBitrate']({ transportId: 'receiver', bitrate: 600_000 }),
    ).toThrow(/above the maximum/)
    requests['transport.setMaxOutgoingBitrate']({ transportId: 'receiver', bitrate: 0 })
    requests['transport.setMinOutgoingBitrate']({ transportId: 'receiver', bitrate: 800_000 })
    expect(rig.receiver.stats(0)[0]).toMatchObject({
      availableOutgoingBitrate: 800_000,
      minOutgoingBitrate: 800_000,
    })
    expect(() =>
      requests['transport.setMaxOutgoingBitrate']({ transportId: 'receiver', bitrate: 600_000 }),
    ).toThrow(/below the minimum/)
  })

  test('trace events of type bwe say the estimate and why it changed, once asked for', () => {
    const rig = new Rig()
    rig.linkBps = 3_000_000
    const traces = () => rig.events.filter(({ event }) => event === 'transport.trace')
    rig.play(200)
    expect(traces()).toEqual([])
    handlers(rig)['transport.enableTraceEvent']({ transportId: 'receiver', types: ['bwe'] })
    rig.play(3000)
    expect(traces().map(({ data }) => (data as { info: { reason: string } }).info.reason)).toContain('probe')
    expect(traces()[0]).toMatchObject({ target: 'receiver', data: { type: 'bwe', direction: 'out' } })
  })

  test('trace events of type probation tell of each packet that probes, once asked for', () => {
    const rig = new Rig()
    rig.linkBps = 3_000_000
    handlers(rig)['transport.enableTraceEvent']({ transportId: 'receiver', types: ['probation'] })
    rig.play(1500)
    const traces = rig.events.filter(({ event }) => event === 'transport.trace')
    expect(traces.length).toBeGreaterThan(0)
    expect(traces[0]).toMatchObject({ target: 'receiver', data: { type: 'probation', direction: 'out' } })
    const stats = rig.receiver.stats(0)[0]!
    const bytes = traces.reduce((sum, { data }) => sum + (data as { info: { bytes: number } }).info.bytes, 0)
    expect(stats.probationBytesSent).toBeGreaterThan(bytes)
    expect(stats.rtxBytesSent).toBe(0)
  })

  test('feedback from a peer that receives nothing, or about what was never sent, does no harm', () => {
    const rig = new Rig()
    rig.recorder.received(40_000, rig.port.timeUs, 1)
    rig.recorder.received(40_007, rig.port.timeUs, 1)
    for (const transport of [rig.receiver, rig.publisher]) {
      const bytes = new Uint8Array(256)
      rig.recorder.received(40_008, rig.port.timeUs, 1)
      const length = rig.recorder.write(bytes, 0, bytes.length, rig.port.timeUs)
      rig.port.addRtcp(transport.session, bytes.slice(0, length))
      rig.run()
      expect(transport.stats(0)[0]).toMatchObject({ availableOutgoingBitrate: 600_000 })
    }
  })

  test('a closed transport leaves no record: the next with its index starts clean', () => {
    const rig = new Rig()
    rig.linkBps = 3_000_000
    rig.play(1000)
    const { index } = rig.receiver
    rig.engine.closeTransport('receiver')
    expect(rig.context.plan.sendRecords.slabs[index]).toBe(0)
    expect(rig.context.plan.sendRecords.sinkSlabs.every((slab) => slab === 0)).toBe(true)
    expect(rig.connected('next', 40002).stats(0)[0]).toMatchObject({ availableOutgoingBitrate: 600_000 })
  })
})
