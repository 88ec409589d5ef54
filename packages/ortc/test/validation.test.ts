import { describe, expect, test } from 'vitest'
import type { RtpCapabilities, RtpParameters, SctpStreamParameters } from '../src/index.ts'
import {
  validateAndNormalizeRtpCapabilities,
  validateAndNormalizeRtpParameters,
  validateAndNormalizeSctpStreamParameters,
} from '../src/index.ts'
import { chromiumCapabilities, simulcastParameters } from './fixtures.ts'

/** `base` with the value at a dotted path replaced, whatever the types say. */
function withValue<T>(base: T, path: string, value: unknown): T {
  const copy = structuredClone(base)
  const keys = path.split('.')
  let at = copy as Record<string, unknown>
  for (const key of keys.slice(0, -1)) at = at[key] as Record<string, unknown>
  at[keys.at(-1) ?? ''] = value
  return copy
}

describe('validateAndNormalizeRtpCapabilities()', () => {
  test('takes what Chromium has, twice', () => {
    const capabilities = chromiumCapabilities()
    validateAndNormalizeRtpCapabilities(capabilities)
    const once = structuredClone(capabilities)
    validateAndNormalizeRtpCapabilities(capabilities)
    expect(capabilities).toEqual(once)
  })

  test('fills defaults', () => {
    const capabilities: RtpCapabilities = {}
    validateAndNormalizeRtpCapabilities(capabilities)
    expect(capabilities).toEqual({ codecs: [], headerExtensions: [] })
    const full = {
      codecs: [
        {
          mimeType: 'AUDIO/opus',
          clockRate: 48_000,
          preferredPayloadType: 100,
          parameters: { flag: undefined },
        },
        { mimeType: 'video/VP8', clockRate: 90_000, channels: 2, rtcpFeedback: [{ type: 'nack' }] },
      ],
      headerExtensions: [{ kind: 'audio', uri: 'urn:ietf:params:rtp-hdrext:sdes:mid', preferredId: 1 }],
    } as unknown as RtpCapabilities
    validateAndNormalizeRtpCapabilities(full)
    expect(full).toEqual({
      codecs: [
        {
          kind: 'audio',
          mimeType: 'AUDIO/opus',
          clockRate: 48_000,
          preferredPayloadType: 100,
          channels: 1,
          parameters: { flag: '' },
          rtcpFeedback: [],
        },
        {
          kind: 'video',
          mimeType: 'video/VP8',
          clockRate: 90_000,
          parameters: {},
          rtcpFeedback: [{ type: 'nack', parameter: '' }],
        },
      ],
      headerExtensions: [
        {
          kind: 'audio',
          uri: 'urn:ietf:params:rtp-hdrext:sdes:mid',
          preferredId: 1,
          preferredEncrypt: false,
          direction: 'sendrecv',
        },
      ],
    })
  })

  test.each([
    ['codecs', 'no', 'rtpCapabilities.codecs must be an array'],
    ['codecs.0', 1, 'rtpCapabilities.codecs[0] must be an object'],
    ['codecs.0.mimeType', undefined, 'rtpCapabilities.codecs[0].mimeType must be a string that is not empty'],
    ['codecs.0.mimeType', 'opus', 'rtpCapabilities.codecs[0].mimeType must be audio/… or video/…'],
    [
      'codecs.0.clockRate',
      '48000',
      'rtpCapabilities.codecs[0].clockRate must be an integer from 1 to 10000000',
    ],
    ['codecs.0.preferredPayloadType', 128, 'must be an integer from 0 to 127'],
    ['codecs.0.channels', 0, 'rtpCapabilities.codecs[0].channels must be an integer from 1 to 255'],
    ['codecs.0.parameters', [], 'rtpCapabilities.codecs[0].parameters must be an object'],
    ['codecs.0.parameters.minptime', {}, 'parameters.minptime must be a string or a number'],
    ['codecs.9.parameters.apt', 'x', 'rtpCapabilities.codecs[9].parameters.apt must be an integer'],
    ['codecs.0.rtcpFeedback', {}, 'rtpCapabilities.codecs[0].rtcpFeedback must be an array'],
    ['codecs.0.rtcpFeedback.0.type', 7, 'rtpCapabilities.codecs[0].rtcpFeedback[0].type must be a string'],
    ['codecs.0.rtcpFeedback.0.parameter', 7, 'rtcpFeedback[0].parameter must be a string'],
    [
      'headerExtensions.0.kind',
      'text',
      'rtpCapabilities.headerExtensions[0].kind must be one of audio, video',
    ],
    ['headerExtensions.0.uri', '', 'rtpCapabilities.headerExtensions[0].uri must be a string'],
    ['headerExtensions.0.preferredId', 0, 'headerExtensions[0].preferredId must be an integer from 1 to 255'],
    ['headerExtensions.0.preferredEncrypt', 'no', 'headerExtensions[0].preferredEncrypt must be a boolean'],
    ['headerExtensions.0.direction', 'both', 'headerExtensions[0].direction must be one of sendrecv'],
  ])('%s = %j is refused by name', (path, value, message) => {
    const capabilities = withValue(chromiumCapabilities(), path, value)
    const validate = (): void => validateAndNormalizeRtpCapabilities(capabilities)
    expect(validate).toThrow(TypeError)
    expect(validate).toThrow(message)
  })

  test.each([null, undefined, 'x', []])('%j instead of an object is refused', (value) => {
    expect(() => validateAndNormalizeRtpCapabilities(value as unknown as RtpCapabilities)).toThrow(
      new TypeError('rtpCapabilities must be an object'),
    )
  })
})

