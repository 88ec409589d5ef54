/** CRC-32C (Castagnoli, reflected polynomial 0x82F63B78), as SCTP's checksum uses it (RFC 9260 appendix A). */

const SLICES = 8
const TABLES = Array.from({ length: SLICES }, () => new Uint32Array(256))
const FIRST = TABLES[0] as Uint32Array
for (let byte = 0; byte < 256; byte += 1) {
  let remainder = byte
  for (let bit = 0; bit < 8; bit += 1) {
    remainder = (remainder & 1) === 1 ? (remainder >>> 1) ^ 0x82f63b78 : remainder >>> 1
  }
  FIRST[byte] = remainder
}
for (let slice = 1; slice < SLICES; slice += 1) {
  const before = TABLES[slice - 1] as Uint32Array
  const table = TABLES[slice] as Uint32Array
  for (let byte = 0; byte < 256; byte += 1) {
    const value = before[byte]!
    table[byte] = FIRST[value & 0xff]! ^ (value >>> 8)
  }
}
const [T0, T1, T2, T3, T4, T5, T6, T7] = TABLES as [
  Uint32Array,
  Uint32Array,
  Uint32Array,
  Uint32Array,
  Uint32Array,
  Uint32Array,
  Uint32Array,
  Uint32Array,
]

/**
 * Goes on with a checksum over `bytes[offset, end)`: eight bytes at a time, each looked up in a table of its own.
 * Starts at 0xffffffff; the checksum itself is the complement of the last state.
 */
export function crc32cState(state: number, bytes: Uint8Array, offset: number, end: number): number {
  let crc = state
  let at = offset
  for (; at + SLICES <= end; at += SLICES) {
    crc =
      T7[(crc ^ bytes[at]!) & 0xff]! ^
      T6[((crc >>> 8) ^ bytes[at + 1]!) & 0xff]! ^
      T5[((crc >>> 16) ^ bytes[at + 2]!) & 0xff]! ^
      T4[((crc >>> 24) ^ bytes[at + 3]!) & 0xff]! ^
      T3[bytes[at + 4]!]! ^
      T2[bytes[at + 5]!]! ^
      T1[bytes[at + 6]!]! ^
      T0[bytes[at + 7]!]!
  }
  for (; at < end; at += 1) crc = T0[(crc ^ bytes[at]!) & 0xff]! ^ (crc >>> 8)
  return crc
}

/** CRC-32C of `bytes[offset, end)`, unsigned 32 bits. */
export function crc32c(bytes: Uint8Array, offset: number, end: number): number {
  return ~crc32cState(0xffffffff, bytes, offset, end) >>> 0
}
