import type { MediaKind, RtpParameters } from '@sangam/ortc'
import type { ConsumerScore as ChannelScore } from '../channel/messages.ts'
import type { WorkerEvent } from '../channel/parent-channel.ts'
import { bufferOf } from './buffers.ts'
import type {
  Consumer,
  ConsumerDump,
  ConsumerEvents,
  ConsumerLayers,
  ConsumerObserver,
  ConsumerObserverEvents,
  ConsumerScore,
  ConsumerStat,
  ConsumerTraceEventData,
  ConsumerTraceEventType,
  ConsumerType,
} from './consumer-types.ts'
import { EnhancedEventEmitter } from './enhanced-event-emitter.ts'
import type { EntityScope } from './entity-scope.ts'
import { type AppData, checkObject, integerIn, integerOr, listOf } from './option-checks.ts'
import type { RtpStreamRecvStats } from './rtp-stream-stats-types.ts'

const TRACE_TYPES: readonly ConsumerTraceEventType[] = ['rtp', 'keyframe', 'nack', 'pli', 'fir']
const DEFAULT_PRIORITY = 1
const MAX_PRIORITY = 255

/** What a consumer is made of; all of it known once the worker has answered. */
export interface ConsumerSetup<Data extends AppData> {
  readonly id: string
  readonly producerId: string
  readonly kind: MediaKind
  readonly type: ConsumerType
  readonly rtpParameters: RtpParameters
  readonly paused: boolean
  readonly producerPaused: boolean
  readonly score: ChannelScore
  readonly preferredLayers?: ConsumerLayers | undefined
  readonly appData: Data
  readonly scope: EntityScope
  /** Called once, when the consumer closes for a reason of its own. */
  readonly onClosed: () => void
}

