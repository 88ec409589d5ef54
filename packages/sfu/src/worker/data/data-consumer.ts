import type { SctpStreamParameters } from '@sangam/ortc'
import type { DataType, Stat } from '../../channel/messages.ts'
import type { Transport } from '../transport/transport.ts'
import type { Audience, DataProducer } from './data-producer.ts'

export interface DataConsumerOptions {
  readonly id: string
  readonly type: DataType
  readonly sctpStreamParameters?: SctpStreamParameters
  readonly label: string
  readonly protocol: string
  readonly paused: boolean
  readonly subchannels: readonly number[]
}

/** What became of a message. */
export type Delivery = 'sent' | 'buffer-full' | 'too-large' | 'not-connected'

/** Messages that go out: over one SCTP stream, or to the application. */
export class DataConsumer {
  readonly id: string
  readonly type: DataType
  readonly transport: Transport
  readonly producer: DataProducer
  readonly sctpStreamParameters: SctpStreamParameters | undefined
  readonly label: string
  readonly protocol: string
  readonly subchannels: Set<number>
  paused: boolean
  messagesSent = 0
  bytesSent = 0
  #lowThreshold: number

  constructor(transport: Transport, producer: DataProducer, options: DataConsumerOptions) {
    this.transport = transport
    this.producer = producer
    this.id = options.id
    this.type = options.type
    this.sctpStreamParameters = options.sctpStreamParameters
    this.label = options.label
    this.protocol = options.protocol
    this.paused = options.paused
    this.subchannels = new Set(options.subchannels)
    this.#lowThreshold = transport.sctp?.settings.bufferedAmountLowThreshold ?? 0
    this.#watchBuffer()
  }

  /** Bytes that have not left for the first time. */
  get bufferedAmount(): number {
    const { sctp } = this.transport
    const streamId = this.sctpStreamParameters?.streamId
    return sctp === undefined || streamId === undefined ? 0 : sctp.association.stream(streamId).bufferedBytes
  }

  set bufferedAmountLowThreshold(bytes: number) {
    this.#lowThreshold = bytes
    this.#watchBuffer()
  }

  get bufferedAmountLowThreshold(): number {
    return this.#lowThreshold
  }

  /** Whether a message for this audience is for this consumer. */
  isAddressed({ subchannels, requiredSubchannel, ignoredSubchannel }: Audience): boolean {
    if (requiredSubchannel !== undefined && !this.subchannels.has(requiredSubchannel)) return false
    if (ignoredSubchannel !== undefined && this.subchannels.has(ignoredSubchannel)) return false
    return subchannels.length === 0 || subchannels.some((subchannel) => this.subchannels.has(subchannel))
  }

  /** A message of the producer, which is dropped while this is paused. */
  deliver(ppid: number, payload: Uint8Array): void {
    if (!this.paused) this.send(ppid, payload)
  }

  /** Sends a message, whether paused or not. What finds no room is dropped, and the application is told. */
  send(ppid: number, payload: Uint8Array): Delivery {
    const delivery = this.#send(ppid, payload)
    if (delivery === 'sent') {
      this.messagesSent++
      this.bytesSent += payload.length
    } else if (delivery === 'buffer-full') {
      this.transport.context.emit('dataConsumer.sctpSendBufferFull', this.id, {})
    }
    return delivery
  }

  producerPausedChanged(paused: boolean): void {
    const event = paused ? 'dataConsumer.dataProducerPaused' : 'dataConsumer.dataProducerResumed'
    this.transport.context.emit(event, this.id, {})
  }

  close(): void {
    this.producer.consumers.delete(this)
    const streamId = this.sctpStreamParameters?.streamId
    if (streamId !== undefined) this.transport.sctp?.closeOutbound(streamId)
  }

  stats(nowMs: number): Stat[] {
    return [
      {
        type: 'data-consumer',
        timestamp: nowMs,
        label: this.label,
        protocol: this.protocol,
        messagesSent: this.messagesSent,
        bytesSent: this.bytesSent,
        bufferedAmount: this.bufferedAmount,
      },
    ]
  }

  dump(): Readonly<Record<string, unknown>> {
    return {
      id: this.id,
      dataProducerId: this.producer.id,
      paused: this.paused,
      dataProducerPaused: this.producer.paused,
      subchannels: [...this.subchannels],
      type: this.type,
      ...(this.sctpStreamParameters === undefined ? {} : { sctpStreamParameters: this.sctpStreamParameters }),
      label: this.label,
      protocol: this.protocol,
      bufferedAmount: this.bufferedAmount,
      bufferedAmountLowThreshold: this.#lowThreshold,
    }
  }

  #send(ppid: number, payload: Uint8Array): Delivery {
    if (payload.length > this.transport.maxSendMessageSize) return 'too-large'
    if (this.sctpStreamParameters === undefined) {
      this.transport.context.emit('dataConsumer.message', this.id, { message: payload, ppid })
      return 'sent'
    }
    return this.transport.sctp?.send(this.sctpStreamParameters, ppid, payload) ?? 'not-connected'
  }

  #watchBuffer(): void {
    const streamId = this.sctpStreamParameters?.streamId
    if (streamId === undefined) return
    this.transport.sctp?.watchBuffer(streamId, this.#lowThreshold, (bufferedAmount) =>
      this.transport.context.emit('dataConsumer.bufferedAmountLow', this.id, { bufferedAmount }),
    )
  }
}
