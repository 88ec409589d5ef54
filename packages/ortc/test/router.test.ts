import { describe, expect, test } from 'vitest'
import {
  generateRouterRtpCapabilities,
  getSupportedRtpCapabilities,
  isCompatibleCodec,
  parseScalabilityMode,
  type RouterRtpCodecCapability,
  UnsupportedError,
  validateAndNormalizeRtpCapabilities,
} from '../src/index.ts'
import { MEDIA_CODECS, routerCapabilities } from './fixtures.ts'

const VP8 = { kind: 'video', mimeType: 'video/VP8', clockRate: 90_000 } as const

describe('getSupportedRtpCapabilities()', () => {
  test('is valid, and the caller may change it', () => {
    const first = getSupportedRtpCapabilities()
    validateAndNormalizeRtpCapabilities(first)
    first.codecs?.splice(0)
    first.headerExtensions?.splice(0)
    expect(getSupportedRtpCapabilities().codecs?.length).toBeGreaterThan(10)
  })

  test('gives each header extension one identifier, below 15', () => {
    const uriById = new Map<number, string>()
    for (const { preferredId, uri } of getSupportedRtpCapabilities().headerExtensions ?? []) {
      expect(preferredId).toBeLessThan(15)
      expect(uriById.get(preferredId) ?? uri).toBe(uri)
      uriById.set(preferredId, uri)
    }
    expect(uriById.size).toBe(11)
  })
})

describe('generateRouterRtpCapabilities()', () => {
  test('numbers codecs from 100, and puts RTX behind each video codec', () => {
    const codecs = routerCapabilities().codecs ?? []
    expect(
      codecs.map((codec) => [codec.mimeType, codec.preferredPayloadType, codec.parameters?.apt]),
    ).toEqual([
      ['audio/opus', 100, undefined],
      ['video/VP8', 101, undefined],
      ['video/rtx', 102, 101],
      ['video/H264', 103, undefined],
      ['video/rtx', 104, 103],
    ])
  })

  test('uses asked and static payload types, and goes round them', () => {
    const capabilities = generateRouterRtpCapabilities([
      VP8,
      { kind: 'audio', mimeType: 'audio/pcmu', clockRate: 8000 },
      { kind: 'video', mimeType: 'video/VP9', clockRate: 90_000, preferredPayloadType: 101 },
    ])
    expect(capabilities.codecs?.map((codec) => [codec.mimeType, codec.preferredPayloadType])).toEqual([
      ['video/VP8', 100],
      ['video/rtx', 102],
      ['audio/PCMU', 0],
      ['video/VP9', 101],
      ['video/rtx', 103],
    ])
  })

  test("keeps the application's parameters and the engine's feedback, and changes nothing given", () => {
    const given: RouterRtpCodecCapability = {
      ...VP8,
      parameters: { 'x-google-start-bitrate': 1000 },
      rtcpFeedback: [{ type: 'made-up' }],
    }
    const before = structuredClone(given)
    const [codec] = generateRouterRtpCapabilities([given]).codecs ?? []
    expect(given).toEqual(before)
    expect(codec?.parameters).toEqual({ 'x-google-start-bitrate': 1000 })
    expect(codec?.rtcpFeedback?.map(({ type, parameter }) => `${type} ${parameter}`.trim())).toEqual([
      'nack',
      'nack pli',
      'ccm fir',
      'goog-remb',
      'transport-cc',
    ])
  })

  test('a router without codecs has header extensions only', () => {
    expect(generateRouterRtpCapabilities()).toMatchObject({ codecs: [] })
  })

  test.each([
    [[{ ...VP8, mimeType: 'video/VP7' }], 'codec-not-supported'],
    [[{ kind: 'audio', mimeType: 'audio/opus', clockRate: 48_000, channels: 1 }], 'codec-not-supported'],
    [Array.from({ length: 17 }, () => VP8), 'payload-types-exhausted'],
  ] as const)('%j throws UnsupportedError', (codecs, code) => {
    const generate = (): unknown => generateRouterRtpCapabilities([...codecs])
    expect(generate).toThrow(UnsupportedError)
    expect(generate).toThrow(expect.objectContaining({ code }))
  })

  test('16 video codecs take all 32 dynamic payload types', () => {
    const codecs = generateRouterRtpCapabilities(Array.from({ length: 16 }, () => VP8)).codecs ?? []
    const payloadTypes = codecs.map((codec) => codec.preferredPayloadType).sort((a, b) => a - b)
    expect(payloadTypes).toEqual(Array.from({ length: 32 }, (_, i) => 96 + i))
  })

  test.each([
    ['x', 'mediaCodecs must be an array'],
    [[{ ...VP8, clockRate: undefined }], 'mediaCodecs[0].clockRate'],
    [[{ ...VP8, mimeType: 'video/rtx' }], 'mediaCodecs[0].mimeType'],
    [
      [
        { ...VP8, preferredPayloadType: 100 },
        { ...VP8, preferredPayloadType: 100 },
      ],
      'mediaCodecs[1].preferredPayloadType must be unique (100 came before)',
    ],
  ])('%j throws TypeError', (codecs, message) => {
    const generate = (): unknown => generateRouterRtpCapabilities(codecs as RouterRtpCodecCapability[])
    expect(generate).toThrow(TypeError)
    expect(generate).toThrow(message)
  })

  test('does not change the shared test codecs', () => {
    routerCapabilities()
    expect(MEDIA_CODECS[0]).toEqual({
      kind: 'audio',
      mimeType: 'audio/opus',
      clockRate: 48_000,
      channels: 2,
    })
  })
})

