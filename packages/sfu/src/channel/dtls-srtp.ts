/** Words of DTLS-SRTP that the channel and the packet port share. */

/** Algorithms of a certificate fingerprint (RFC 8122); names as in SDP. */
export type FingerprintAlgorithm = 'sha-1' | 'sha-224' | 'sha-256' | 'sha-384' | 'sha-512'

/** A certificate fingerprint; `value` is upper-case hexadecimal with colons. */
export interface Fingerprint {
  readonly algorithm: FingerprintAlgorithm
  readonly value: string
}

/** SRTP protection profiles (RFC 5764, RFC 7714), in order of preference. */
export type SrtpSuite =
  | 'AEAD_AES_128_GCM'
  | 'AEAD_AES_256_GCM'
  | 'AES_CM_128_HMAC_SHA1_80'
  | 'AES_CM_128_HMAC_SHA1_32'
