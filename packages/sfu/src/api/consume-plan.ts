import {
  getConsumerRtpParameters,
  type MediaKind,
  type RtpParameters,
  validateAndNormalizeRtpCapabilities,
} from '@sangam/ortc'
import { consumerLayersOf } from './consumer.ts'
import type { ConsumerOptions, ConsumerType } from './consumer-types.ts'
import { booleanOr, checkObject, checkString } from './option-checks.ts'
import type { Producer } from './producer-types.ts'

/** All that `transport.consume()` decides before it asks the worker. */
export interface ConsumePlan {
  readonly kind: MediaKind
  readonly type: ConsumerType
  /** What the endpoint gets to know; without a `mid` yet when none was asked for. */
  readonly rtpParameters: RtpParameters
  readonly paused: boolean
  readonly preferredLayers: { spatialLayer: number; temporalLayer?: number } | undefined
  readonly ignoreDtx: boolean
}

/** Checks the options that need no producer. @throws TypeError that names the option */
export function checkConsumerOptions(options: ConsumerOptions): void {
  checkObject('options', options)
  checkString('producerId', options.producerId)
  checkObject('rtpCapabilities', options.rtpCapabilities)
  if (options.mid !== undefined) checkString('mid', options.mid)
}

/**
 * Matches a producer with what an endpoint can receive.
 * @throws TypeError that names the option; UnsupportedError when the endpoint has none of the producer's codecs
 */
export function planConsume(options: ConsumerOptions, producer: Producer): ConsumePlan {
  const paused = booleanOr('paused', options.paused, false)
  const ignoreDtx = booleanOr('ignoreDtx', options.ignoreDtx, false)
  const pipe = booleanOr('pipe', options.pipe, false)
  // Audio is seldom worth a retransmission: it would come too late.
  const enableRtx = booleanOr('enableRtx', options.enableRtx, producer.kind === 'video')
  const preferredLayers =
    options.preferredLayers === undefined
      ? undefined
      : consumerLayersOf('preferredLayers', options.preferredLayers)

  const remoteRtpCapabilities = structuredClone(options.rtpCapabilities)
  validateAndNormalizeRtpCapabilities(remoteRtpCapabilities)
  const rtpParameters = getConsumerRtpParameters({
    consumableRtpParameters: producer.consumableRtpParameters,
    remoteRtpCapabilities,
    pipe,
    enableRtx,
  })
  if (options.mid !== undefined) rtpParameters.mid = options.mid
  const type = pipe ? 'pipe' : producer.type
  return { kind: producer.kind, type, rtpParameters, paused, preferredLayers, ignoreDtx }
}
