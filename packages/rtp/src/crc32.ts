/** CRC-32 of ISO 3309 / ITU-T V.42 (reflected polynomial 0xEDB88320), as STUN's FINGERPRINT uses it. */

const TABLE = new Uint32Array(256)
for (let byte = 0; byte < 256; byte += 1) {
  let remainder = byte
  for (let bit = 0; bit < 8; bit += 1) {
    remainder = (remainder & 1) === 1 ? (remainder >>> 1) ^ 0xedb88320 : remainder >>> 1
  }
  TABLE[byte] = remainder
}

/** CRC-32 of `bytes[offset, end)`, unsigned 32 bits. */
export function crc32(bytes: Uint8Array, offset: number, end: number): number {
  let crc = 0xffffffff
  for (let at = offset; at < end; at += 1) crc = TABLE[(crc ^ bytes[at]!) & 0xff]! ^ (crc >>> 8)
  return (crc ^ 0xffffffff) >>> 0
}
