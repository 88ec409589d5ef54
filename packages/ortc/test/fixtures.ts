import { readFileSync } from 'node:fs'
import type { RouterRtpCodecCapability, RtpCapabilities, RtpParameters } from '../src/index.ts'
import {
  generateRouterRtpCapabilities,
  getConsumableRtpParameters,
  getProducerRtpParametersMapping,
  validateAndNormalizeRtpParameters,
} from '../src/index.ts'

/** The router of these tests: what a room of browsers needs. */
export const MEDIA_CODECS: readonly RouterRtpCodecCapability[] = [
  { kind: 'audio', mimeType: 'audio/opus', clockRate: 48_000, channels: 2 },
  { kind: 'video', mimeType: 'video/VP8', clockRate: 90_000 },
  {
    kind: 'video',
    mimeType: 'video/H264',
    clockRate: 90_000,
    parameters: { 'packetization-mode': 1, 'profile-level-id': '42e01f', 'level-asymmetry-allowed': 1 },
  },
]

/**
 * What mediasoup-client 3.24.1 reads from the offer of Chromium 156 (headless, Debian 12): one audio and one video
 * transceiver, `sendonly`, BUNDLE, video with scalability mode L3T3. A new copy each time.
 */
export function chromiumCapabilities(): RtpCapabilities {
  const file = new URL('./chromium-156-rtp-capabilities.json', import.meta.url)
  return JSON.parse(readFileSync(file, 'utf8')) as RtpCapabilities
}

/** A new copy of the router's capabilities. */
export function routerCapabilities(): RtpCapabilities {
  return generateRouterRtpCapabilities([...MEDIA_CODECS])
}

/** VP8 simulcast of three layers, with payload types and identifiers as Chromium numbers them. */
export function simulcastParameters(): RtpParameters {
  return {
    mid: '1',
    codecs: [
      { mimeType: 'video/VP8', payloadType: 96, clockRate: 90_000, rtcpFeedback: [{ type: 'nack' }] },
      { mimeType: 'video/rtx', payloadType: 97, clockRate: 90_000, parameters: { apt: 96 } },
    ],
    headerExtensions: [
      { uri: 'urn:ietf:params:rtp-hdrext:sdes:mid', id: 4 },
      { uri: 'urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id', id: 10 },
    ],
    encodings: [
      { rid: 'r0', maxBitrate: 100_000, scalabilityMode: 'L1T3' },
      { rid: 'r1', maxBitrate: 300_000, scalabilityMode: 'L1T3', dtx: true },
      { rid: 'r2', maxBitrate: 900_000, scalabilityMode: 'L1T3' },
    ],
    rtcp: { cname: 'c0ffee' },
    msid: 'stream track',
  }
}

/** An Opus stream of one SSRC. */
export function opusParameters(): RtpParameters {
  return {
    mid: '0',
    codecs: [
      { mimeType: 'audio/opus', payloadType: 111, clockRate: 48_000, channels: 2, parameters: { usedtx: 1 } },
    ],
    encodings: [{ ssrc: 1111, dtx: true }],
    rtcp: { cname: 'c0ffee' },
  }
}

/** SSRCs 1000, 2000, … */
export function countingSsrcs(): () => number {
  let next = 0
  return () => {
    next += 1000
    return next
  }
}

/** What a router makes of a producer's parameters. */
export function consumableOf(kind: 'audio' | 'video', parameters: RtpParameters): RtpParameters {
  validateAndNormalizeRtpParameters(parameters)
  const capabilities = routerCapabilities()
  const mapping = getProducerRtpParametersMapping(parameters, capabilities, countingSsrcs())
  return getConsumableRtpParameters(kind, parameters, capabilities, mapping)
}
