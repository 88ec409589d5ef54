import type {
  MediaKind,
  RouterRtpCapabilities,
  RouterRtpCodecCapability,
  RtcpFeedback,
  RtpHeaderExtension,
  RtpHeaderExtensionDirection,
  RtpHeaderExtensionUri,
} from './rtp-parameters.ts'

/** Opus repairs itself from the next packet (RFC 6716 section 2.1.7), yet within a short round trip a NACK is cheaper. */
const OPUS_FEEDBACK: readonly RtcpFeedback[] = [{ type: 'nack' }, { type: 'transport-cc' }]
const AUDIO_FEEDBACK: readonly RtcpFeedback[] = [{ type: 'transport-cc' }]
const VIDEO_FEEDBACK: readonly RtcpFeedback[] = [
  { type: 'nack' },
  { type: 'nack', parameter: 'pli' },
  { type: 'ccm', parameter: 'fir' },
  { type: 'goog-remb' },
  { type: 'transport-cc' },
]

function audio(
  name: string,
  clockRate: number,
  options: Omit<Partial<RouterRtpCodecCapability>, 'kind' | 'mimeType' | 'clockRate'> = {},
): RouterRtpCodecCapability {
  return { kind: 'audio', mimeType: `audio/${name}`, clockRate, ...options }
}

function video(name: string, parameters?: Record<string, unknown>): RouterRtpCodecCapability {
  const codec = { kind: 'video' as const, mimeType: `video/${name}`, clockRate: 90_000 }
  const rtcpFeedback = VIDEO_FEEDBACK.map((feedback) => ({ ...feedback }))
  return parameters === undefined ? { ...codec, rtcpFeedback } : { ...codec, parameters, rtcpFeedback }
}

/** Channels, mapping, streams and coupled streams of the surround layouts (RFC 7845 section 5.1.1.2). */
const MULTIOPUS_LAYOUTS = [
  [4, '0,1,2,3', 2, 2],
  [6, '0,4,1,2,3,5', 4, 2],
  [8, '0,6,1,2,3,4,5,7', 5, 3],
] as const

function codecs(): RouterRtpCodecCapability[] {
  const copy = (feedback: readonly RtcpFeedback[]): RtcpFeedback[] => feedback.map((entry) => ({ ...entry }))
  return [
    audio('opus', 48_000, { channels: 2, rtcpFeedback: copy(OPUS_FEEDBACK) }),
    ...MULTIOPUS_LAYOUTS.map(([channels, mapping, streams, coupled]) =>
      audio('multiopus', 48_000, {
        channels,
        parameters: { channel_mapping: mapping, num_streams: streams, coupled_streams: coupled },
        rtcpFeedback: copy(OPUS_FEEDBACK),
      }),
    ),
    // Static payload types: RFC 3551 table 4.
    audio('PCMU', 8000, { preferredPayloadType: 0, rtcpFeedback: copy(AUDIO_FEEDBACK) }),
    audio('PCMA', 8000, { preferredPayloadType: 8, rtcpFeedback: copy(AUDIO_FEEDBACK) }),
    audio('G722', 8000, { preferredPayloadType: 9, rtcpFeedback: copy(AUDIO_FEEDBACK) }),
    // Nobody decodes these here: like all audio they are passed on.
    ...[32_000, 16_000].map((clockRate) => audio('ISAC', clockRate, { rtcpFeedback: copy(AUDIO_FEEDBACK) })),
    audio('iLBC', 8000, { rtcpFeedback: copy(AUDIO_FEEDBACK) }),
    ...[24_000, 16_000, 12_000, 8000].map((clockRate) =>
      audio('SILK', clockRate, { rtcpFeedback: copy(AUDIO_FEEDBACK) }),
    ),
    audio('CN', 32_000),
    audio('CN', 16_000),
    audio('CN', 8000, { preferredPayloadType: 13 }),
    audio('telephone-event', 48_000),
    audio('telephone-event', 32_000),
    audio('telephone-event', 16_000),
    audio('telephone-event', 8000),
    video('VP8'),
    video('VP9'),
    video('H264', { 'level-asymmetry-allowed': 1 }),
    video('H265'),
    video('AV1'),
  ]
}

/**
 * Identifier, URI and direction per kind. All identifiers are below 15, so that the one-byte form (RFC 8285) suffices.
 * Stream ids are the router's to read: each consumer gets one stream under an SSRC of its own. Congestion control of what
 * the router sends goes by its video (and probation) packets.
 */
const HEADER_EXTENSIONS: readonly (readonly [
  number,
  RtpHeaderExtensionUri,
  RtpHeaderExtensionDirection | undefined,
  RtpHeaderExtensionDirection | undefined,
])[] = [
  [1, 'urn:ietf:params:rtp-hdrext:sdes:mid', 'sendrecv', 'sendrecv'],
  [2, 'urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id', undefined, 'recvonly'],
  [3, 'urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id', undefined, 'recvonly'],
  [4, 'http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time', 'sendrecv', 'sendrecv'],
  [5, 'http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01', 'recvonly', 'sendrecv'],
  [6, 'urn:ietf:params:rtp-hdrext:ssrc-audio-level', 'sendrecv', undefined],
  [
    7,
    'https://aomediacodec.github.io/av1-rtp-spec/#dependency-descriptor-rtp-header-extension',
    undefined,
    'sendrecv',
  ],
  [8, 'urn:3gpp:video-orientation', undefined, 'sendrecv'],
  [9, 'urn:ietf:params:rtp-hdrext:toffset', undefined, 'sendrecv'],
  [10, 'http://www.webrtc.org/experiments/rtp-hdrext/abs-capture-time', 'sendrecv', 'sendrecv'],
  [11, 'http://www.webrtc.org/experiments/rtp-hdrext/playout-delay', 'sendrecv', 'sendrecv'],
]

function headerExtensions(): RtpHeaderExtension[] {
  const extensions: RtpHeaderExtension[] = []
  const add = (
    kind: MediaKind,
    preferredId: number,
    uri: RtpHeaderExtensionUri,
    direction: RtpHeaderExtensionDirection | undefined,
  ): void => {
    if (direction === undefined) return
    extensions.push({ kind, uri, preferredId, preferredEncrypt: false, direction })
  }
  for (const [preferredId, uri, audioDirection, videoDirection] of HEADER_EXTENSIONS) {
    add('audio', preferredId, uri, audioDirection)
    add('video', preferredId, uri, videoDirection)
  }
  return extensions
}

/**
 * Every codec and header extension that a router can offer. Codecs without a static payload type (RFC 3551) have none.
 * @returns a new object, the caller's to change
 */
export function getSupportedRtpCapabilities(): RouterRtpCapabilities {
  return { codecs: codecs(), headerExtensions: headerExtensions() }
}
