/**
 * Big-endian integers in a `Uint8Array` that somebody else owns. None of these checks bounds: the caller has compared
 * its offsets with the packet's length once. All values are unsigned unless the name says otherwise.
 */

/** Reads 16 bits, network byte order. */
export function readUint16(bytes: Uint8Array, offset: number): number {
  return (bytes[offset]! << 8) | bytes[offset + 1]!
}

/** Reads 24 bits, network byte order. */
export function readUint24(bytes: Uint8Array, offset: number): number {
  return (bytes[offset]! << 16) | (bytes[offset + 1]! << 8) | bytes[offset + 2]!
}

/** Reads 32 bits, network byte order. */
export function readUint32(bytes: Uint8Array, offset: number): number {
  return (
    ((bytes[offset]! << 24) | (bytes[offset + 1]! << 16) | (bytes[offset + 2]! << 8) | bytes[offset + 3]!) >>>
    0
  )
}

/** Reads 64 bits, network byte order. Allocates: `bigint` values are heap objects. */
export function readUint64(bytes: Uint8Array, offset: number): bigint {
  return (BigInt(readUint32(bytes, offset)) << 32n) | BigInt(readUint32(bytes, offset + 4))
}

/** Writes the lower 16 bits of `value`, network byte order. */
export function writeUint16(bytes: Uint8Array, offset: number, value: number): void {
  bytes[offset] = value >>> 8
  bytes[offset + 1] = value
}

/** Writes the lower 24 bits of `value`, network byte order. */
export function writeUint24(bytes: Uint8Array, offset: number, value: number): void {
  bytes[offset] = value >>> 16
  bytes[offset + 1] = value >>> 8
  bytes[offset + 2] = value
}

/** Writes the lower 32 bits of `value`, network byte order. */
export function writeUint32(bytes: Uint8Array, offset: number, value: number): void {
  bytes[offset] = value >>> 24
  bytes[offset + 1] = value >>> 16
  bytes[offset + 2] = value >>> 8
  bytes[offset + 3] = value
}

/** Writes the lower 64 bits of `value`, network byte order. */
export function writeUint64(bytes: Uint8Array, offset: number, value: bigint): void {
  writeUint32(bytes, offset, Number((value >> 32n) & 0xffffffffn))
  writeUint32(bytes, offset + 4, Number(value & 0xffffffffn))
}
