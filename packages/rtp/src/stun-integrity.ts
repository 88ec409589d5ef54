/**
 * STUN's MESSAGE-INTEGRITY (RFC 8489 section 14.5) and FINGERPRINT (section 14.7), each over the message before it with
 * the length field as if the message ended after the attribute itself.
 */

import { readUint32, writeUint16 } from './bytes.ts'
import { crc32 } from './crc32.ts'
import type { StunMessage } from './stun.ts'
import { STUN_HEADER_BYTES, STUN_INTEGRITY_BYTES } from './stun.ts'

/** "STUN" in ASCII: told apart from checksums of other protocols (RFC 8489 section 14.7). */
const FINGERPRINT_XOR = 0x5354554e

/** HMAC-SHA1 (RFC 2104) of the chunks in order: 20 bytes. Given by the caller, so that this package needs no cryptography. */
export type HmacSha1 = (key: Uint8Array, ...chunks: Uint8Array[]) => Uint8Array

/**
 * The 20 bytes of MESSAGE-INTEGRITY for the message at `offset` whose MESSAGE-INTEGRITY attribute (its type field)
 * starts, or will start, at `integrityOffset`. The message stays untouched.
 */
export function stunIntegrity(
  bytes: Uint8Array,
  offset: number,
  integrityOffset: number,
  key: Uint8Array,
  hmacSha1: HmacSha1,
): Uint8Array {
  // Not slice(): a Buffer's is a view, and the message must stay as it is.
  const head = Uint8Array.from(bytes.subarray(offset, offset + 4))
  writeUint16(head, 2, integrityOffset + 4 + STUN_INTEGRITY_BYTES - offset - STUN_HEADER_BYTES)
  return hmacSha1(key, head, bytes.subarray(offset + 4, integrityOffset))
}

/**
 * Whether the message has a MESSAGE-INTEGRITY made with `key` (short-term credentials: the password's UTF-8 bytes).
 * Compares in constant time.
 */
export function verifyStunIntegrity(
  bytes: Uint8Array,
  message: StunMessage,
  key: Uint8Array,
  hmacSha1: HmacSha1,
): boolean {
  if (message.integrityOffset === -1) return false
  const expected = stunIntegrity(bytes, message.offset, message.integrityOffset, key, hmacSha1)
  let difference = expected.length ^ STUN_INTEGRITY_BYTES
  for (let i = 0; i < STUN_INTEGRITY_BYTES; i += 1) {
    difference |= expected[i]! ^ bytes[message.integrityOffset + 4 + i]!
  }
  return difference === 0
}

/** The value of FINGERPRINT for the message at `offset` whose FINGERPRINT attribute starts at `fingerprintOffset`. */
export function stunFingerprint(bytes: Uint8Array, offset: number, fingerprintOffset: number): number {
  return (crc32(bytes, offset, fingerprintOffset) ^ FINGERPRINT_XOR) >>> 0
}

/** Whether the message has a FINGERPRINT that matches its bytes (RFC 8489 section 14.7). */
export function verifyStunFingerprint(bytes: Uint8Array, message: StunMessage): boolean {
  const at = message.fingerprintOffset
  if (at === -1) return false
  return readUint32(bytes, at + 4) === stunFingerprint(bytes, message.offset, at)
}
