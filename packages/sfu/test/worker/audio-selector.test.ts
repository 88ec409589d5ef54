import { HeaderExtensionUri, writeRtpPacket } from '@sangam/rtp'
import { describe, expect, test } from 'vitest'
import type { WebRtcTransport } from '../../src/worker/transport/webrtc-transport.ts'
import { EngineFixture } from './engine-fixture.ts'

const AUDIO_LEVEL_ID = 10
const SPEECH = -30
const SILENCE = -127
const codec = (payloadType: number) => ({
  mimeType: 'audio/opus',
  payloadType,
  clockRate: 48000,
  channels: 2,
})

/** A room of people who all speak and listen: each has a transport, a producer `pN`, and a consumer `cN-M` of each other one. */
class OpenMicrophones {
  readonly fixture = new EngineFixture()
  readonly #senders: { transport: WebRtcTransport; sequence: number }[] = []

  constructor(count: number, maxVoices: number) {
    const { engine } = this.fixture
    engine.createAudioSelector({ routerId: 'router', rtpObserverId: 'selector', maxVoices })
    for (let i = 0; i < count; i++) this.#join(i)
    for (let i = 0; i < count; i++) for (let j = 0; j < count; j++) if (i !== j) this.consume(i, `t${j}`, j)
  }

  observe(...producers: number[]): void {
    for (const i of producers) this.fixture.engine.observeProducer('selector', `p${i}`)
  }

  consume(producer: number, transportId: string, receiver: number): void {
    this.fixture.engine.consume({
      transportId,
      consumerId: `c${producer}-${receiver}`,
      producerId: `p${producer}`,
      kind: 'audio',
      rtpParameters: {
        mid: `${producer}`,
        codecs: [codec(100)],
        encodings: [{ ssrc: 5000 + 100 * receiver + producer }],
      },
      type: 'simple',
      consumableRtpEncodings: [],
      paused: false,
      ignoreDtx: false,
    })
  }

  /** `ms` pass with a packet every 20 ms of each; `levels` in dBov by producer, undefined: sends nothing. @returns who was heard by anybody, by frame */
  pass(ms: number, levels: readonly (number | undefined)[], payloadBytes = 40): string[] {
    const heard: string[] = []
    for (let elapsed = 0; elapsed < ms; elapsed += 20) {
      const before = this.fixture.port.sent.length
      levels.forEach((level, i) => {
        if (level !== undefined) this.#send(i, level, payloadBytes)
      })
      this.fixture.run()
      this.fixture.tick(20)
      const ssrcs = this.fixture.port.sent.slice(before).map(({ sink }) => sink.ssrc % 100)
      heard.push([...new Set(ssrcs)].sort().join(''))
    }
    return heard
  }

  /** The sequence numbers that receiver `to` got of `from`. */
  numbers(from: number, to: number): number[] {
    const ssrc = 5000 + 100 * to + from
    return this.fixture.port.sent.flatMap(({ sink, sequenceNumber }) =>
      sink.ssrc === ssrc ? [sequenceNumber] : [],
    )
  }

  told(): unknown[] {
    return this.fixture.events
      .splice(0)
      .filter(({ event }) => event === 'rtpObserver.voices')
      .map(({ data }) => (data as { producerIds: string[] }).producerIds.join(' '))
  }

