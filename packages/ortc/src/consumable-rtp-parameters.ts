/** From a producer's parameters to the router's form of them, which all its consumers share. */

import { isCompatibleCodec, isRtxMimeType } from './codec-matching.ts'
import { ortcErrors } from './errors.ts'
import { invalid } from './field-checks.ts'
import type { SsrcSource } from './random-ssrc.ts'
import { randomSsrc } from './random-ssrc.ts'
import type {
  RtpCapabilities,
  RtpCodecCapability,
  RtpCodecParameters,
  RtpEncodingParameters,
  RtpHeaderExtensionParameters,
  RtpParameters,
} from './rtp-parameters.ts'

/** What the router calls the payload types and encodings of a producer. */
export type RtpCodecsEncodingsMapping = {
  codecs: { payloadType: number; mappedPayloadType: number }[]
  encodings: { ssrc?: number; rid?: string; mappedSsrc: number }[]
}

function rtxOf(capabilities: RtpCapabilities, payloadType: number): RtpCodecCapability | undefined {
  return capabilities.codecs?.find(
    (codec) => isRtxMimeType(codec.mimeType) && codec.parameters?.apt === payloadType,
  )
}

/**
 * Maps a producer's payload types to the router's, and its encodings to SSRCs of the router's own.
 * @param params validated (`validateAndNormalizeRtpParameters`)
 * @param caps the router's
 * @throws UnsupportedError if the router has no compatible codec, or none for its RTX
 * @throws TypeError if an RTX codec's `apt` names no codec of `params`
 */
export function getProducerRtpParametersMapping(
  params: RtpParameters,
  caps: RtpCapabilities,
  ssrcSource: SsrcSource = randomSsrc,
): RtpCodecsEncodingsMapping {
  const media = new Map<number, number>()
  const rtx = new Map<number, number>()
  for (const codec of params.codecs) {
    if (isRtxMimeType(codec.mimeType)) continue
    const capability = caps.codecs?.find((candidate) => isCompatibleCodec(codec, candidate))
    if (capability === undefined) throw ortcErrors.codecNotInRouter(codec.mimeType, codec.payloadType)
    media.set(codec.payloadType, capability.preferredPayloadType)
  }
  for (const [i, codec] of params.codecs.entries()) {
    if (!isRtxMimeType(codec.mimeType)) continue
    const mapped = media.get(codec.parameters?.apt as number)
    if (mapped === undefined) {
      throw invalid(`rtpParameters.codecs[${i}].parameters.apt`, 'the payload type of a media codec')
    }
    const capability = rtxOf(caps, mapped)
    if (capability === undefined) throw ortcErrors.rtxNotInRouter(mapped)
    rtx.set(codec.payloadType, capability.preferredPayloadType)
  }
  const firstSsrc = ssrcSource()
  return {
    codecs: [...media, ...rtx].map(([payloadType, mappedPayloadType]) => ({
      payloadType,
      mappedPayloadType,
    })),
    encodings: (params.encodings ?? []).map(({ ssrc, rid }, i) => ({
      ...(ssrc === undefined ? {} : { ssrc }),
      ...(rid === undefined ? {} : { rid }),
      mappedSsrc: firstSsrc + i,
    })),
  }
}

function consumableCodecs(
  params: RtpParameters,
  caps: RtpCapabilities,
  mapping: RtpCodecsEncodingsMapping,
): RtpCodecParameters[] {
  const codecs: RtpCodecParameters[] = []
  for (const codec of params.codecs) {
    if (isRtxMimeType(codec.mimeType)) continue
    const entry = mapping.codecs.find(({ payloadType }) => payloadType === codec.payloadType)
    const capability = caps.codecs?.find(
      ({ preferredPayloadType }) => preferredPayloadType === entry?.mappedPayloadType,
    )
    if (capability === undefined) throw ortcErrors.codecNotInRouter(codec.mimeType, codec.payloadType)
    // The parameters stay the producer's: they describe its bitstream.
    codecs.push(codecParameters(capability, codec.parameters ?? {}))
    const rtx = rtxOf(caps, capability.preferredPayloadType)
    if (rtx !== undefined) codecs.push(codecParameters(rtx, rtx.parameters ?? {}))
  }
  return codecs
}

function codecParameters(
  capability: RtpCodecCapability,
  parameters: Record<string, unknown>,
): RtpCodecParameters {
  return {
    mimeType: capability.mimeType,
    payloadType: capability.preferredPayloadType,
    clockRate: capability.clockRate,
    ...(capability.channels === undefined ? {} : { channels: capability.channels }),
    parameters: { ...parameters },
    rtcpFeedback: (capability.rtcpFeedback ?? []).map((feedback) => ({ ...feedback })),
  }
}

/** Extensions that say what only the capturer knows: offered to consumers where the producer sends them. */
const FROM_PRODUCER_ONLY: readonly string[] = [
  'http://www.webrtc.org/experiments/rtp-hdrext/abs-capture-time',
]

function consumableExtensions(
  kind: string,
  params: RtpParameters,
  caps: RtpCapabilities,
): RtpHeaderExtensionParameters[] {
  const sent = (caps.headerExtensions ?? []).filter(
    ({ kind: extensionKind, direction, uri }) =>
      extensionKind === kind &&
      (direction === 'sendrecv' || direction === 'sendonly') &&
      (!FROM_PRODUCER_ONLY.includes(uri) || params.headerExtensions?.some((own) => own.uri === uri)),
  )
  return sent.map(({ uri, preferredId, preferredEncrypt = false }) => ({
    uri,
    id: preferredId,
    encrypt: preferredEncrypt,
    parameters: {},
  }))
}

/**
 * The router's form of a producer's parameters: its payload types, header extensions and SSRCs. Consumers' parameters are
 * taken from it.
 * @param params the producer's, validated
 * @param caps the router's
 * @param mapping of `getProducerRtpParametersMapping` for the same two
 */
export function getConsumableRtpParameters(
  kind: string,
  params: RtpParameters,
  caps: RtpCapabilities,
  mapping: RtpCodecsEncodingsMapping,
): RtpParameters {
  const encodings = (params.encodings ?? []).map((encoding, i) => {
    const { rid: _rid, rtx: _rtx, codecPayloadType: _payloadType, ...kept } = encoding
    const mappedSsrc = mapping.encodings[i]?.mappedSsrc
    return { ...kept, ...(mappedSsrc === undefined ? {} : { ssrc: mappedSsrc }) } as RtpEncodingParameters
  })
  const cname = params.rtcp?.cname
  return {
    codecs: consumableCodecs(params, caps, mapping),
    headerExtensions: consumableExtensions(kind, params, caps),
    encodings,
    rtcp: { ...(cname === undefined ? {} : { cname }), reducedSize: true },
    ...(params.msid === undefined ? {} : { msid: params.msid }),
  }
}
