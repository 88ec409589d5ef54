/**
 * RE-CONFIG chunk (RFC 6525 section 3): one or two parameters, each with type, length and a body of 32-bit words.
 *
 *   outgoing SSN reset request (13): request number, response number, sender's last TSN, then stream ids of 16 bits
 *   incoming SSN reset request (14): request number, then stream ids of 16 bits
 *   SSN/TSN reset (15), add outgoing (17) and add incoming streams (18): request number, then what nobody asks for here
 *   response (16): response number, result
 *
 * No stream ids at all mean all streams.
 */

import { readUint16, readUint32, writeUint16, writeUint32 } from '../bytes.ts'
import {
  SCTP_CHUNK_HEADER_BYTES,
  type SctpChunk,
  SctpChunkType,
  sctpPadded,
  writeSctpChunkHeader,
} from './sctp-packet.ts'

const Parameter = {
  outgoingReset: 13,
  incomingReset: 14,
  response: 16,
} as const
const OTHER_REQUESTS: readonly number[] = [15, 17, 18]
const HEADER_BYTES = 4

/** Results of a request (RFC 6525 section 4.4). */
export const SctpReConfigResult = {
  nothingToDo: 0,
  performed: 1,
  denied: 2,
  wrongStream: 3,
  requestInProgress: 4,
  badSequenceNumber: 5,
  inProgress: 6,
} as const

/** One parameter of a RE-CONFIG. Numbers are 32 bits. */
export type SctpReConfig =
  | {
      readonly type: 'outgoingReset'
      readonly requestNumber: number
      readonly responseNumber: number
      readonly lastTsn: number
      readonly streamIds: readonly number[]
    }
  | { readonly type: 'incomingReset'; readonly requestNumber: number; readonly streamIds: readonly number[] }
  | { readonly type: 'response'; readonly responseNumber: number; readonly result: number }
  /** A request that exists, and that is always denied here. */
  | { readonly type: 'other'; readonly requestNumber: number }

/** Reads the parameters of a RE-CONFIG, at most two. @returns undefined if one is malformed */
export function parseSctpReConfig(bytes: Uint8Array, chunk: SctpChunk): readonly SctpReConfig[] | undefined {
  const parameters: SctpReConfig[] = []
  const end = chunk.valueOffset + chunk.valueLength
  for (let at = chunk.valueOffset; at + HEADER_BYTES <= end && parameters.length < 2; ) {
    const length = readUint16(bytes, at + 2)
    if (length < HEADER_BYTES || at + length > end) return undefined
    const parameter = parseParameter(bytes, readUint16(bytes, at), at + HEADER_BYTES, at + length)
    if (parameter === undefined) return undefined
    parameters.push(parameter)
    at += sctpPadded(length)
  }
  return parameters
}

function parseParameter(bytes: Uint8Array, type: number, at: number, end: number): SctpReConfig | undefined {
  const length = end - at
  if (type === Parameter.outgoingReset && length >= 12) {
    return {
      type: 'outgoingReset',
      requestNumber: readUint32(bytes, at),
      responseNumber: readUint32(bytes, at + 4),
      lastTsn: readUint32(bytes, at + 8),
      streamIds: streamIdsOf(bytes, at + 12, end),
    }
  }
  if (type === Parameter.incomingReset && length >= 4) {
    return {
      type: 'incomingReset',
      requestNumber: readUint32(bytes, at),
      streamIds: streamIdsOf(bytes, at + 4, end),
    }
  }
  if (type === Parameter.response && length >= 8) {
    return { type: 'response', responseNumber: readUint32(bytes, at), result: readUint32(bytes, at + 4) }
  }
  if (OTHER_REQUESTS.includes(type) && length >= 4) {
    return { type: 'other', requestNumber: readUint32(bytes, at) }
  }
  return undefined
}

function streamIdsOf(bytes: Uint8Array, offset: number, end: number): number[] {
  const streamIds: number[] = []
  for (let at = offset; at + 2 <= end; at += 2) streamIds.push(readUint16(bytes, at))
  return streamIds
}

/** Writes a RE-CONFIG with one parameter. @returns the offset after the chunk; the caller has made sure that it fits */
export function writeSctpReConfig(
  bytes: Uint8Array,
  offset: number,
  parameter: Exclude<SctpReConfig, { type: 'other' }>,
): number {
  const start = offset + SCTP_CHUNK_HEADER_BYTES
  let at = start + HEADER_BYTES
  const word = (value: number): void => {
    writeUint32(bytes, at, value >>> 0)
    at += 4
  }
  if (parameter.type === 'response') {
    word(parameter.responseNumber)
    word(parameter.result)
  } else {
    word(parameter.requestNumber)
    if (parameter.type === 'outgoingReset') {
      word(parameter.responseNumber)
      word(parameter.lastTsn)
    }
    for (const streamId of parameter.streamIds) {
      writeUint16(bytes, at, streamId)
      at += 2
    }
  }
  writeUint16(bytes, start, Parameter[parameter.type])
  writeUint16(bytes, start + 2, at - start)
  return writeSctpChunkHeader(bytes, offset, SctpChunkType.reConfig, 0, at - start)
}
