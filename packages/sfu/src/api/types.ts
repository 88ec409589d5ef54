/** Every public type of the engine. */
export type {
  MediaKind,
  RouterRtpCapabilities,
  RouterRtpCodecCapability,
  RtcpFeedback,
  RtcpParameters,
  RtpCapabilities,
  RtpCodecCapability,
  RtpCodecParameters,
  RtpEncodingParameters,
  RtpHeaderExtension,
  RtpHeaderExtensionDirection,
  RtpHeaderExtensionParameters,
  RtpHeaderExtensionUri,
  RtpParameters,
  ScalabilityMode,
  SctpStreamParameters,
} from '@sangam/ortc'
export type * from './active-speaker-observer-types.ts'
export type * from './audio-level-observer-types.ts'
export type * from './audio-selector-types.ts'
export type * from './consumer-types.ts'
export type { Observer, ObserverEvents } from './create-worker.ts'
export type * from './data-consumer-types.ts'
export type * from './data-producer-types.ts'
export type * from './direct-transport-types.ts'
export type * from './enhanced-event-emitter.ts'
export type * from './error-classes.ts'
export type { LogEventListeners } from './logger.ts'
export type { AppData } from './option-checks.ts'
export type * from './pipe-transport-types.ts'
export type * from './plain-transport-types.ts'
export type * from './producer-types.ts'
export type * from './router-types.ts'
export type * from './rtp-observer-types.ts'
export type * from './rtp-stream-dump-types.ts'
export type * from './rtp-stream-stats-types.ts'
export type * from './srtp-parameters-types.ts'
export type * from './transport-types.ts'
export type * from './webrtc-server-types.ts'
export type * from './webrtc-transport-types.ts'
export type * from './worker-types.ts'
