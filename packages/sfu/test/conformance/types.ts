/**
 * The public types against mediasoup's declarations, noun by noun: a difference does not compile, and the error names it. Part
 * of the type check, and so of every build. What runs is compared in conformance.test.ts.
 */
import type * as mediasoup from 'mediasoup'
import type { types as M } from 'mediasoup'
import type * as sangam from '../../src/index.ts'
import type { types as S } from '../../src/index.ts'
import type {
  EventDifferences,
  InputDifference,
  None,
  NounDifferences,
  OutputDifferences,
} from './type-differences.ts'

/** MIDs and RIDs are text: the declared numbers are not what the reference's own dump has. */
type WithMids<Dump extends M.BaseTransportDump> = Omit<Dump, 'rtpListener'> & {
  rtpListener: Record<'midTable' | 'ridTable', { key: string; value: string }[]> &
    Pick<M.RtpListenerDump, 'ssrcTable'>
}

/** Methods, getters and setters; what `dump()` gives is compared with the outputs. */
export type Nouns = [
  None<NounDifferences<M.Worker, S.Worker>>,
  None<NounDifferences<M.WebRtcServer, S.WebRtcServer>>,
  None<NounDifferences<M.Router, S.Router>>,
  None<NounDifferences<M.Transport, S.Transport>>,
  None<NounDifferences<Omit<M.WebRtcTransport, 'dump'>, S.WebRtcTransport>>,
  None<NounDifferences<Omit<M.PlainTransport, 'dump'>, S.PlainTransport>>,
  None<NounDifferences<Omit<M.PipeTransport, 'dump'>, S.PipeTransport>>,
  None<NounDifferences<Omit<M.DirectTransport, 'dump'>, S.DirectTransport>>,
  None<NounDifferences<M.Producer, S.Producer>>,
  None<NounDifferences<M.Consumer, S.Consumer>>,
  None<NounDifferences<M.DataProducer, S.DataProducer>>,
  None<NounDifferences<M.DataConsumer, S.DataConsumer>>,
  // There is one more type of observer here; the others' own `type` is compared below.
  None<NounDifferences<Omit<M.RtpObserver, 'type'>, S.RtpObserver>>,
  None<NounDifferences<M.ActiveSpeakerObserver, S.ActiveSpeakerObserver>>,
  None<NounDifferences<M.AudioLevelObserver, S.AudioLevelObserver>>,
]

/** Events and what their listeners get. */
export type Events = [
  None<EventDifferences<M.WorkerEvents, S.WorkerEvents>>,
  None<EventDifferences<M.WorkerObserverEvents, S.WorkerObserverEvents>>,
  None<EventDifferences<M.WebRtcServerEvents, S.WebRtcServerEvents>>,
  None<EventDifferences<M.WebRtcServerObserverEvents, S.WebRtcServerObserverEvents>>,
  None<EventDifferences<M.RouterEvents, S.RouterEvents>>,
  None<EventDifferences<M.RouterObserverEvents, S.RouterObserverEvents>>,
  None<EventDifferences<M.TransportEvents, S.TransportEvents>>,
  None<EventDifferences<M.TransportObserverEvents, S.TransportObserverEvents>>,
  None<EventDifferences<M.WebRtcTransportEvents, S.WebRtcTransportEvents>>,
  None<EventDifferences<M.WebRtcTransportObserverEvents, S.WebRtcTransportObserverEvents>>,
  None<EventDifferences<M.PlainTransportEvents, S.PlainTransportEvents>>,
  None<EventDifferences<M.PlainTransportObserverEvents, S.PlainTransportObserverEvents>>,
  None<EventDifferences<M.PipeTransportEvents, S.PipeTransportEvents>>,
  None<EventDifferences<M.PipeTransportObserverEvents, S.PipeTransportObserverEvents>>,
  None<EventDifferences<M.DirectTransportEvents, S.DirectTransportEvents>>,
  None<EventDifferences<M.DirectTransportObserverEvents, S.DirectTransportObserverEvents>>,
  None<EventDifferences<M.ProducerEvents, S.ProducerEvents>>,
  None<EventDifferences<M.ProducerObserverEvents, S.ProducerObserverEvents>>,
  None<EventDifferences<M.ConsumerEvents, S.ConsumerEvents>>,
  None<EventDifferences<M.ConsumerObserverEvents, S.ConsumerObserverEvents>>,
  None<EventDifferences<M.DataProducerEvents, S.DataProducerEvents>>,
  None<EventDifferences<M.DataProducerObserverEvents, S.DataProducerObserverEvents>>,
  None<EventDifferences<M.DataConsumerEvents, S.DataConsumerEvents>>,
  None<EventDifferences<M.DataConsumerObserverEvents, S.DataConsumerObserverEvents>>,
  None<EventDifferences<M.RtpObserverEvents, S.RtpObserverEvents>>,
  None<EventDifferences<M.RtpObserverObserverEvents, S.RtpObserverObserverEvents>>,
  None<EventDifferences<M.ActiveSpeakerObserverEvents, S.ActiveSpeakerObserverEvents>>,
  None<EventDifferences<M.ActiveSpeakerObserverObserverEvents, S.ActiveSpeakerObserverObserverEvents>>,
  None<EventDifferences<M.AudioLevelObserverEvents, S.AudioLevelObserverEvents>>,
  None<EventDifferences<M.AudioLevelObserverObserverEvents, S.AudioLevelObserverObserverEvents>>,
  None<EventDifferences<M.ObserverEvents, S.ObserverEvents>>,
]

