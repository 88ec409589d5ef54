import * as client from 'mediasoup-client/ortc'
import { describe, expect, test } from 'vitest'
import type { RtpCapabilities, RtpParameters } from '../src/index.ts'
import {
  canConsume,
  getConsumerRtpParameters,
  getPipeConsumerRtpParameters,
  getProducerRtpParametersMapping,
  randomSsrc,
  UnsupportedError,
  validateAndNormalizeRtpParameters,
} from '../src/index.ts'
import {
  chromiumCapabilities,
  consumableOf,
  countingSsrcs,
  opusParameters,
  routerCapabilities,
  simulcastParameters,
} from './fixtures.ts'

/** What a Chromium that loaded the router's capabilities says it can receive. */
function chromiumReceives(router: RtpCapabilities = routerCapabilities()): RtpCapabilities {
  const extended = client.getExtendedRtpCapabilities(chromiumCapabilities() as never, router as never, false)
  return client.getRecvRtpCapabilities(extended) as RtpCapabilities
}

function consume(
  consumable: RtpParameters,
  options: { remote?: RtpCapabilities; pipe?: boolean; enableRtx?: boolean } = {},
): RtpParameters {
  return getConsumerRtpParameters({
    consumableRtpParameters: consumable,
    remoteRtpCapabilities: options.remote ?? chromiumReceives(),
    pipe: options.pipe ?? false,
    enableRtx: options.enableRtx ?? true,
    ssrcSource: countingSsrcs(),
  })
}

const feedbackOf = (parameters: RtpParameters, index = 0): string[] =>
  (parameters.codecs[index]?.rtcpFeedback ?? []).map(({ type, parameter }) => `${type} ${parameter}`.trim())
const idsOf = (parameters: RtpParameters): number[] =>
  (parameters.headerExtensions ?? []).map((extension) => extension.id)

describe('getProducerRtpParametersMapping()', () => {
  const map = (parameters: RtpParameters, capabilities = routerCapabilities()): unknown => {
    validateAndNormalizeRtpParameters(parameters)
    return getProducerRtpParametersMapping(parameters, capabilities, countingSsrcs())
  }

  test("maps payload types to the router's and encodings to consecutive SSRCs", () => {
    expect(map(simulcastParameters())).toEqual({
      codecs: [
        { payloadType: 96, mappedPayloadType: 101 },
        { payloadType: 97, mappedPayloadType: 102 },
      ],
      encodings: [
        { rid: 'r0', mappedSsrc: 1000 },
        { rid: 'r1', mappedSsrc: 1001 },
        { rid: 'r2', mappedSsrc: 1002 },
      ],
    })
    expect(map(opusParameters())).toMatchObject({ encodings: [{ ssrc: 1111, mappedSsrc: 1000 }] })
  })

  test('a codec that the router lacks throws UnsupportedError', () => {
    const parameters = simulcastParameters()
    const [codec] = parameters.codecs
    if (codec !== undefined) codec.mimeType = 'video/VP9'
    expect(() => map(parameters)).toThrow(expect.objectContaining({ code: 'codec-not-in-router' }))
  })

  test('an RTX codec without its media codec throws TypeError', () => {
    const parameters = simulcastParameters()
    parameters.codecs.splice(0, 1)
    expect(() => map(parameters)).toThrow(
      new TypeError('rtpParameters.codecs[0].parameters.apt must be the payload type of a media codec'),
    )
  })

  test('RTX of RTX throws TypeError', () => {
    const parameters = simulcastParameters()
    parameters.codecs.push({
      mimeType: 'video/rtx',
      payloadType: 98,
      clockRate: 90_000,
      parameters: { apt: 97 },
    })
    expect(() => map(parameters)).toThrow('rtpParameters.codecs[2].parameters.apt')
  })

  test('RTX where the router has none throws UnsupportedError', () => {
    const capabilities = routerCapabilities()
    capabilities.codecs = capabilities.codecs?.filter((codec) => codec.mimeType !== 'video/rtx') ?? []
    expect(() => map(simulcastParameters(), capabilities)).toThrow(
      expect.objectContaining({ code: 'rtx-not-in-router' }),
    )
  })
})

