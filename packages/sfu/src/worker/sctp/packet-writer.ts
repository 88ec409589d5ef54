import {
  SCTP_CHUNK_HEADER_BYTES,
  SCTP_HEADER_BYTES,
  SctpChunkType,
  type SctpInit,
  type SctpReConfig,
  writeSctpChecksum,
  writeSctpChunkHeader,
  writeSctpHeader,
  writeSctpInit,
  writeSctpReConfig,
} from '@sangam/rtp'

const CAUSE_HEADER_BYTES = 4
/** Of a chunk that is reported as not understood. */
const MAX_REPORTED_BYTES = 256

/** Writes packets into a buffer of its own and hands them over: the header, one or several chunks, the checksum. */
export class PacketWriter {
  readonly bytes: Uint8Array
  /** The peer takes packets without a checksum (RFC 9653); never used for INIT and COOKIE ECHO. */
  omitsChecksum = false
  readonly #ports: { readonly localPort: number; readonly remotePort: number }
  readonly #transmit: (bytes: Uint8Array, length: number) => void

  constructor(
    options: { readonly localPort: number; readonly remotePort: number; readonly maxPacketBytes: number },
    transmit: (bytes: Uint8Array, length: number) => void,
  ) {
    this.bytes = new Uint8Array(options.maxPacketBytes)
    this.#ports = options
    this.#transmit = transmit
  }

  /** Where chunks have to end. */
  get end(): number {
    return this.bytes.length
  }

  /** Starts a packet. @returns where its first chunk goes */
  begin(verificationTag: number): number {
    writeSctpHeader(this.bytes, 0, this.#ports.localPort, this.#ports.remotePort, verificationTag)
    return SCTP_HEADER_BYTES
  }

  /** Sends the packet, whose last chunk ends at `end`. */
  finish(end: number, withChecksum = false): void {
    if (withChecksum || !this.omitsChecksum) writeSctpChecksum(this.bytes, 0, end)
    this.#transmit(this.bytes, end)
  }

  /** A packet with one chunk. A value that does not fit is not sent. */
  chunk(verificationTag: number, type: number, value: Uint8Array, withChecksum = false, flags = 0): void {
    if (SCTP_HEADER_BYTES + SCTP_CHUNK_HEADER_BYTES + value.length > this.end) return
    const at = this.begin(verificationTag)
    this.bytes.set(value, at + SCTP_CHUNK_HEADER_BYTES)
    this.finish(writeSctpChunkHeader(this.bytes, at, type, flags, value.length), withChecksum)
  }

  /** INIT, or INIT ACK if there is a cookie. Parameters to be reported are left out where they don't fit. */
  init(verificationTag: number, init: SctpInit): void {
    const reported = init.unrecognized.reduce((sum, parameter) => sum + parameter.length + 8, 0)
    const fitting = reported > MAX_REPORTED_BYTES ? { ...init, unrecognized: [] } : init
    this.finish(writeSctpInit(this.bytes, this.begin(verificationTag), fitting), true)
  }

  reConfig(verificationTag: number, parameter: Exclude<SctpReConfig, { type: 'other' }>): void {
    this.finish(writeSctpReConfig(this.bytes, this.begin(verificationTag), parameter))
  }

  /** ABORT with one cause without details (RFC 9260 section 3.3.7). */
  abort(verificationTag: number, cause: number): void {
    this.chunk(verificationTag, SctpChunkType.abort, causeOf(cause, new Uint8Array(0)), true)
  }

  /** ERROR that brings back the beginning of what was not understood. */
  error(verificationTag: number, cause: number, bytes: Uint8Array, offset: number, length: number): void {
    const detail = bytes.subarray(offset, offset + Math.min(length, MAX_REPORTED_BYTES))
    this.chunk(verificationTag, SctpChunkType.error, causeOf(cause, detail))
  }

  /** ERROR: data came on a stream that was not agreed on (RFC 9260 section 3.3.10.1). */
  invalidStream(verificationTag: number, streamId: number): void {
    const detail = Uint8Array.of(streamId >>> 8, streamId, 0, 0)
    this.chunk(verificationTag, SctpChunkType.error, causeOf(1, detail))
  }
}

function causeOf(cause: number, detail: Uint8Array): Uint8Array {
  const value = new Uint8Array(CAUSE_HEADER_BYTES + detail.length)
  value.set([cause >>> 8, cause, value.length >>> 8, value.length])
  value.set(detail, CAUSE_HEADER_BYTES)
  return value
}
