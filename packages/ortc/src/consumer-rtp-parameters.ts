/** From a router's consumable parameters to those of one consumer. */

import { isCompatibleCodec, isRtxMimeType } from './codec-matching.ts'
import { ortcErrors } from './errors.ts'
import type { SsrcSource } from './random-ssrc.ts'
import { randomSsrc } from './random-ssrc.ts'
import type {
  RtcpFeedback,
  RtpCapabilities,
  RtpCodecCapability,
  RtpCodecParameters,
  RtpEncodingParameters,
  RtpHeaderExtensionParameters,
  RtpParameters,
} from './rtp-parameters.ts'
import { parseScalabilityMode } from './scalability-mode.ts'
import { getSupportedRtpCapabilities } from './supported-rtp-capabilities.ts'
import { validateAndNormalizeRtpCapabilities } from './validation.ts'

const ABS_SEND_TIME = 'http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time'
const DEPENDENCY_DESCRIPTOR =
  'https://aomediacodec.github.io/av1-rtp-spec/#dependency-descriptor-rtp-header-extension'
const MID = 'urn:ietf:params:rtp-hdrext:sdes:mid'
const TRANSPORT_CC = 'http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01'

/** A consumable codec and the capability of the remote endpoint that matches it. */
type Match = { codec: RtpCodecParameters; capability: RtpCodecCapability }

function matchMediaCodecs(consumable: RtpParameters, remote: RtpCapabilities): Match[] {
  const matches: Match[] = []
  for (const codec of consumable.codecs) {
    if (isRtxMimeType(codec.mimeType)) continue
    const capability = remote.codecs?.find((candidate) => isCompatibleCodec(candidate, codec))
    if (capability !== undefined) matches.push({ codec, capability })
  }
  return matches
}

/**
 * Whether an endpoint with these capabilities can receive the producer. Fills defaults into `caps`.
 * @throws TypeError if `caps` are malformed
 */
export function canConsume(consumableParams: RtpParameters, caps: RtpCapabilities): boolean {
  validateAndNormalizeRtpCapabilities(caps)
  return matchMediaCodecs(consumableParams, caps).length > 0
}

function copyCodec(codec: RtpCodecParameters, rtcpFeedback: RtcpFeedback[]): RtpCodecParameters {
  return { ...codec, parameters: { ...codec.parameters }, rtcpFeedback }
}

function commonFeedback(codec: RtpCodecParameters, capability: RtpCodecCapability): RtcpFeedback[] {
  const common = (codec.rtcpFeedback ?? []).filter((own) =>
    capability.rtcpFeedback?.some(
      (theirs) => theirs.type === own.type && (theirs.parameter ?? '') === (own.parameter ?? ''),
    ),
  )
  return common.map((feedback) => ({ ...feedback }))
}

function isPlainNack(feedback: RtcpFeedback): boolean {
  return feedback.type === 'nack' && (feedback.parameter ?? '') === ''
}

/** Media codecs that match, each followed by its RTX codec if the endpoint has RTX for the same codec. */
function consumerCodecs(
  consumable: RtpParameters,
  remote: RtpCapabilities,
  enableRtx: boolean,
): RtpCodecParameters[] {
  const codecs: RtpCodecParameters[] = []
  for (const { codec, capability } of matchMediaCodecs(consumable, remote)) {
    const feedback = commonFeedback(codec, capability)
    codecs.push(copyCodec(codec, enableRtx ? feedback : feedback.filter((entry) => !isPlainNack(entry))))
    const remoteRtx = remote.codecs?.some(
      (candidate) =>
        isRtxMimeType(candidate.mimeType) && candidate.parameters?.apt === capability.preferredPayloadType,
    )
    const rtx = consumable.codecs.find(
      (candidate) => isRtxMimeType(candidate.mimeType) && candidate.parameters?.apt === codec.payloadType,
    )
    if (enableRtx && remoteRtx === true && rtx !== undefined) codecs.push(copyCodec(rtx, []))
  }
  return codecs
}

/**
 * One bandwidth estimation only: transport-cc where both sides have its header extension, else REMB where they have
 * abs-send-time, else none.
 */
function keepOneBandwidthFeedback(
  codecs: RtpCodecParameters[],
  extensions: readonly RtpHeaderExtensionParameters[],
): void {
  const has = (uri: string): boolean => extensions.some((extension) => extension.uri === uri)
  const kept = has(TRANSPORT_CC) ? 'transport-cc' : has(ABS_SEND_TIME) ? 'goog-remb' : ''
  for (const codec of codecs) {
    codec.rtcpFeedback = (codec.rtcpFeedback ?? []).filter(
      ({ type }) => type === kept || (type !== 'transport-cc' && type !== 'goog-remb'),
    )
  }
}

/**
 * A receiver can put the spatial layers of AV1 together with the descriptor only; other codecs tell them in their
 * payload. A descriptor numbers the frames of one stream: it can't survive a change between the streams of simulcast.
 */
function needsDependencyDescriptor({ codecs, encodings }: RtpParameters): boolean {
  return codecs[0]?.mimeType.toLowerCase() === 'video/av1' && encodings?.length === 1
}

