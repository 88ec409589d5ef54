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

/** Events of an AudioSelector. `voices`: the producers of the voices that are forwarded from now on, at most `maxVoices` of these. */
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
  /**
   * A producer that closes is removed by itself. Producers with the same `voiceId` (default: the producer's id) are one voice,
   * as loud as the loudest of them, and share its place: while somebody moves from one transport to another both are forwarded.
   * @throws TypeError for video; NotFoundError
   */
  addProducer(options: { producerId: string; voiceId?: string | undefined }): Promise<void>
}
