import type { EngineCodec } from './engine.ts'

/**
 * What rooms carry, in order of preference. Opus with in-band FEC and DTX (RFC 7587 section 6.1); VP8, which every
 * browser encodes; H.264 constrained baseline (RFC 6184 section 8.1) for devices that encode nothing else in hardware.
 */
export const mediaCodecs: readonly EngineCodec[] = [
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
]
