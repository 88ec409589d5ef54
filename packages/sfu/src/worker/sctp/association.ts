import {
  parseSctpInit,
  parseSctpReConfig,
  parseSctpSack,
  type SctpChunk,
  SctpChunkType,
  type SctpInit,
  SctpSack,
} from '@sangam/rtp'
import type { SctpState } from '../../channel/messages.ts'
import { EstablishedAssociation } from './established-association.ts'
import { Handshake, type SctpAgreement } from './handshake.ts'
import { type ChunkHandler, PacketReader } from './packet-reader.ts'
import { PacketWriter } from './packet-writer.ts'
import { PathHealth } from './path-health.ts'
import type { ReceiveResult } from './receiver.ts'
import { RetransmissionTimeout } from './retransmission-timeout.ts'
import type { SctpHandler, SctpOptions, SendResult } from './sctp-options.ts'
import { type MessageReliability, type OutgoingStream, SendQueue } from './send-queue.ts'

/** What a queued message costs beside its bytes. */
const MESSAGE_OVERHEAD_BYTES = 64
const HEARTBEAT_INFO = 1

/** Causes of ABORT and ERROR (RFC 9260 section 3.3.10). */
const Cause = {
  invalidStream: 1,
  staleCookie: 3,
  outOfResource: 4,
  unrecognizedChunk: 6,
  invalidParameter: 7,
  noUserData: 9,
  userInitiated: 12,
  protocolViolation: 13,
} as const

/**
 * One SCTP association over one path (RFC 9260, as RFC 8261 and RFC 8831 use it), with partial reliability (RFC 3758),
 * stream reset (RFC 6525) and, over DTLS, without checksums (RFC 9653). Pure: bytes and the time go in, bytes and
 * messages come out. Nothing that the peer sends makes it throw, or hold more than the receive window and one message.
 *
 * Skipped, since the path is one DTLS connection: several addresses, path MTU discovery, and the cookie's signature.
 */
export class SctpAssociation {
  readonly #options: SctpOptions
  readonly #handler: SctpHandler
  readonly #writer: PacketWriter
  readonly #handshake: Handshake
  readonly #timeout = new RetransmissionTimeout()
  readonly #queue: SendQueue
  readonly #reader: PacketReader
  readonly #health = new PathHealth()
  readonly #sack = new SctpSack()
  #state: SctpState = 'new'
  #established: EstablishedAssociation | undefined
  #closing: 'no' | 'shutdownReceived' | 'shutdownAckSent' = 'no'
  #closingAtMs = Number.POSITIVE_INFINITY
  #busy = false
  /** When the packet that is being read came. */
  #nowMs = 0
  /** Packets that were refused after they had been found to be the peer's. */
  #refusedPackets = 0

  constructor(options: SctpOptions, handler: SctpHandler) {
    this.#options = options
    this.#handler = handler
    this.#queue = new SendQueue(options.lowThresholdBytes)
    this.#writer = new PacketWriter(options, (bytes, length) => handler.transmit(bytes, length))
    const own = {
      receiveWindowBytes: options.receiveWindowBytes,
      outboundStreams: options.streams,
      inboundStreams: options.streams,
      forwardTsn: true,
      reConfig: true,
      zeroChecksum: options.protectedByDtls,
    }
    this.#handshake = new Handshake(own, options.random)
    this.#reader = new PacketReader(options, this.#chunkHandler())
  }

  get state(): SctpState {
    return this.#state
  }

  /** What the handshake agreed on, once connected. */
  get streams(): { readonly outbound: number; readonly inbound: number } | undefined {
    const { outboundStreams, inboundStreams } = this.#established ?? {}
    if (outboundStreams === undefined || inboundStreams === undefined) return undefined
    return { outbound: outboundStreams, inbound: inboundStreams }
  }

  /** Bytes that wait for their first transmission. */
  get bufferedBytes(): number {
    return this.#queue.bufferedBytes
  }

  /** Whether everything that was given to `send()` has arrived, or was given up with the peer's knowledge. */
  get isDrained(): boolean {
    return this.#established?.sender.isDrained ?? this.#queue.messages === 0
  }

  /** Bytes of received messages that are incomplete or out of order. */
  get heldBytes(): number {
    return this.#established?.receiver.heldBytes ?? 0
  }

