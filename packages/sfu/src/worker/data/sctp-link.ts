import type { SctpStreamParameters } from '@sangam/ortc'
import { DATA_CHANNEL_ACK, DataChannelPpid, parseDataChannelOpen } from '@sangam/rtp'
import type { SctpSettings, SctpState } from '../../channel/messages.ts'
import type { WorkerContext } from '../context.ts'
import { ChannelTypeError } from '../errors.ts'
import { SctpAssociation } from '../sctp/association.ts'
import type { MessageReliability } from '../sctp/send-queue.ts'
import type { Transport } from '../transport/transport.ts'
import type { DataProducer } from './data-producer.ts'

/** RFC 8841: the port that WebRTC always uses. */
const SCTP_PORT = 5000
/** RFC 8831 section 6.2: 65535 is not to be used. */
const STREAMS = 65535
/**
 * In a DTLS 1.2 record with AES-GCM (37 bytes), UDP and IPv6 this stays within IPv6's smallest MTU of 1280 bytes
 * (RFC 8261 section 5). A multiple of four.
 */
const MAX_PACKET_BYTES = 1188
const RELIABLE: MessageReliability = {
  unordered: false,
  maxRetransmits: -1,
  expiresMs: Number.POSITIVE_INFINITY,
}

/** What brings SCTP packets to the peer. */
export interface SctpCarrier {
  /**
   * Whether that is DTLS: then the streams are WebRTC data channels (RFC 8831), the same id both ways, and packets may go
   * without a checksum. Otherwise each direction has its own streams, which signalling opens and closes.
   */
  readonly isDtls: boolean
  /** Sends the first `length` bytes of `bytes`, which are reused afterwards. */
  transmit(bytes: Uint8Array, length: number): void
  /** The association waits for the clock, and not only for packets. */
  wake(): void
}

/** The carrier that sends by a transport's session of the packet port. */
export function sessionCarrier(transport: Transport, isDtls: boolean): SctpCarrier {
  const { plan } = transport.context
  return {
    isDtls,
    transmit: (bytes, length) => {
      plan.controlBytes.set(bytes.subarray(0, length), plan.controlSpace(length))
      plan.commitApplicationData(transport.session, length)
    },
    wake: () => transport.wake(),
  }
}

/** A transport's data channels: its SCTP association, and which DataProducer each incoming stream belongs to. */
export class SctpLink {
  readonly settings: SctpSettings
  readonly association: SctpAssociation
  /** Messages on streams that no DataProducer has. */
  unclaimedMessages = 0
  readonly #context: WorkerContext
  readonly #transportId: string
  readonly #carrier: SctpCarrier
  readonly #producersByStream = new Map<number, DataProducer>()

  constructor(context: WorkerContext, transportId: string, carrier: SctpCarrier, settings: SctpSettings) {
    this.#context = context
    this.#transportId = transportId
    this.#carrier = carrier
    this.settings = settings
    this.association = new SctpAssociation(
      {
        localPort: SCTP_PORT,
        remotePort: SCTP_PORT,
        maxPacketBytes: MAX_PACKET_BYTES,
        streams: STREAMS,
        sendBufferBytes: settings.sendBufferSize,
        perStreamSendBytes: settings.perStreamSendQueueLimit,
        maxReceiveMessageBytes: settings.maxReceiveMessageSize,
        receiveWindowBytes: settings.maxReceiverWindowBufferSize,
        lowThresholdBytes: settings.bufferedAmountLowThreshold,
        protectedByDtls: carrier.isDtls,
        random: (below) => context.random(below),
      },
      {
        transmit: (bytes, length) => carrier.transmit(bytes, length),
        stateChanged: (state) => this.#stateChanged(state),
        message: (streamId, ppid, payload) => this.#received(streamId, ppid, payload),
        streamsReset: (streamIds) => this.#streamsReset(streamIds),
      },
    )
  }