describe('getConsumableRtpParameters()', () => {
  test("has the router's payload types, SSRCs and identifiers, and the producer's codec parameters", () => {
    expect(consumableOf('audio', opusParameters())).toEqual({
      codecs: [
        {
          mimeType: 'audio/opus',
          payloadType: 100,
          clockRate: 48_000,
          channels: 2,
          parameters: { usedtx: 1 },
          rtcpFeedback: [
            { type: 'nack', parameter: '' },
            { type: 'transport-cc', parameter: '' },
          ],
        },
      ],
      headerExtensions: [1, 4, 6, 11].map((id) => expect.objectContaining({ id, encrypt: false })),
      encodings: [{ ssrc: 1000, dtx: true }],
      rtcp: { cname: 'c0ffee', reducedSize: true },
    })
  })

  test('drops rid, RTX and payload type of encodings, and offers what the router sends', () => {
    const consumable = consumableOf('video', simulcastParameters())
    expect(consumable.encodings).toEqual([
      { ssrc: 1000, dtx: false, maxBitrate: 100_000, scalabilityMode: 'L1T3' },
      { ssrc: 1001, dtx: true, maxBitrate: 300_000, scalabilityMode: 'L1T3' },
      { ssrc: 1002, dtx: false, maxBitrate: 900_000, scalabilityMode: 'L1T3' },
    ])
    expect(idsOf(consumable)).toEqual([1, 4, 5, 7, 8, 9, 11])
    expect(consumable.codecs.map((codec) => codec.payloadType)).toEqual([101, 102])
    expect(consumable.msid).toBe('stream track')
  })

  test('offers abs-capture-time where the producer sends it', () => {
    const parameters = simulcastParameters()
    const uri = 'http://www.webrtc.org/experiments/rtp-hdrext/abs-capture-time'
    parameters.headerExtensions?.push({ uri, id: 13 })
    expect(idsOf(consumableOf('video', parameters))).toContain(10)
  })
})

describe('a Chromium behind mediasoup-client', () => {
  test('loads the router, can send both kinds, and its producers map', () => {
    const router = routerCapabilities()
    const extended = client.getExtendedRtpCapabilities(
      chromiumCapabilities() as never,
      router as never,
      false,
    )
    const receives = client.getRecvRtpCapabilities(extended)
    expect(receives.codecs?.map((codec) => codec.preferredPayloadType)).toEqual([100, 101, 102, 103, 104])
    for (const kind of ['audio', 'video'] as const) {
      expect(client.canSend(kind, client.getSendRtpCapabilities(extended))).toBe(true)
      const parameters = client.getSendingRtpParameters(kind, extended) as RtpParameters
      validateAndNormalizeRtpParameters(parameters)
      const { codecs } = getProducerRtpParametersMapping(parameters, router)
      expect(codecs.length).toBe(kind === 'audio' ? 1 : 4)
    }
  })

  test('accepts the parameters of its consumers', () => {
    const receives = chromiumReceives()
    for (const consumable of [
      consumableOf('audio', opusParameters()),
      consumableOf('video', simulcastParameters()),
    ]) {
      expect(client.canReceive(consume(consumable) as never, receives as never)).toBe(true)
    }
  })
})

describe('canConsume()', () => {
  test('is true for what Chromium receives', () => {
    expect(canConsume(consumableOf('audio', opusParameters()), chromiumReceives())).toBe(true)
    expect(canConsume(consumableOf('video', simulcastParameters()), chromiumReceives())).toBe(true)
  })

  test('is false without a common codec, or with RTX alone', () => {
    const consumable = consumableOf('video', simulcastParameters())
    const only = (mimeType: string): RtpCapabilities => {
      const all = chromiumReceives()
      return { codecs: all.codecs?.filter((codec) => codec.mimeType === mimeType) ?? [] }
    }
    expect(canConsume(consumable, only('video/H264'))).toBe(false)
    expect(canConsume(consumable, only('video/rtx'))).toBe(false)
    expect(canConsume(consumable, {})).toBe(false)
  })

  test('throws TypeError for malformed capabilities', () => {
    const consumable = consumableOf('video', simulcastParameters())
    expect(() => canConsume(consumable, { codecs: 'x' } as unknown as RtpCapabilities)).toThrow(TypeError)
  })
})

