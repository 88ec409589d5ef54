import type { RequestMethod, Requests } from '../channel/messages.ts'
import type { WorkerContext } from './context.ts'
import { dataRequestHandlers } from './data/data-requests.ts'
import { type Engine, found } from './engine.ts'
import { ChannelUnsupportedError } from './errors.ts'
import { Counter } from './packet-port/packet-port.ts'
import { TransportTrace, traceMask } from './trace.ts'
import { AddressedTransport } from './transport/addressed-transport.ts'
import { WebRtcTransport } from './transport/webrtc-transport.ts'

/** What the process, rather than the engine, answers. */
export interface ProcessRequests {
  resourceUsage(): Readonly<Record<string, number>>
  updateSettings(settings: Requests['worker.updateSettings']['request']): void
  close(): void
}

type Handlers = { readonly [M in RequestMethod]: (data: Requests[M]['request']) => Requests[M]['response'] }

/** How each request of the channel is answered. Handlers throw the errors of `errors.ts`. */
export function requestHandlers(engine: Engine, context: WorkerContext, shell: ProcessRequests): Handlers {
  const transport = (id: string) => found(engine.transports, id, 'transport')
  const producer = (id: string) => found(engine.producers, id, 'producer')
  const rtpObserver = (id: string) => found(engine.rtpObservers, id, 'RtpObserver')
  const consumer = (id: string) => found(engine.consumers, id, 'consumer')
  const webRtcTransport = (id: string): WebRtcTransport => {
    const candidate = transport(id)
    if (candidate instanceof WebRtcTransport) return candidate
    throw new ChannelUnsupportedError(`transport ${id} is no WebRtcTransport`)
  }
  const addressedTransport = (id: string): AddressedTransport => {
    const candidate = transport(id)
    if (candidate instanceof AddressedTransport) return candidate
    throw new ChannelUnsupportedError(`transport ${id} is no PlainTransport or PipeTransport`)
  }
  const done = (): Record<string, never> => ({})

  return {
    'worker.dump': () => ({
      pid: process.pid,
      webRtcServerIds: [...engine.webRtcServers.keys()],
      routerIds: [...engine.routers.keys()],
      channelMessageHandlers: engine.channelMessageHandlers(),
      packetPort: Object.fromEntries(
        Object.entries(Counter).map(([name, index]) => [name, context.port.counters[index] ?? 0]),
      ),
      packetPath: { ...engine.path.counters },
      open: {
        transports: engine.transports.size,
        producers: engine.producers.size,
        consumers: engine.consumers.size,
        ...context.port.tableSizes(),
      },
    }),
    'worker.getResourceUsage': () => shell.resourceUsage(),
    'worker.updateSettings': (settings) => {
      shell.updateSettings(settings)
      return done()
    },
    'worker.close': () => {
      shell.close()
      return done()
    },
    'worker.createWebRtcServer': (request) => {
      engine.createWebRtcServer(request)
      return done()
    },
    'webRtcServer.close': ({ webRtcServerId }) => {
      engine.closeWebRtcServer(webRtcServerId)
      return done()
    },
    'webRtcServer.dump': ({ webRtcServerId }) =>
      found(engine.webRtcServers, webRtcServerId, 'WebRtcServer').dump(),
    'worker.createRouter': ({ routerId }) => {
      engine.createRouter(routerId)
      return done()
    },
    'router.close': ({ routerId }) => {
      engine.closeRouter(routerId)
      return done()
    },
    'router.dump': ({ routerId }) => ({
      ...found(engine.routers, routerId, 'router').dump(),
      ...engine.data.routerDump(found(engine.routers, routerId, 'router').transportIds),
    }),

    'router.createWebRtcTransport': (request) => engine.createWebRtcTransport(request).creation,
    'router.createPlainTransport': (request) => engine.createPlainTransport(request).state,
    'router.createPipeTransport': (request) => engine.createPipeTransport(request).state,
    'router.createActiveSpeakerObserver': (request) => {
      engine.createActiveSpeakerObserver(request)
      return done()
    },
    'router.createAudioLevelObserver': (request) => {
      engine.createAudioLevelObserver(request)
      return done()
    },
    'router.createAudioSelector': (request) => {
      engine.createAudioSelector(request)
      return done()
    },
    'rtpObserver.close': ({ rtpObserverId }) => {
      engine.closeRtpObserver(rtpObserverId)
      return done()
    },
    'rtpObserver.pause': ({ rtpObserverId }) => {
      rtpObserver(rtpObserverId).pause()
      return done()
    },
    'rtpObserver.resume': ({ rtpObserverId }) => {
      rtpObserver(rtpObserverId).resume()
      return done()
    },
    'rtpObserver.addProducer': ({ rtpObserverId, producerId, voiceId }) => {
      engine.observeProducer(rtpObserverId, producerId, voiceId)
      return done()
    },
    'rtpObserver.removeProducer': ({ rtpObserverId, producerId }) => {
      rtpObserver(rtpObserverId).removeProducer(producerId)
      return done()
    },
    'router.createDirectTransport': (request) => {
      engine.createDirectTransport(request)
      return done()
    },
    'transport.close': ({ transportId }) => {
      engine.closeTransport(transportId)
      return done()
    },
    'transport.dump': ({ transportId }) => transport(transportId).dump(),
    'transport.getStats': ({ transportId }) => transport(transportId).stats(context.unixMs()),
    'transport.connectWebRtc': ({ transportId, dtlsParameters }) => ({
      dtlsLocalRole: webRtcTransport(transportId).connect(dtlsParameters),
    }),
    'transport.connectAddressed': ({ transportId, ...remote }) =>
      addressedTransport(transportId).connect(remote),
    'transport.restartIce': ({ transportId }) => ({
      iceParameters: webRtcTransport(transportId).restartIce(),
    }),
    'transport.setMaxIncomingBitrate': ({ transportId, bitrate }) => {
      transport(transportId).maxIncomingBitrateBps = bitrate
      return done()
    },
    'transport.setMaxOutgoingBitrate': ({ transportId, bitrate }) => {
      webRtcTransport(transportId).outgoing.setMax(bitrate)
      return done()
    },
    'transport.setMinOutgoingBitrate': ({ transportId, bitrate }) => {
      webRtcTransport(transportId).outgoing.setMin(bitrate)
      return done()
    },
    'transport.enableTraceEvent': ({ transportId, types }) => {
      transport(transportId).traced = traceMask(types, TransportTrace)
      return done()
    },

    'transport.produce': (request) => ({ type: engine.produce(request).type }),
    'producer.close': ({ producerId }) => {
      engine.closeProducer(producerId)
      return done()
    },
    'producer.pause': ({ producerId }) => {
      producer(producerId).pause()
      return done()
    },
    'producer.resume': ({ producerId }) => {
      producer(producerId).resume()
      return done()
    },
    'producer.dump': ({ producerId }) => producer(producerId).dump(),
    'producer.getStats': ({ producerId }) => producer(producerId).stats(context.unixMs()),
    'producer.enableTraceEvent': ({ producerId, types }) => {
      producer(producerId).traced = traceMask(types)
      return done()
    },

    'transport.consume': (request) => {
      const made = engine.consume(request)
      const { preferredLayers } = made
      return {
        paused: made.paused,
        producerPaused: made.producer.paused,
        score: made.currentScore(),
        ...(preferredLayers === undefined ? {} : { preferredLayers }),
      }
    },
    'consumer.close': ({ consumerId }) => {
      engine.closeConsumer(consumerId)
      return done()
    },
    'consumer.pause': ({ consumerId }) => {
      consumer(consumerId).pause()
      return done()
    },
    'consumer.resume': ({ consumerId }) => {
      consumer(consumerId).resume()
      return done()
    },
    'consumer.dump': ({ consumerId }) => consumer(consumerId).dump(),
    'consumer.getStats': ({ consumerId }) => consumer(consumerId).stats(context.unixMs()),
    'consumer.requestKeyFrame': ({ consumerId }) => {
      consumer(consumerId).requestKeyFrame()
      return done()
    },
    // A simple stream has one layer: there is nothing to prefer, and nothing is answered.
    'consumer.setPreferredLayers': ({ consumerId, preferredLayers }) => {
      const preferred = consumer(consumerId).setPreferredLayers(preferredLayers)
      return preferred === undefined ? {} : { preferredLayers: preferred }
    },
    'consumer.setPriority': ({ consumerId, priority }) => {
      consumer(consumerId).priority = priority
      return done()
    },
    'consumer.enableTraceEvent': ({ consumerId, types }) => {
      consumer(consumerId).setTraced(traceMask(types))
      return done()
    },
    ...dataRequestHandlers(engine.data, context),
  }
}