export class ConsumerImpl<Data extends AppData = AppData>
  extends EnhancedEventEmitter<ConsumerEvents>
  implements Consumer<Data>
{
  readonly #setup: ConsumerSetup<Data>
  readonly #scope: EntityScope
  readonly #observer: ConsumerObserver = new EnhancedEventEmitter<ConsumerObserverEvents>()
  #appData: Data
  #paused: boolean
  #producerPaused: boolean
  #priority = DEFAULT_PRIORITY
  #score: ConsumerScore
  #preferredLayers: ConsumerLayers | undefined
  #currentLayers: ConsumerLayers | undefined

  constructor(setup: ConsumerSetup<Data>) {
    super()
    this.#setup = setup
    this.#scope = setup.scope
    this.#appData = setup.appData
    this.#paused = setup.paused
    this.#producerPaused = setup.producerPaused
    this.#score = scoreOf(setup.score)
    this.#preferredLayers = setup.preferredLayers
    this.#scope.receive((event) => this.#handleEvent(event))
  }

  get id(): string {
    return this.#setup.id
  }
  get producerId(): string {
    return this.#setup.producerId
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
  get type(): ConsumerType {
    return this.#setup.type
  }
  get paused(): boolean {
    return this.#paused
  }
  get producerPaused(): boolean {
    return this.#producerPaused
  }
  get priority(): number {
    return this.#priority
  }
  get score(): ConsumerScore {
    return this.#score
  }
  get preferredLayers(): ConsumerLayers | undefined {
    return this.#preferredLayers
  }
  get currentLayers(): ConsumerLayers | undefined {
    return this.#currentLayers
  }
  get appData(): Data {
    return this.#appData
  }
  set appData(appData: Data) {
    checkObject('appData', appData)
    this.#appData = appData
  }
  get observer(): ConsumerObserver {
    return this.#observer
  }

  close(): void {
    if (!this.#scope.end()) return
    this.#scope.tell('consumer.close', { consumerId: this.id })
    this.#setup.onClosed()
    this.#observer.safeEmit('close')
  }

  /** The transport closed, and takes the consumer along. */
  transportClosed(): void {
    if (!this.#scope.end()) return
    this.safeEmit('transportclose')
    this.#observer.safeEmit('close')
  }

  async dump(): Promise<ConsumerDump> {
    return (await this.#scope.request('consumer.dump', { consumerId: this.id })) as unknown as ConsumerDump
  }

  async getStats(): Promise<(ConsumerStat | RtpStreamRecvStats)[]> {
    const stats = await this.#scope.request('consumer.getStats', { consumerId: this.id })
    return stats as unknown as (ConsumerStat | RtpStreamRecvStats)[]
  }

  async pause(): Promise<void> {
    await this.#scope.request('consumer.pause', { consumerId: this.id })
    this.#setPauses(true, this.#producerPaused)
  }

  async resume(): Promise<void> {
    await this.#scope.request('consumer.resume', { consumerId: this.id })
    this.#setPauses(false, this.#producerPaused)
  }

  async setPreferredLayers(layers: ConsumerLayers): Promise<void> {
    const response = await this.#scope.request('consumer.setPreferredLayers', {
      consumerId: this.id,
      preferredLayers: consumerLayersOf('layers', layers),
    })
    this.#preferredLayers = response.preferredLayers
  }

  async setPriority(priority: number): Promise<void> {
    const checked = integerIn('priority', priority, DEFAULT_PRIORITY, MAX_PRIORITY)
    await this.#scope.request('consumer.setPriority', { consumerId: this.id, priority: checked })
    this.#priority = checked
  }

  unsetPriority(): Promise<void> {
    return this.setPriority(DEFAULT_PRIORITY)
  }

  async requestKeyFrame(): Promise<void> {
    await this.#scope.request('consumer.requestKeyFrame', { consumerId: this.id })
  }

  async enableTraceEvent(types: ConsumerTraceEventType[] = []): Promise<void> {
    const checked = listOf('types', types, TRACE_TYPES)
    await this.#scope.request('consumer.enableTraceEvent', { consumerId: this.id, types: checked })
  }

  /** The observer hears of a pause only when it changes whether packets flow. */
  #setPauses(paused: boolean, producerPaused: boolean): void {
    const flowed = !this.#paused && !this.#producerPaused
    this.#paused = paused
    this.#producerPaused = producerPaused
    const flows = !paused && !producerPaused
    if (flowed !== flows) this.#observer.safeEmit(flows ? 'resume' : 'pause')
  }

  #producerClosed(): void {
    if (!this.#scope.end()) return
    this.#setup.onClosed()
    this.safeEmit('producerclose')
    this.#observer.safeEmit('close')
  }

  #handleEvent({ event, data }: WorkerEvent): void {
    switch (event) {
      case 'consumer.producerClosed':
        this.#producerClosed()
        break
      case 'consumer.producerPaused':
        this.#handleProducerPaused(true)
        break
      case 'consumer.producerResumed':
        this.#handleProducerPaused(false)
        break
      case 'consumer.score':
        this.#score = scoreOf(data.score)
        this.safeEmit('score', this.#score)
        this.#observer.safeEmit('score', this.#score)
        break
      case 'consumer.layers':
        this.#currentLayers = data.layers
        this.safeEmit('layerschange', this.#currentLayers)
        this.#observer.safeEmit('layerschange', this.#currentLayers)
        break
      case 'consumer.trace': {
        // The worker traces what `enableTraceEvent()` asked for.
        const trace = data as ConsumerTraceEventData
        this.safeEmit('trace', trace)
        this.#observer.safeEmit('trace', trace)
        break
      }
      case 'consumer.rtp':
        this.safeEmit('rtp', bufferOf(data.packet))
        break
    }
  }

  #handleProducerPaused(producerPaused: boolean): void {
    if (producerPaused === this.#producerPaused) return
    this.#setPauses(this.#paused, producerPaused)
    this.safeEmit(producerPaused ? 'producerpause' : 'producerresume')
  }
}

/** Checks layers, and leaves out a temporal layer that is not given. @throws TypeError */
export function consumerLayersOf(
  field: string,
  layers: ConsumerLayers,
): { spatialLayer: number; temporalLayer?: number } {
  checkObject(field, layers)
  const spatialLayer = integerIn(`${field}.spatialLayer`, layers.spatialLayer, 0)
  const temporalLayer = integerOr(`${field}.temporalLayer`, layers.temporalLayer, undefined, 0)
  return temporalLayer === undefined ? { spatialLayer } : { spatialLayer, temporalLayer }
}

function scoreOf(score: ChannelScore): ConsumerScore {
  return { ...score, producerScores: [...score.producerScores] }
}
