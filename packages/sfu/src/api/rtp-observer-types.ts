import type { EnhancedEventEmitter } from './enhanced-event-emitter.ts'
import type { AppData } from './option-checks.ts'
import type { Producer } from './producer-types.ts'

/** Kind of an RtpObserver. */
export type RtpObserverType = 'audiolevel' | 'activespeaker' | 'audioselector'

/** Events of any RtpObserver. */
export type RtpObserverEvents = { routerclose: [] }

/** Events of any RtpObserver's observer. */
export type RtpObserverObserverEvents = {
  close: []
  pause: []
  resume: []
  addproducer: [producer: Producer]
  removeproducer: [producer: Producer]
}
/** Observer of any RtpObserver. */
export type RtpObserverObserver = EnhancedEventEmitter<RtpObserverObserverEvents>

/** Something that watches what audio producers send. Methods reject with `InvalidStateError` once closed. */
export interface RtpObserver<
  ObserverAppData extends AppData = AppData,
  Events extends RtpObserverEvents = RtpObserverEvents,
  Observer extends RtpObserverObserver = RtpObserverObserver,
> extends EnhancedEventEmitter<Events> {
  get id(): string
  get closed(): boolean
  get type(): RtpObserverType
  get paused(): boolean
  get appData(): ObserverAppData
  set appData(appData: ObserverAppData)
  get observer(): Observer
  close(): void
  /** Watches nothing until resumed. */
  pause(): Promise<void>
  resume(): Promise<void>
  /** A producer that closes is removed by itself. @throws TypeError for video; NotFoundError */
  addProducer(options: { producerId: string }): Promise<void>
  /** @throws NotFoundError */
  removeProducer(options: { producerId: string }): Promise<void>
}
