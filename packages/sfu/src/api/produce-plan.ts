import {
  getConsumableRtpParameters,
  getProducerRtpParametersMapping,
  type MediaKind,
  type RtpCapabilities,
  type RtpCodecsEncodingsMapping,
  type RtpParameters,
  validateAndNormalizeRtpParameters,
} from '@sangam/ortc'
import { booleanOr, checkObject, checkString, integerOr, oneOf } from './option-checks.ts'
import type { ProducerOptions } from './producer-types.ts'

/** All that `transport.produce()` decides before it asks the worker. */
export interface ProducePlan {
  readonly kind: MediaKind
  /** The endpoint's parameters with all defaults, and the transport's CNAME. */
  readonly rtpParameters: RtpParameters
  readonly rtpMapping: RtpCodecsEncodingsMapping
  readonly consumableRtpParameters: RtpParameters
  readonly paused: boolean
  readonly keyFrameRequestDelay: number
}

/**
 * Checks the options and matches them with the router.
 * @param transportCname the CNAME that all producers of the transport share (RFC 3550 section 6.5.1: one per endpoint), once there is one
 * @param newCname used if neither the transport nor the parameters have one
 * @throws TypeError that names the option; UnsupportedError when the router lacks a codec
 */
export function planProduce(
  options: ProducerOptions,
  routerRtpCapabilities: RtpCapabilities,
  transportCname: string | undefined,
  newCname: () => string,
): ProducePlan {
  checkObject('options', options)
  if (options.id !== undefined) checkString('id', options.id)
  const kind = oneOf('kind', options.kind, ['audio', 'video'])
  checkObject('rtpParameters', options.rtpParameters)
  const paused = booleanOr('paused', options.paused, false)
  const keyFrameRequestDelay = integerOr('keyFrameRequestDelay', options.keyFrameRequestDelay, 0, 0)

  const rtpParameters = structuredClone(options.rtpParameters)
  validateAndNormalizeRtpParameters(rtpParameters)
  if (!rtpParameters.encodings?.length) rtpParameters.encodings = [{}]
  const cname = transportCname ?? rtpParameters.rtcp?.cname ?? newCname()
  rtpParameters.rtcp = { ...rtpParameters.rtcp, cname }

  const rtpMapping = getProducerRtpParametersMapping(rtpParameters, routerRtpCapabilities)
  const consumableRtpParameters = getConsumableRtpParameters(
    kind,
    rtpParameters,
    routerRtpCapabilities,
    rtpMapping,
  )
  return { kind, rtpParameters, rtpMapping, consumableRtpParameters, paused, keyFrameRequestDelay }
}
