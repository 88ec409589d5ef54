import type { WorkerEvent } from '../channel/parent-channel.ts'
import { EnhancedEventEmitter } from './enhanced-event-emitter.ts'
import type { EntityScope } from './entity-scope.ts'
import { errors } from './errors.ts'
import { type AppData, checkObject, checkString } from './option-checks.ts'
import type { Producer } from './producer-types.ts'
import type {
  RtpObserver,
  RtpObserverEvents,
  RtpObserverObserver,
  RtpObserverObserverEvents,
  RtpObserverType,
} from './rtp-observer-types.ts'

/** What every RtpObserver gets from its router. */
export interface RtpObserverSetup<Data extends AppData> {
  readonly id: string
  readonly appData: Data
  readonly scope: EntityScope
  /** A producer of the router. */
  readonly producerById: (producerId: string) => Producer | undefined
  /** Called once, when the observer closes for a reason of its own. */
  readonly onClosed: () => void
}

/** What all RtpObservers have in common. */
export abstract class RtpObserverImpl<
    Data extends AppData,
    Events extends RtpObserverEvents,
    ObserverEvents extends RtpObserverObserverEvents,
  >
  extends EnhancedEventEmitter<Events>
  implements RtpObserver<Data, Events>
{
  readonly #setup: RtpObserverSetup<Data>
  readonly #observer = new EnhancedEventEmitter<ObserverEvents>()
  #appData: Data
  #paused = false

  constructor(setup: RtpObserverSetup<Data>) {
    super()
    this.#setup = setup
    this.#appData = setup.appData
    setup.scope.receive((event) => this.handleEvent(event))
  }

  abstract get type(): RtpObserverType
  /** Takes an event of the worker about this observer. */
  protected abstract handleEvent(event: WorkerEvent): void

  get id(): string {
    return this.#setup.id
  }
  get closed(): boolean {
    return this.#setup.scope.closed
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
    if (!this.#setup.scope.end()) return
    this.#setup.scope.tell('rtpObserver.close', { rtpObserverId: this.id })
    this.#setup.onClosed()
    this.#baseObserver.safeEmit('close')
  }

  /** The router closed, and takes the observer along. */
  routerClosed(): void {
    if (!this.#setup.scope.end()) return
    const base = this as unknown as EnhancedEventEmitter<RtpObserverEvents>
    base.safeEmit('routerclose')
    this.#baseObserver.safeEmit('close')
  }

  async pause(): Promise<void> {
    await this.#setup.scope.request('rtpObserver.pause', { rtpObserverId: this.id })
    if (this.#paused) return
    this.#paused = true
    this.#baseObserver.safeEmit('pause')
  }

  async resume(): Promise<void> {
    await this.#setup.scope.request('rtpObserver.resume', { rtpObserverId: this.id })
    if (!this.#paused) return
    this.#paused = false
    this.#baseObserver.safeEmit('resume')
  }

  addProducer(options: { producerId: string }): Promise<void> {
    return this.watch(options)
  }

  protected async watch(options: { producerId: string }, voiceId?: string): Promise<void> {
    const producer = this.#producerOf(options)
    if (producer.kind !== 'audio') throw errors.optionConflict('producerId', 'the producer sends no audio')
    await this.#setup.scope.request('rtpObserver.addProducer', {
      rtpObserverId: this.id,
      producerId: producer.id,
      voiceId,
    })
    this.#baseObserver.safeEmit('addproducer', producer)
  }

  async removeProducer(options: { producerId: string }): Promise<void> {
    const producer = this.#producerOf(options)
    await this.#setup.scope.request('rtpObserver.removeProducer', {
      rtpObserverId: this.id,
      producerId: producer.id,
    })
    this.#baseObserver.safeEmit('removeproducer', producer)
  }

  /** A producer that the worker speaks of; undefined if it closed meanwhile. */
  protected producerById(producerId: string): Producer | undefined {
    return this.#setup.producerById(producerId)
  }

  #producerOf(options: { producerId: string }): Producer {
    this.#setup.scope.assertOpen()
    checkObject('options', options)
    const { producerId } = options
    checkString('producerId', producerId)
    const producer = this.#setup.producerById(producerId)
    if (producer === undefined) throw errors.producerNotFound(producerId)
    return producer
  }

  get #baseObserver(): RtpObserverObserver {
    return this.#observer as unknown as RtpObserverObserver
  }
}