describe('getConsumerRtpParameters()', () => {
  const consumable = consumableOf('video', simulcastParameters())

  test('makes one encoding of a simulcast, with RTX beside it', () => {
    expect(consume(consumable)).toMatchObject({
      codecs: [{ payloadType: 101 }, { payloadType: 102, parameters: { apt: 101 } }],
      encodings: [{ ssrc: 1000, rtx: { ssrc: 1001 }, scalabilityMode: 'L3T3', maxBitrate: 900_000 }],
      rtcp: { cname: 'c0ffee', reducedSize: true },
      msid: 'stream track',
    })
  })

  test('keeps the scalability mode of one encoding', () => {
    const parameters = { ...simulcastParameters(), encodings: [{ ssrc: 5, scalabilityMode: 'L3T3_KEY' }] }
    expect(consume(consumableOf('video', parameters)).encodings?.[0]?.scalabilityMode).toBe('L3T3_KEY')
  })

  test('without RTX has no RTX codec, no RTX SSRC and no plain NACK', () => {
    const parameters = consume(consumable, { enableRtx: false })
    expect(parameters.codecs.map((codec) => codec.mimeType)).toEqual(['video/VP8'])
    expect(parameters.encodings?.[0]).not.toHaveProperty('rtx')
    expect(feedbackOf(parameters)).toEqual(['nack pli', 'ccm fir', 'transport-cc'])
  })

  test('has no RTX where the endpoint has it for another codec only', () => {
    const remote = chromiumReceives()
    remote.codecs = remote.codecs?.filter((codec) => codec.preferredPayloadType !== 102) ?? []
    expect(consume(consumable, { remote }).codecs.map((codec) => codec.mimeType)).toEqual(['video/VP8'])
  })

  test('prefers transport-cc to REMB, and has neither without their extensions', () => {
    const without = (...ids: number[]): RtpCapabilities => {
      const remote = chromiumReceives()
      const kept = remote.headerExtensions?.filter((extension) => !ids.includes(extension.preferredId))
      return { ...remote, headerExtensions: kept ?? [] }
    }
    const base = ['nack', 'nack pli', 'ccm fir']
    expect(feedbackOf(consume(consumable))).toEqual([...base, 'transport-cc'])
    expect(feedbackOf(consume(consumable, { remote: without(5) }))).toEqual([...base, 'goog-remb'])
    expect(feedbackOf(consume(consumable, { remote: without(4, 5) }))).toEqual(base)
  })

  test('keeps only feedback that both sides have', () => {
    const remote = chromiumReceives()
    for (const codec of remote.codecs ?? [])
      codec.rtcpFeedback = [{ type: 'nack' }, { type: 'ccm', parameter: 'tmmbr' }]
    expect(feedbackOf(consume(consumable, { remote }))).toEqual(['nack'])
  })

  test('drops a header extension that the endpoint numbers otherwise', () => {
    const remote = chromiumReceives()
    for (const extension of remote.headerExtensions ?? []) {
      if (extension.preferredId === 8) extension.preferredId = 9
    }
    expect(idsOf(consume(consumable))).toContain(8)
    expect(idsOf(consume(consumable, { remote }))).not.toContain(8)
  })

  test('as a pipe keeps all encodings under new SSRCs', () => {
    expect(consume(consumable, { pipe: true }).encodings).toMatchObject([
      { ssrc: 1000, rtx: { ssrc: 1003 }, maxBitrate: 100_000 },
      { ssrc: 1001, rtx: { ssrc: 1004 }, dtx: true },
      { ssrc: 1002, rtx: { ssrc: 1005 } },
    ])
  })

  test('shares nothing with the consumable parameters', () => {
    const before = structuredClone(consumable)
    const parameters = consume(consumable)
    const pipeExtensions =
      getPipeConsumerRtpParameters({ consumableRtpParameters: consumable, enableRtx: true })
        .headerExtensions ?? []
    for (const codec of parameters.codecs) {
      codec.rtcpFeedback?.splice(0)
      if (codec.parameters !== undefined) codec.parameters.changed = 1
    }
    if (parameters.rtcp !== undefined) parameters.rtcp.cname = 'changed'
    for (const extension of parameters.headerExtensions ?? []) extension.id = 0
    for (const extension of pipeExtensions) extension.id = 0
    expect(consumable).toEqual(before)
  })

  test('without a common codec throws UnsupportedError', () => {
    const attempt = (): unknown => consume(consumable, { remote: { codecs: [] } })
    expect(attempt).toThrow(UnsupportedError)
    expect(attempt).toThrow(
      expect.objectContaining({ code: 'no-compatible-codec', name: 'UnsupportedError' }),
    )
  })
})

describe('getPipeConsumerRtpParameters()', () => {
  const consumable = consumableOf('video', simulcastParameters())
  const pipe = (enableRtx: boolean, of = consumable): RtpParameters =>
    getPipeConsumerRtpParameters({ consumableRtpParameters: of, enableRtx, ssrcSource: countingSsrcs() })

  test('keeps all encodings, and neither bandwidth estimation nor RTX', () => {
    const parameters = pipe(false)
    expect(parameters.codecs.map((codec) => codec.payloadType)).toEqual([101])
    expect(feedbackOf(parameters)).toEqual(['nack pli', 'ccm fir'])
    expect(parameters.encodings?.map(({ ssrc, rtx }) => [ssrc, rtx])).toEqual([
      [1000, undefined],
      [1001, undefined],
      [1002, undefined],
    ])
  })

  test('with RTX keeps NACK and gives each encoding an RTX SSRC', () => {
    const parameters = pipe(true)
    expect(parameters.codecs.map((codec) => codec.payloadType)).toEqual([101, 102])
    expect(feedbackOf(parameters)).toEqual(['nack', 'nack pli', 'ccm fir'])
    expect(parameters.encodings?.map((encoding) => encoding.rtx?.ssrc)).toEqual([1003, 1004, 1005])
  })

  test('carries the dependency descriptor for video, and never mid', () => {
    expect(idsOf(pipe(false))).toEqual([7, 8, 9, 11])
    expect(idsOf(pipe(false, consumableOf('audio', opusParameters())))).toEqual([6, 11])
  })
})

test('random SSRCs leave room to number upwards', () => {
  for (let i = 0; i < 1000; i += 1) {
    const ssrc = randomSsrc()
    expect(ssrc).toBeGreaterThanOrEqual(100_000_000)
    expect(ssrc).toBeLessThan(1_000_000_000)
  }
})
