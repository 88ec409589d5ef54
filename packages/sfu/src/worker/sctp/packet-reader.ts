import {
  nextSctpChunk,
  SCTP_CHUNK_HEADER_BYTES,
  SCTP_HEADER_BYTES,
  SctpChunk,
  SctpChunkType,
  sctpChecksumIsRight,
  sctpChecksumIsZero,
  sctpDestinationPort,
  sctpSourcePort,
  sctpVerificationTag,
} from '@sangam/rtp'
import type { SctpOptions } from './sctp-options.ts'

/** Flag of ABORT and SHUTDOWN COMPLETE: the tag is the receiver's own reflected (RFC 9260 section 8.5.1). */
const REFLECTED_TAG = 1

/**
 * What becomes of a packet's chunks. Each method is given the packet and the chunk in it, valid until it returns, and says whether to
 * go on with the packet's next chunk.
 */
export interface ChunkHandler {
  /** The tag that packets must carry. */
  readonly localTag: number
  /** The tag that the peer gave, which it may reflect when it ends the association. */
  readonly peerTag: number | undefined
  data(bytes: Uint8Array, chunk: SctpChunk): boolean
  sack(bytes: Uint8Array, chunk: SctpChunk): boolean
  forwardTsn(bytes: Uint8Array, chunk: SctpChunk): boolean
  init(bytes: Uint8Array, chunk: SctpChunk): boolean
  initAck(bytes: Uint8Array, chunk: SctpChunk): boolean
  /** @param tag of the packet: the one that was given away with the cookie */
  cookieEcho(bytes: Uint8Array, chunk: SctpChunk, tag: number): boolean
  cookieAck(): boolean
  reConfig(bytes: Uint8Array, chunk: SctpChunk): boolean
  heartbeat(bytes: Uint8Array, chunk: SctpChunk): boolean
  heartbeatAck(): boolean
  error(bytes: Uint8Array, chunk: SctpChunk): boolean
  abort(): boolean
  shutdown(): boolean
  shutdownAck(): boolean
  shutdownComplete(): boolean
  /** A type that is not known here, and asks to be reported if `chunk.type & 0x40`. */
  unknown(bytes: Uint8Array, chunkOffset: number, chunk: SctpChunk): boolean
}

/** Takes packets apart: drops those of others, and hands each chunk to whom it is for. */
export class PacketReader {
  readonly #options: SctpOptions
  readonly #handler: ChunkHandler
  readonly #chunk = new SctpChunk()
  /** Not for this association, damaged, or under a wrong tag. */
  droppedPackets = 0

  constructor(options: SctpOptions, handler: ChunkHandler) {
    this.#options = options
    this.#handler = handler
  }

  /** @returns whether the packet had a DATA chunk */
  read(bytes: Uint8Array, offset: number, length: number): boolean {
    if (!this.#isAcceptable(bytes, offset, length)) {
      this.droppedPackets++
      return false
    }
    const chunk = this.#chunk
    const end = offset + length
    const tag = sctpVerificationTag(bytes, offset)
    let hadData = false
    let at = offset + SCTP_HEADER_BYTES
    while (at < end) {
      const next = nextSctpChunk(bytes, at, end, chunk)
      if (next < 0) break
      if (!this.#isTagged(chunk, tag)) {
        this.droppedPackets++
        break
      }
      if (chunk.type === SctpChunkType.data) hadData = true
      if (!this.#dispatch(bytes, at, tag)) break
      at = next
    }
    return hadData
  }

  #isAcceptable(bytes: Uint8Array, offset: number, length: number): boolean {
    const { localPort, remotePort, protectedByDtls } = this.#options
    if (length < SCTP_HEADER_BYTES + SCTP_CHUNK_HEADER_BYTES) return false
    if (sctpSourcePort(bytes, offset) !== remotePort || sctpDestinationPort(bytes, offset) !== localPort)
      return false
    if (protectedByDtls && sctpChecksumIsZero(bytes, offset)) return true
    return sctpChecksumIsRight(bytes, offset, length)
  }

  /** RFC 9260 section 8.5. */
  #isTagged(chunk: SctpChunk, tag: number): boolean {
    const { localTag, peerTag } = this.#handler
    switch (chunk.type) {
      case SctpChunkType.init:
        return tag === 0
      // The handshake compares it with the tag that it gave away with the cookie.
      case SctpChunkType.cookieEcho:
        return true
      case SctpChunkType.abort:
      case SctpChunkType.shutdownComplete:
        return (chunk.flags & REFLECTED_TAG) === 0 ? tag === localTag : tag === peerTag
      default:
        return tag === localTag
    }
  }

  /** @returns whether to go on with the packet's next chunk */
  #dispatch(bytes: Uint8Array, chunkOffset: number, tag: number): boolean {
    const chunk = this.#chunk
    const handler = this.#handler
    switch (chunk.type) {
      case SctpChunkType.data:
        return handler.data(bytes, chunk)
      case SctpChunkType.sack:
        return handler.sack(bytes, chunk)
      case SctpChunkType.forwardTsn:
        return handler.forwardTsn(bytes, chunk)
      case SctpChunkType.init:
        return handler.init(bytes, chunk)
      case SctpChunkType.initAck:
        return handler.initAck(bytes, chunk)
      case SctpChunkType.cookieEcho:
        return handler.cookieEcho(bytes, chunk, tag)
      case SctpChunkType.cookieAck:
        return handler.cookieAck()
      case SctpChunkType.reConfig:
        return handler.reConfig(bytes, chunk)
      case SctpChunkType.heartbeat:
        return handler.heartbeat(bytes, chunk)
      case SctpChunkType.heartbeatAck:
        return handler.heartbeatAck()
      case SctpChunkType.error:
        return handler.error(bytes, chunk)
      case SctpChunkType.abort:
        return handler.abort()
      case SctpChunkType.shutdown:
        return handler.shutdown()
      case SctpChunkType.shutdownAck:
        return handler.shutdownAck()
      case SctpChunkType.shutdownComplete:
        return handler.shutdownComplete()
      default:
        return handler.unknown(bytes, chunkOffset, chunk)
    }
  }
}