/** What applications give. */
export type Inputs = [
  None<InputDifference<'WorkerSettings', M.WorkerSettings, S.WorkerSettings>>,
  None<InputDifference<'WorkerUpdateableSettings', M.WorkerUpdateableSettings, S.WorkerUpdateableSettings>>,
  None<InputDifference<'WebRtcServerOptions', M.WebRtcServerOptions, S.WebRtcServerOptions>>,
  None<InputDifference<'RouterOptions', M.RouterOptions, S.RouterOptions>>,
  None<InputDifference<'PipeToRouterOptions', M.PipeToRouterOptions, S.PipeToRouterOptions>>,
  None<InputDifference<'TransportListenInfo', M.TransportListenInfo, S.TransportListenInfo>>,
  None<InputDifference<'TransportListenIp', M.TransportListenIp, S.TransportListenIp>>,
  None<InputDifference<'WebRtcTransportOptions', M.WebRtcTransportOptions, S.WebRtcTransportOptions>>,
  None<InputDifference<'PlainTransportOptions', M.PlainTransportOptions, S.PlainTransportOptions>>,
  None<InputDifference<'PipeTransportOptions', M.PipeTransportOptions, S.PipeTransportOptions>>,
  None<InputDifference<'PipeConsumerOptions', M.PipeConsumerOptions, S.PipeConsumerOptions>>,
  None<InputDifference<'DirectTransportOptions', M.DirectTransportOptions, S.DirectTransportOptions>>,
  None<InputDifference<'ProducerOptions', M.ProducerOptions, S.ProducerOptions>>,
  None<InputDifference<'ConsumerOptions', M.ConsumerOptions, S.ConsumerOptions>>,
  None<InputDifference<'DataProducerOptions', M.DataProducerOptions, S.DataProducerOptions>>,
  None<InputDifference<'DataConsumerOptions', M.DataConsumerOptions, S.DataConsumerOptions>>,
  None<
    InputDifference<
      'ActiveSpeakerObserverOptions',
      M.ActiveSpeakerObserverOptions,
      S.ActiveSpeakerObserverOptions
    >
  >,
  None<
    InputDifference<'AudioLevelObserverOptions', M.AudioLevelObserverOptions, S.AudioLevelObserverOptions>
  >,
  None<InputDifference<'RtpCapabilities', M.RtpCapabilities, S.RtpCapabilities>>,
  None<InputDifference<'RtpParameters', M.RtpParameters, S.RtpParameters>>,
  None<InputDifference<'RouterRtpCodecCapability', M.RouterRtpCodecCapability, S.RouterRtpCodecCapability>>,
  None<InputDifference<'DtlsParameters', M.DtlsParameters, S.DtlsParameters>>,
  None<InputDifference<'SrtpParameters', M.SrtpParameters, S.SrtpParameters>>,
  None<InputDifference<'SctpStreamParameters', M.SctpStreamParameters, S.SctpStreamParameters>>,
  None<InputDifference<'LogEventListeners', M.LogEventListeners, S.LogEventListeners>>,
  None<InputDifference<'ConsumerLayers', M.ConsumerLayers, S.ConsumerLayers>>,
  None<InputDifference<'WorkerLogTag', M.WorkerLogTag, S.WorkerLogTag>>,
  None<InputDifference<'WorkerLogLevel', M.WorkerLogLevel, S.WorkerLogLevel>>,
  None<InputDifference<'ProducerTraceEventType', M.ProducerTraceEventType, S.ProducerTraceEventType>>,
  None<InputDifference<'ConsumerTraceEventType', M.ConsumerTraceEventType, S.ConsumerTraceEventType>>,
  None<InputDifference<'TransportTraceEventType', M.TransportTraceEventType, S.TransportTraceEventType>>,
]

