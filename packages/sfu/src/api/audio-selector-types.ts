import type { EnhancedEventEmitter } from './enhanced-event-emitter.ts'
import type { AppData } from './option-checks.ts'
import type { Producer } from './producer-types.ts'
import type { RtpObserver, RtpObserverEvents, RtpObserverObserverEvents } from './rtp-observer-types.ts'

/** Options of `router.createAudioSelector()`. */
export type AudioSelectorOptions<ObserverAppData extends AppData = AppData> = {
  /** How many voices are forwarded at a time, 1 to 100. Default 3. */
  maxVoices?: number | undefined
  appData?: ObserverAppData | undefined
}

/** Events of an AudioSelector. `voices`: who is forwarded from now on, at most `maxVoices`. */
export type AudioSelectorEvents = RtpObserverEvents & { voices: [producers: Producer[]] }

/** Events of an AudioSelector's observer. */
export type AudioSelectorObserverEvents = RtpObserverObserverEvents & { voices: [producers: Producer[]] }
/** Observer of an AudioSelector. */
export type AudioSelectorObserver = EnhancedEventEmitter<AudioSelectorObserverEvents>

/**
 * Of the producers that it watches it forwards the loudest to consumers on WebRtcTransports and holds the others back; the
 * worker decides by itself, within 40 ms of a packet. Consumers stay as they are: they get nothing for a while and go on with
 * continuous sequence numbers. Consumers on other transports (pipe, plain, direct) get everything. While it is paused, and
 * once it is closed, everybody does.
 */
export interface AudioSelector<ObserverAppData extends AppData = AppData>
  extends RtpObserver<ObserverAppData, AudioSelectorEvents, AudioSelectorObserver> {
  get type(): 'audioselector'
  get observer(): AudioSelectorObserver
}
