import type { RouterRtpCodecCapability, RtpCapabilities, RtpParameters } from '@sangam/ortc'
import type { DtlsParameters } from '../../src/api/webrtc-transport-types.ts'

const MID_URI = 'urn:ietf:params:rtp-hdrext:sdes:mid'

/** What the routers of these tests speak. */
export const mediaCodecs: RouterRtpCodecCapability[] = [
  { kind: 'audio', mimeType: 'audio/opus', clockRate: 48000, channels: 2 },
  { kind: 'video', mimeType: 'video/VP8', clockRate: 90000 },
]

/** An Opus stream as a browser would send it. */
export function audioParameters(mid = 'audio', ssrc = 1111): RtpParameters {
  return {
    mid,
    codecs: [
      {
        mimeType: 'audio/opus',
        payloadType: 111,
        clockRate: 48000,
        channels: 2,
        parameters: { useinbandfec: 1 },
      },
    ],
    headerExtensions: [{ uri: MID_URI, id: 1 }],
    encodings: [{ ssrc }],
    rtcp: { cname: `cname-${mid}` },
  }
}

/** A VP8 stream with RTX as a browser would send it. */
export function videoParameters(mid = 'video', ssrc = 2222): RtpParameters {
  return {
    mid,
    codecs: [
      {
        mimeType: 'video/VP8',
        payloadType: 96,
        clockRate: 90000,
        rtcpFeedback: [{ type: 'nack' }, { type: 'nack', parameter: 'pli' }],
      },
      { mimeType: 'video/rtx', payloadType: 97, clockRate: 90000, parameters: { apt: 96 } },
    ],
    headerExtensions: [{ uri: MID_URI, id: 1 }],
    encodings: [{ ssrc, rtx: { ssrc: ssrc + 1 } }],
    rtcp: { cname: `cname-${mid}` },
  }
}

/** What a receiver of both can do. */
export function receiverCapabilities(): RtpCapabilities {
  return {
    codecs: [
      {
        kind: 'audio',
        mimeType: 'audio/opus',
        preferredPayloadType: 100,
        clockRate: 48000,
        channels: 2,
        rtcpFeedback: [{ type: 'nack' }],
      },
      {
        kind: 'video',
        mimeType: 'video/VP8',
        preferredPayloadType: 101,
        clockRate: 90000,
        rtcpFeedback: [{ type: 'nack' }, { type: 'nack', parameter: 'pli' }],
      },
      {
        kind: 'video',
        mimeType: 'video/rtx',
        preferredPayloadType: 102,
        clockRate: 90000,
        parameters: { apt: 101 },
      },
    ],
    headerExtensions: [
      { kind: 'audio', uri: MID_URI, preferredId: 1 },
      { kind: 'video', uri: MID_URI, preferredId: 1 },
    ],
  }
}

/** A receiver that knows H264 only. */
export function foreignCapabilities(): RtpCapabilities {
  return {
    codecs: [
      {
        kind: 'video',
        mimeType: 'video/H264',
        preferredPayloadType: 101,
        clockRate: 90000,
        parameters: { 'packetization-mode': 1, 'profile-level-id': '42e01f' },
      },
    ],
  }
}

/** Well-formed parameters of a peer. */
export const peerDtlsParameters: DtlsParameters = {
  role: 'server',
  fingerprints: [{ algorithm: 'sha-256', value: Array.from({ length: 32 }, () => 'ab').join(':') }],
}
