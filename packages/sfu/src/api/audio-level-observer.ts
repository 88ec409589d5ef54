import type { Requests } from '../channel/messages.ts'
import type { WorkerEvent } from '../channel/parent-channel.ts'
import { intervalWithin } from './active-speaker-observer.ts'
import type {
  AudioLevelObserver,
  AudioLevelObserverEvents,
  AudioLevelObserverObserverEvents,
  AudioLevelObserverOptions,
} from './audio-level-observer-types.ts'
import { type AppData, checkObject, integerOr } from './option-checks.ts'
import { RtpObserverImpl } from './rtp-observer.ts'

const DEFAULT_THRESHOLD_DBOV = -80
const DEFAULT_INTERVAL_MS = 1000

export class AudioLevelObserverImpl<Data extends AppData = AppData>
  extends RtpObserverImpl<Data, AudioLevelObserverEvents, AudioLevelObserverObserverEvents>
  implements AudioLevelObserver<Data>
{
  override get type(): 'audiolevel' {
    return 'audiolevel'
  }

  protected override handleEvent({ event, data }: WorkerEvent): void {
    if (event === 'rtpObserver.silence') {
      this.safeEmit('silence')
      this.observer.safeEmit('silence')
    }
    if (event !== 'rtpObserver.volumes') return
    const volumes = data.volumes.flatMap(({ producerId, volume }) => {
      const producer = this.producerById(producerId)
      return producer === undefined ? [] : [{ producer, volume }]
    })
    if (volumes.length === 0) return
    this.safeEmit('volumes', volumes)
    this.observer.safeEmit('volumes', volumes)
  }
}

/** Checks the options and fills in what is left out. @throws TypeError that names the option */
export function audioLevelRequestOf(
  options: AudioLevelObserverOptions,
): Omit<Requests['router.createAudioLevelObserver']['request'], 'routerId' | 'rtpObserverId'> {
  checkObject('options', options)
  return {
    maxEntries: integerOr('maxEntries', options.maxEntries, 1, 1),
    thresholdDbov: integerOr('threshold', options.threshold, DEFAULT_THRESHOLD_DBOV, -127, 0),
    intervalMs: intervalWithin(integerOr('interval', options.interval, DEFAULT_INTERVAL_MS, 0)),
  }
}
