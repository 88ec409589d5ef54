import type { WorkerEvent } from '../channel/parent-channel.ts'
import type {
  ActiveSpeakerObserver,
  ActiveSpeakerObserverEvents,
  ActiveSpeakerObserverObserverEvents,
  ActiveSpeakerObserverOptions,
} from './active-speaker-observer-types.ts'
import { type AppData, checkObject, integerOr } from './option-checks.ts'
import { RtpObserverImpl } from './rtp-observer.ts'

const DEFAULT_INTERVAL_MS = 300
const MIN_INTERVAL_MS = 250
const MAX_INTERVAL_MS = 5000

export class ActiveSpeakerObserverImpl<Data extends AppData = AppData>
  extends RtpObserverImpl<Data, ActiveSpeakerObserverEvents, ActiveSpeakerObserverObserverEvents>
  implements ActiveSpeakerObserver<Data>
{
  override get type(): 'activespeaker' {
    return 'activespeaker'
  }

  protected override handleEvent({ event, data }: WorkerEvent): void {
    if (event !== 'rtpObserver.dominantSpeaker') return
    const producer = this.producerById(data.producerId)
    if (producer === undefined) return
    this.safeEmit('dominantspeaker', { producer })
    this.observer.safeEmit('dominantspeaker', { producer })
  }
}

/** Checks the options. @returns the interval in milliseconds @throws TypeError that names the option */
export function activeSpeakerIntervalOf(options: ActiveSpeakerObserverOptions): number {
  checkObject('options', options)
  return intervalWithin(integerOr('interval', options.interval, DEFAULT_INTERVAL_MS, 0))
}

/** Brings an interval of milliseconds into what an RtpObserver can keep. */
export function intervalWithin(intervalMs: number): number {
  return Math.min(MAX_INTERVAL_MS, Math.max(MIN_INTERVAL_MS, intervalMs))
}
