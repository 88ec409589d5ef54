import type { Requests } from '../channel/messages.ts'
import type { WorkerEvent } from '../channel/parent-channel.ts'
import { EnhancedEventEmitter } from './enhanced-event-emitter.ts'
import type { EntityScope } from './entity-scope.ts'
import { type AppData, checkObject } from './option-checks.ts'

/** How the channel calls the four. */
type MemberNoun = 'producer' | 'consumer' | 'dataProducer' | 'dataConsumer'

/** What all four emit. */
type MemberEvents = { transportclose: [] }
type MemberObserverEvents = { close: []; pause: []; resume: [] }

/** What each of the four is made of; all of it known once the worker has answered. */
export interface TransportMemberSetup<Data extends AppData> {
  readonly id: string
  readonly paused: boolean
  readonly appData: Data
  readonly scope: EntityScope
  /** Called once, when the member closes for a reason of its own. */
  readonly onClosed: () => void
}

/** What the types of a noun's `dump()` and `getStats()` are. */
interface Answers {
  readonly dump: unknown
  readonly stat: unknown
}

/**
 * What a transport holds, as the application sees it: its producers, consumers, DataProducers and DataConsumers all live, pause
 * and close in this way (docs/closures.md).
 */
export abstract class TransportMember<
  Data extends AppData,
  Events extends MemberEvents,
  ObserverEvents extends MemberObserverEvents,
  A extends Answers,
> extends EnhancedEventEmitter<Events> {
  protected readonly scope: EntityScope
  readonly #noun: MemberNoun
  readonly #setup: TransportMemberSetup<Data>
  readonly #observer = new EnhancedEventEmitter<ObserverEvents>()
  #appData: Data
  #paused: boolean
  #sourcePaused: boolean

  /** @param sourcePaused whether what a consumer consumes is paused; a producer's source is nobody's to pause */
  constructor(noun: MemberNoun, setup: TransportMemberSetup<Data>, sourcePaused = false) {
    super()
    this.#noun = noun
    this.#setup = setup
    this.scope = setup.scope
    this.#appData = setup.appData
    this.#paused = setup.paused
    this.#sourcePaused = sourcePaused
    this.scope.receive((event) => this.handleEvent(event))
  }

  get id(): string {
    return this.#setup.id
  }
  get closed(): boolean {
    return this.scope.closed
  }
  get paused(): boolean {
    return this.#paused
  }
  get appData(): Data {
    return this.#appData
  }
  set appData(appData: Data) {
    checkObject('appData', appData)
    this.#appData = appData
  }
  get observer(): EnhancedEventEmitter<ObserverEvents> {
    return this.#observer
  }

  close(): void {
    if (!this.scope.end()) return
    this.scope.tell(`${this.#noun}.close`, this.#target())
    this.#setup.onClosed()
    this.#baseObserver.safeEmit('close')
  }

  /** The transport closed, and takes the member along. */
  transportClosed(): void {
    if (!this.scope.end()) return
    this.#base.safeEmit('transportclose')
    this.#baseObserver.safeEmit('close')
  }

  async dump(): Promise<A['dump']> {
    return this.scope.request(`${this.#noun}.dump`, this.#target())
  }

  async getStats(): Promise<A['stat'][]> {
    const stats: readonly unknown[] = await this.scope.request(`${this.#noun}.getStats`, this.#target())
    return stats as A['stat'][]
  }

  async pause(): Promise<void> {
    await this.scope.request(`${this.#noun}.pause`, this.#target())
    this.#setPauses(true, this.#sourcePaused)
  }

  async resume(): Promise<void> {
    await this.scope.request(`${this.#noun}.resume`, this.#target())
    this.#setPauses(false, this.#sourcePaused)
  }

  /** Takes an event of the worker about this member. */
  protected handleEvent(_event: WorkerEvent): void {}

  protected get sourcePaused(): boolean {
    return this.#sourcePaused
  }

  /** What it consumes was paused or resumed. @returns whether that is news */
  protected handleSourcePaused(sourcePaused: boolean): boolean {
    if (sourcePaused === this.#sourcePaused) return false
    this.#setPauses(this.#paused, sourcePaused)
    return true
  }

  /** What it consumes closed, and the worker closed its end. @param tell emits what the application hears of it */
  protected handleSourceClosed(tell: () => void): void {
    if (!this.scope.end()) return
    this.#setup.onClosed()
    tell()
    this.#baseObserver.safeEmit('close')
  }

  /** The observer hears of a pause only when it changes whether anything flows. */
  #setPauses(paused: boolean, sourcePaused: boolean): void {
    const flowed = !this.#paused && !this.#sourcePaused
    this.#paused = paused
    this.#sourcePaused = sourcePaused
    const flows = !paused && !sourcePaused
    if (flowed !== flows) this.#baseObserver.safeEmit(flows ? 'resume' : 'pause')
  }

  /** How requests name it: `{ producerId: … }`; that the key follows the noun a computed key's type can't say. */
  #target(): Requests[`${MemberNoun}.close`]['request'] {
    return { [`${this.#noun}Id`]: this.id } as unknown as Requests[`${MemberNoun}.close`]['request']
  }

  /** This object as an emitter of the events that all four have; the type of a class can't say that of its parameter. */
  get #base(): EnhancedEventEmitter<MemberEvents> {
    return this as unknown as EnhancedEventEmitter<MemberEvents>
  }

  get #baseObserver(): EnhancedEventEmitter<MemberObserverEvents> {
    return this.#observer as unknown as EnhancedEventEmitter<MemberObserverEvents>
  }
}
