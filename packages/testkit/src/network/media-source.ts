import type { SeededRandom } from './random.ts'
import type { VirtualTime } from './virtual-time.ts'

/** A video encoder that follows a target (RFC 8593 section 4 describes its kind). */
export interface MediaSourceOptions {
  readonly framesPerSecond: number
  readonly minBps: number
  readonly maxBps: number
  /** Time in which its rate takes 63 % of a step of the target. */
  readonly lagMs: number
  /** Mean relative deviation of the time between two frames (RFC 8593 section 4.3: SCALE_t, of a Laplace distribution). */
  readonly intervalDeviation: number
  /** Relative deviation of a frame's size. */
  readonly frameDeviation: number
  readonly packetBytes: number
  /** A frame's packets leave spread over this time. */
  readonly spreadMs: number
}

/** 30 frames per second that come unevenly, as RFC 8593 has it; 200 ms of lag, frames that vary by a fifth. */
export const VIDEO_SOURCE: MediaSourceOptions = {
  framesPerSecond: 30,
  intervalDeviation: 0.15,
  minBps: 100_000,
  maxBps: 10_000_000,
  lagMs: 200,
  frameDeviation: 0.2,
  packetBytes: 1200,
  spreadMs: 10,
}

/** Emits packets at the target's rate while it runs. */
export class MediaSource {
  isPaused = false
  readonly #time: VirtualTime
  readonly #random: SeededRandom
  readonly #options: MediaSourceOptions
  readonly #targetBps: () => number
  readonly #emit: (bytes: number) => void
  #bps: number

  constructor(
    time: VirtualTime,
    random: SeededRandom,
    options: MediaSourceOptions,
    targetBps: () => number,
    emit: (bytes: number) => void,
  ) {
    this.#time = time
    this.#random = random
    this.#options = options
    this.#targetBps = targetBps
    this.#emit = emit
    this.#bps = options.minBps
  }

  start(): void {
    this.#bps = this.#wanted()
    this.#next()
  }

  /** Frames of two cameras keep no fixed distance: else whoever's come second would find the longer queue for good. */
  #next(): void {
    this.#frame()
    const { framesPerSecond, intervalDeviation } = this.#options
    const deviation = Math.max(-1, Math.min(1, this.#random.laplace(intervalDeviation)))
    this.#time.after((1e6 / framesPerSecond) * (1 + deviation), () => this.#next())
  }

  #wanted(): number {
    return Math.min(Math.max(this.#targetBps(), this.#options.minBps), this.#options.maxBps)
  }

  #frame(): void {
    const { framesPerSecond, lagMs, frameDeviation, packetBytes, spreadMs } = this.#options
    const share = 1 - Math.exp(-1000 / framesPerSecond / lagMs)
    this.#bps += share * (this.#wanted() - this.#bps)
    if (this.isPaused) return
    const deviation = 1 + frameDeviation * Math.max(-2, Math.min(2, this.#random.gaussian()))
    const frameBytes = Math.max(200, Math.round((this.#bps / 8 / framesPerSecond) * deviation))
    const packets = Math.ceil(frameBytes / packetBytes)
    for (let i = 0; i < packets; i++) {
      const bytes = Math.ceil(frameBytes / packets)
      this.#time.after((i * spreadMs * 1000) / packets, () => this.#emit(bytes))
    }
  }
}
