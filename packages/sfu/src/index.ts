/**
 * The media engine. Its public API is that of mediasoup v3: the same nouns, methods, events and errors.
 *
 * @example
 * const worker = await createWorker()
 * const router = await worker.createRouter({ mediaCodecs: [{ kind: 'audio', mimeType: 'audio/opus', clockRate: 48000, channels: 2 }] })
 * const transport = await router.createWebRtcTransport({ listenInfos: [{ protocol: 'udp', ip: '127.0.0.1' }] })
 */
import manifest from '../package.json' with { type: 'json' }

export * as ortc from '@sangam/ortc'
export { getSupportedRtpCapabilities, parseScalabilityMode } from '@sangam/ortc'
export { createWorker, type ObserverEvents, observer } from './api/create-worker.ts'
/** The classes of errors that the API rejects with. */
export * as errors from './api/error-classes.ts'
export * as extras from './api/extras.ts'
export { type LogEventListeners, setLogEventListeners } from './api/logger.ts'
/** Every public type. */
export type * as types from './api/types.ts'
export { workerBin } from './api/worker-process.ts'

/** Version of this package. */
export const version: string = manifest.version