describe('validateAndNormalizeRtpParameters()', () => {
  test('fills defaults', () => {
    const parameters: RtpParameters = {
      codecs: [{ mimeType: 'audio/opus', payloadType: 111, clockRate: 48_000 }],
      headerExtensions: [{ uri: 'urn:ietf:params:rtp-hdrext:sdes:mid', id: 1 }],
      encodings: [{ ssrc: 0xffffffff }],
    }
    validateAndNormalizeRtpParameters(parameters)
    expect(parameters).toEqual({
      codecs: [
        {
          mimeType: 'audio/opus',
          payloadType: 111,
          clockRate: 48_000,
          channels: 1,
          parameters: {},
          rtcpFeedback: [],
        },
      ],
      headerExtensions: [
        { uri: 'urn:ietf:params:rtp-hdrext:sdes:mid', id: 1, encrypt: false, parameters: {} },
      ],
      encodings: [{ ssrc: 0xffffffff, dtx: false }],
      rtcp: { reducedSize: true },
    })
  })

  test.each([
    ['mid', 1, 'rtpParameters.mid must be a string'],
    ['codecs', undefined, 'rtpParameters.codecs must be an array'],
    [
      'codecs.0.payloadType',
      undefined,
      'rtpParameters.codecs[0].payloadType must be an integer from 0 to 127',
    ],
    ['codecs.1.payloadType', 96, 'rtpParameters.codecs[1].payloadType must be unique (96 came before)'],
    ['headerExtensions.1.id', 4, 'rtpParameters.headerExtensions[1].id must be unique (4 came before)'],
    ['headerExtensions.0.id', 256, 'rtpParameters.headerExtensions[0].id must be an integer from 1 to 255'],
    ['headerExtensions.0.parameters', 1, 'headerExtensions[0].parameters must be an object'],
    ['encodings', {}, 'rtpParameters.encodings must be an array'],
    ['encodings.0.ssrc', -1, 'rtpParameters.encodings[0].ssrc must be an integer from 0 to 4294967295'],
    ['encodings.0.rid', '', 'rtpParameters.encodings[0].rid must be a string'],
    ['encodings.0.rtx', {}, 'rtpParameters.encodings[0].rtx.ssrc must be an integer'],
    ['encodings.0.dtx', 1, 'rtpParameters.encodings[0].dtx must be a boolean'],
    ['encodings.0.scalabilityMode', 3, 'encodings[0].scalabilityMode must be a string'],
    ['encodings.0.maxBitrate', 1.5, 'encodings[0].maxBitrate must be an integer'],
    ['rtcp', 'x', 'rtpParameters.rtcp must be an object'],
    ['rtcp.cname', 1, 'rtpParameters.rtcp.cname must be a string'],
    ['rtcp.reducedSize', 1, 'rtpParameters.rtcp.reducedSize must be a boolean'],
    ['msid', 7, 'rtpParameters.msid must be a string'],
  ])('%s = %j is refused by name', (path, value, message) => {
    const parameters = withValue(simulcastParameters(), path, value)
    const validate = (): void => validateAndNormalizeRtpParameters(parameters)
    expect(validate).toThrow(TypeError)
    expect(validate).toThrow(message)
  })
})

describe('validateAndNormalizeSctpStreamParameters()', () => {
  test.each<[SctpStreamParameters, boolean]>([
    [{ streamId: 0 }, true],
    [{ streamId: 65534, ordered: false }, false],
    [{ streamId: 1, maxRetransmits: 0 }, false],
    [{ streamId: 1, maxPacketLifeTime: 100 }, false],
    [{ streamId: 1, ordered: false, maxRetransmits: 3 }, false],
  ])('%j: ordered is %s', (parameters, ordered) => {
    validateAndNormalizeSctpStreamParameters(parameters)
    expect(parameters.ordered).toBe(ordered)
  })

  test.each([
    [{}, 'streamId'],
    [{ streamId: 65535 }, 'streamId'],
    [{ streamId: 1, ordered: 'yes' }, 'ordered'],
    [{ streamId: 1, ordered: true, maxRetransmits: 1 }, 'ordered'],
    [{ streamId: 1, maxRetransmits: 1, maxPacketLifeTime: 1 }, 'maxRetransmits'],
  ])('%j is refused by name', (parameters, field) => {
    const validate = (): void => validateAndNormalizeSctpStreamParameters(parameters as SctpStreamParameters)
    expect(validate).toThrow(TypeError)
    expect(validate).toThrow(`sctpStreamParameters.${field}`)
  })
})
