import type { WorkerContext } from '../context.ts'
import type { Producer } from '../producer/producer.ts'
import { DominantSpeaker } from './dominant-speaker.ts'
import { RtpObserver } from './rtp-observer.ts'
import { FRAME_MS } from './speech-activity.ts'

const FRAME_US = FRAME_MS * 1000
/** The level of the last packet holds for this many frames: packets may carry up to 60 ms, and jitter. */
const HOLD_FRAMES = 5
/** More frames than these are not made up for: the loop stood still, and nothing is known of the time. */
const MAX_CATCH_UP_FRAMES = 10
const SILENCE_DBOV = -127

interface Hold {
  dbov: number
  frames: number
}

/** Tells who became the dominant speaker among the producers that it watches. */
export class ActiveSpeakerObserver extends RtpObserver {
  readonly #speakers = new DominantSpeaker<string>()
  readonly #holds = new Map<string, Hold>()
  readonly #intervalUs: number
  #nextFrameUs: number
  #nextDecisionUs: number

  constructor(context: WorkerContext, id: string, intervalMs: number) {
    super(context, id)
    this.#intervalUs = intervalMs * 1000
    this.#nextFrameUs = context.nowUs() + FRAME_US
    this.#nextDecisionUs = context.nowUs() + this.#intervalUs
  }

  override tick(nowUs: number): void {
    if (this.paused) return
    const due = Math.floor((nowUs - this.#nextFrameUs) / FRAME_US) + 1
    if (due <= 0) return
    this.#nextFrameUs += due * FRAME_US
    this.#takeFrames(Math.min(due, MAX_CATCH_UP_FRAMES))
    if (nowUs < this.#nextDecisionUs) return
    this.#nextDecisionUs = nowUs + this.#intervalUs
    if (!this.#speakers.decide() || this.#speakers.dominant === undefined) return
    this.context.emit('rtpObserver.dominantSpeaker', this.id, { producerId: this.#speakers.dominant })
  }

  protected override producerAdded({ id }: Producer): void {
    this.#speakers.add(id)
    this.#holds.set(id, { dbov: SILENCE_DBOV, frames: 0 })
  }

  protected override producerRemoved({ id }: Producer): void {
    this.#speakers.remove(id)
    this.#holds.delete(id)
  }

  protected override pausedChanged(): void {
    const nowUs = this.context.nowUs()
    this.#nextFrameUs = nowUs + FRAME_US
    this.#nextDecisionUs = nowUs + this.#intervalUs
    this.#speakers.forget()
    for (const hold of this.#holds.values()) hold.frames = 0
  }

  #takeFrames(frames: number): void {
    for (const [producerId, meter] of this.meters) {
      const hold = this.#holds.get(producerId)
      if (hold === undefined) continue
      if (meter.count > 0) {
        hold.dbov = meter.meanDbov
        hold.frames = HOLD_FRAMES
        meter.reset()
      }
      for (let i = 0; i < frames; i++) {
        this.#speakers.push(producerId, hold.frames > 0 ? hold.dbov : SILENCE_DBOV)
        if (hold.frames > 0) hold.frames--
      }
    }
  }
}
