import { isRtxMimeType, isSameCodec } from './codec-matching.ts'
import { ortcErrors } from './errors.ts'
import { invalid } from './field-checks.ts'
import type { RouterRtpCodecCapability, RtpCapabilities, RtpCodecCapability } from './rtp-parameters.ts'
import { getSupportedRtpCapabilities } from './supported-rtp-capabilities.ts'
import { validateCodecCapability } from './validation.ts'

const LOWEST_DYNAMIC = 96
const HIGHEST_DYNAMIC = 127

/** Hands out the dynamic payload types (RFC 3551 section 6) that nobody asked for. */
class PayloadTypes {
  readonly #used = new Set<number>()

  /** Marks a payload type that an application asked for. */
  claim(payloadType: number, path: string): void {
    if (this.#used.has(payloadType)) {
      throw invalid(`${path}.preferredPayloadType`, `unique (${payloadType} came before)`)
    }
    this.#used.add(payloadType)
  }

  /** The static payload type if it is free, else the next dynamic one: 100 to 127, then 96 to 99. */
  take(preferred: number | undefined): number {
    const found = preferred === undefined || this.#used.has(preferred) ? this.#nextDynamic() : preferred
    this.#used.add(found)
    return found
  }

  #nextDynamic(): number {
    for (let i = 0; i <= HIGHEST_DYNAMIC - LOWEST_DYNAMIC; i += 1) {
      const payloadType = LOWEST_DYNAMIC + ((i + 4) % 32)
      if (!this.#used.has(payloadType)) return payloadType
    }
    throw ortcErrors.payloadTypesExhausted()
  }
}

function mediaCodecCapability(
  asked: RouterRtpCodecCapability,
  supported: RouterRtpCodecCapability,
  payloadTypes: PayloadTypes,
): RtpCodecCapability {
  const codec: RtpCodecCapability = {
    kind: supported.kind,
    mimeType: supported.mimeType,
    preferredPayloadType: asked.preferredPayloadType ?? payloadTypes.take(supported.preferredPayloadType),
    clockRate: supported.clockRate,
    parameters: { ...supported.parameters, ...asked.parameters },
    rtcpFeedback: (supported.rtcpFeedback ?? []).map(({ type, parameter = '' }) => ({ type, parameter })),
  }
  if (supported.kind === 'audio') codec.channels = supported.channels ?? 1
  return codec
}

/**
 * A router's capabilities: the given codecs with payload types and the engine's RTCP feedback, an RTX codec behind each
 * video codec, and all header extensions. The given objects are not changed.
 * @throws TypeError if an entry is malformed, two ask for one payload type, or one is RTX: RTX is the router's to add
 * @throws UnsupportedError if the engine has no such codec
 */
export function generateRouterRtpCapabilities(mediaCodecs: RouterRtpCodecCapability[] = []): RtpCapabilities {
  if (!Array.isArray(mediaCodecs)) throw invalid('mediaCodecs', 'an array')
  const supported = getSupportedRtpCapabilities()
  const payloadTypes = new PayloadTypes()
  const asked = mediaCodecs.map((mediaCodec, i) => {
    const copy = structuredClone(mediaCodec)
    const path = `mediaCodecs[${i}]`
    validateCodecCapability(copy, path)
    if (isRtxMimeType(copy.mimeType))
      throw invalid(`${path}.mimeType`, 'a media codec: RTX is added by itself')
    if (copy.preferredPayloadType !== undefined) payloadTypes.claim(copy.preferredPayloadType, path)
    return copy
  })

  const codecs: RtpCodecCapability[] = []
  for (const mediaCodec of asked) {
    const match = supported.codecs?.find((codec) => isSameCodec(mediaCodec, codec))
    if (match === undefined) throw ortcErrors.codecNotSupported(mediaCodec.mimeType)
    const codec = mediaCodecCapability(mediaCodec, match, payloadTypes)
    codecs.push(codec)
    if (codec.kind === 'video') {
      codecs.push({
        kind: 'video',
        mimeType: 'video/rtx',
        preferredPayloadType: payloadTypes.take(undefined),
        clockRate: codec.clockRate,
        parameters: { apt: codec.preferredPayloadType },
        rtcpFeedback: [],
      })
    }
  }
  return { codecs, headerExtensions: supported.headerExtensions ?? [] }
}
