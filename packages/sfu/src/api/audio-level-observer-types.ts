import type { EnhancedEventEmitter } from './enhanced-event-emitter.ts'
import type { AppData } from './option-checks.ts'
import type { Producer } from './producer-types.ts'
import type { RtpObserver, RtpObserverEvents, RtpObserverObserverEvents } from './rtp-observer-types.ts'

/** Options of `router.createAudioLevelObserver()`. */
export type AudioLevelObserverOptions<ObserverAppData extends AppData = AppData> = {
  /** Entries of `volumes` at most, the loudest. Default 1. */
  maxEntries?: number | undefined
  /** dBov, -127 to 0: who is quieter on average does not count. Default -80. */
  threshold?: number | undefined
  /** Milliseconds over which to average; brought into 250 to 5000. Default 1000. */
  interval?: number | undefined
  appData?: ObserverAppData | undefined
}

/** How loud a producer was. `volume`: dBov, -127 to 0, averaged over the interval's packets. */
export type AudioLevelObserverVolume = { producer: Producer; volume: number }

/** Events of an AudioLevelObserver. `silence`: after `volumes`, nobody reaches the threshold any more. */
export type AudioLevelObserverEvents = RtpObserverEvents & {
  volumes: [volumes: AudioLevelObserverVolume[]]
  silence: []
}

/** Events of an AudioLevelObserver's observer. */
export type AudioLevelObserverObserverEvents = RtpObserverObserverEvents & {
  volumes: [volumes: AudioLevelObserverVolume[]]
  silence: []
}
/** Observer of an AudioLevelObserver. */
export type AudioLevelObserverObserver = EnhancedEventEmitter<AudioLevelObserverObserverEvents>

/** Tells once per interval how loud the producers are that it watches. */
export interface AudioLevelObserver<ObserverAppData extends AppData = AppData>
  extends RtpObserver<ObserverAppData, AudioLevelObserverEvents, AudioLevelObserverObserver> {
  get type(): 'audiolevel'
  get observer(): AudioLevelObserverObserver
}
