/** A grace time may be set to nothing; flowing media is not looked at more often than this. */
const leastPauseMs = 1000

/** How long the places of lost connections wait. */
export type GraceTimesOptions = {
  readonly graceMs: number
  /** How long while media still flows. */
  readonly mediaGraceMs: number
}

/** What is asked of a place that waits, and done when it waited long enough. */
export type Waiting = {
  /** Whether it still may, and does, send and receive. */
  readonly isWorthWaiting: () => boolean
  readonly onOver: () => void
}

/** The places that wait for their participants since a connection was lost, by participantId. */
export class GraceTimes {
  readonly #options: GraceTimesOptions
  readonly #timers = new Map<string, NodeJS.Timeout>()

  constructor(options: GraceTimesOptions) {
    this.#options = options
  }

  /** A place waits. Whoever is still seen and heard keeps it for longer: only the signalling is away. */
  begin(participantId: string, waiting: Waiting): void {
    this.#wait(participantId, waiting, 0)
  }

  /** A place waits no more. */
  end(participantId: string): void {
    clearTimeout(this.#timers.get(participantId))
    this.#timers.delete(participantId)
  }

  #wait(participantId: string, waiting: Waiting, waitedMs: number): void {
    const { graceMs, mediaGraceMs } = this.#options
    const pauseMs = waitedMs === 0 ? graceMs : Math.max(graceMs, leastPauseMs)
    const timer = setTimeout(() => {
      const soFarMs = waitedMs + pauseMs
      if (soFarMs < mediaGraceMs && waiting.isWorthWaiting()) this.#wait(participantId, waiting, soFarMs)
      else waiting.onOver()
    }, pauseMs)
    this.#timers.set(participantId, timer)
  }
}
