import { randomUUID } from 'node:crypto'
import type { SctpStreamParameters } from '@sangam/ortc'
import type { ParentChannel } from '../channel/parent-channel.ts'
import { DataConsumerImpl } from './data-consumer.ts'
import type { DataConsumerOptions } from './data-consumer-types.ts'
import {
  type ReliabilityOptions,
  reliabilityOf,
  sctpStreamParametersOf,
  subchannelsOf,
} from './data-options.ts'
import { DataProducerImpl } from './data-producer.ts'
import type { DataProducerOptions } from './data-producer-types.ts'
import type { EntityScope } from './entity-scope.ts'
import { errors } from './errors.ts'
import { type AppData, appDataOf, booleanOr, checkObject, checkString } from './option-checks.ts'

/** RFC 8831 section 6.2: ids from 0 to 65534. */
const STREAMS = 65535

/** What the data channels of a transport need of it. */
export interface TransportDataSetup {
  readonly transportId: string
  readonly channel: ParentChannel
  readonly scope: EntityScope
  /** 'none': the transport was created without SCTP. */
  readonly way: 'sctp' | 'direct' | 'none'
  /** Bytes, of messages that the application sends through a DataProducer. */
  readonly maxReceiveMessageSize: number
  /** The DataProducers of all of the router's transports, by id. */
  readonly routerDataProducers: Map<string, DataProducerImpl>
  /** Makes the counterpart of a new entity in the worker; its events wait in its scope from before the request on. */
  readonly create: <Response>(
    call: string,
    what: string,
    id: string,
    request: () => Promise<Response>,
  ) => Promise<{ scope: EntityScope; response: Response }>
}

/** The DataProducers and DataConsumers of a transport. */
export class TransportData {
  readonly #setup: TransportDataSetup
  readonly #dataProducers = new Map<string, DataProducerImpl>()
  readonly #dataConsumers = new Map<string, DataConsumerImpl>()
  /** Streams to the endpoint that are in use. */
  readonly #streamIds = new Set<number>()
  #nextStreamId = 0

  constructor(setup: TransportDataSetup) {
    this.#setup = setup
  }