  #join(i: number): void {
    const transport = this.fixture.connected(`t${i}`, 41000 + i)
    this.#senders.push({ transport, sequence: 65500 + i })
    this.fixture.engine.produce({
      transportId: `t${i}`,
      producerId: `p${i}`,
      kind: 'audio',
      rtpParameters: {
        mid: '0',
        codecs: [codec(111)],
        headerExtensions: [{ uri: HeaderExtensionUri.audioLevel, id: AUDIO_LEVEL_ID }],
        encodings: [{ ssrc: 1000 + i }],
      },
      rtpMapping: { codecs: [{ payloadType: 111, mappedPayloadType: 100 }], encodings: [] },
      keyFrameRequestDelay: 0,
      paused: false,
    })
  }

  /** A loud packet comes over the transport of `i` under somebody else's SSRC. */
  pretend(i: number, toBe: number): void {
    this.#send(i, SPEECH, 40, 1000 + toBe)
    this.fixture.run()
    this.fixture.tick(20)
  }

  #send(i: number, level: number, payloadBytes: number, ssrc = 1000 + i): void {
    const sender = this.#senders[i]!
    const bytes = new Uint8Array(200)
    const length = writeRtpPacket(bytes, 0, {
      payloadType: 111,
      sequenceNumber: sender.sequence++ & 0xffff,
      timestamp: sender.sequence * 960,
      ssrc,
      headerExtensions: [{ id: AUDIO_LEVEL_ID, data: Uint8Array.of(0x80 | -level) }],
      payload: new Uint8Array(payloadBytes),
    })
    this.fixture.port.addRtp(sender.transport.session, bytes.slice(0, length))
  }
}