  /** The way to the peer is open. The peer opens the association as well; whoever is first. */
  connect(): void {
    this.association.connect(this.#nowMs)
    this.#watchClock()
  }

  receive(memory: Uint8Array, offset: number, length: number): void {
    this.association.receive(memory, offset, length, this.#nowMs)
    this.#watchClock()
  }

  tick(nowUs: number): void {
    this.association.tick(nowUs / 1000)
    this.#watchClock()
  }

  close(): void {
    this.association.close()
    this.#context.impatient.delete(this)
  }

  /** @throws ChannelTypeError when another DataProducer has the stream */
  claim(streamId: number, producer: DataProducer): void {
    if (this.#producersByStream.has(streamId)) {
      throw new ChannelTypeError(`SCTP stream ${streamId} is used by another DataProducer of this transport`)
    }
    this.#producersByStream.set(streamId, producer)
  }

  release(streamId: number): void {
    this.#producersByStream.delete(streamId)
  }

  /** What a transport's dump says of it. */
  dump(): Readonly<Record<string, unknown>> {
    const { state, streams } = this.association
    const { bufferedAmountLowThreshold: _, ...sizes } = this.settings
    return {
      sctpParameters: {
        port: SCTP_PORT,
        OS: STREAMS,
        MIS: STREAMS,
        maxMessageSize: sizes.maxReceiveMessageSize,
        isDataChannel: this.#carrier.isDtls,
        ...sizes,
      },
      sctpState: state,
      ...(streams === undefined
        ? {}
        : {
            sctpNegotiatedCapabilities: {
              negotiatedMaxOutboundStreams: streams.outbound,
              negotiatedMaxInboundStreams: streams.inbound,
            },
          }),
      sctpListener: {
        streamIdTable: [...this.#producersByStream].map(([key, producer]) => ({ key, value: producer.id })),
      },
      sctpAssociation: { ...this.association.counters(), unclaimedMessages: this.unclaimedMessages },
    }
  }

  send(
    parameters: SctpStreamParameters,
    ppid: number,
    payload: Uint8Array,
  ): 'sent' | 'buffer-full' | 'not-connected' {
    const { streamId, ordered, maxPacketLifeTime, maxRetransmits } = parameters
    // What waits for a connection that may never come would be memory without an end.
    if (this.association.state !== 'connected') return 'not-connected'
    const reliability: MessageReliability = {
      unordered: ordered === false,
      maxRetransmits: maxRetransmits ?? -1,
      expiresMs: maxPacketLifeTime === undefined ? Number.POSITIVE_INFINITY : this.#nowMs + maxPacketLifeTime,
    }
    const result = this.association.send(streamId, ppid, payload, reliability, this.#nowMs)
    this.#watchClock()
    return result === 'queued' ? 'sent' : result === 'buffer-full' ? result : 'not-connected'
  }

  watchBuffer(streamId: number, thresholdBytes: number, onLow: (bufferedBytes: number) => void): void {
    const stream = this.association.stream(streamId)
    stream.lowThresholdBytes = thresholdBytes
    stream.onBufferedAmountLow = onLow
  }

  /** A DataConsumer closed: for the peer's data channel that is the end (RFC 8831 section 6.7). */
  closeOutbound(streamId: number): void {
    this.association.stream(streamId).onBufferedAmountLow = undefined
    this.association.resetStreams([streamId], this.#nowMs)
  }

  #watchClock(): void {
    const { impatient } = this.#context
    if (!this.association.needsClock) {
      impatient.delete(this)
      return
    }
    impatient.add(this)
    this.#carrier.wake()
  }

  get #nowMs(): number {
    return this.#context.nowUs() / 1000
  }

  #stateChanged(state: SctpState): void {
    const { outbound, inbound } = this.association.streams ?? {}
    this.#context.emit('transport.sctpState', this.#transportId, {
      sctpState: state,
      ...(outbound === undefined || inbound === undefined
        ? {}
        : { negotiated: { outboundStreams: outbound, inboundStreams: inbound } }),
    })
  }

  #received(streamId: number, ppid: number, payload: Uint8Array): void {
    if (this.#carrier.isDtls && ppid === DataChannelPpid.establishment) {
      // Channels are agreed on by signalling; who asks here all the same may go on (RFC 8832 section 6).
      if (parseDataChannelOpen(payload) !== undefined) {
        this.association.send(streamId, ppid, DATA_CHANNEL_ACK, RELIABLE, this.#nowMs)
      }
      return
    }
    const producer = this.#producersByStream.get(streamId)
    if (producer === undefined) this.unclaimedMessages++
    else producer.received(ppid, payload)
  }

  /** The peer closed its half of these channels; the other half follows. The application closes the DataProducer. */
  #streamsReset(streamIds: readonly number[]): void {
    if (this.#carrier.isDtls) this.association.resetStreams(streamIds, this.#nowMs)
  }
}
