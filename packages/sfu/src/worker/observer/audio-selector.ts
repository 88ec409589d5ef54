import type { WorkerContext } from '../context.ts'
import type { Producer } from '../producer/producer.ts'
import { RtpObserver } from './rtp-observer.ts'
import { FRAME_MS } from './speech-activity.ts'
import { VoiceSelection } from './voice-selection.ts'

const FRAME_US = FRAME_MS * 1000
/** The level of the last packet holds for this many frames: packets may carry up to 60 ms. */
const HOLD_FRAMES = 3
/** More frames than these are not made up for: the loop stood still, and nothing is known of the time. */
const MAX_CATCH_UP_FRAMES = 10
const SILENCE_DBOV = -127

interface Watched {
  readonly producer: Producer
  dbov: number
  frames: number
}

/**
 * Forwards the loudest voices among the producers that it watches and holds the others back from WebRTC receivers, all within
 * the worker: a change takes effect with the next packet, without a round trip to the application. What leaves to pipes,
 * recorders and RTP tools is not touched.
 */
export class AudioSelector extends RtpObserver {
  readonly #selection: VoiceSelection<string>
  readonly #watched = new Map<string, Watched>()
  #nextFrameUs: number

  constructor(context: WorkerContext, id: string, maxVoices: number) {
    super(context, id)
    this.#selection = new VoiceSelection(maxVoices)
    this.#nextFrameUs = context.nowUs() + FRAME_US
  }

  override tick(nowUs: number): void {
    if (this.paused) return
    const due = Math.floor((nowUs - this.#nextFrameUs) / FRAME_US) + 1
    if (due <= 0) return
    this.#nextFrameUs += due * FRAME_US
    this.#takeFrames(Math.min(due, MAX_CATCH_UP_FRAMES))
    if (this.#selection.decide()) this.#apply()
  }

  protected override producerAdded(producer: Producer): void {
    this.#selection.add(producer.id)
    this.#watched.set(producer.id, { producer, dbov: SILENCE_DBOV, frames: 0 })
    if (!this.paused) producer.holdBack(true)
  }

  protected override producerRemoved(producer: Producer): void {
    const wasSelected = this.#selection.isSelected(producer.id)
    this.#selection.remove(producer.id)
    this.#watched.delete(producer.id)
    producer.holdBack(false)
    if (!wasSelected) return
    // Who is heard already takes the place at once.
    if (this.#selection.decide()) this.#apply()
    else this.#tell()
  }

  /** Paused, it forwards everybody. */
  protected override pausedChanged(): void {
    this.#nextFrameUs = this.context.nowUs() + FRAME_US
    this.#selection.reset()
    for (const watched of this.#watched.values()) {
      watched.frames = 0
      watched.producer.holdBack(!this.paused)
    }
    this.#tell()
  }

  #takeFrames(frames: number): void {
    for (const [producerId, watched] of this.#watched) {
      const meter = this.meters.get(producerId)
      if (meter !== undefined && meter.count > 0) {
        watched.dbov = meter.meanDbov
        watched.frames = HOLD_FRAMES
        meter.reset()
      }
      for (let i = 0; i < frames; i++) {
        this.#selection.push(producerId, watched.frames > 0 ? watched.dbov : SILENCE_DBOV)
        if (watched.frames > 0) watched.frames--
      }
    }
  }

  #apply(): void {
    for (const [producerId, { producer }] of this.#watched)
      producer.holdBack(!this.#selection.isSelected(producerId))
    this.#tell()
  }

  #tell(): void {
    this.context.emit('rtpObserver.voices', this.id, { producerIds: this.#selection.selected() })
  }
}