describe('AudioSelector', () => {
  test('of a hundred open microphones receivers get three', () => {
    const people = 100
    const room = new OpenMicrophones(people, 3)
    room.observe(...Array(people).keys())
    const murmur = Array.from({ length: people }, (_, i) => (i < 3 ? SPEECH : -75))
    room.pass(100, murmur)
    const before = room.fixture.port.sent.length
    room.pass(1000, murmur)
    const forwarded = room.fixture.port.sent.length - before
    // Each voice goes to everybody but its own speaker; forwarding all would be 50 × 100 × 99.
    expect(forwarded).toBe(50 * 3 * 99)
  })

  test('a new speaker is heard with the third packet: 40 ms are clipped', () => {
    const room = new OpenMicrophones(4, 2)
    room.observe(0, 1, 2, 3)
    room.pass(1000, [SPEECH, SPEECH, SILENCE, SILENCE])
    room.pass(400, [SPEECH, SILENCE, SILENCE, SILENCE])
    expect(room.told().at(-1)).toBe('p0 p1')
    const heard = room.pass(100, [SPEECH, SILENCE, SILENCE, SPEECH])
    expect(heard).toEqual(['01', '01', '03', '03', '03'])
    expect(room.told()).toEqual(['p0 p3'])
  })

  test.each([0, 1, 5, 9, 10, 15, 19])(
    'a new speaker is heard within 100 ms, 60 ms clipped at most, when packets come %i ms after the frames',
    (offsetMs) => {
      const room = new OpenMicrophones(4, 2)
      room.observe(0, 1, 2, 3)
      room.pass(1000, [SPEECH, SPEECH, SILENCE, SILENCE])
      room.fixture.tick(offsetMs)
      room.pass(400, [SPEECH, SILENCE, SILENCE, SILENCE])
      const heard = room.pass(200, [SPEECH, SILENCE, SILENCE, SPEECH])
      const clipped = heard.findIndex((frame) => frame.includes('3'))
      expect(clipped).toBeGreaterThanOrEqual(0)
      expect(20 * clipped).toBeLessThanOrEqual(60)
      expect(heard.slice(clipped)).toEqual(Array(heard.length - clipped).fill('03'))
    },
  )

  test('a packet under the SSRC of somebody else speaks for nobody', () => {
    const room = new OpenMicrophones(3, 1)
    room.observe(0, 1, 2)
    room.pass(400, [SPEECH, SILENCE, SILENCE])
    room.pass(400, [SILENCE, SILENCE, SILENCE])
    room.told()
    for (let i = 0; i < 50; i++) room.pretend(2, 1)
    expect(room.told()).toEqual([])
    expect(room.numbers(1, 0)).toEqual([])
    for (let i = 0; i < 50; i++) room.pretend(1, 1)
    expect(room.told()).toEqual(['p1'])
  })

  test('who is heard again goes on with continuous numbers', () => {
    const room = new OpenMicrophones(3, 1)
    room.observe(0, 1, 2)
    for (let turn = 0; turn < 4; turn++) {
      room.pass(600, [SPEECH, SILENCE, SILENCE])
      room.pass(600, [SILENCE, SPEECH, SILENCE])
    }
    const numbers = room.numbers(0, 1)
    expect(numbers.length).toBeGreaterThan(100)
    expect(numbers).toEqual(numbers.map((_, i) => numbers[0]! + i))
  })

  test('who never spoke loudly enough is heard by nobody, and takes nobody’s place with empty packets', () => {
    const room = new OpenMicrophones(3, 1)
    room.observe(0, 1, 2)
    room.pass(600, [SPEECH, undefined, undefined])
    room.pass(600, [SILENCE, undefined, undefined])
    // A frame of two bytes is silence (RFC 6716 section 3.1), whatever level it claims.
    room.pass(600, [undefined, -20, undefined], 2)
    expect(room.told()).toEqual(['p0'])
  })

  test('pipes and other transports get everybody', () => {
    const room = new OpenMicrophones(2, 1)
    const pipe = room.fixture.engine.createPipeTransport({
      routerId: 'router',
      transportId: 'pipe',
      listenInfo: { protocol: 'udp', ip: '127.0.0.1', port: 0 },
      enableRtx: false,
      enableSrtp: false,
    })
    pipe.connect({ ip: '127.0.0.1', port: 40900 })
    room.observe(0, 1)
    for (const producer of [0, 1]) {
      room.fixture.engine.consume({
        transportId: 'pipe',
        consumerId: `pipe-${producer}`,
        producerId: `p${producer}`,
        kind: 'audio',
        rtpParameters: { codecs: [codec(100)], encodings: [{ ssrc: 9900 + producer }] },
        type: 'pipe',
        consumableRtpEncodings: [{ ssrc: 9900 + producer }],
        paused: false,
        ignoreDtx: false,
      })
    }
    room.pass(400, [SPEECH, -75])
    const ssrcs = new Set(room.fixture.port.sent.map(({ sink }) => sink.ssrc))
    expect([...ssrcs].sort()).toEqual([5100, 9900, 9901])
  })

  test('everybody is heard who is not watched, while it is paused, and after it closed', () => {
    const room = new OpenMicrophones(3, 1)
    room.observe(0, 1)
    const all = [SPEECH, SPEECH, SPEECH]
    room.pass(100, all)
    expect(room.pass(20, all)).toEqual(['02'])
    room.fixture.engine.rtpObservers.get('selector')?.pause()
    room.pass(20, all)
    expect(room.pass(20, all)).toEqual(['012'])
    room.fixture.engine.rtpObservers.get('selector')?.resume()
    room.pass(100, all)
    expect(room.pass(20, all)).toEqual(['02'])
    room.fixture.engine.closeRtpObserver('selector')
    room.pass(20, all)
    expect(room.pass(20, all)).toEqual(['012'])
  })

  test('the place of somebody who closes is taken by who is heard', () => {
    const room = new OpenMicrophones(2, 1)
    room.observe(0, 1)
    room.pass(100, [SPEECH, SPEECH])
    room.told()
    room.fixture.engine.closeProducer('p0')
    expect(room.told()).toEqual(['p1'])
    expect(room.pass(20, [undefined, SPEECH])).toEqual(['1'])
  })

  test('two producers of one voice share its place: who moves to another transport is heard on both, and nobody else instead', () => {
    const room = new OpenMicrophones(3, 1)
    room.observe(0, 1)
    room.pass(400, [SPEECH, SILENCE, undefined])
    room.told()
    room.fixture.engine.observeProducer('selector', 'p2', 'p0')
    expect(room.told()).toEqual(['p0 p2'])
    // The older falls silent first: the voice is as loud as the newer.
    expect(room.pass(20, [SPEECH, SPEECH, SPEECH])).toEqual(['02'])
    expect(new Set(room.pass(400, [undefined, SPEECH, SPEECH]))).toEqual(new Set(['2']))
    room.fixture.engine.closeProducer('p0')
    expect(room.told()).toEqual(['p2'])
    expect(new Set(room.pass(400, [undefined, SPEECH, SPEECH]))).toEqual(new Set(['2']))
    room.fixture.engine.closeProducer('p2')
    expect(room.told()).toEqual(['p1'])
  })
})