  async produce<Data extends AppData>(options: DataProducerOptions<Data>): Promise<DataProducerImpl<Data>> {
    const { transportId, routerDataProducers, way, channel, maxReceiveMessageSize } = this.#setup
    checkObject('options', options)
    const type = this.#type()
    const sctpStreamParameters = this.#producerStream(options.sctpStreamParameters)
    const appData = appDataOf(options.appData)
    const paused = booleanOr('paused', options.paused, false)
    const label = textOr('label', options.label)
    const protocol = textOr('protocol', options.protocol)
    if (options.id !== undefined) checkString('id', options.id)
    const id = options.id ?? randomUUID()
    if (routerDataProducers.has(id)) {
      throw errors.optionConflict('id', `a data producer of this router has the id '${id}'`)
    }
    const stream = sctpStreamParameters === undefined ? {} : { sctpStreamParameters }
    const request = { transportId, dataProducerId: id, type, ...stream, label, protocol, paused }
    const { scope } = await this.#setup.create('produceData', `data producer ${id}`, id, () =>
      this.#setup.scope.request('transport.produceData', request),
    )
    const dataProducer = new DataProducerImpl<Data>({
      id,
      type,
      sctpStreamParameters,
      label,
      protocol,
      paused,
      appData,
      scope,
      ...(way === 'direct' ? { direct: { channel, maxMessageSize: maxReceiveMessageSize } } : {}),
      onClosed: () => {
        this.#dataProducers.delete(id)
        routerDataProducers.delete(id)
      },
    })
    this.#dataProducers.set(id, dataProducer)
    routerDataProducers.set(id, dataProducer)
    return dataProducer
  }

  async consume<Data extends AppData>(options: DataConsumerOptions<Data>): Promise<DataConsumerImpl<Data>> {
    checkObject('options', options)
    checkString('dataProducerId', options.dataProducerId)
    const dataProducer = this.#setup.routerDataProducers.get(options.dataProducerId)
    if (dataProducer === undefined) throw errors.dataProducerNotFound(options.dataProducerId)
    const type = this.#type()
    const appData = appDataOf(options.appData)
    const paused = booleanOr('paused', options.paused, false)
    const subchannels = subchannelsOf('subchannels', options.subchannels ?? [])
    const reliability = this.#consumerReliability(options, dataProducer)
    const sctpStreamParameters =
      reliability === undefined ? undefined : { streamId: this.#takeStreamId(), ...reliability }
    const id = randomUUID()
    const release = (): void => {
      if (sctpStreamParameters !== undefined) this.#streamIds.delete(sctpStreamParameters.streamId)
    }
    const { label, protocol } = dataProducer
    const common = { type, label, protocol, dataProducerId: dataProducer.id, subchannels }
    const stream = sctpStreamParameters === undefined ? {} : { sctpStreamParameters }
    const { transportId } = this.#setup
    const { scope, response } = await this.#setup
      .create('consumeData', `data consumer ${id}`, id, () =>
        this.#setup.scope.request('transport.consumeData', {
          transportId,
          dataConsumerId: id,
          ...common,
          ...stream,
          paused,
        }),
      )
      .catch((error: unknown) => {
        release()
        throw error
      })
    const dataConsumer = new DataConsumerImpl<Data>({
      id,
      ...common,
      sctpStreamParameters,
      paused: response.paused,
      dataProducerPaused: response.dataProducerPaused,
      appData,
      scope,
      onClosed: () => {
        this.#dataConsumers.delete(id)
        release()
      },
    })
    this.#dataConsumers.set(id, dataConsumer)
    return dataConsumer
  }

  /** The transport closed. Without `onClosed` of each: they all go. */
  close(): void {
    const dataProducers = [...this.#dataProducers.values()]
    const dataConsumers = [...this.#dataConsumers.values()]
    this.#dataProducers.clear()
    this.#dataConsumers.clear()
    for (const dataProducer of dataProducers) this.#setup.routerDataProducers.delete(dataProducer.id)
    for (const dataProducer of dataProducers) dataProducer.transportClosed()
    for (const dataConsumer of dataConsumers) dataConsumer.transportClosed()
  }

  #type(): 'sctp' | 'direct' {
    const { way, transportId } = this.#setup
    if (way === 'none') throw errors.unsupported(`transport ${transportId} was created without enableSctp`)
    return way
  }

  #producerStream(parameters: SctpStreamParameters | undefined): SctpStreamParameters | undefined {
    if (this.#setup.way === 'sctp') return sctpStreamParametersOf(parameters)
    if (parameters === undefined) return undefined
    throw errors.optionConflict('sctpStreamParameters', 'a DirectTransport has no SCTP')
  }

  /** What the options say, and the DataProducer's where they say nothing. Undefined on a DirectTransport. */
  #consumerReliability(
    options: ReliabilityOptions,
    dataProducer: DataProducerImpl,
  ): ReturnType<typeof reliabilityOf> | undefined {
    const { ordered, maxPacketLifeTime, maxRetransmits } = options
    const given = reliabilityOf('', options)
    if (this.#setup.way !== 'sctp') {
      if (ordered === undefined && maxPacketLifeTime === undefined && maxRetransmits === undefined)
        return undefined
      throw errors.optionConflict('ordered', 'a DirectTransport delivers everything in order')
    }
    const isGiven = ordered !== undefined || maxPacketLifeTime !== undefined || maxRetransmits !== undefined
    return isGiven ? given : reliabilityOf('', dataProducer.sctpStreamParameters ?? {})
  }

  #takeStreamId(): number {
    if (this.#streamIds.size === STREAMS) throw errors.noStreamLeft(this.#setup.transportId)
    while (this.#streamIds.has(this.#nextStreamId)) this.#nextStreamId = (this.#nextStreamId + 1) % STREAMS
    const taken = this.#nextStreamId
    this.#streamIds.add(taken)
    this.#nextStreamId = (taken + 1) % STREAMS
    return taken
  }
}

function textOr(field: string, value: unknown): string {
  if (value === undefined) return ''
  if (typeof value !== 'string') throw errors.invalidOption(field, 'a string', value)
  return value
}
