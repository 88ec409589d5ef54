import { generateRouterRtpCapabilities } from '@sangam/ortc'
import type { Consumer, RtpCapabilities, TransportParameters } from '@sangam/protocol'

/** A room's capabilities, as the server gives them. */
export const roomCapabilities = generateRouterRtpCapabilities([
  {
    kind: 'audio',
    mimeType: 'audio/opus',
    clockRate: 48_000,
    channels: 2,
    parameters: { useinbandfec: 1, usedtx: 1 },
  },
  { kind: 'video', mimeType: 'video/VP8', clockRate: 90_000 },
  {
    kind: 'video',
    mimeType: 'video/H264',
    clockRate: 90_000,
    parameters: { 'packetization-mode': 1, 'profile-level-id': '42e01f', 'level-asymmetry-allowed': 1 },
  },
]) as RtpCapabilities

/** A transport, as the server gives it. */
export const transport: TransportParameters = {
  transportId: 't1',
  iceParameters: { usernameFragment: 'ufrag', password: 'password-of-22-letters', iceLite: true },
  iceCandidates: [
    { foundation: 'udp', priority: 1076, address: '192.0.2.1', protocol: 'udp', port: 4443, type: 'host' },
    {
      foundation: 'tcp',
      priority: 1054,
      address: '192.0.2.1',
      protocol: 'tcp',
      port: 4443,
      type: 'host',
      tcpType: 'passive',
    },
  ],
  dtlsParameters: {
    role: 'auto',
    fingerprints: [
      { algorithm: 'sha-1', value: Array(20).fill('01').join(':') },
      { algorithm: 'sha-256', value: Array(32).fill('02').join(':') },
    ],
  },
  sctpParameters: { port: 5000, maxMessageSize: 262_144 },
  iceServers: [],
}

const codecOf = (mimeType: string) => {
  const codec = roomCapabilities.codecs?.find((one) => one.mimeType === mimeType)
  if (codec?.preferredPayloadType === undefined) throw new Error(`no ${mimeType}`)
  const { preferredPayloadType: payloadType, kind: _, ...rest } = codec
  return { ...rest, payloadType }
}

/** A stream of somebody that the server forwards. */
export const consumer = (index: number, kind: 'audio' | 'video' = 'video'): Consumer => ({
  consumerId: `k${index}`,
  producerId: `p${index}`,
  participantId: `person${index}`,
  kind,
  source: kind === 'audio' ? 'microphone' : 'camera',
  rtpParameters: {
    mid: String(index),
    codecs:
      kind === 'audio'
        ? [codecOf('audio/opus')]
        : [codecOf('video/VP8'), { ...codecOf('video/rtx'), rtcpFeedback: [] }],
    headerExtensions: [{ uri: 'urn:ietf:params:rtp-hdrext:sdes:mid', id: 1 }],
    encodings: [{ ssrc: 1000 + index, ...(kind === 'video' ? { rtx: { ssrc: 2000 + index } } : {}) }],
    rtcp: { cname: `cname${index}`, reducedSize: true },
  },
})
