/** Writing of STUN messages; the layout stands in `stun.ts`. */

import { writeUint16, writeUint32, writeUint64 } from './bytes.ts'
import type { StunAddress } from './stun.ts'
import { STUN_HEADER_BYTES, STUN_INTEGRITY_BYTES, STUN_MAGIC_COOKIE, StunAttributeType } from './stun.ts'
import type { HmacSha1 } from './stun-integrity.ts'
import { stunFingerprint, stunIntegrity } from './stun-integrity.ts'

/** One attribute to write. */
export type StunAttribute =
  | { readonly type: 'username' | 'software'; readonly value: string }
  | { readonly type: 'priority'; readonly value: number }
  | { readonly type: 'useCandidate' }
  | { readonly type: 'iceControlled' | 'iceControlling'; readonly value: bigint }
  | { readonly type: 'xorMappedAddress'; readonly value: StunAddress }
  | { readonly type: 'errorCode'; readonly code: number; readonly reason: string }
  | { readonly type: 'unknownAttributes'; readonly value: readonly number[] }
  /** Any other, as bytes. */
  | { readonly type: 'other'; readonly attributeType: number; readonly value: Uint8Array }

/** What `writeStunMessage` writes: the attributes in this order, then integrity, then fingerprint. */
export interface StunMessageFields {
  /** A value of `StunType`. */
  readonly type: number
  /** 12 bytes. */
  readonly transactionId: Uint8Array
  readonly attributes: readonly StunAttribute[]
  /** With it a MESSAGE-INTEGRITY is written. */
  readonly integrity?: { readonly key: Uint8Array; readonly hmacSha1: HmacSha1 }
  /** Whether a FINGERPRINT is written. */
  readonly fingerprint?: boolean
  /** Value of the padding bytes after attributes; 0, as RFC 8489 section 14 demands of senders. */
  readonly paddingByte?: number
}

const encoder = new TextEncoder()

function attributeValue(attribute: StunAttribute, transactionId: Uint8Array): Uint8Array {
  switch (attribute.type) {
    case 'username':
    case 'software':
      return encoder.encode(attribute.value)
    case 'priority': {
      const value = new Uint8Array(4)
      writeUint32(value, 0, attribute.value)
      return value
    }
    case 'useCandidate':
      return new Uint8Array(0)
    case 'iceControlled':
    case 'iceControlling': {
      const value = new Uint8Array(8)
      writeUint64(value, 0, attribute.value)
      return value
    }
    case 'xorMappedAddress':
      return xorMappedAddressValue(attribute.value, transactionId)
    case 'errorCode': {
      const reason = encoder.encode(attribute.reason)
      const value = new Uint8Array(4 + reason.length)
      value[2] = Math.floor(attribute.code / 100)
      value[3] = attribute.code % 100
      value.set(reason, 4)
      return value
    }
    case 'unknownAttributes': {
      const value = new Uint8Array(attribute.value.length * 2)
      attribute.value.forEach((type, i) => {
        writeUint16(value, i * 2, type)
      })
      return value
    }
    case 'other':
      return attribute.value
  }
}

function xorMappedAddressValue({ ip, port }: StunAddress, transactionId: Uint8Array): Uint8Array {
  const value = new Uint8Array(4 + ip.length)
  value[1] = ip.length === 4 ? 1 : 2
  writeUint16(value, 2, port ^ (STUN_MAGIC_COOKIE >>> 16))
  const mask = new Uint8Array(16)
  writeUint32(mask, 0, STUN_MAGIC_COOKIE)
  mask.set(transactionId, 4)
  for (let i = 0; i < ip.length; i += 1) value[4 + i] = ip[i]! ^ mask[i]!
  return value
}

/**
 * Writes a STUN message at `offset`.
 * @returns the bytes written, or 0 if `bytes` has no room for them
 */
export function writeStunMessage(bytes: Uint8Array, offset: number, fields: StunMessageFields): number {
  const attributes = fields.attributes.map((attribute) => ({
    type: attribute.type === 'other' ? attribute.attributeType : StunAttributeType[attribute.type],
    value: attributeValue(attribute, fields.transactionId),
  }))
  let length = STUN_HEADER_BYTES
  for (const { value } of attributes) length += 4 + ((value.length + 3) & ~3)
  if (fields.integrity !== undefined) length += 4 + STUN_INTEGRITY_BYTES
  if (fields.fingerprint === true) length += 8
  if (offset + length > bytes.length) return 0

  writeUint16(bytes, offset, fields.type)
  writeUint16(bytes, offset + 2, length - STUN_HEADER_BYTES)
  writeUint32(bytes, offset + 4, STUN_MAGIC_COOKIE)
  bytes.set(fields.transactionId, offset + 8)
  let at = offset + STUN_HEADER_BYTES
  for (const { type, value } of attributes) {
    writeUint16(bytes, at, type)
    writeUint16(bytes, at + 2, value.length)
    bytes.set(value, at + 4)
    const padded = at + 4 + ((value.length + 3) & ~3)
    bytes.fill(fields.paddingByte ?? 0, at + 4 + value.length, padded)
    at = padded
  }
  if (fields.integrity !== undefined) {
    const { key, hmacSha1 } = fields.integrity
    writeUint16(bytes, at, StunAttributeType.messageIntegrity)
    writeUint16(bytes, at + 2, STUN_INTEGRITY_BYTES)
    bytes.set(stunIntegrity(bytes, offset, at, key, hmacSha1), at + 4)
    at += 4 + STUN_INTEGRITY_BYTES
  }
  if (fields.fingerprint === true) {
    writeUint16(bytes, at, StunAttributeType.fingerprint)
    writeUint16(bytes, at + 2, 4)
    writeUint32(bytes, at + 4, stunFingerprint(bytes, offset, at))
  }
  return length
}
