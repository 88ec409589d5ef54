import {
  nextSctpChunk,
  parseSctpInit,
  parseSctpReConfig,
  parseSctpSack,
  SCTP_CHUNK_HEADER_BYTES,
  SCTP_HEADER_BYTES,
  SctpChunk,
  SctpChunkType,
  type SctpInit,
  SctpSack,
  sctpChecksumIsRight,
  sctpChecksumIsZero,
  sctpDestinationPort,
  sctpSourcePort,
  sctpVerificationTag,
} from '@sangam/rtp'
import type { SctpState } from '../../channel/messages.ts'
import { Handshake, type SctpAgreement } from './handshake.ts'
import { PacketWriter } from './packet-writer.ts'
import { type ReceiveResult, Receiver } from './receiver.ts'
import { RetransmissionTimeout } from './retransmission-timeout.ts'
import type { SctpHandler, SctpOptions, SendResult } from './sctp-options.ts'
import { type MessageReliability, type OutgoingStream, SendQueue } from './send-queue.ts'
import { Sender } from './sender.ts'
import { StreamReset } from './stream-reset.ts'

/** Packets that one event may set free (RFC 9260 section 16: Max.Burst). */
const MAX_BURST = 4
/** Unanswered repetitions after which the peer is gone (RFC 9260 section 16: Association.Max.Retrans). */
const MAX_ERRORS = 10
/** RFC 9260 section 16: HB.interval. */
const HEARTBEAT_INTERVAL_MS = 30_000
/** What a queued message costs beside its bytes. */
const MESSAGE_OVERHEAD_BYTES = 64
/** Flag of ABORT and SHUTDOWN COMPLETE: the tag is the receiver's own reflected (RFC 9260 section 8.5.1). */
const REFLECTED_TAG = 1
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

