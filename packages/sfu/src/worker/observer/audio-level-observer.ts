import type { WorkerContext } from '../context.ts'
import { RtpObserver } from './rtp-observer.ts'

/** What an AudioLevelObserver tells, and how often. */
export interface AudioLevelOptions {
  readonly maxEntries: number
  /** dBov: who is quieter is not told of. */
  readonly thresholdDbov: number
  readonly intervalMs: number
}

/** Tells, once per interval, who is how loud; and once, when that is nobody any more. */
export class AudioLevelObserver extends RtpObserver {
  readonly #options: AudioLevelOptions
  #nextUs: number
  #silent = true

  constructor(context: WorkerContext, id: string, options: AudioLevelOptions) {
    super(context, id)
    this.#options = options
    this.#nextUs = context.nowUs() + options.intervalMs * 1000
  }

  override tick(nowUs: number): void {
    if (this.paused || nowUs < this.#nextUs) return
    this.#nextUs = nowUs + this.#options.intervalMs * 1000
    const { maxEntries, thresholdDbov } = this.#options
    const volumes: { producerId: string; volume: number }[] = []
    for (const [producerId, meter] of this.meters) {
      const volume = Math.round(meter.meanDbov)
      if (meter.count > 0 && volume >= thresholdDbov) volumes.push({ producerId, volume })
      meter.reset()
    }
    volumes.sort((a, b) => b.volume - a.volume)
    if (volumes.length === 0) this.#tellSilence()
    else {
      this.#silent = false
      this.context.emit('rtpObserver.volumes', this.id, { volumes: volumes.slice(0, maxEntries) })
    }
  }

  protected override pausedChanged(): void {
    this.#nextUs = this.context.nowUs() + this.#options.intervalMs * 1000
    if (this.paused) this.#tellSilence()
  }

  #tellSilence(): void {
    if (this.#silent) return
    this.#silent = true
    this.context.emit('rtpObserver.silence', this.id, {})
  }
}
