/**
 * Transport-wide congestion control feedback (draft-holmer-rmcat-transport-wide-cc-extensions-01 section 3.1).
 *
 *    0                   1                   2                   3
 *    0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *   |V=2|P| FMT=15  |    PT=205     |           length              |
 *   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *   |  SSRC of packet sender;  then  SSRC of media source           |
 *   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *   |      base sequence number     |      packet status count      |
 *   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *   |       reference time (signed 24 bits, 64 ms)  | fb pkt. count |
 *   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *   |  packet chunks, 16 bits each; then receive deltas; padding    |
 *
 *   run length chunk:    |0| S |       run length (13 bits)      |
 *   one-bit vector:      |1|0| 14 symbols: 0 lost, 1 small delta |
 *   two-bit vector:      |1|1|  7 symbols S                      |
 *
 * S: 0 not received; 1 small delta, 8 bits unsigned; 2 large delta, 16 bits signed; 3 reserved. Deltas count 250 µs from
 * the packet received before it; the first counts from the reference time.
 */

import { readUint16, readUint24, writeUint16, writeUint24 } from '../bytes.ts'
import {
  FEEDBACK_HEADER_BYTES,
  FEEDBACK_SSRC_BYTES,
  readFeedbackMedia,
  readFeedbackSender,
  writeFeedbackHeader,
} from './feedback.ts'
import type { RtcpHeader } from './rtcp-packet.ts'
import { RtcpType, TransportFeedbackFormat } from './rtcp-packet.ts'

/** Microseconds of one tick of a receive delta. */
export const RECEIVE_DELTA_US = 250
/** Microseconds of one unit of the reference time. */
export const REFERENCE_TIME_US = 64_000
/** Value in `TransportFeedback.arrivalTicks` of a packet that was not received. */
export const NOT_RECEIVED = -0x80000000

const Symbol2 = { notReceived: 0, smallDelta: 1, largeDelta: 2 } as const
const MAX_RUN_LENGTH = 0x1fff
const ONE_BIT_SYMBOLS = 14
const TWO_BIT_SYMBOLS = 7
const FIXED_FCI_BYTES = 8

/** One feedback message. Reused: reading overwrites it, and its array grows to the largest message seen. */
export class TransportFeedback {
  senderSsrc = 0
  mediaSsrc = 0
  /** Transport-wide sequence number of the first status, 16 bits. */
  baseSequenceNumber = 0
  /** Signed 24 bits, units of 64 ms (`REFERENCE_TIME_US`), an arbitrary origin, wraps. */
  referenceTime = 0
  /** Counts the feedback messages of this sender, 8 bits, wraps: a gap is a lost message. */
  feedbackCount = 0
  /** How many entries of `arrivalTicks` are valid; entry i is about `baseSequenceNumber + i`. */
  statusCount = 0
  /** Ticks of 250 µs from the reference time to the packet's arrival, or `NOT_RECEIVED`. */
  arrivalTicks = new Int32Array(256)

  /** Makes room for `count` statuses, keeping those that are there. */
  reserve(count: number): void {
    if (count <= this.arrivalTicks.length) return
    const grown = new Int32Array(Math.min(65535, Math.max(count, this.arrivalTicks.length * 2)))
    grown.set(this.arrivalTicks)
    this.arrivalTicks = grown
  }
}

/**
 * Reads a feedback message. A status with the reserved symbol counts as not received and has no delta.
 * @returns false if chunks or deltas end before the status count is reached; `feedback` is then undefined
 */
export function readTransportFeedback(
  bytes: Uint8Array,
  header: RtcpHeader,
  feedback: TransportFeedback,
): boolean {
  if (header.bodyLength < FEEDBACK_SSRC_BYTES + FIXED_FCI_BYTES) return false
  const fci = header.bodyOffset + FEEDBACK_SSRC_BYTES
  feedback.senderSsrc = readFeedbackSender(bytes, header)
  feedback.mediaSsrc = readFeedbackMedia(bytes, header)
  feedback.baseSequenceNumber = readUint16(bytes, fci)
  feedback.statusCount = readUint16(bytes, fci + 2)
  feedback.referenceTime = (readUint24(bytes, fci + 4) << 8) >> 8
  feedback.feedbackCount = bytes[fci + 7]!
  feedback.reserve(feedback.statusCount)
  const end = header.bodyOffset + header.bodyLength
  const deltas = readChunks(bytes, fci + FIXED_FCI_BYTES, end, feedback)
  return deltas !== -1 && readDeltas(bytes, deltas, end, feedback)
}

/** Writes each status's symbol into `arrivalTicks`. Returns where the deltas start, or -1. */
function readChunks(bytes: Uint8Array, offset: number, end: number, feedback: TransportFeedback): number {
  const { arrivalTicks: symbols, statusCount } = feedback
  let at = offset
  let done = 0
  while (done < statusCount) {
    if (at + 2 > end) return -1
    const chunk = readUint16(bytes, at)
    at += 2
    if (chunk < 0x8000) {
      const run = Math.min(chunk & MAX_RUN_LENGTH, statusCount - done)
      symbols.fill(chunk >> 13, done, done + run)
      done += run
      continue
    }
    const twoBit = (chunk & 0x4000) !== 0
    const count = Math.min(twoBit ? TWO_BIT_SYMBOLS : ONE_BIT_SYMBOLS, statusCount - done)
    for (let i = 0; i < count; i += 1) {
      symbols[done + i] = twoBit ? (chunk >> (12 - 2 * i)) & 3 : (chunk >> (13 - i)) & 1
    }
    done += count
  }
  return at
}