/** An established association's halves. */
interface Established {
  readonly agreement: SctpAgreement
  readonly sender: Sender
  readonly receiver: Receiver
  readonly resets: StreamReset
  readonly outboundStreams: number
  readonly inboundStreams: number
}

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
  readonly #chunk = new SctpChunk()
  readonly #sack = new SctpSack()
  #state: SctpState = 'new'
  #established: Established | undefined
  #closing: 'no' | 'shutdownReceived' | 'shutdownAckSent' = 'no'
  #closingAtMs = Number.POSITIVE_INFINITY
  #errors = 0
  #heartbeatAtMs = Number.POSITIVE_INFINITY
  #heartbeatSentMs = -1
  #busy = false
  droppedPackets = 0

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
    for (const streamId of streamIds) this.#resetOutbound(streamId)
    this.#run(nowMs)
  }

  /** Takes a packet. */
  receive(bytes: Uint8Array, offset: number, length: number, nowMs: number): void {
    if (this.#state === 'closed' || this.#state === 'failed') return
    if (!this.#isAcceptable(bytes, offset, length)) {
      this.droppedPackets++
      return
    }
    const wasBusy = this.#busy
    this.#busy = true
    const hadData = this.#readChunks(bytes, offset, offset + length, nowMs)
    this.#busy = wasBusy
    if (hadData) this.#established?.receiver.endOfPacket(nowMs)
    this.#run(nowMs)
  }

  /** Time went on. */
  tick(nowMs: number): void {
    if (this.#state === 'new' || this.#state === 'closed' || this.#state === 'failed') return
    const { sender } = this.#established ?? {}
    if (sender?.isExpired(nowMs) === true && sender.expired(nowMs)) this.#countError()
    if (nowMs >= this.#heartbeatAtMs) this.#heartbeat(nowMs)
    this.#run(nowMs)
  }

  /** Ends the association at once, and says so (ABORT). */
  close(): void {
    if (this.#state === 'closed' || this.#state === 'failed') return
    const { agreement } = this.#established ?? {}
    if (agreement !== undefined) this.#writer.abort(agreement.peer.initiateTag, Cause.userInitiated)
    this.#end('closed')
  }

  #isAcceptable(bytes: Uint8Array, offset: number, length: number): boolean {
    const { localPort, remotePort, protectedByDtls } = this.#options
    if (length < SCTP_HEADER_BYTES + SCTP_CHUNK_HEADER_BYTES) return false
    if (sctpSourcePort(bytes, offset) !== remotePort || sctpDestinationPort(bytes, offset) !== localPort)
      return false
    if (protectedByDtls && sctpChecksumIsZero(bytes, offset)) return true
    return sctpChecksumIsRight(bytes, offset, length)
  }

  /** @returns whether there was a DATA chunk */
  #readChunks(bytes: Uint8Array, offset: number, end: number, nowMs: number): boolean {
    const chunk = this.#chunk
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
      if (!this.#readChunk(bytes, at, tag, nowMs)) break
      if (this.#state === 'closed' || this.#state === 'failed') return false
      at = next
    }
    return hadData
  }

  /** RFC 9260 section 8.5. */
  #isTagged(chunk: SctpChunk, tag: number): boolean {
    switch (chunk.type) {
      case SctpChunkType.init:
        return tag === 0
      // The handshake compares it with the tag that it gave away with the cookie.
      case SctpChunkType.cookieEcho:
        return true
      case SctpChunkType.abort:
      case SctpChunkType.shutdownComplete:
        return (chunk.flags & REFLECTED_TAG) === 0
          ? tag === this.#handshake.localTag
          : tag === this.#established?.agreement.peer.initiateTag
      default:
        return tag === this.#handshake.localTag
    }
  }

  /** @returns whether to go on with the packet's next chunk */
  #readChunk(bytes: Uint8Array, chunkOffset: number, tag: number, nowMs: number): boolean {
    const chunk = this.#chunk
    const { valueOffset, valueLength } = chunk
    switch (chunk.type) {
      case SctpChunkType.data:
        return this.#judge(this.#established?.receiver.data(bytes, chunk) ?? 'malformed')
      case SctpChunkType.sack:
        return this.#readSack(bytes, nowMs)
      case SctpChunkType.forwardTsn:
        return this.#judge(this.#established?.receiver.forward(bytes, chunk) ?? 'malformed')
      case SctpChunkType.init:
        this.#readInit(parseSctpInit(bytes, valueOffset, valueLength))
        // INIT stands alone (RFC 9260 section 6.10).
        return false
      case SctpChunkType.initAck:
        this.#readInitAck(parseSctpInit(bytes, valueOffset, valueLength), nowMs)
        return false
      case SctpChunkType.cookieEcho:
        return this.#readCookieEcho(bytes.subarray(valueOffset, valueOffset + valueLength), tag, nowMs)
      case SctpChunkType.cookieAck:
        this.#establish(this.#handshake.cookieAcknowledged(), nowMs)
        return true
      case SctpChunkType.reConfig:
        return this.#readReConfig(bytes)
      default:
        return this.#readRareChunk(bytes, chunkOffset, nowMs)
    }
  }

  #readRareChunk(bytes: Uint8Array, chunkOffset: number, nowMs: number): boolean {
    const { type, valueOffset, valueLength } = this.#chunk
    const value = bytes.subarray(valueOffset, valueOffset + valueLength)
    switch (type) {
      case SctpChunkType.heartbeat:
        this.#reply(SctpChunkType.heartbeatAck, value)
        return true
      case SctpChunkType.heartbeatAck:
        this.#heartbeatAcknowledged(nowMs)
        return true
      case SctpChunkType.abort:
        this.#end(this.#state === 'connecting' ? 'failed' : 'closed')
        return false
      case SctpChunkType.error:
        if (value[0] === 0 && value[1] === Cause.staleCookie) this.#handshake.cookieIsStale(nowMs)
        return true
      case SctpChunkType.shutdown:
        if (this.#established !== undefined && this.#closing === 'no') this.#closing = 'shutdownReceived'
        return true
      case SctpChunkType.shutdownAck:
        this.#reply(SctpChunkType.shutdownComplete, new Uint8Array(0))
        this.#end('closed')
        return false
      case SctpChunkType.shutdownComplete:
        if (this.#closing === 'shutdownAckSent') this.#end('closed')
        return false
      default:
        // RFC 9260 section 3.2: the two upper bits of an unknown type.
        if ((type & 0x40) !== 0) {
          this.#writer.error(this.#peerTag, Cause.unrecognizedChunk, bytes, chunkOffset, valueLength + 4)
        }
        return (type & 0x80) !== 0
    }
  }

  #readInit(peer: SctpInit | undefined): void {
    if (peer === undefined) {
      this.droppedPackets++
      return
    }
    if (peer.initiateTag === 0 || peer.outboundStreams === 0 || peer.inboundStreams === 0) {
      // RFC 9260 section 3.3.2: refused; without a tag there is nobody to tell.
      if (peer.initiateTag !== 0) this.#writer.abort(peer.initiateTag, Cause.invalidParameter)
      this.droppedPackets++
      return
    }
    if (this.#closing !== 'no') return
    this.#writer.init(peer.initiateTag, this.#handshake.received(peer))
  }

  #readInitAck(peer: SctpInit | undefined, nowMs: number): void {
    if (peer?.cookie === undefined || peer.initiateTag === 0) {
      this.droppedPackets++
      return
    }
    if (peer.outboundStreams === 0 || peer.inboundStreams === 0) {
      this.#writer.abort(peer.initiateTag, Cause.invalidParameter)
      this.#end('failed')
      return
    }
    this.#handshake.acknowledged(peer, nowMs)
  }

  #readCookieEcho(cookie: Uint8Array, tag: number, nowMs: number): boolean {
    const agreement = this.#handshake.echoed(cookie, tag)
    if (agreement === undefined) {
      this.droppedPackets++
      return false
    }
    this.#establish(agreement, nowMs)
    this.#reply(SctpChunkType.cookieAck, new Uint8Array(0))
    return true
  }

  #readSack(bytes: Uint8Array, nowMs: number): boolean {
    const { sender } = this.#established ?? {}
    if (sender === undefined || !parseSctpSack(bytes, this.#chunk, this.#sack)) return false
    const { violation, advanced } = sender.acknowledged(bytes, this.#sack, nowMs)
    if (advanced) this.#errors = 0
    if (violation) this.#abort(Cause.protocolViolation)
    return !violation
  }

  #readReConfig(bytes: Uint8Array): boolean {
    const established = this.#established
    const parameters = established === undefined ? undefined : parseSctpReConfig(bytes, this.#chunk)
    if (established === undefined || parameters === undefined) return false
    for (const parameter of parameters) {
      const answer = established.resets.received(parameter)
      if (answer !== undefined) this.#writer.reConfig(this.#peerTag, answer)
    }
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
        this.#abort(Cause.noUserData)
        return false
      case 'violation':
        this.#abort(Cause.protocolViolation)
        return false
      case 'flood':
        this.#abort(Cause.outOfResource)
        return false
    }
  }

  /** Both sides agree; a second time the same, or another if the peer started again (RFC 9260 section 5.2.4). */
  #establish(agreement: SctpAgreement | undefined, nowMs: number): void {
    if (agreement === undefined || agreement === this.#established?.agreement) return
    const { peer, localTsn } = agreement
    const { streams, receiveWindowBytes, maxReceiveMessageBytes, maxPacketBytes } = this.#options
    this.#queue.restart()
    this.#resetSoon.clear()
    const inboundStreams = Math.min(streams, peer.outboundStreams)
    const receiver = new Receiver({
      initialTsn: peer.initialTsn,
      streams: inboundStreams,
      windowBytes: receiveWindowBytes,
      maxMessageBytes: maxReceiveMessageBytes,
      receive: (streamId, ppid, payload) => this.#handler.message(streamId, ppid, payload),
    })
    const sender = new Sender({
      initialTsn: localTsn,
      peerWindowBytes: peer.receiveWindowBytes,
      maxPacketBytes,
      partialReliability: peer.forwardTsn,
      queue: this.#queue,
      timeout: this.#timeout,
    })
    this.#established = {
      agreement,
      sender,
      receiver,
      resets: this.#newStreamReset(sender, receiver, agreement),
      outboundStreams: Math.min(streams, peer.inboundStreams),
      inboundStreams,
    }
    this.#writer.omitsChecksum = this.#options.protectedByDtls && peer.zeroChecksum
    this.#errors = 0
    this.#heartbeatAtMs = nowMs + HEARTBEAT_INTERVAL_MS
    this.#setState('connected')
  }

  #newStreamReset(sender: Sender, receiver: Receiver, agreement: SctpAgreement): StreamReset {
    const port = {
      get lastTsn() {
        return sender.lastTsn
      },
      get cumulativeTsn() {
        return receiver.cumulativeTsn
      },
      unwrap: (tsn: number) => receiver.unwrap(tsn),
      resetInbound: (streamIds: readonly number[]) => {
        receiver.resetStreams(streamIds)
        this.#handler.streamsReset(streamIds)
      },
      outboundReset: (streamIds: readonly number[]) => {
        for (const streamId of streamIds) {
          const stream = this.#queue.stream(streamId)
          stream.nextSequence = 0
          stream.resetting = false
          this.#queue.forget(streamId)
        }
      },
      resetOutbound: (streamIds: readonly number[]) => {
        const all = streamIds.length === 0 ? [...this.#queue.streams.keys()] : streamIds
        for (const streamId of all) this.#resetOutbound(streamId)
      },
    }
    return new StreamReset(port, agreement.localTsn, agreement.peer.initialTsn)
  }

  #resetOutbound(streamId: number): void {
    if (streamId >= (this.#established?.outboundStreams ?? 0)) return
    const stream = this.#queue.stream(streamId)
    if (stream.resetting) return
    this.#queue.clear(stream)
    stream.resetting = true
    this.#resetSoon.add(streamId)
  }

  /** Streams whose reset waits for the message that is leaving. */
  readonly #resetSoon = new Set<number>()

  /** Sends what is due. Not while a packet is being read: its end does. */
  #run(nowMs: number): void {
    if (this.#busy) return
    this.#busy = true
    this.#runHandshake(nowMs)
    if (this.#established !== undefined) this.#flush(this.#established, nowMs)
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

  #flush({ sender, receiver, resets }: Established, nowMs: number): void {
    const writer = this.#writer
    const tag = this.#peerTag
    let sackDue = receiver.isSackDue(nowMs)
    let mayRide = true
    for (let packets = 0; packets < MAX_BURST; packets++) {
      const start = writer.begin(tag)
      // An acknowledgement that waits rides along with data, if both fit.
      const rides = sackDue || (mayRide && receiver.hasSackWaiting)
      const afterSack = rides ? receiver.writeSackAt(writer.bytes, start, writer.end >> 1) : start
      const end = sender.fill(writer.bytes, afterSack, writer.end, nowMs)
      if (end === afterSack && !sackDue) {
        if (!rides) break
        mayRide = false
        continue
      }
      if (rides) receiver.sackSent()
      sackDue = false
      writer.finish(end)
    }
    for (const streamId of this.#resetSoon) {
      if (this.#queue.isLeaving(this.#queue.stream(streamId))) continue
      this.#resetSoon.delete(streamId)
      resets.ask([streamId])
    }
    const request = resets.due(nowMs, this.#timeout.ms)
    if (request !== undefined && request.type !== 'other') writer.reConfig(tag, request)
    this.#shutDown(sender, nowMs)
  }

  /** The peer wants to end: once everything has arrived there, so be it (RFC 9260 section 9.2). */
  #shutDown(sender: Sender, nowMs: number): void {
    if (this.#closing === 'no' || !sender.isDrained) return
    if (this.#closing === 'shutdownAckSent' && nowMs < this.#closingAtMs) return
    if (this.#closing === 'shutdownAckSent' && this.#countError()) return
    this.#closing = 'shutdownAckSent'
    this.#closingAtMs = nowMs + this.#timeout.ms
    this.#reply(SctpChunkType.shutdownAck, new Uint8Array(0))
  }

  #heartbeat(nowMs: number): void {
    if (this.#heartbeatSentMs >= 0 && this.#countError()) return
    this.#heartbeatSentMs = nowMs
    this.#heartbeatAtMs = nowMs + HEARTBEAT_INTERVAL_MS + this.#timeout.ms
    // Heartbeat Info (RFC 9260 section 3.3.5); whoever answers inside this DTLS connection is the peer.
    this.#reply(SctpChunkType.heartbeat, Uint8Array.of(0, HEARTBEAT_INFO, 0, 8, 0, 0, 0, 0))
  }

  #heartbeatAcknowledged(nowMs: number): void {
    if (this.#heartbeatSentMs < 0) return
    this.#timeout.measured(nowMs - this.#heartbeatSentMs)
    this.#heartbeatSentMs = -1
    this.#errors = 0
  }

  get #peerTag(): number {
    return this.#established?.agreement.peer.initiateTag ?? 0
  }

  /** A chunk by itself, to the peer of an established association. */
  #reply(type: number, value: Uint8Array): void {
    if (this.#established !== undefined) this.#writer.chunk(this.#peerTag, type, value)
  }

  /** @returns whether that was one too many */
  #countError(): boolean {
    if (++this.#errors <= MAX_ERRORS) return false
    this.#end('failed')
    return true
  }

  #abort(cause: number): void {
    this.#writer.abort(this.#peerTag, cause)
    this.#end('closed')
  }

  #end(state: 'closed' | 'failed'): void {
    this.#handshake.stop()
    this.#established = undefined
    this.#queue.dropAll()
    this.#setState(state)
  }

  #setState(state: SctpState): void {
    if (state === this.#state) return
    this.#state = state
    this.#handler.stateChanged(state)
  }
}
