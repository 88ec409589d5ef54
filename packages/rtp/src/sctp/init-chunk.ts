/**
 * INIT and INIT ACK chunks (RFC 9260 sections 3.3.2 and 3.3.3), the value after the chunk's header:
 *
 *   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *   |                         initiate tag                          |
 *   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *   |           advertised receiver window credit, bytes            |
 *   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *   |       outbound streams        |        inbound streams        |
 *   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *   |                          initial TSN                          |
 *   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *   |                parameters: type, length, value                |
 *
 * Parameters that are read: state cookie (7), supported extensions (0x8008, RFC 5061), forward TSN supported (0xC000,
 * RFC 3758) and zero checksum acceptable (0x8001, RFC 9653). Of the others the upper two bits of the type say what to
 * do: whether to go on with the next one, and whether to report it.
 */

import { readUint16, readUint32, writeUint16, writeUint32 } from '../bytes.ts'
import { SctpChunkType, sctpPadded, writeSctpChunkHeader } from './sctp-packet.ts'

const FIXED_BYTES = 16
const PARAMETER_HEADER_BYTES = 4
/** Alternate error detection method of RFC 9653: the packet lies in a DTLS record. */
const DETECTION_BY_DTLS = 1
const CONTINUE_BIT = 0x8000
const REPORT_BIT = 0x4000

const Parameter = {
  ipv4Address: 5,
  ipv6Address: 6,
  stateCookie: 7,
  cookiePreservative: 9,
  supportedAddressTypes: 12,
  zeroChecksum: 0x8001,
  supportedExtensions: 0x8008,
  forwardTsnSupported: 0xc000,
} as const

/** What an INIT or INIT ACK says. */
export interface SctpInit {
  readonly initiateTag: number
  readonly receiveWindowBytes: number
  readonly outboundStreams: number
  readonly inboundStreams: number
  readonly initialTsn: number
  /** Partial reliability (RFC 3758). */
  readonly forwardTsn: boolean
  /** Stream reset (RFC 6525). */
  readonly reConfig: boolean
  /** Takes packets whose checksum is 0, as DTLS protects them (RFC 9653). */
  readonly zeroChecksum: boolean
  /** In an INIT ACK: what COOKIE ECHO brings back. */
  readonly cookie?: Uint8Array
  /** Whole parameters that an answer has to report as not understood. */
  readonly unrecognized: readonly Uint8Array[]
}

/** Reads the value of an INIT or INIT ACK; what it returns is a copy. @returns undefined if it is malformed */
export function parseSctpInit(bytes: Uint8Array, offset: number, length: number): SctpInit | undefined {
  if (length < FIXED_BYTES) return undefined
  const end = offset + length
  const found = {
    forwardTsn: false,
    reConfig: false,
    zeroChecksum: false,
    cookie: undefined as Uint8Array | undefined,
    unrecognized: [] as Uint8Array[],
  }
  for (let at = offset + FIXED_BYTES; at + PARAMETER_HEADER_BYTES <= end; ) {
    const type = readUint16(bytes, at)
    const bytesLong = readUint16(bytes, at + 2)
    if (bytesLong < PARAMETER_HEADER_BYTES || at + bytesLong > end) return undefined
    const value = bytes.subarray(at + PARAMETER_HEADER_BYTES, at + bytesLong)
    if (!readParameter(type, value, found)) {
      if ((type & REPORT_BIT) !== 0) found.unrecognized.push(bytes.slice(at, at + bytesLong))
      if ((type & CONTINUE_BIT) === 0) break
    }
    at += sctpPadded(bytesLong)
  }
  const { cookie, ...rest } = found
  return {
    initiateTag: readUint32(bytes, offset),
    receiveWindowBytes: readUint32(bytes, offset + 4),
    outboundStreams: readUint16(bytes, offset + 8),
    inboundStreams: readUint16(bytes, offset + 10),
    initialTsn: readUint32(bytes, offset + 12),
    ...rest,
    ...(cookie === undefined ? {} : { cookie }),
  }
}

function readParameter(
  type: number,
  value: Uint8Array,
  found: { forwardTsn: boolean; reConfig: boolean; zeroChecksum: boolean; cookie: Uint8Array | undefined },
): boolean {
  switch (type) {
    case Parameter.stateCookie:
      found.cookie = value.slice()
      return true
    case Parameter.supportedExtensions:
      if (value.includes(SctpChunkType.forwardTsn)) found.forwardTsn = true
      if (value.includes(SctpChunkType.reConfig)) found.reConfig = true
      return true
    case Parameter.forwardTsnSupported:
      found.forwardTsn = true
      return true
    case Parameter.zeroChecksum:
      found.zeroChecksum = value.length === 4 && readUint32(value, 0) === DETECTION_BY_DTLS
      return true
    // There is one path, and DTLS knows it; addresses are of no use here (RFC 8261 section 6).
    case Parameter.ipv4Address:
    case Parameter.ipv6Address:
    case Parameter.cookiePreservative:
    case Parameter.supportedAddressTypes:
      return true
    default:
      return false
  }
}

/**
 * Writes an INIT, or an INIT ACK if there is a cookie. Unrecognized parameters are reported in an INIT ACK
 * (RFC 9260 section 3.3.3.1).
 * @returns the offset after the chunk; the caller has made sure that it fits
 */
export function writeSctpInit(bytes: Uint8Array, offset: number, init: SctpInit): number {
  let at = offset + 4
  writeUint32(bytes, at, init.initiateTag)
  writeUint32(bytes, at + 4, init.receiveWindowBytes)
  writeUint16(bytes, at + 8, init.outboundStreams)
  writeUint16(bytes, at + 10, init.inboundStreams)
  writeUint32(bytes, at + 12, init.initialTsn)
  at += FIXED_BYTES
  if (init.cookie !== undefined) at = writeParameter(bytes, at, Parameter.stateCookie, init.cookie)
  const extensions = [
    ...(init.forwardTsn ? [SctpChunkType.forwardTsn] : []),
    ...(init.reConfig ? [SctpChunkType.reConfig] : []),
  ]
  if (extensions.length > 0) {
    at = writeParameter(bytes, at, Parameter.supportedExtensions, Uint8Array.from(extensions))
  }
  if (init.forwardTsn) at = writeParameter(bytes, at, Parameter.forwardTsnSupported, new Uint8Array(0))
  if (init.zeroChecksum) {
    at = writeParameter(bytes, at, Parameter.zeroChecksum, Uint8Array.of(0, 0, 0, DETECTION_BY_DTLS))
  }
  for (const parameter of init.unrecognized) at = writeParameter(bytes, at, UNRECOGNIZED, parameter)
  const type = init.cookie === undefined ? SctpChunkType.init : SctpChunkType.initAck
  return writeSctpChunkHeader(bytes, offset, type, 0, at - offset - 4)
}

/** "Unrecognized Parameter" of an INIT ACK. */
const UNRECOGNIZED = 8

function writeParameter(bytes: Uint8Array, offset: number, type: number, value: Uint8Array): number {
  const length = PARAMETER_HEADER_BYTES + value.length
  writeUint16(bytes, offset, type)
  writeUint16(bytes, offset + 2, length)
  bytes.set(value, offset + PARAMETER_HEADER_BYTES)
  const end = offset + sctpPadded(length)
  bytes.fill(0, offset + length, end)
  return end
}
