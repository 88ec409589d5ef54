import type { ApplicationEvents, Requests } from '../../channel/messages.ts'
import type { WorkerContext } from '../context.ts'
import { ChannelInvalidStateError, ChannelTypeError } from '../errors.ts'
import type { Transport } from '../transport/transport.ts'
import { DataConsumer } from './data-consumer.ts'
import { DataProducer } from './data-producer.ts'

/** Which router a transport is in, and what the engine knows of it. */
export interface DataSurroundings {
  transport(id: string): Transport
  /** Whether both are in one router. */
  areTogether(transport: Transport, other: Transport): boolean
}

/** Every DataProducer and DataConsumer of the worker, by id, and how they come and go. */
export class DataEngine {
  readonly producers = new Map<string, DataProducer>()
  readonly consumers = new Map<string, DataConsumer>()
  readonly #context: WorkerContext
  readonly #surroundings: DataSurroundings

  constructor(context: WorkerContext, surroundings: DataSurroundings) {
    this.#context = context
    this.#surroundings = surroundings
  }

  /** @throws ChannelTypeError when the id or the SCTP stream is taken, or the transport has no SCTP */
  produce(request: Requests['transport.produceData']['request']): void {
    const transport = this.#surroundings.transport(request.transportId)
    if (this.producers.has(request.dataProducerId)) {
      throw new ChannelTypeError(`data producer ${request.dataProducerId} exists`)
    }
    const producer = new DataProducer(transport, { ...request, id: request.dataProducerId })
    const { sctpStreamParameters } = producer
    if (sctpStreamParameters !== undefined) sctpOf(transport).claim(sctpStreamParameters.streamId, producer)
    this.producers.set(producer.id, producer)
    transport.dataProducers.set(producer.id, producer)
  }

  /** @throws ChannelInvalidStateError when the DataProducer is not there; ChannelTypeError as `produce()` */
  consume(request: Requests['transport.consumeData']['request']): DataConsumer {
    const transport = this.#surroundings.transport(request.transportId)
    const producer = this.producers.get(request.dataProducerId)
    if (producer === undefined || !this.#surroundings.areTogether(transport, producer.transport)) {
      throw new ChannelInvalidStateError(
        `data producer ${request.dataProducerId} is not in this router (any longer)`,
      )
    }
    if (this.consumers.has(request.dataConsumerId)) {
      throw new ChannelTypeError(`data consumer ${request.dataConsumerId} exists`)
    }
    if (request.sctpStreamParameters !== undefined) sctpOf(transport)
    const consumer = new DataConsumer(transport, producer, { ...request, id: request.dataConsumerId })
    producer.consumers.add(consumer)
    this.consumers.set(consumer.id, consumer)
    transport.dataConsumers.set(consumer.id, consumer)
    return consumer
  }

  /** Closes a DataProducer and every DataConsumer of it, which their owners are told. */
  closeProducer(producer: DataProducer): void {
    for (const consumer of [...producer.consumers]) {
      this.closeConsumer(consumer)
      this.#context.emit('dataConsumer.dataProducerClosed', consumer.id, {})
    }
    const streamId = producer.sctpStreamParameters?.streamId
    if (streamId !== undefined) producer.transport.sctp?.release(streamId)
    producer.transport.dataProducers.delete(producer.id)
    this.producers.delete(producer.id)
  }

  closeConsumer(consumer: DataConsumer): void {
    consumer.close()
    consumer.transport.dataConsumers.delete(consumer.id)
    this.consumers.delete(consumer.id)
  }

  /** A transport closes: first its DataConsumers, then its DataProducers with everybody's DataConsumers of them. */
  closeAllOf(transport: Transport): void {
    for (const consumer of [...transport.dataConsumers.values()]) this.closeConsumer(consumer)
    for (const producer of [...transport.dataProducers.values()]) this.closeProducer(producer)
  }

  /** What a router's dump says of the data of its transports. */
  routerDump(transportIds: ReadonlySet<string>): Readonly<Record<string, unknown>> {
    const producers = [...this.producers.values()].filter(({ transport }) => transportIds.has(transport.id))
    const consumers = producers.flatMap((producer) => [...producer.consumers])
    return {
      mapDataProducerIdDataConsumerIds: producers.map((producer) => ({
        key: producer.id,
        values: [...producer.consumers].map((consumer) => consumer.id),
      })),
      mapDataConsumerIdDataProducerId: consumers.map((consumer) => ({
        key: consumer.id,
        value: consumer.producer.id,
      })),
    }
  }

  /** A message that the application sends through a DataProducer of a DirectTransport. */
  send(dataProducerId: string, event: ApplicationEvents['dataProducer.send']): void {
    const producer = this.producers.get(dataProducerId)
    if (producer === undefined || producer.type !== 'direct') return
    if (event.message.length > producer.transport.maxReceiveMessageSize) {
      this.#context.log(
        'warn',
        `data producer ${dataProducerId}: a message of ${event.message.length} bytes is too large`,
      )
      return
    }
    producer.received(event.ppid, event.message, event)
    this.#context.plan.flush()
  }
}

function sctpOf(transport: Transport): NonNullable<Transport['sctp']> {
  if (transport.sctp !== undefined) return transport.sctp
  throw new ChannelTypeError(`transport ${transport.id} has no SCTP: create it with enableSctp`)
}
