import type { SctpStreamParameters } from '@sangam/ortc'
import type { DataType, Stat } from '../../channel/messages.ts'
import type { Transport } from '../transport/transport.ts'
import type { DataConsumer } from './data-consumer.ts'

export interface DataProducerOptions {
  readonly id: string
  readonly type: DataType
  readonly sctpStreamParameters?: SctpStreamParameters
  readonly label: string
  readonly protocol: string
  readonly paused: boolean
}

/** Which consumers a message is for; only messages of the application say so. */
export interface Audience {
  /** Only those that subscribe to one of these; empty: to all. */
  readonly subchannels: readonly number[]
  /** Only those that subscribe to this one too. */
  readonly requiredSubchannel?: number
  /** Not those that subscribe to this one. */
  readonly ignoredSubchannel?: number
}

const EVERYBODY: Audience = { subchannels: [] }

/** Messages that come in: over one SCTP stream, or from the application. */
export class DataProducer {
  readonly id: string
  readonly type: DataType
  readonly transport: Transport
  readonly sctpStreamParameters: SctpStreamParameters | undefined
  readonly label: string
  readonly protocol: string
  readonly consumers = new Set<DataConsumer>()
  paused: boolean
  messagesReceived = 0
  bytesReceived = 0

  constructor(transport: Transport, options: DataProducerOptions) {
    this.transport = transport
    this.id = options.id
    this.type = options.type
    this.sctpStreamParameters = options.sctpStreamParameters
    this.label = options.label
    this.protocol = options.protocol
    this.paused = options.paused
  }

  /** A message came: hands it to everybody it is for. The payload is shared, and never written again. */
  received(ppid: number, payload: Uint8Array, audience: Audience = EVERYBODY): void {
    this.messagesReceived++
    this.bytesReceived += payload.length
    if (this.paused) return
    for (const consumer of this.consumers) {
      if (consumer.isAddressed(audience)) consumer.deliver(ppid, payload)
    }
  }

  setPaused(paused: boolean): void {
    if (paused === this.paused) return
    this.paused = paused
    for (const consumer of this.consumers) consumer.producerPausedChanged(paused)
  }

  stats(nowMs: number): Stat[] {
    return [
      {
        type: 'data-producer',
        timestamp: nowMs,
        label: this.label,
        protocol: this.protocol,
        messagesReceived: this.messagesReceived,
        bytesReceived: this.bytesReceived,
      },
    ]
  }

  dump(): Readonly<Record<string, unknown>> {
    return {
      id: this.id,
      paused: this.paused,
      type: this.type,
      ...(this.sctpStreamParameters === undefined ? {} : { sctpStreamParameters: this.sctpStreamParameters }),
      label: this.label,
      protocol: this.protocol,
    }
  }
}
