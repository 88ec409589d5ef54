/** RTP capabilities and parameters, their validation, and the matching of what one side sends with what another receives. */
export type { CodecDescription } from './codec-matching.ts'
export { isCompatibleCodec, isRtxMimeType, isSameCodec } from './codec-matching.ts'
export type { RtpCodecsEncodingsMapping } from './consumable-rtp-parameters.ts'
export { getConsumableRtpParameters, getProducerRtpParametersMapping } from './consumable-rtp-parameters.ts'
export {
  canConsume,
  getConsumerRtpParameters,
  getPipeConsumerRtpParameters,
} from './consumer-rtp-parameters.ts'
export type { UnsupportedReason } from './errors.ts'
export { ortcErrors, UnsupportedError } from './errors.ts'
export type { SsrcSource } from './random-ssrc.ts'
export { randomSsrc } from './random-ssrc.ts'
export { generateRouterRtpCapabilities } from './router-rtp-capabilities.ts'
export type {
  MediaKind,
  RouterRtpCapabilities,
  RouterRtpCodecCapability,
  RtcpFeedback,
  RtcpParameters,
  RtpCapabilities,
  RtpCodecCapability,
  RtpCodecParameters,
  RtpEncodingParameters,
  RtpHeaderExtension,
  RtpHeaderExtensionDirection,
  RtpHeaderExtensionParameters,
  RtpHeaderExtensionUri,
  RtpParameters,
} from './rtp-parameters.ts'
export type { ScalabilityMode } from './scalability-mode.ts'
export { parseScalabilityMode } from './scalability-mode.ts'
export type { SctpStreamParameters } from './sctp-parameters.ts'
export { getSupportedRtpCapabilities } from './supported-rtp-capabilities.ts'
export {
  validateAndNormalizeRtpCapabilities,
  validateAndNormalizeRtpParameters,
  validateAndNormalizeSctpStreamParameters,
  validateCodecCapability,
} from './validation.ts'