describe('isCompatibleCodec()', () => {
  const video = (name: string, parameters: Record<string, unknown> = {}) => ({
    mimeType: `video/${name}`,
    clockRate: 90_000,
    parameters,
  })
  const h264 = (profile: string, mode?: number) =>
    video('H264', {
      'profile-level-id': profile,
      ...(mode === undefined ? {} : { 'packetization-mode': mode }),
    })

  test.each([
    ['names without regard to case', video('VP8'), video('vp8'), true],
    ['other clock rates', video('VP8'), { mimeType: 'video/VP8', clockRate: 48_000 }, false],
    ['constrained baseline in two spellings', h264('42e01f', 1), h264('42c02a', 1), true],
    ['constrained baseline and baseline', h264('42e01f', 1), h264('42001f', 1), false],
    ['H264 main and high', h264('4d001f', 1), h264('64001f', 1), false],
    ['H264 without mode and mode 0', h264('42e01f'), h264('42e01f', 0), true],
    ['H264 modes 0 and 1', h264('42e01f', 0), h264('42e01f', 1), false],
    ['H264 with a broken profile', h264('zzzzzz', 1), h264('42e01f', 1), false],
    ['VP9 without profile and profile 0', video('VP9'), video('VP9', { 'profile-id': 0 }), true],
    [
      'VP9 profile 2 as number and text',
      video('VP9', { 'profile-id': 2 }),
      video('VP9', { 'profile-id': '2' }),
      true,
    ],
    ['VP9 profiles 0 and 2', video('VP9'), video('VP9', { 'profile-id': 2 }), false],
    ['AV1 without profile and profile 0', video('AV1'), video('AV1', { profile: 0, 'level-idx': 5 }), true],
    ['AV1 profiles 0 and 1', video('AV1'), video('AV1', { profile: 1 }), false],
    ['H265 without profile and main', video('H265'), video('H265', { 'profile-id': 1 }), true],
    ['H265 main and main 10', video('H265', { 'profile-id': 1 }), video('H265', { 'profile-id': 2 }), false],
  ])('%s', (_what, a, b, compatible) => {
    expect(isCompatibleCodec(a, b)).toBe(compatible)
    expect(isCompatibleCodec(b, a)).toBe(compatible)
  })

  test('tells channels and multiopus layouts apart', () => {
    const opus = (channels?: number) => ({
      mimeType: 'audio/opus',
      clockRate: 48_000,
      ...(channels === undefined ? {} : { channels }),
    })
    expect(isCompatibleCodec(opus(2), opus(1))).toBe(false)
    expect(isCompatibleCodec(opus(), opus(1))).toBe(true)
    const surround = (streams: number) => ({
      mimeType: 'audio/multiopus',
      clockRate: 48_000,
      channels: 6,
      parameters: { num_streams: streams, coupled_streams: 2 },
    })
    expect(isCompatibleCodec(surround(4), surround(4))).toBe(true)
    expect(isCompatibleCodec(surround(4), surround(3))).toBe(false)
  })
})

test.each([
  ['L1T3', 1, 3, false],
  ['L3T2_KEY', 3, 2, true],
  ['S2T3', 2, 3, false],
  ['L2T2h', 2, 2, false],
  ['L2T2_KEY_SHIFT', 2, 2, true],
  ['L20T10', 20, 10, false],
  ['L0T3', 1, 1, false],
  ['T3', 1, 1, false],
  ['', 1, 1, false],
  [undefined, 1, 1, false],
])('parseScalabilityMode(%j)', (mode, spatialLayers, temporalLayers, ksvc) => {
  expect(parseScalabilityMode(mode)).toEqual({ spatialLayers, temporalLayers, ksvc })
})
