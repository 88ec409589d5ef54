/**
 * STUN messages (RFC 8489 section 5) with the attributes that ICE uses (RFC 8445 section 16.1).
 *
 *    0                   1                   2                   3
 *    0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *   |0 0|     STUN Message Type     |         Message Length        |
 *   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *   |                    Magic Cookie 0x2112A442                    |
 *   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *   |                     Transaction ID (96 bits)                  |
 *   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *   |     attribute type            |     attribute length          |
 *   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *   |     value ...                        | 0-3 bytes of padding   |
 *   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 */

import { readUint16, readUint32, readUint64 } from './bytes.ts'

/** Second word of each message (RFC 8489 section 5). */
export const STUN_MAGIC_COOKIE = 0x2112a442
/** Bytes before the attributes. */
export const STUN_HEADER_BYTES = 20
/** Bytes of a transaction id. */
export const STUN_TRANSACTION_ID_BYTES = 12

/** Message types, class and method in one (RFC 8489 section 18.1 and figure 3). */
export const StunType = {
  bindingRequest: 0x0001,
  bindingIndication: 0x0011,
  bindingSuccess: 0x0101,
  bindingError: 0x0111,
} as const

/** Attribute types (RFC 8489 section 18.3, RFC 8445 section 21.2). Those below 0x8000 must be understood. */
export const StunAttributeType = {
  mappedAddress: 0x0001,
  username: 0x0006,
  messageIntegrity: 0x0008,
  errorCode: 0x0009,
  unknownAttributes: 0x000a,
  xorMappedAddress: 0x0020,
  priority: 0x0024,
  useCandidate: 0x0025,
  software: 0x8022,
  fingerprint: 0x8028,
  iceControlled: 0x8029,
  iceControlling: 0x802a,
} as const

/** Bytes of the value of MESSAGE-INTEGRITY. */
export const STUN_INTEGRITY_BYTES = 20
const MAX_UNKNOWN_ATTRIBUTES = 16

/**
 * What `parseStunMessage` fills: one instance is reused. Offsets count from byte 0 of the given array and are -1
 * where the attribute is absent.
 */
export class StunMessage {
  /** Where the message starts. */
  offset = 0
  /** Bytes of the message, header included. */
  length = 0
  /** A value of `StunType`, or another. */
  type = 0
  /** Where the 12 bytes of the transaction id start. */
  transactionIdOffset = 0
  usernameOffset = -1
  usernameLength = 0
  /** 0 to 2^32-1, or -1. */
  priority = -1
  useCandidate = false
  /** Where the 8-byte tie-breakers start. */
  iceControlledOffset = -1
  iceControllingOffset = -1
  xorMappedAddressOffset = -1
  /** 4 or 16 bytes of address. */
  xorMappedAddressLength = 0
  /** 300-699, or -1. */
  errorCode = -1
  /** Where the MESSAGE-INTEGRITY attribute (its type field) starts. */
  integrityOffset = -1
  /** Where the FINGERPRINT attribute (its type field) starts. */
  fingerprintOffset = -1
  /** Types that must be understood and are not (at most 16): the answer to a request is then error 420. */
  readonly unknownAttributes = new Uint16Array(MAX_UNKNOWN_ATTRIBUTES)
  unknownAttributeCount = 0

  /** Back to a message without attributes. */
  reset(): void {
    this.usernameOffset = -1
    this.usernameLength = 0
    this.priority = -1
    this.useCandidate = false
    this.iceControlledOffset = -1
    this.iceControllingOffset = -1
    this.xorMappedAddressOffset = -1
    this.xorMappedAddressLength = 0
    this.errorCode = -1
    this.integrityOffset = -1
    this.fingerprintOffset = -1
    this.unknownAttributeCount = 0
  }
}

/**
 * Parses the STUN message that fills `bytes[offset, offset + length)` exactly, checking structure only: integrity and
 * fingerprint are `verifyStunIntegrity` and `verifyStunFingerprint`. Attributes after MESSAGE-INTEGRITY other than
 * FINGERPRINT are ignored (RFC 8489 section 14.5), and of an attribute that comes twice only the first counts.
 * @returns false if it is no well-formed message; `message` is then undefined
 */
