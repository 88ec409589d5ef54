import type { EnhancedEventEmitter } from './enhanced-event-emitter.ts'
import type { AppData } from './option-checks.ts'
import type { Producer } from './producer-types.ts'
import type { RtpObserver, RtpObserverEvents, RtpObserverObserverEvents } from './rtp-observer-types.ts'

/** Options of `router.createActiveSpeakerObserver()`. */
export type ActiveSpeakerObserverOptions<ObserverAppData extends AppData = AppData> = {
  /** Milliseconds between decisions; brought into 250 to 5000. Default 300. */
  interval?: number | undefined
  appData?: ObserverAppData | undefined
}

/** Who speaks. */
export type ActiveSpeakerObserverDominantSpeaker = { producer: Producer }

/** Events of an ActiveSpeakerObserver. `dominantspeaker`: another one than before. */
export type ActiveSpeakerObserverEvents = RtpObserverEvents & {
  dominantspeaker: [dominantSpeaker: ActiveSpeakerObserverDominantSpeaker]
}

/** Events of an ActiveSpeakerObserver's observer. */
export type ActiveSpeakerObserverObserverEvents = RtpObserverObserverEvents & {
  dominantspeaker: [dominantSpeaker: ActiveSpeakerObserverDominantSpeaker]
}
/** Observer of an ActiveSpeakerObserver. */
export type ActiveSpeakerObserverObserver = EnhancedEventEmitter<ActiveSpeakerObserverObserverEvents>

/** Tells who of the producers that it watches is the dominant speaker; nobody until somebody has spoken. */
export interface ActiveSpeakerObserver<ObserverAppData extends AppData = AppData>
  extends RtpObserver<ObserverAppData, ActiveSpeakerObserverEvents, ActiveSpeakerObserverObserver> {
  get type(): 'activespeaker'
  get observer(): ActiveSpeakerObserverObserver
}