/** What applications get. */
export type Outputs = [
  None<OutputDifferences<M.WorkerDump, S.WorkerDump>>,
  None<OutputDifferences<M.WorkerResourceUsage, S.WorkerResourceUsage>>,
  None<OutputDifferences<M.WebRtcServerDump, S.WebRtcServerDump>>,
  None<OutputDifferences<M.RouterDump, S.RouterDump>>,
  None<OutputDifferences<M.PipeToRouterResult, S.PipeToRouterResult>>,
  None<OutputDifferences<WithMids<M.BaseTransportDump>, S.BaseTransportDump>>,
  None<OutputDifferences<M.BaseTransportStats, S.BaseTransportStats>>,
  None<OutputDifferences<WithMids<M.WebRtcTransportDump>, S.WebRtcTransportDump>>,
  None<OutputDifferences<M.WebRtcTransportStat, S.WebRtcTransportStat>>,
  None<OutputDifferences<WithMids<M.PlainTransportDump>, S.PlainTransportDump>>,
  None<OutputDifferences<M.PlainTransportStat, S.PlainTransportStat>>,
  None<OutputDifferences<WithMids<M.PipeTransportDump>, S.PipeTransportDump>>,
  None<OutputDifferences<M.PipeTransportStat, S.PipeTransportStat>>,
  None<OutputDifferences<WithMids<M.DirectTransportDump>, S.DirectTransportDump>>,
  None<OutputDifferences<M.DirectTransportStat, S.DirectTransportStat>>,
  None<OutputDifferences<M.TransportTuple, S.TransportTuple>>,
  None<OutputDifferences<M.IceParameters, S.IceParameters>>,
  None<OutputDifferences<M.IceCandidate, S.IceCandidate>>,
  None<OutputDifferences<M.DtlsParameters, S.DtlsParameters>>,
  None<OutputDifferences<M.SctpParameters, S.SctpParameters>>,
  None<OutputDifferences<M.SctpNegotiatedCapabilities, S.SctpNegotiatedCapabilities>>,
  None<OutputDifferences<M.ProducerDump, S.ProducerDump>>,
  None<OutputDifferences<M.ProducerStat, S.ProducerStat>>,
  None<OutputDifferences<M.ProducerScore, S.ProducerScore>>,
  None<OutputDifferences<M.ProducerVideoOrientation, S.ProducerVideoOrientation>>,
  None<OutputDifferences<M.ProducerTraceEventData, S.ProducerTraceEventData>>,
  None<InputDifference<'ConsumerDump', S.ConsumerDump, M.ConsumerDump>>,
  None<OutputDifferences<M.ConsumerStat, S.ConsumerStat>>,
  None<OutputDifferences<M.ConsumerScore, S.ConsumerScore>>,
  None<OutputDifferences<M.ConsumerLayers, S.ConsumerLayers>>,
  None<OutputDifferences<M.ConsumerTraceEventData, S.ConsumerTraceEventData>>,
  None<OutputDifferences<M.RtpStreamRecvStats, S.RtpStreamRecvStats>>,
  None<OutputDifferences<M.RtpStreamSendStats, S.RtpStreamSendStats>>,
  None<OutputDifferences<M.DataProducerDump, S.DataProducerDump>>,
  None<OutputDifferences<M.DataProducerStat, S.DataProducerStat>>,
  None<OutputDifferences<M.DataConsumerDump, S.DataConsumerDump>>,
  None<OutputDifferences<M.DataConsumerStat, S.DataConsumerStat>>,
  None<OutputDifferences<M.TransportTraceEventData, S.TransportTraceEventData>>,
  None<OutputDifferences<M.RtpParameters, S.RtpParameters>>,
  None<OutputDifferences<M.RtpCapabilities, S.RtpCapabilities>>,
  None<OutputDifferences<M.ScalabilityMode, S.ScalabilityMode>>,
  None<OutputDifferences<M.AudioLevelObserverVolume, S.AudioLevelObserverVolume>>,
  None<OutputDifferences<M.ActiveSpeakerObserverDominantSpeaker, S.ActiveSpeakerObserverDominantSpeaker>>,
  None<OutputDifferences<M.SimpleConsumerDump, S.SimpleConsumerDump>>,
  None<OutputDifferences<M.SimulcastConsumerDump, S.SimulcastConsumerDump>>,
  None<OutputDifferences<M.SvcConsumerDump, S.SvcConsumerDump>>,
  None<OutputDifferences<M.PipeConsumerDump, S.PipeConsumerDump>>,
  None<OutputDifferences<M.RtpStreamDump, S.RtpStreamDump>>,
  None<OutputDifferences<M.RtpStreamParametersDump, S.RtpStreamParametersDump>>,
  None<OutputDifferences<M.RtxStreamDump, S.RtxStreamDump>>,
  None<OutputDifferences<M.RtxStreamParameters, S.RtxStreamParameters>>,
]

/** The module itself, its functions and their results. */
export type Modules = [
  // How the reference is packaged, and how it writes to its own worker.
  None<Exclude<keyof typeof mediasoup, keyof typeof sangam | 'default'>>,
  None<NounDifferences<Pick<typeof mediasoup, ModuleFunctions>, Pick<typeof sangam, ModuleFunctions>>>,
  None<Exclude<keyof typeof mediasoup.errors, keyof typeof sangam.errors>>,
  None<Exclude<keyof typeof mediasoup.extras, keyof typeof sangam.extras>>,
  None<Exclude<keyof typeof mediasoup.ortc, keyof typeof sangam.ortc | 'serializeRtpMapping'>>,
]
type ModuleFunctions =
  | 'createWorker'
  | 'getSupportedRtpCapabilities'
  | 'parseScalabilityMode'
  | 'setLogEventListeners'
