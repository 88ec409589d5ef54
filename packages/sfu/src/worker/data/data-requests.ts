import type { RequestMethod, Requests } from '../../channel/messages.ts'
import type { WorkerContext } from '../context.ts'
import { ChannelInvalidStateError, ChannelTypeError, ChannelUnsupportedError } from '../errors.ts'
import type { DataConsumer } from './data-consumer.ts'
import type { DataEngine } from './data-engine.ts'

type DataMethod = Extract<
  RequestMethod,
  'transport.produceData' | 'transport.consumeData' | `dataProducer.${string}` | `dataConsumer.${string}`
>
type DataHandlers = { readonly [M in DataMethod]: (data: Requests[M]['request']) => Requests[M]['response'] }

/** How the requests about DataProducers and DataConsumers are answered. */
export function dataRequestHandlers(engine: DataEngine, context: WorkerContext): DataHandlers {
  const producer = (id: string) => present(engine.producers.get(id), 'data producer', id)
  const consumer = (id: string) => present(engine.consumers.get(id), 'data consumer', id)
  const done = (): Record<string, never> => ({})
  const subchannels = (of: DataConsumer) => ({ subchannels: [...of.subchannels] })

  return {
    'transport.produceData': (request) => {
      engine.produce(request)
      return done()
    },
    'dataProducer.close': ({ dataProducerId }) => {
      engine.closeProducer(producer(dataProducerId))
      return done()
    },
    'dataProducer.pause': ({ dataProducerId }) => {
      producer(dataProducerId).setPaused(true)
      return done()
    },
    'dataProducer.resume': ({ dataProducerId }) => {
      producer(dataProducerId).setPaused(false)
      return done()
    },
    'dataProducer.dump': ({ dataProducerId }) => producer(dataProducerId).dump(),
    'dataProducer.getStats': ({ dataProducerId }) => producer(dataProducerId).stats(context.unixMs()),

    'transport.consumeData': (request) => {
      const made = engine.consume(request)
      return { paused: made.paused, dataProducerPaused: made.producer.paused }
    },
    'dataConsumer.close': ({ dataConsumerId }) => {
      engine.closeConsumer(consumer(dataConsumerId))
      return done()
    },
    'dataConsumer.pause': ({ dataConsumerId }) => {
      consumer(dataConsumerId).paused = true
      return done()
    },
    'dataConsumer.resume': ({ dataConsumerId }) => {
      consumer(dataConsumerId).paused = false
      return done()
    },
    'dataConsumer.dump': ({ dataConsumerId }) => consumer(dataConsumerId).dump(),
    'dataConsumer.getStats': ({ dataConsumerId }) => consumer(dataConsumerId).stats(context.unixMs()),
    'dataConsumer.getBufferedAmount': ({ dataConsumerId }) => ({
      bufferedAmount: consumer(dataConsumerId).bufferedAmount,
    }),
    'dataConsumer.setBufferedAmountLowThreshold': ({ dataConsumerId, threshold }) => {
      consumer(dataConsumerId).bufferedAmountLowThreshold = threshold
      return done()
    },
    'dataConsumer.send': ({ dataConsumerId, message, ppid }) => send(consumer(dataConsumerId), ppid, message),
    'dataConsumer.setSubchannels': ({ dataConsumerId, subchannels: chosen }) => {
      const target = consumer(dataConsumerId)
      target.subchannels.clear()
      for (const subchannel of chosen) target.subchannels.add(subchannel)
      return subchannels(target)
    },
    'dataConsumer.addSubchannel': ({ dataConsumerId, subchannel }) => {
      const target = consumer(dataConsumerId)
      target.subchannels.add(subchannel)
      return subchannels(target)
    },
    'dataConsumer.removeSubchannel': ({ dataConsumerId, subchannel }) => {
      const target = consumer(dataConsumerId)
      target.subchannels.delete(subchannel)
      return subchannels(target)
    },
  }
}

function send(consumer: DataConsumer, ppid: number, message: Uint8Array): { bufferedAmount: number } {
  if (consumer.type !== 'sctp') {
    throw new ChannelUnsupportedError('dataConsumer.send() needs a DataConsumer of type sctp')
  }
  switch (consumer.send(ppid, message)) {
    case 'sent':
      return { bufferedAmount: consumer.bufferedAmount }
    case 'too-large':
      throw new ChannelTypeError(
        `message of ${message.length} bytes: the transport sends at most ${consumer.transport.maxSendMessageSize}`,
      )
    case 'buffer-full':
      throw new ChannelInvalidStateError('the SCTP send buffer is full')
    case 'not-connected':
      throw new ChannelInvalidStateError('the SCTP association is not connected')
  }
}

function present<T>(entity: T | undefined, noun: string, id: string): T {
  if (entity === undefined) throw new ChannelInvalidStateError(`${noun} ${id} does not exist (any longer)`)
  return entity
}
