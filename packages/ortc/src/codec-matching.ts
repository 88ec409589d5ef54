/** Which codecs are the same: MIME type, clock rate, channels, and the parameters that make two bitstreams incompatible. */

import { isSameProfile } from 'h264-profile-level-id'

/** What both capabilities and parameters say about a codec. */
export interface CodecDescription {
  readonly mimeType: string
  readonly clockRate: number
  readonly channels?: number
  readonly parameters?: Record<string, unknown>
}

/** Whether a MIME type names retransmissions (RFC 4588). */
export function isRtxMimeType(mimeType: string): boolean {
  return /^(audio|video)\/rtx$/i.test(mimeType)
}

function sameParameter(
  a: CodecDescription,
  b: CodecDescription,
  name: string,
  fallback: number | string,
): boolean {
  // SDP parsers give numbers or strings for the same value.
  return String(a.parameters?.[name] ?? fallback) === String(b.parameters?.[name] ?? fallback)
}

/** Whether both are the same codec, profiles aside: enough to look up what the engine supports. */
export function isSameCodec(a: CodecDescription, b: CodecDescription): boolean {
  const mimeType = a.mimeType.toLowerCase()
  if (mimeType !== b.mimeType.toLowerCase() || a.clockRate !== b.clockRate) return false
  if (mimeType.startsWith('audio/') && (a.channels ?? 1) !== (b.channels ?? 1)) return false
  if (mimeType !== 'audio/multiopus') return true
  return sameParameter(a, b, 'num_streams', '') && sameParameter(a, b, 'coupled_streams', '')
}

/** Whether a decoder of one understands the other: same codec and compatible profile. Levels are not compared. */
export function isCompatibleCodec(a: CodecDescription, b: CodecDescription): boolean {
  if (!isSameCodec(a, b)) return false
  switch (a.mimeType.toLowerCase()) {
    case 'video/h264':
      // RFC 6184 section 8.2.2.
      return sameParameter(a, b, 'packetization-mode', 0) && isSameProfile(a.parameters, b.parameters)
    case 'video/h265':
      // RFC 7798 section 7.1: main profile, main tier, single stream where absent.
      return (
        sameParameter(a, b, 'profile-id', 1) &&
        sameParameter(a, b, 'tier-flag', 0) &&
        sameParameter(a, b, 'tx-mode', 'SRST')
      )
    case 'video/vp9':
      // RFC 9628 section 6.
      return sameParameter(a, b, 'profile-id', 0)
    case 'video/av1':
      // AV1 RTP specification, section 7.2.1.
      return sameParameter(a, b, 'profile', 0)
    default:
      return true
  }
}
