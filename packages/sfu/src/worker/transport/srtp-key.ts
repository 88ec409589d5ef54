import type { SrtpParameters, SrtpSuite } from '../../channel/messages.ts'
import { ChannelTypeError } from '../errors.ts'

/** Bytes of master key and master salt of each suite (RFC 4568 section 6.2, RFC 7714 section 14.1). */
const MASTER_BYTES: Readonly<Record<SrtpSuite, number>> = {
  AEAD_AES_128_GCM: 16 + 12,
  AEAD_AES_256_GCM: 32 + 12,
  AES_CM_128_HMAC_SHA1_80: 16 + 14,
  AES_CM_128_HMAC_SHA1_32: 16 + 14,
}

/** A fresh master key with its salt. @param random a random integer below its argument, fit for secrets */
export function newSrtpKey(suite: SrtpSuite, random: (below: number) => number): Uint8Array {
  return Uint8Array.from({ length: MASTER_BYTES[suite] }, () => random(256))
}

/** The peer's master key and salt. @throws ChannelTypeError if they have not the suite's length */
export function srtpKeyOf({ cryptoSuite, keyBase64 }: SrtpParameters): Uint8Array {
  const key = Buffer.from(keyBase64, 'base64')
  const wanted = MASTER_BYTES[cryptoSuite]
  if (key.length === wanted) return key
  throw new ChannelTypeError(
    `srtpParameters.keyBase64 holds ${key.length} bytes; ${cryptoSuite} takes ${wanted}: master key, then salt`,
  )
}