/** Replaces the symbols in `arrivalTicks` by arrival times. */
function readDeltas(bytes: Uint8Array, offset: number, end: number, feedback: TransportFeedback): boolean {
  const { arrivalTicks, statusCount } = feedback
  let at = offset
  let ticks = 0
  for (let i = 0; i < statusCount; i += 1) {
    const symbol = arrivalTicks[i]
    if (symbol === Symbol2.smallDelta) {
      if (at + 1 > end) return false
      ticks += bytes[at]!
      at += 1
    } else if (symbol === Symbol2.largeDelta) {
      if (at + 2 > end) return false
      ticks += (readUint16(bytes, at) << 16) >> 16
      at += 2
    } else {
      arrivalTicks[i] = NOT_RECEIVED
      continue
    }
    arrivalTicks[i] = ticks
  }
  return true
}

function symbolOfDelta(delta: number): number {
  return delta >= 0 && delta <= 255 ? Symbol2.smallDelta : Symbol2.largeDelta
}

/**
 * Writes a feedback message at `offset`, with run length chunks for uniform stretches and the densest vector elsewhere.
 * @returns the bytes written; 0 if `bytes` has no room for them, if there is no status, or if two neighbouring
 * arrivals lie more than 8.19 s apart, which no delta can say
 */
export function writeTransportFeedback(
  bytes: Uint8Array,
  offset: number,
  feedback: Readonly<TransportFeedback>,
): number {
  if (feedback.statusCount === 0) return 0
  const fci = offset + FEEDBACK_HEADER_BYTES
  const symbols = symbolsOf(feedback)
  if (symbols === undefined) return 0
  const deltas = writeChunks(bytes, fci + FIXED_FCI_BYTES, symbols)
  if (deltas === -1) return 0
  const deltasEnd = writeDeltas(bytes, deltas, feedback)
  const length = (deltasEnd - offset + 3) & ~3
  if (deltasEnd === -1 || offset + length > bytes.length) return 0
  bytes.fill(0, deltasEnd, offset + length)
  const { senderSsrc, mediaSsrc } = feedback
  const format = TransportFeedbackFormat.transportCc
  writeFeedbackHeader(bytes, offset, format, RtcpType.transportFeedback, length, senderSsrc, mediaSsrc)
  writeUint16(bytes, fci, feedback.baseSequenceNumber)
  writeUint16(bytes, fci + 2, feedback.statusCount)
  writeUint24(bytes, fci + 4, feedback.referenceTime)
  bytes[fci + 7] = feedback.feedbackCount
  return length
}

function symbolsOf(feedback: Readonly<TransportFeedback>): Uint8Array | undefined {
  const symbols = new Uint8Array(feedback.statusCount)
  let previous = 0
  for (let i = 0; i < symbols.length; i += 1) {
    const ticks = feedback.arrivalTicks[i]!
    if (ticks === NOT_RECEIVED) continue
    const delta = ticks - previous
    if (delta < -32768 || delta > 32767) return undefined
    symbols[i] = symbolOfDelta(delta)
    previous = ticks
  }
  return symbols
}

/** Returns where the chunks end, or -1 without room. */
function writeChunks(bytes: Uint8Array, offset: number, symbols: Uint8Array): number {
  let at = offset
  let done = 0
  while (done < symbols.length) {
    if (at + 2 > bytes.length) return -1
    const first = symbols[done]!
    let run = 1
    while (run < MAX_RUN_LENGTH && symbols[done + run] === first) run += 1
    let largeWithin14 = false
    for (let i = done; i < done + ONE_BIT_SYMBOLS && i < symbols.length; i += 1) {
      if (symbols[i] === Symbol2.largeDelta) largeWithin14 = true
    }
    const vectorSymbols = largeWithin14 ? TWO_BIT_SYMBOLS : ONE_BIT_SYMBOLS
    // A run pays where it covers at least what a vector of the same size would.
    if (run >= Math.min(vectorSymbols, symbols.length - done)) {
      writeUint16(bytes, at, (first << 13) | run)
      done += run
    } else {
      writeUint16(bytes, at, vectorChunk(symbols, done, largeWithin14))
      done = Math.min(done + vectorSymbols, symbols.length)
    }
    at += 2
  }
  return at
}

function vectorChunk(symbols: Uint8Array, from: number, twoBit: boolean): number {
  let chunk = twoBit ? 0xc000 : 0x8000
  const count = twoBit ? TWO_BIT_SYMBOLS : ONE_BIT_SYMBOLS
  for (let i = 0; i < count; i += 1) {
    const symbol = symbols[from + i] ?? Symbol2.notReceived
    chunk |= twoBit ? symbol << (12 - 2 * i) : symbol << (13 - i)
  }
  return chunk
}

/** Returns where the deltas end, or -1 without room. */
function writeDeltas(bytes: Uint8Array, offset: number, feedback: Readonly<TransportFeedback>): number {
  let at = offset
  let previous = 0
  for (let i = 0; i < feedback.statusCount; i += 1) {
    const ticks = feedback.arrivalTicks[i]!
    if (ticks === NOT_RECEIVED) continue
    const delta = ticks - previous
    previous = ticks
    const small = symbolOfDelta(delta) === Symbol2.smallDelta
    if (at + (small ? 1 : 2) > bytes.length) return -1
    if (small) bytes[at] = delta
    else writeUint16(bytes, at, delta)
    at += small ? 1 : 2
  }
  return at
}