/** The one encoding that stands for all of the producer's: its layers are chosen by the consumer. */
function reducedEncoding(consumable: RtpParameters, ssrc: number, rtx: boolean): RtpEncodingParameters {
  const encodings = consumable.encodings ?? []
  const declared = encodings.find((encoding) => encoding.scalabilityMode !== undefined)?.scalabilityMode
  const scalabilityMode =
    encodings.length > 1 ? `L${encodings.length}T${parseScalabilityMode(declared).temporalLayers}` : declared
  const maxBitrate = Math.max(0, ...encodings.map((encoding) => encoding.maxBitrate ?? 0))
  return {
    ssrc,
    ...(rtx ? { rtx: { ssrc: ssrc + 1 } } : {}),
    ...(scalabilityMode === undefined ? {} : { scalabilityMode }),
    ...(maxBitrate > 0 ? { maxBitrate } : {}),
  }
}

/** All encodings, under new SSRCs: media from `ssrc` upwards, RTX from `rtxSsrc` upwards. */
function renumberedEncodings(
  consumable: RtpParameters,
  ssrc: number,
  rtxSsrc: number | undefined,
): RtpEncodingParameters[] {
  return (consumable.encodings ?? []).map(({ rtx: _rtx, ...encoding }, i) => ({
    ...encoding,
    ssrc: ssrc + i,
    ...(rtxSsrc === undefined ? {} : { rtx: { ssrc: rtxSsrc + i } }),
  }))
}

function withoutCodecs(consumable: RtpParameters): Pick<RtpParameters, 'rtcp' | 'msid'> {
  return {
    rtcp: { ...consumable.rtcp },
    ...(consumable.msid === undefined ? {} : { msid: consumable.msid }),
  }
}

/**
 * The parameters of a consumer: the codecs, RTCP feedback and header extensions that both sides have, and one encoding
 * with an SSRC of its own (and RTX at SSRC + 1). With `pipe` all encodings are kept. `mid` is the transport's to set.
 * @throws TypeError if `remoteRtpCapabilities` are malformed
 * @throws UnsupportedError if there is no codec in common
 */
export function getConsumerRtpParameters({
  consumableRtpParameters: consumable,
  remoteRtpCapabilities: remote,
  pipe,
  enableRtx,
  ssrcSource = randomSsrc,
}: {
  consumableRtpParameters: RtpParameters
  remoteRtpCapabilities: RtpCapabilities
  pipe: boolean
  enableRtx: boolean
  ssrcSource?: SsrcSource
}): RtpParameters {
  validateAndNormalizeRtpCapabilities(remote)
  const codecs = consumerCodecs(consumable, remote, enableRtx)
  if (codecs.length === 0) throw ortcErrors.noCompatibleCodec()
  const headerExtensions = (consumable.headerExtensions ?? []).filter(
    (own) =>
      (own.uri !== DEPENDENCY_DESCRIPTOR || pipe || needsDependencyDescriptor(consumable)) &&
      remote.headerExtensions?.some((theirs) => theirs.preferredId === own.id && theirs.uri === own.uri),
  )
  keepOneBandwidthFeedback(codecs, headerExtensions)
  const rtx = codecs.some((codec) => isRtxMimeType(codec.mimeType))
  const ssrc = ssrcSource()
  const encodings = pipe
    ? renumberedEncodings(consumable, ssrc, rtx ? ssrc + (consumable.encodings?.length ?? 0) : undefined)
    : [reducedEncoding(consumable, ssrc, rtx)]
  return {
    codecs,
    headerExtensions: structuredClone(headerExtensions),
    encodings,
    ...withoutCodecs(consumable),
  }
}

/**
 * Between routers streams are told apart by SSRC (no mid) and the link has no bandwidth estimation; the descriptor of
 * layers goes along, which ordinary consumers don't get.
 */
function pipeHeaderExtensions(consumable: RtpParameters): RtpHeaderExtensionParameters[] {
  const dropped: readonly string[] = [MID, ABS_SEND_TIME, TRANSPORT_CC, DEPENDENCY_DESCRIPTOR]
  const kept = (consumable.headerExtensions ?? []).filter(({ uri }) => !dropped.includes(uri))
  const isVideo = consumable.codecs[0]?.mimeType.toLowerCase().startsWith('video/') === true
  const descriptor = getSupportedRtpCapabilities().headerExtensions?.find(
    ({ uri }) => isVideo && uri === DEPENDENCY_DESCRIPTOR,
  )
  const copy = structuredClone(kept)
  if (descriptor === undefined) return copy
  return [{ uri: descriptor.uri, id: descriptor.preferredId, encrypt: false, parameters: {} }, ...copy]
}

/**
 * The parameters of a consumer that feeds another router: all encodings, no bandwidth estimation (the link between the
 * routers is not the one that is scarce), and no NACK and RTX unless `enableRtx`.
 */
export function getPipeConsumerRtpParameters({
  consumableRtpParameters: consumable,
  enableRtx,
  ssrcSource = randomSsrc,
}: {
  consumableRtpParameters: RtpParameters
  enableRtx: boolean
  ssrcSource?: SsrcSource
}): RtpParameters {
  const kept = consumable.codecs.filter((codec) => enableRtx || !isRtxMimeType(codec.mimeType))
  const codecs = kept.map((codec) =>
    copyCodec(
      codec,
      (codec.rtcpFeedback ?? []).filter(
        (feedback) =>
          (feedback.type === 'nack' && feedback.parameter === 'pli') ||
          (feedback.type === 'ccm' && feedback.parameter === 'fir') ||
          (enableRtx && isPlainNack(feedback)),
      ),
    ),
  )
  const ssrc = ssrcSource()
  const rtxSsrc = enableRtx ? ssrc + (consumable.encodings?.length ?? 0) : undefined
  return {
    codecs,
    headerExtensions: pipeHeaderExtensions(consumable),
    encodings: renumberedEncodings(consumable, ssrc, rtxSsrc),
    ...withoutCodecs(consumable),
  }
}