  /** Whether it waits for the clock, and not only for packets: something is to be answered, repeated or sent. */
  get needsClock(): boolean {
    if (this.#established === undefined) return this.#state === 'connecting'
    const { sender, receiver } = this.#established
    return !sender.isDrained || receiver.hasSackWaiting || this.#closing !== 'no'
  }

  /** Packets of others, damaged ones, and those that made no sense. */
  get droppedPackets(): number {
    return this.#reader.droppedPackets + this.#refusedPackets
  }

  /** The stream's queue, to watch its buffered amount. */
  stream(streamId: number): OutgoingStream {
    return this.#queue.stream(streamId)
  }

  /** Counters for statistics and tests. */
  counters(): Readonly<Record<string, number>> {
    const { sender, receiver } = this.#established ?? {}
    return {
      droppedPackets: this.droppedPackets,
      retransmissions: sender?.retransmissions ?? 0,
      abandonedMessages: sender?.abandonedMessages ?? 0,
      oversizedMessages: receiver?.oversizedMessages ?? 0,
      congestionWindowBytes: sender?.congestionWindowBytes ?? 0,
      inFlightBytes: sender?.inFlightBytes ?? 0,
      roundTripMs: this.#timeout.smoothedRttMs,
    }
  }

  /** Opens the association from this side. The peer may do the same at the same time, or has done it. */
  connect(nowMs: number): void {
    if (this.#state !== 'new') return
    this.#setState('connecting')
    this.#handshake.start(nowMs)
    this.#run(nowMs)
  }

  /**
   * Queues a message and sends what may leave. `payload` is kept, not copied.
   * Before the association is connected messages wait.
   */
  send(
    streamId: number,
    ppid: number,
    payload: Uint8Array,
    reliability: MessageReliability,
    nowMs: number,
  ): SendResult {
    if (this.#state === 'closed' || this.#state === 'failed' || this.#closing !== 'no') return 'not-connected'
    // SCTP has no empty messages: the payload protocol identifier says that one byte stands for none.
    if (payload.length === 0) return 'empty'
    if (streamId >= (this.#established?.outboundStreams ?? this.#options.streams)) return 'no-such-stream'
    const stream = this.#queue.stream(streamId)
    const held = this.#queue.bufferedBytes + this.#queue.messages * MESSAGE_OVERHEAD_BYTES
    const { sendBufferBytes, perStreamSendBytes } = this.#options
    if (
      held + payload.length > sendBufferBytes ||
      stream.bufferedBytes + payload.length > perStreamSendBytes
    ) {
      return 'buffer-full'
    }
    this.#queue.add(stream, ppid, payload, reliability)
    this.#run(nowMs)
    return 'queued'
  }

  /** Starts own streams again, for another use (RFC 6525): what waits on them is dropped, what has begun is finished. */
  resetStreams(streamIds: readonly number[], nowMs: number): void {
    for (const streamId of streamIds) this.#established?.resetOutbound(streamId)
    this.#run(nowMs)
  }

  /** Takes a packet. */
  receive(bytes: Uint8Array, offset: number, length: number, nowMs: number): void {
    if (this.#state === 'closed' || this.#state === 'failed') return
    const wasBusy = this.#busy
    this.#busy = true
    this.#nowMs = nowMs
    const hadData = this.#reader.read(bytes, offset, length)
    this.#busy = wasBusy
    if (hadData) this.#established?.receiver.endOfPacket(nowMs)
    this.#run(nowMs)
  }

  /** Time went on. */
  tick(nowMs: number): void {
    if (this.#state === 'new' || this.#state === 'closed' || this.#state === 'failed') return
    const { sender } = this.#established ?? {}
    if (sender?.isExpired(nowMs) === true && sender.expired(nowMs)) this.#countError()
    this.#heartbeat(nowMs)
    this.#run(nowMs)
  }

  /** Ends the association at once, and says so (ABORT). */
  close(): void {
    if (this.#state === 'closed' || this.#state === 'failed') return
    if (this.#established !== undefined) this.#writer.abort(this.#peerTag, Cause.userInitiated)
    this.#end('closed')
  }

  #chunkHandler(): ChunkHandler {
    const handshake = this.#handshake
    const tagOfPeer = () => this.#established?.peerTag
    return {
      get localTag() {
        return handshake.localTag
      },
      get peerTag() {
        return tagOfPeer()
      },
      data: (bytes, chunk) => this.#judge(this.#established?.receiver.data(bytes, chunk) ?? 'malformed'),
      sack: (bytes, chunk) => this.#readSack(bytes, chunk),
      forwardTsn: (bytes, chunk) =>
        this.#judge(this.#established?.receiver.forward(bytes, chunk) ?? 'malformed'),
      init: (bytes, chunk) => this.#readInit(initIn(bytes, chunk)),
      initAck: (bytes, chunk) => this.#readInitAck(initIn(bytes, chunk)),
      cookieEcho: (bytes, chunk, tag) => this.#readCookieEcho(chunkValue(bytes, chunk), tag),
      cookieAck: () => this.#establish(this.#handshake.cookieAcknowledged()),
      reConfig: (bytes, chunk) => this.#readReConfig(bytes, chunk),
      heartbeat: (bytes, chunk) => this.#reply(SctpChunkType.heartbeatAck, chunkValue(bytes, chunk)),
      heartbeatAck: () => this.#heartbeatAcknowledged(),
      error: (bytes, chunk) => this.#readError(chunkValue(bytes, chunk)),
      abort: () => this.#end(this.#state === 'connecting' ? 'failed' : 'closed'),
      shutdown: () => this.#readShutdown(),
      shutdownAck: () => {
        this.#reply(SctpChunkType.shutdownComplete, new Uint8Array(0))
        return this.#end('closed')
      },
      shutdownComplete: () => this.#closing === 'shutdownAckSent' && this.#end('closed'),
      unknown: (bytes, chunkOffset, chunk) => this.#readUnknown(bytes, chunkOffset, chunk),
    }
  }

  /** RFC 9260 section 3.2: the two upper bits of an unknown type. */
  #readUnknown(bytes: Uint8Array, chunkOffset: number, { type, valueLength }: SctpChunk): boolean {
    if ((type & 0x40) !== 0) {
      this.#writer.error(this.#peerTag, Cause.unrecognizedChunk, bytes, chunkOffset, valueLength + 4)
    }
    return (type & 0x80) !== 0
  }

  #readError(value: Uint8Array): boolean {
    if (value[0] === 0 && value[1] === Cause.staleCookie) this.#handshake.cookieIsStale(this.#nowMs)
    return true
  }

  #readShutdown(): boolean {
    if (this.#established !== undefined && this.#closing === 'no') this.#closing = 'shutdownReceived'
    return true
  }

  /** INIT stands alone (RFC 9260 section 6.10). */
  #readInit(peer: SctpInit | undefined): false {
    if (peer === undefined) return this.#refuse()
    if (peer.initiateTag === 0 || peer.outboundStreams === 0 || peer.inboundStreams === 0) {
      // RFC 9260 section 3.3.2: refused; without a tag there is nobody to tell.
      if (peer.initiateTag !== 0) this.#writer.abort(peer.initiateTag, Cause.invalidParameter)
      return this.#refuse()
    }
    if (this.#closing === 'no') this.#writer.init(peer.initiateTag, this.#handshake.received(peer))
    return false
  }

  #readInitAck(peer: SctpInit | undefined): false {
    if (peer?.cookie === undefined || peer.initiateTag === 0) return this.#refuse()
    if (peer.outboundStreams === 0 || peer.inboundStreams === 0) {
      this.#writer.abort(peer.initiateTag, Cause.invalidParameter)
      return this.#end('failed')
    }
    this.#handshake.acknowledged(peer, this.#nowMs)
    return false
  }

  #readCookieEcho(cookie: Uint8Array, tag: number): boolean {
    const agreement = this.#handshake.echoed(cookie, tag)
    if (agreement === undefined) return this.#refuse()
    this.#establish(agreement)
    return this.#reply(SctpChunkType.cookieAck, new Uint8Array(0))
  }

  #readSack(bytes: Uint8Array, chunk: SctpChunk): boolean {
    const { sender } = this.#established ?? {}
    if (sender === undefined || !parseSctpSack(bytes, chunk, this.#sack)) return false
    const { violation, advanced } = sender.acknowledged(bytes, this.#sack, this.#nowMs)
    if (advanced) this.#health.answered()
    return violation ? this.#abort(Cause.protocolViolation) : true
  }

  #readReConfig(bytes: Uint8Array, chunk: SctpChunk): boolean {
    const parameters = this.#established === undefined ? undefined : parseSctpReConfig(bytes, chunk)
    if (parameters === undefined) return false
    this.#established?.readReConfig(parameters)
    return true
  }

  /** What a DATA or FORWARD TSN chunk amounts to. @returns whether to go on with the packet */
  #judge(result: ReceiveResult): boolean {
    switch (result) {
      case 'ok':
        return true
      case 'bad-stream':
        this.#writer.invalidStream(this.#peerTag, this.#established?.receiver.lastStreamId ?? 0)
        return true
      case 'malformed':
        return false
      case 'no-data':
        return this.#abort(Cause.noUserData)
      case 'violation':
        return this.#abort(Cause.protocolViolation)
      case 'flood':
        return this.#abort(Cause.outOfResource)
    }
  }

  /** The peer's packet made no sense. */
  #refuse(): false {
    this.#refusedPackets++
    return false
  }

  /** Both sides agree; a second time the same, or another if the peer started again (RFC 9260 section 5.2.4). */
  #establish(agreement: SctpAgreement | undefined): true {
    if (agreement === undefined || agreement === this.#established?.agreement) return true
    this.#queue.restart()
    this.#established = new EstablishedAssociation(agreement, {
      options: this.#options,
      handler: this.#handler,
      queue: this.#queue,
      timeout: this.#timeout,
      writer: this.#writer,
    })
    this.#health.start(this.#nowMs)
    this.#setState('connected')
    return true
  }

  /** Sends what is due. Not while a packet is being read: its end does. */
  #run(nowMs: number): void {
    if (this.#busy) return
    this.#busy = true
    this.#runHandshake(nowMs)
    this.#established?.flush(nowMs)
    this.#shutDown(nowMs)
    this.#busy = false
  }

  #runHandshake(nowMs: number): void {
    const step = this.#handshake.due(nowMs)
    if (step === undefined) return
    if (step === 'failed') {
      this.#end('failed')
      return
    }
    if (step.type === 'init') this.#writer.init(0, step.init)
    else this.#writer.chunk(step.peerTag, SctpChunkType.cookieEcho, step.cookie, true)
  }

