/**
 * RTP capabilities and parameters: what an endpoint can receive, and what one stream is. The shapes are those of the
 * mediasoup v3 API (itself after ORTC's dictionaries), so that its clients understand them.
 */

/** Kind of media. */
export type MediaKind = 'audio' | 'video'

/** What an endpoint, or a router, can receive. */
export type RtpCapabilities = {
  /** Media and RTX codecs. Default: none. */
  codecs?: RtpCodecCapability[]
  /** Default: none. */
  headerExtensions?: RtpHeaderExtension[]
}

/** Capabilities whose codecs need no payload type. */
export type RouterRtpCapabilities = Omit<RtpCapabilities, 'codecs'> & {
  codecs?: RouterRtpCodecCapability[]
}

/** One codec in one configuration: a payload type belongs to one entry only. */
export type RtpCodecCapability = {
  kind: MediaKind
  /** `audio/…` or `video/…`, compared without regard to case. RTX codecs are `video/rtx` or `audio/rtx`. */
  mimeType: string
  /** 0-127. */
  preferredPayloadType: number
  /** Hertz. */
  clockRate: number
  /** Audio only. Default 1. */
  channels?: number
  /** As in SDP's `a=fmtp`, values strings or numbers. An RTX codec has `apt`, the payload type of its media codec. */
  parameters?: Record<string, unknown>
  rtcpFeedback?: RtcpFeedback[]
}

/** A router's `mediaCodecs` entry: without a payload type the router chooses one. */
export type RouterRtpCodecCapability = Omit<RtpCodecCapability, 'preferredPayloadType'> & {
  preferredPayloadType?: number
}

/** Seen from the router: 'recvonly' extensions are read from producers, and not sent to consumers. */
export type RtpHeaderExtensionDirection = 'sendrecv' | 'sendonly' | 'recvonly' | 'inactive'

/** One header extension that is understood. */
export type RtpHeaderExtension = {
  kind: MediaKind
  uri: RtpHeaderExtensionUri
  /** Local identifier (RFC 8285), 1-255 without 15. */
  preferredId: number
  /** RFC 9335 or RFC 6904 encryption. Default false; nothing else is supported. */
  preferredEncrypt?: boolean
  /** Default 'sendrecv'. Ignored in endpoints' capabilities. */
  direction?: RtpHeaderExtensionDirection
}

/** One stream, as it is sent to a producer or by a consumer. */
export type RtpParameters = {
  /** The value of the mid header extension (RFC 9143). */
  mid?: string
  codecs: RtpCodecParameters[]
  /** Default: none. */
  headerExtensions?: RtpHeaderExtensionParameters[]
  /** Several are simulcast layers, lowest first. Default: none. */
  encodings?: RtpEncodingParameters[]
  rtcp?: RtcpParameters
  /** MediaStream identification (RFC 8830). */
  msid?: string
}

/** One codec of a stream. */
export type RtpCodecParameters = {
  /** `audio/…` or `video/…`, compared without regard to case. */
  mimeType: string
  /** 0-127, unique within the parameters. */
  payloadType: number
  /** Hertz. */
  clockRate: number
  /** Audio only. Default 1. */
  channels?: number
  /** As in SDP's `a=fmtp`. */
  parameters?: Record<string, unknown>
  rtcpFeedback?: RtcpFeedback[]
}

/** One kind of RTCP feedback (RFC 4585 section 4.2): `nack`, `nack pli`, `ccm fir`, `goog-remb`, `transport-cc`. */
export type RtcpFeedback = {
  type: string
  /** Default ''. */
  parameter?: string
}

/** One RTP stream and its retransmissions. */
export type RtpEncodingParameters = {
  ssrc?: number
  /** Restriction identifier (RFC 8851): names a simulcast layer. */
  rid?: string
  /** Payload type of this encoding's codec. Default: the first media codec. */
  codecPayloadType?: number
  /** The RTX stream (RFC 4588). */
  rtx?: { ssrc: number }
  /** Whether packets may pause: silence of this encoding is no fault. Default false. */
  dtx?: boolean
  /** `L1T3`, `S3T3`, `L3T3_KEY`… (W3C webrtc-svc). */
  scalabilityMode?: string
  /** Bits per second. */
  maxBitrate?: number
}

/** URIs of header extensions. The last is of mediasoup's own; it is accepted, never offered. */
export type RtpHeaderExtensionUri =
  | 'urn:ietf:params:rtp-hdrext:sdes:mid'
  | 'urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id'
  | 'urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id'
  | 'http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time'
  | 'http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01'
  | 'urn:ietf:params:rtp-hdrext:ssrc-audio-level'
  | 'https://aomediacodec.github.io/av1-rtp-spec/#dependency-descriptor-rtp-header-extension'
  | 'urn:3gpp:video-orientation'
  | 'urn:ietf:params:rtp-hdrext:toffset'
  | 'http://www.webrtc.org/experiments/rtp-hdrext/abs-capture-time'
  | 'http://www.webrtc.org/experiments/rtp-hdrext/playout-delay'
  | 'urn:mediasoup:params:rtp-hdrext:packet-id'

/** One header extension of a stream. */
export type RtpHeaderExtensionParameters = {
  uri: RtpHeaderExtensionUri
  /** Local identifier (RFC 8285), unique within the parameters. */
  id: number
  /** Default false. */
  encrypt?: boolean
  /** Default none. */
  parameters?: Record<string, unknown>
}

/** RTCP of a stream. */
export type RtcpParameters = {
  /** Canonical name (RFC 3550 section 6.5.1). */
  cname?: string
  /** RFC 5506. Default true. */
  reducedSize?: boolean
}
