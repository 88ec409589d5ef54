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
  readonly voiceId: string
  dbov: number
  frames: number
}

/**
 * Forwards the loudest voices among the producers that it watches and holds the others back from WebRTC receivers, all within
 * the worker: a change takes effect with the next packet, without a round trip to the application. What leaves to pipes,
 * recorders and RTP tools is not touched. Several producers may carry one voice, while somebody moves to another transport:
 * they share one place.
 */
export class AudioSelector extends RtpObserver {
  readonly #selection: VoiceSelection<string>
  readonly #watched = new Map<string, Watched>()
  /** The loudest level of each voice in this frame, dBov. */
  readonly #levels = new Map<string, number>()
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

  protected override producerAdded(producer: Producer, voiceId: string): void {
    this.#selection.add(voiceId)
    this.#levels.set(voiceId, SILENCE_DBOV)
    this.#watched.set(producer.id, { producer, voiceId, dbov: SILENCE_DBOV, frames: 0 })
    if (this.paused) return
    const isSelected = this.#selection.isSelected(voiceId)
    producer.holdBack(!isSelected)
    if (isSelected) this.#tell()
  }

  protected override producerRemoved(producer: Producer): void {
    producer.holdBack(false)
    const voiceId = this.#watched.get(producer.id)?.voiceId
    this.#watched.delete(producer.id)
    if (voiceId === undefined) return
    const wasSelected = this.#selection.isSelected(voiceId)
    if (!this.#isCarried(voiceId)) {
      this.#selection.remove(voiceId)
      this.#levels.delete(voiceId)
    }
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
      if (meter === undefined || meter.count === 0) continue
      watched.dbov = meter.meanDbov
      watched.frames = HOLD_FRAMES
      meter.reset()
    }
    for (let i = 0; i < frames; i++) this.#takeFrame()
  }

  #takeFrame(): void {
    for (const voiceId of this.#levels.keys()) this.#levels.set(voiceId, SILENCE_DBOV)
    for (const watched of this.#watched.values()) {
      if (watched.frames === 0) continue
      watched.frames--
      const level = this.#levels.get(watched.voiceId) ?? SILENCE_DBOV
      if (watched.dbov > level) this.#levels.set(watched.voiceId, watched.dbov)
    }
    for (const [voiceId, dbov] of this.#levels) this.#selection.push(voiceId, dbov)
  }

  #isCarried(voiceId: string): boolean {
    for (const watched of this.#watched.values()) if (watched.voiceId === voiceId) return true
    return false
  }

  #apply(): void {
    for (const { producer, voiceId } of this.#watched.values())
      producer.holdBack(!this.#selection.isSelected(voiceId))
    this.#tell()
  }

  #tell(): void {
    const voiceIds = new Set(this.#selection.selected())
    const producerIds = [...this.#watched].flatMap(([producerId, { voiceId }]) =>
      voiceIds.has(voiceId) ? [producerId] : [],
    )
    this.context.emit('rtpObserver.voices', this.id, { producerIds })
  }
}