  /** The peer wants to end: once everything has arrived there, so be it (RFC 9260 section 9.2). */
  #shutDown(nowMs: number): void {
    if (this.#closing === 'no' || this.#established?.sender.isDrained !== true) return
    if (this.#closing === 'shutdownAckSent' && nowMs < this.#closingAtMs) return
    if (this.#closing === 'shutdownAckSent' && this.#countError()) return
    this.#closing = 'shutdownAckSent'
    this.#closingAtMs = nowMs + this.#timeout.ms
    this.#reply(SctpChunkType.shutdownAck, new Uint8Array(0))
  }

  #heartbeat(nowMs: number): void {
    const due = this.#health.due(nowMs, this.#timeout.ms)
    if (due === 'gone') this.#end('failed')
    // Heartbeat Info (RFC 9260 section 3.3.5); whoever knows the tag of this association is the peer.
    if (due === 'heartbeat')
      this.#reply(SctpChunkType.heartbeat, Uint8Array.of(0, HEARTBEAT_INFO, 0, 8, 0, 0, 0, 0))
  }

  #heartbeatAcknowledged(): true {
    const roundTripMs = this.#health.heartbeatAnswered(this.#nowMs)
    if (roundTripMs !== undefined) this.#timeout.measured(roundTripMs)
    return true
  }

