import type { RtpParameters } from '@sangam/ortc'
import { HeaderExtensionUri } from '@sangam/rtp'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { ConsumerType } from '../../src/channel/messages.ts'
import { EngineFixture, KEY_FRAME, VIDEO } from './engine-fixture.ts'

/** What a member publishes, and packets of it that are well formed, to be spoilt. */
interface Attack {
  readonly name: string
  readonly mimeType: string
  readonly parameters?: Record<string, string | number>
  readonly type: ConsumerType
  readonly encodings: RtpParameters['encodings']
  readonly payloads: readonly string[]
}

const SSRCS = [7000, 7002, 7004]
const MID = 4
const RID = 10
const DESCRIPTOR = 12

const ATTACKS: readonly Attack[] = [
  {
    name: 'simulcast by SSRC',
    mimeType: 'video/VP8',
    type: 'simulcast',
    encodings: SSRCS.map((ssrc) => ({ ssrc, rtx: { ssrc: ssrc + 1 }, scalabilityMode: 'L1T3' })),
    payloads: ['90e0801107001002009d012a4001f000', '10100200', '90800a1001', '9040ff00'],
  },
  {
    name: 'simulcast by RID',
    mimeType: 'video/VP8',
    type: 'simulcast',
    encodings: ['a', 'b', 'c'].map((rid) => ({ rid, scalabilityMode: 'L1T3' })),
    payloads: ['90e0801107001002009d012a4001f000', '90e0801107c01102000102'],
  },
  {
    name: 'SVC',
    mimeType: 'video/VP9',
    parameters: { 'profile-id': 0 },
    type: 'svc',
    encodings: [{ ssrc: SSRCS[0]!, scalabilityMode: 'L3T3_KEY' }],
    payloads: ['aaffff0007380140 00b40280 01680200 34018249', '8a8001fe07ff', 'ba800107 0102', 'a8800100ff'],
  },
  {
    name: 'SVC',
    mimeType: 'video/AV1',
    type: 'svc',
    encodings: [{ ssrc: SSRCS[0]!, scalabilityMode: 'L3T3' }],
    payloads: ['180a0b00000024c4ffdf0080', '100102', '38ff'],
  },
  {
    name: 'one encoding',
    mimeType: 'video/H264',
    parameters: { 'packetization-mode': 1, 'profile-level-id': '42e01f' },
    type: 'simple',
    encodings: [{ ssrc: SSRCS[0]!, rtx: { ssrc: SSRCS[0]! + 1 } }],
    payloads: ['7800026742000168ce', '7c8501', '6588', '41'],
  },
]

const bytesOf = (hex: string): number[] => [...Buffer.from(hex.replaceAll(' ', ''), 'hex')]

/** RTP of any of the attacker's streams, with MID, RID and dependency descriptor, before it is spoilt. */
function seedPackets({ payloads }: Attack): number[][] {
  const descriptor = bytesOf('c00001 80 00 d6 a4 05 42')
  const extension = [
    ...[0xbe, 0xde, 0, 4],
    ...[(MID << 4) | 0, 0x30, (RID << 4) | 0, 0x62],
    ...[(DESCRIPTOR << 4) | (descriptor.length - 1), ...descriptor],
    ...[0, 0, 0],
  ]
  return payloads.flatMap((payload, i) => {
    const ssrc = SSRCS[i % SSRCS.length]!
    const head = [96, 0, i, 0, 0, i, 0, 0, 0, (ssrc >> 8) & 0xff, ssrc & 0xff]
    return [
      [0x80, ...head, ...bytesOf(payload)],
      [0x90, ...head, ...extension, ...bytesOf(payload)],
    ]
  })
}

const RTCP_SEEDS = [
  '81c90007000007d000001b580000000000000001000000000000000000000000',
  '81cd0003000007d000001b58fffe8005',
  '81ce0002000007d000001b58',
  '84ce0004000007d00000000000001b58ff000000',
  '8fce0006000007d000000000 52454d42 0207d090 00001b58 ffffffff',
  '8fcd0007000007d000001b58 ffff000e fffffeff 9f1c0102 03040506 07080000',
  '81ca0003000007d00105616263646500',
  '81cb000100001b58',
].map(bytesOf)

