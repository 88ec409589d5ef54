import type { MediaKind, RtpParameters } from '@sangam/ortc'
import type { ParentChannel, WorkerEvent } from '../channel/parent-channel.ts'
import { errors } from './errors.ts'
import { type AppData, bytesOf, listOf } from './option-checks.ts'
import type {
  Producer,
  ProducerDump,
  ProducerEvents,
  ProducerObserverEvents,
  ProducerScore,
  ProducerStat,
  ProducerTraceEventData,
  ProducerTraceEventType,
  ProducerType,
} from './producer-types.ts'
import { TransportMember, type TransportMemberSetup } from './transport-member.ts'

const TRACE_TYPES: readonly ProducerTraceEventType[] = ['rtp', 'keyframe', 'nack', 'pli', 'fir', 'sr']

/** What a producer is made of. */
export interface ProducerSetup<Data extends AppData> extends TransportMemberSetup<Data> {
  readonly kind: MediaKind
  readonly type: ProducerType
  readonly rtpParameters: RtpParameters
  readonly consumableRtpParameters: RtpParameters
  /** Given where the application may send packets itself: on a DirectTransport. */
  readonly directChannel?: ParentChannel
}

export class ProducerImpl<Data extends AppData = AppData>
  extends TransportMember<
    Data,
    ProducerEvents,
    ProducerObserverEvents,
    { dump: ProducerDump; stat: ProducerStat }
  >
  implements Producer<Data>
{
  readonly #setup: ProducerSetup<Data>
  #score: ProducerScore[] = []

  constructor(setup: ProducerSetup<Data>) {
    super('producer', setup)
    this.#setup = setup
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
  get score(): ProducerScore[] {
    return this.#score
  }

  async enableTraceEvent(types: ProducerTraceEventType[] = []): Promise<void> {
    const checked = listOf('types', types, TRACE_TYPES)
    await this.scope.request('producer.enableTraceEvent', { producerId: this.id, types: checked })
  }

  send(rtpPacket: Buffer): void {
    const packet = bytesOf('rtpPacket', rtpPacket)
    this.scope.assertOpen()
    const channel = this.#setup.directChannel
    if (!channel) throw errors.unsupported('producer.send() needs a producer on a DirectTransport')
    channel.notify('producer.send', this.id, { packet })
  }

  protected override handleEvent({ event, data }: WorkerEvent): void {
    switch (event) {
      case 'producer.score': {
        this.#score = [...data.scores]
        this.safeEmit('score', this.#score)
        this.observer.safeEmit('score', this.#score)
        break
      }
      case 'producer.videoOrientation': {
        this.safeEmit('videoorientationchange', data)
        this.observer.safeEmit('videoorientationchange', data)
        break
      }
      case 'producer.trace': {
        // The worker traces what `enableTraceEvent()` asked for.
        const trace = data as ProducerTraceEventData
        this.safeEmit('trace', trace)
        this.observer.safeEmit('trace', trace)
        break
      }
    }
  }
}