  get #peerTag(): number {
    return this.#established?.peerTag ?? 0
  }

  /** A chunk by itself, to the peer of an established association. */
  #reply(type: number, value: Uint8Array): true {
    if (this.#established !== undefined) this.#writer.chunk(this.#peerTag, type, value)
    return true
  }

  /** @returns whether that was one too many */
  #countError(): boolean {
    if (!this.#health.unanswered()) return false
    this.#end('failed')
    return true
  }

  #abort(cause: number): false {
    this.#writer.abort(this.#peerTag, cause)
    return this.#end('closed')
  }

  /** @returns false: no chunk of an association that has ended is read */
  #end(state: 'closed' | 'failed'): false {
    this.#handshake.stop()
    this.#established = undefined
    this.#queue.dropAll()
    this.#setState(state)
    return false
  }

  #setState(state: SctpState): void {
    if (state === this.#state) return
    this.#state = state
    this.#handler.stateChanged(state)
  }
}

function chunkValue(bytes: Uint8Array, { valueOffset, valueLength }: SctpChunk): Uint8Array {
  return bytes.subarray(valueOffset, valueOffset + valueLength)
}

function initIn(bytes: Uint8Array, { valueOffset, valueLength }: SctpChunk): SctpInit | undefined {
  return parseSctpInit(bytes, valueOffset, valueLength)
}
