import type { MediaKind, RtpParameters } from '@sangam/ortc'
import type { ParentChannel, WorkerEvent } from '../channel/parent-channel.ts'
import { EnhancedEventEmitter } from './enhanced-event-emitter.ts'
import type { EntityScope } from './entity-scope.ts'
import { errors } from './errors.ts'
import { type AppData, bytesOf, checkObject, listOf } from './option-checks.ts'
import type {
  Producer,
  ProducerDump,
  ProducerEvents,
  ProducerObserver,
  ProducerObserverEvents,
  ProducerScore,
  ProducerStat,
  ProducerTraceEventData,
  ProducerTraceEventType,
  ProducerType,
} from './producer-types.ts'

const TRACE_TYPES: readonly ProducerTraceEventType[] = ['rtp', 'keyframe', 'nack', 'pli', 'fir', 'sr']

/** What a producer is made of; all of it known once the worker has answered. */
export interface ProducerSetup<Data extends AppData> {
  readonly id: string
  readonly kind: MediaKind
  readonly type: ProducerType
  readonly rtpParameters: RtpParameters
  readonly consumableRtpParameters: RtpParameters
  readonly paused: boolean
  readonly appData: Data
  readonly scope: EntityScope
  /** Given where the application may send packets itself: on a DirectTransport. */
  readonly directChannel?: ParentChannel
  /** Called once, when the producer closes for a reason of its own. */
  readonly onClosed: () => void
}

export class ProducerImpl<Data extends AppData = AppData>
  extends EnhancedEventEmitter<ProducerEvents>
  implements Producer<Data>
{
  readonly #setup: ProducerSetup<Data>
  readonly #scope: EntityScope
  readonly #observer: ProducerObserver = new EnhancedEventEmitter<ProducerObserverEvents>()
  #appData: Data
  #paused: boolean
  #score: ProducerScore[] = []

  constructor(setup: ProducerSetup<Data>) {
    super()
    this.#setup = setup
    this.#scope = setup.scope
    this.#appData = setup.appData
    this.#paused = setup.paused
    this.#scope.receive((event) => this.#handleEvent(event))
  }

  get id(): string {
    return this.#setup.id
  }
  get closed(): boolean {
    return this.#scope.closed
  }
  get kind(): MediaKind {
    return this.#setup.kind
  }
  get rtpParameters(): RtpParameters {
    return this.#setup.rtpParameters
  }
  get type(): ProducerType {
    return this.#setup.type
  }
  get consumableRtpParameters(): RtpParameters {
    return this.#setup.consumableRtpParameters
  }
  get paused(): boolean {
    return this.#paused
  }
  get score(): ProducerScore[] {
    return this.#score
  }
  get appData(): Data {
    return this.#appData
  }
  set appData(appData: Data) {
    checkObject('appData', appData)
    this.#appData = appData
  }
  get observer(): ProducerObserver {
    return this.#observer
  }

  close(): void {
    if (!this.#scope.end()) return
    this.#scope.tell('producer.close', { producerId: this.id })
    this.#setup.onClosed()
    this.#observer.safeEmit('close')
  }

  /** The transport closed, and takes the producer along. */
  transportClosed(): void {
    if (!this.#scope.end()) return
    this.safeEmit('transportclose')
    this.#observer.safeEmit('close')
  }

  async dump(): Promise<ProducerDump> {
    return (await this.#scope.request('producer.dump', { producerId: this.id })) as unknown as ProducerDump
  }

  async getStats(): Promise<ProducerStat[]> {
    const stats = await this.#scope.request('producer.getStats', { producerId: this.id })
    return stats as unknown as ProducerStat[]
  }

  async pause(): Promise<void> {
    await this.#scope.request('producer.pause', { producerId: this.id })
    if (this.#paused) return
    this.#paused = true
    this.#observer.safeEmit('pause')
  }

  async resume(): Promise<void> {
    await this.#scope.request('producer.resume', { producerId: this.id })
    if (!this.#paused) return
    this.#paused = false
    this.#observer.safeEmit('resume')
  }

  async enableTraceEvent(types: ProducerTraceEventType[] = []): Promise<void> {
    const checked = listOf('types', types, TRACE_TYPES)
    await this.#scope.request('producer.enableTraceEvent', { producerId: this.id, types: checked })
  }

  send(rtpPacket: Buffer): void {
    const packet = bytesOf('rtpPacket', rtpPacket)
    this.#scope.assertOpen()
    const channel = this.#setup.directChannel
    if (!channel) throw errors.unsupported('producer.send() needs a producer on a DirectTransport')
    channel.notify('producer.send', this.id, { packet })
  }

  #handleEvent({ event, data }: WorkerEvent): void {
    switch (event) {
      case 'producer.score': {
        this.#score = [...data.scores]
        this.safeEmit('score', this.#score)
        this.#observer.safeEmit('score', this.#score)
        break
      }
      case 'producer.videoOrientation': {
        this.safeEmit('videoorientationchange', data)
        this.#observer.safeEmit('videoorientationchange', data)
        break
      }
      case 'producer.trace': {
        // The worker traces what `enableTraceEvent()` asked for.
        const trace = data as ProducerTraceEventData
        this.safeEmit('trace', trace)
        this.#observer.safeEmit('trace', trace)
        break
      }
    }
  }
}
