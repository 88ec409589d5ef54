/**
 * Messages of data channels: payload protocol identifiers (RFC 8831 section 8) and the establishment protocol
 * (RFC 8832 section 5).
 *
 *   DATA_CHANNEL_OPEN:
 *   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *   |      3        | channel type  |           priority            |
 *   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *   |        reliability parameter: retransmissions, or ms          |
 *   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *   |         label length          |        protocol length        |
 *   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *   |              label, then protocol, both in UTF-8              |
 *
 *   DATA_CHANNEL_ACK: the byte 2
 */

import { readUint16, readUint32, writeUint16, writeUint32 } from '../bytes.ts'

/** Payload protocol identifiers. The empty ones carry one byte that does not count, since SCTP has no empty message. */
export const DataChannelPpid = {
  establishment: 50,
  string: 51,
  /** Deprecated: part of a binary message. */
  binaryPartial: 52,
  binary: 53,
  /** Deprecated: part of a string. */
  stringPartial: 54,
  stringEmpty: 56,
  binaryEmpty: 57,
} as const

const MessageType = { ack: 2, open: 3 } as const
const OPEN_BYTES = 12
const UNORDERED_BIT = 0x80
const RETRANSMITS_TYPE = 1
const LIFETIME_TYPE = 2

/** What a DATA_CHANNEL_OPEN says. */
export interface DataChannelOpen {
  readonly ordered: boolean
  readonly maxRetransmits?: number
  readonly maxPacketLifeTimeMs?: number
  readonly priority: number
  readonly label: string
  readonly protocol: string
}

/** DATA_CHANNEL_ACK. */
export const DATA_CHANNEL_ACK: Uint8Array = Uint8Array.of(MessageType.ack)

/** Reads a DATA_CHANNEL_OPEN. @returns undefined if the message is another one, or malformed */
export function parseDataChannelOpen(message: Uint8Array): DataChannelOpen | undefined {
  if (message[0] !== MessageType.open || message.length < OPEN_BYTES) return undefined
  const labelLength = readUint16(message, 8)
  const protocolLength = readUint16(message, 10)
  if (message.length < OPEN_BYTES + labelLength + protocolLength) return undefined
  const type = message[1]!
  const reliability = readUint32(message, 4)
  const protocolOffset = OPEN_BYTES + labelLength
  const decoder = new TextDecoder()
  return {
    ordered: (type & UNORDERED_BIT) === 0,
    ...((type & ~UNORDERED_BIT) === RETRANSMITS_TYPE ? { maxRetransmits: reliability } : {}),
    ...((type & ~UNORDERED_BIT) === LIFETIME_TYPE ? { maxPacketLifeTimeMs: reliability } : {}),
    priority: readUint16(message, 2),
    label: decoder.decode(message.subarray(OPEN_BYTES, protocolOffset)),
    protocol: decoder.decode(message.subarray(protocolOffset, protocolOffset + protocolLength)),
  }
}

/** A DATA_CHANNEL_OPEN. */
export function dataChannelOpen(open: DataChannelOpen): Uint8Array {
  const label = new TextEncoder().encode(open.label)
  const protocol = new TextEncoder().encode(open.protocol)
  const message = new Uint8Array(OPEN_BYTES + label.length + protocol.length)
  const kind =
    open.maxRetransmits !== undefined
      ? RETRANSMITS_TYPE
      : open.maxPacketLifeTimeMs !== undefined
        ? LIFETIME_TYPE
        : 0
  message[0] = MessageType.open
  message[1] = kind | (open.ordered ? 0 : UNORDERED_BIT)
  writeUint16(message, 2, open.priority)
  writeUint32(message, 4, open.maxRetransmits ?? open.maxPacketLifeTimeMs ?? 0)
  writeUint16(message, 8, label.length)
  writeUint16(message, 10, protocol.length)
  message.set(label, OPEN_BYTES)
  message.set(protocol, OPEN_BYTES + label.length)
  return message
}
