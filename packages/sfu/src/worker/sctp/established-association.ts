import type { SctpReConfig } from '@sangam/rtp'
import type { SctpAgreement } from './handshake.ts'
import type { PacketWriter } from './packet-writer.ts'
import { Receiver } from './receiver.ts'
import type { RetransmissionTimeout } from './retransmission-timeout.ts'
import type { SctpHandler, SctpOptions } from './sctp-options.ts'
import type { SendQueue } from './send-queue.ts'
import { Sender } from './sender.ts'
import { StreamReset } from './stream-reset.ts'

/** Packets that one event may set free: as many as may leave at the start (RFC 6928), where RFC 9260 section 16 has 4. */
const MAX_BURST = 10

/** What outlives a restart of the peer. */
export interface AssociationSurroundings {
  readonly options: SctpOptions
  readonly handler: SctpHandler
  readonly queue: SendQueue
  readonly timeout: RetransmissionTimeout
  readonly writer: PacketWriter
}

/** An association whose handshake is done: its halves, the resets of streams, and what leaves when. */
export class EstablishedAssociation {
  readonly agreement: SctpAgreement
  readonly sender: Sender
  readonly receiver: Receiver
  readonly outboundStreams: number
  readonly inboundStreams: number
  readonly #surroundings: AssociationSurroundings
  readonly #resets: StreamReset
  /** Streams whose reset waits for the message that is leaving. */
  readonly #resetSoon = new Set<number>()

  constructor(agreement: SctpAgreement, surroundings: AssociationSurroundings) {
    const { peer, localTsn } = agreement
    const { options, handler, queue, timeout, writer } = surroundings
    this.agreement = agreement
    this.#surroundings = surroundings
    this.inboundStreams = Math.min(options.streams, peer.outboundStreams)
    this.outboundStreams = Math.min(options.streams, peer.inboundStreams)
    this.receiver = new Receiver({
      initialTsn: peer.initialTsn,
      streams: this.inboundStreams,
      windowBytes: options.receiveWindowBytes,
      maxMessageBytes: options.maxReceiveMessageBytes,
      receive: (streamId, ppid, payload) => handler.message(streamId, ppid, payload),
    })
    this.sender = new Sender({
      initialTsn: localTsn,
      peerWindowBytes: peer.receiveWindowBytes,
      maxPacketBytes: options.maxPacketBytes,
      partialReliability: peer.forwardTsn,
      queue,
      timeout,
    })
    this.#resets = this.#newStreamReset()
    writer.omitsChecksum = options.protectedByDtls && peer.zeroChecksum
  }

  /** The tag of packets to the peer. */
  get peerTag(): number {
    return this.agreement.peer.initiateTag
  }

  /** Starts an own stream again, once the message that is leaving has left; what waits behind it is dropped. */
  resetOutbound(streamId: number): void {
    if (streamId >= this.outboundStreams) return
    const { queue } = this.#surroundings
    const stream = queue.stream(streamId)
    if (stream.resetting) return
    queue.clear(stream)
    stream.resetting = true
    this.#resetSoon.add(streamId)
  }

  /** Takes a reset that the peer asks for, or its answer to an own one. */
  readReConfig(parameters: readonly SctpReConfig[]): void {
    for (const parameter of parameters) {
      const answer = this.#resets.received(parameter)
      if (answer !== undefined) this.#surroundings.writer.reConfig(this.peerTag, answer)
    }
  }

  /** Sends what may leave now: acknowledgements, data, resets. */
  flush(nowMs: number): void {
    this.#sendPackets(nowMs)
    const { queue, timeout, writer } = this.#surroundings
    for (const streamId of this.#resetSoon) {
      if (queue.isLeaving(queue.stream(streamId))) continue
      this.#resetSoon.delete(streamId)
      this.#resets.ask([streamId])
    }
    const request = this.#resets.due(nowMs, timeout.ms)
    if (request !== undefined && request.type !== 'other') writer.reConfig(this.peerTag, request)
  }

  #sendPackets(nowMs: number): void {
    const { sender, receiver } = this
    const { writer } = this.#surroundings
    let sackDue = receiver.isSackDue(nowMs)
    let mayRide = true
    for (let packets = 0; packets < MAX_BURST; packets++) {
      const start = writer.begin(this.peerTag)
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
  }

  #newStreamReset(): StreamReset {
    const { sender, receiver } = this
    const { queue, handler } = this.#surroundings
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
        handler.streamsReset(streamIds)
      },
      outboundReset: (streamIds: readonly number[]) => {
        for (const streamId of streamIds) {
          const stream = queue.stream(streamId)
          stream.nextSequence = 0
          stream.resetting = false
          queue.forget(streamId)
        }
      },
      resetOutbound: (streamIds: readonly number[]) => {
        const all = streamIds.length === 0 ? [...queue.streams.keys()] : streamIds
        for (const streamId of all) this.resetOutbound(streamId)
      },
    }
    return new StreamReset(port, this.agreement.localTsn, this.agreement.peer.initialTsn)
  }
}
