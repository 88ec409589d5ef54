import type { MediaKind, RtpParameters } from '@sangam/ortc'
import type { ConsumerScore as ChannelScore } from '../channel/messages.ts'
import type { WorkerEvent } from '../channel/parent-channel.ts'
import { bufferOf } from './buffers.ts'
import type {
  Consumer,
  ConsumerDump,
  ConsumerEvents,
  ConsumerLayers,
  ConsumerObserverEvents,
  ConsumerScore,
  ConsumerStat,
  ConsumerTraceEventData,
  ConsumerTraceEventType,
  ConsumerType,
} from './consumer-types.ts'
import { type AppData, checkObject, integerIn, integerOr, listOf } from './option-checks.ts'
import type { RtpStreamRecvStats } from './rtp-stream-stats-types.ts'
import { TransportMember, type TransportMemberSetup } from './transport-member.ts'

const TRACE_TYPES: readonly ConsumerTraceEventType[] = ['rtp', 'keyframe', 'nack', 'pli', 'fir']
const DEFAULT_PRIORITY = 1
const MAX_PRIORITY = 255

/** What a consumer is made of. */
export interface ConsumerSetup<Data extends AppData> extends TransportMemberSetup<Data> {
  readonly producerId: string
  readonly kind: MediaKind
  readonly type: ConsumerType
  readonly rtpParameters: RtpParameters
  readonly producerPaused: boolean
  readonly score: ChannelScore
  readonly preferredLayers?: ConsumerLayers | undefined
}

export class ConsumerImpl<Data extends AppData = AppData>
  extends TransportMember<
    Data,
    ConsumerEvents,
    ConsumerObserverEvents,
    { dump: ConsumerDump; stat: ConsumerStat | RtpStreamRecvStats }
  >
  implements Consumer<Data>
{
  readonly #setup: ConsumerSetup<Data>
  #priority = DEFAULT_PRIORITY
  #score: ConsumerScore
  #preferredLayers: ConsumerLayers | undefined
  #currentLayers: ConsumerLayers | undefined

  constructor(setup: ConsumerSetup<Data>) {
    super('consumer', setup, setup.producerPaused)
    this.#setup = setup
    this.#score = scoreOf(setup.score)
    this.#preferredLayers = setup.preferredLayers
  }

  get producerId(): string {
    return this.#setup.producerId
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
  get producerPaused(): boolean {
    return this.sourcePaused
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

  async setPreferredLayers(layers: ConsumerLayers): Promise<void> {
    const response = await this.scope.request('consumer.setPreferredLayers', {
      consumerId: this.id,
      preferredLayers: consumerLayersOf('layers', layers),
    })
    this.#preferredLayers = response.preferredLayers
  }

  async setPriority(priority: number): Promise<void> {
    const checked = integerIn('priority', priority, DEFAULT_PRIORITY, MAX_PRIORITY)
    await this.scope.request('consumer.setPriority', { consumerId: this.id, priority: checked })
    this.#priority = checked
  }

  unsetPriority(): Promise<void> {
    return this.setPriority(DEFAULT_PRIORITY)
  }

  async requestKeyFrame(): Promise<void> {
    await this.scope.request('consumer.requestKeyFrame', { consumerId: this.id })
  }

  async enableTraceEvent(types: ConsumerTraceEventType[] = []): Promise<void> {
    const checked = listOf('types', types, TRACE_TYPES)
    await this.scope.request('consumer.enableTraceEvent', { consumerId: this.id, types: checked })
  }

  protected override handleEvent({ event, data }: WorkerEvent): void {
    switch (event) {
      case 'consumer.producerClosed':
        this.handleSourceClosed(() => this.safeEmit('producerclose'))
        break
      case 'consumer.producerPaused':
        if (this.handleSourcePaused(true)) this.safeEmit('producerpause')
        break
      case 'consumer.producerResumed':
        if (this.handleSourcePaused(false)) this.safeEmit('producerresume')
        break
      case 'consumer.score':
        this.#score = scoreOf(data.score)
        this.safeEmit('score', this.#score)
        this.observer.safeEmit('score', this.#score)
        break
      case 'consumer.layers':
        this.#currentLayers = data.layers
        this.safeEmit('layerschange', this.#currentLayers)
        this.observer.safeEmit('layerschange', this.#currentLayers)
        break
      case 'consumer.trace': {
        // The worker traces what `enableTraceEvent()` asked for.
        const trace = data as ConsumerTraceEventData
        this.safeEmit('trace', trace)
        this.observer.safeEmit('trace', trace)
        break
      }
      case 'consumer.rtp':
        this.safeEmit('rtp', bufferOf(data.packet))
        break
    }
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
