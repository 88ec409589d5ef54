/** Suite of SRTP, as RFC 4568 and RFC 7714 name them. */
export type SrtpCryptoSuite =
  | 'AEAD_AES_256_GCM'
  | 'AEAD_AES_128_GCM'
  | 'AES_CM_128_HMAC_SHA1_80'
  | 'AES_CM_128_HMAC_SHA1_32'

/** The key that one side sends with. `keyBase64`: master key, then master salt. A secret: never log it. */
export type SrtpParameters = { cryptoSuite: SrtpCryptoSuite; keyBase64: string }
