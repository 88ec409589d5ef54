import type { WorkerEvent } from '../channel/parent-channel.ts'
import type {
  AudioSelector,
  AudioSelectorEvents,
  AudioSelectorObserverEvents,
  AudioSelectorOptions,
} from './audio-selector-types.ts'
import { type AppData, checkObject, checkString, integerOr } from './option-checks.ts'
import { RtpObserverImpl } from './rtp-observer.ts'

const DEFAULT_MAX_VOICES = 3
const MOST_VOICES = 100

export class AudioSelectorImpl<Data extends AppData = AppData>
  extends RtpObserverImpl<Data, AudioSelectorEvents, AudioSelectorObserverEvents>
  implements AudioSelector<Data>
{
  override get type(): 'audioselector' {
    return 'audioselector'
  }

  override async addProducer(options: { producerId: string; voiceId?: string | undefined }): Promise<void> {
    checkObject('options', options)
    const { voiceId } = options
    if (voiceId !== undefined) checkString('voiceId', voiceId)
    return this.watch(options, voiceId)
  }

  protected override handleEvent({ event, data }: WorkerEvent): void {
    if (event !== 'rtpObserver.voices') return
    const producers = data.producerIds.flatMap((producerId) => this.producerById(producerId) ?? [])
    this.safeEmit('voices', producers)
    this.observer.safeEmit('voices', producers)
  }
}

/** Checks the options and fills in what is left out. @throws TypeError that names the option */
export function audioSelectorRequestOf(options: AudioSelectorOptions): { readonly maxVoices: number } {
  checkObject('options', options)
  return { maxVoices: integerOr('maxVoices', options.maxVoices, DEFAULT_MAX_VOICES, 1, MOST_VOICES) }
}