export function parseStunMessage(
  bytes: Uint8Array,
  offset: number,
  length: number,
  message: StunMessage,
): boolean {
  const end = offset + length
  if (length < STUN_HEADER_BYTES || offset < 0 || end > bytes.length) return false
  message.type = readUint16(bytes, offset)
  const attributesLength = readUint16(bytes, offset + 2)
  if (message.type >= 0x4000 || attributesLength % 4 !== 0) return false
  if (attributesLength + STUN_HEADER_BYTES !== length) return false
  if (readUint32(bytes, offset + 4) !== STUN_MAGIC_COOKIE) return false
  message.offset = offset
  message.length = length
  message.transactionIdOffset = offset + 8
  message.reset()

  let at = offset + STUN_HEADER_BYTES
  while (at < end) {
    const type = readUint16(bytes, at)
    const valueLength = readUint16(bytes, at + 2)
    const next = at + 4 + ((valueLength + 3) & ~3)
    // FINGERPRINT is the last attribute (RFC 8489 section 14.7).
    if (next > end || message.fingerprintOffset !== -1) return false
    const ignored = message.integrityOffset !== -1 && type !== StunAttributeType.fingerprint
    if (!ignored && !parseAttribute(bytes, at, type, valueLength, message)) return false
    at = next
  }
  return true
}

function parseAttribute(
  bytes: Uint8Array,
  at: number,
  type: number,
  length: number,
  message: StunMessage,
): boolean {
  const value = at + 4
  switch (type) {
    case StunAttributeType.username:
      if (length > 513) return false
      if (message.usernameOffset === -1) {
        message.usernameOffset = value
        message.usernameLength = length
      }
      return true
    case StunAttributeType.priority:
      if (message.priority === -1) message.priority = length === 4 ? readUint32(bytes, value) : -1
      return length === 4
    case StunAttributeType.useCandidate:
      message.useCandidate = true
      return length === 0
    case StunAttributeType.iceControlled:
      if (message.iceControlledOffset === -1) message.iceControlledOffset = value
      return length === 8
    case StunAttributeType.iceControlling:
      if (message.iceControllingOffset === -1) message.iceControllingOffset = value
      return length === 8
    case StunAttributeType.messageIntegrity:
      message.integrityOffset = at
      return length === STUN_INTEGRITY_BYTES
    case StunAttributeType.fingerprint:
      message.fingerprintOffset = at
      return length === 4
    case StunAttributeType.xorMappedAddress:
      return parseXorMappedAddress(bytes, value, length, message)
    case StunAttributeType.errorCode:
      if (length < 4) return false
      if (message.errorCode === -1) message.errorCode = (bytes[value + 2]! & 7) * 100 + bytes[value + 3]!
      return true
    default:
      if (type < 0x8000) noteUnknownAttribute(type, message)
      return true
  }
}

function parseXorMappedAddress(
  bytes: Uint8Array,
  value: number,
  length: number,
  message: StunMessage,
): boolean {
  if (length < 8) return false
  const addressLength = bytes[value + 1] === 1 ? 4 : bytes[value + 1] === 2 ? 16 : 0
  if (addressLength === 0 || length !== 4 + addressLength) return false
  if (message.xorMappedAddressOffset === -1) {
    message.xorMappedAddressOffset = value
    message.xorMappedAddressLength = addressLength
  }
  return true
}

function noteUnknownAttribute(type: number, message: StunMessage): void {
  // These two are understood: they say nothing that a request's handling needs.
  if (type === StunAttributeType.mappedAddress || type === StunAttributeType.unknownAttributes) return
  if (message.unknownAttributeCount === MAX_UNKNOWN_ATTRIBUTES) return
  message.unknownAttributes[message.unknownAttributeCount] = type
  message.unknownAttributeCount += 1
}

const decoder = new TextDecoder()

/** The USERNAME of a parsed message, UTF-8 decoded; in ICE `local-ufrag:remote-ufrag`. Empty if absent. */
export function stunUsername(bytes: Uint8Array, message: StunMessage): string {
  if (message.usernameOffset === -1) return ''
  return decoder.decode(
    bytes.subarray(message.usernameOffset, message.usernameOffset + message.usernameLength),
  )
}

/** The 64-bit tie-breaker at `iceControlledOffset` or `iceControllingOffset` of a parsed message. */
export function readStunTieBreaker(bytes: Uint8Array, offset: number): bigint {
  return readUint64(bytes, offset)
}

/** An address as STUN carries it. */
export interface StunAddress {
  /** 4 bytes (IPv4) or 16 bytes (IPv6), network byte order. */
  readonly ip: Uint8Array
  readonly port: number
}

/** The XOR-MAPPED-ADDRESS of a parsed message (RFC 8489 section 14.2). @returns undefined if it has none */
export function stunXorMappedAddress(bytes: Uint8Array, message: StunMessage): StunAddress | undefined {
  const at = message.xorMappedAddressOffset
  if (at === -1) return undefined
  const ip = new Uint8Array(message.xorMappedAddressLength)
  // Cookie and transaction id lie next to each other in the header: the mask of RFC 8489 section 14.2.
  for (let i = 0; i < ip.length; i += 1) ip[i] = bytes[at + 4 + i]! ^ bytes[message.offset + 4 + i]!
  return { ip, port: readUint16(bytes, at + 2) ^ (STUN_MAGIC_COOKIE >>> 16) }
}