/** A seed with bytes changed, cut or extended; or plain noise. */
function spoilt(seeds: readonly number[][]): fc.Arbitrary<Uint8Array> {
  const changes = fc.array(fc.tuple(fc.nat(60), fc.nat(255)), { maxLength: 5 })
  return fc.oneof(
    { arbitrary: fc.uint8Array({ maxLength: 100 }), weight: 1 },
    {
      weight: 6,
      arbitrary: fc
        .tuple(fc.constantFrom(...seeds), changes, fc.option(fc.nat(60)), fc.uint8Array({ maxLength: 6 }))
        .map(([seed, edits, cut, tail]) => {
          const bytes = Uint8Array.from([...seed, ...tail])
          for (const [at, value] of edits) if (at < bytes.length) bytes[at] = value
          return cut === null ? bytes : bytes.slice(0, cut)
        }),
    },
  )
}

function publish(fixture: EngineFixture, transportId: string, attack: Attack): RtpParameters {
  const { mimeType, parameters = {}, encodings = [] } = attack
  const rtpParameters: RtpParameters = {
    mid: '0',
    codecs: [
      { ...VIDEO.codecs[0]!, mimeType, parameters },
      { ...VIDEO.codecs[1]! },
    ] as RtpParameters['codecs'],
    headerExtensions: [
      { uri: HeaderExtensionUri.mid, id: MID },
      { uri: HeaderExtensionUri.transportSequenceNumber, id: 3 },
      { uri: HeaderExtensionUri.rid, id: RID },
      { uri: HeaderExtensionUri.repairedRid, id: 11 },
      { uri: HeaderExtensionUri.dependencyDescriptor, id: DESCRIPTOR },
    ],
    encodings,
    rtcp: { cname: 'attacker' },
  }
  fixture.engine.produce({
    transportId,
    producerId: 'attack',
    kind: 'video',
    rtpParameters,
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
  return rtpParameters
}

function watch(fixture: EngineFixture, transportId: string, published: RtpParameters, type: ConsumerType) {
  fixture.engine.consume({
    transportId,
    consumerId: 'attacked',
    producerId: 'attack',
    kind: 'video',
    rtpParameters: {
      ...published,
      codecs: [
        { ...published.codecs[0]!, payloadType: 101 },
        { ...published.codecs[1]!, payloadType: 102, parameters: { apt: 101 } },
      ],
      encodings: [{ ssrc: 8000, rtx: { ssrc: 8001 } }],
    },
    type,
    consumableRtpEncodings: [],
    paused: false,
    ignoreDtx: false,
  })
}

describe.each(ATTACKS)('a member who publishes $mimeType ($name) with any bytes', (attack) => {
  test('throws nothing, grows nothing without bound, and leaves the stream of another member whole', () => {
    const packets = fc.array(fc.tuple(spoilt(seedPackets(attack)), spoilt(RTCP_SEEDS)), {
      minLength: 20,
      maxLength: 60,
    })
    fc.assert(
      fc.property(packets, (round) => {
        const fixture = new EngineFixture()
        const attacker = fixture.connected('attacker', 40001)
        const publisher = fixture.connected('publisher', 40002)
        const viewer = fixture.connected('viewer', 40003)
        fixture.produceVideo(publisher)
        fixture.consumeVideo(viewer)
        watch(fixture, viewer.id, publish(fixture, attacker.id, attack), attack.type)
        for (const [index, [rtp, rtcp]] of round.entries()) {
          fixture.port.addRtp(attacker.session, rtp)
          fixture.port.addRtcp(attacker.session, rtcp)
          // The viewer is a member, too, and may answer with anything.
          fixture.port.addRtcp(viewer.session, rtcp)
          fixture.video(publisher, index, KEY_FRAME)
          fixture.run()
          fixture.tick(20)
        }
        const honest = fixture.port.sent.filter(({ sink, flags }) => sink.ssrc === 2222 && (flags & 8) === 0)
        const numbers = new Set(honest.map(({ sequenceNumber }) => sequenceNumber))
        expect(numbers.size).toBe(round.length)
        expect(attacker.streams.size).toBeLessThanOrEqual(6)
      }),
      { numRuns: 60, seed: 8 },
    )
  })
})
