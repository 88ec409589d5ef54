import type { SeededRandom } from './random.ts'
import type { VirtualTime } from './virtual-time.ts'

/** A capacity from a time on. */
export interface RateStep {
  readonly fromSeconds: number
  readonly bps: number
}

/** One direction of a path (RFC 8867 section 4.4 names the same properties). */
export interface BottleneckOptions {
  /** In order of time, the first from 0 on. 0 bits per second stop the link until the next step. */
  readonly rates: readonly RateStep[]
  /** A packet that would wait longer than this at the current rate is dropped (drop-tail). */
  readonly queueMs: number
  /** Mean deviation of the delay behind the queue, ms; truncated at three, and packets keep their order. */
  readonly jitterMs: number
  /** Share of packets that are lost at random, 0 to 1. */
  readonly lossShare: number
}

/** How a packet got through, or `undefined` in its place where it was lost. */
export interface Delivery {
  /** Time that it waited before its own transmission began, ms. */
  readonly queueMs: number
}

interface Waiting {
  readonly bytes: number
  readonly delayMs: number
  readonly enteredUs: number
  readonly deliver: (delivery: Delivery) => void
}

const RETRY_US = 10_000

/** A link with a rate, a queue in front of it and a delay behind it, shared by all that is sent into it. */
export class Bottleneck {
  /** Bytes that left the queue so far. */
  deliveredBytes = 0
  dropped = 0
  readonly #time: VirtualTime
  readonly #random: SeededRandom
  readonly #options: BottleneckOptions
  readonly #queue: Waiting[] = []
  readonly #lastArrivalUs = new Map<number, number>()
  #queuedBytes = 0
  #isBusy = false

  constructor(time: VirtualTime, random: SeededRandom, options: BottleneckOptions) {
    this.#time = time
    this.#random = random
    this.#options = options
  }

  /** Capacity at a time, bits per second. */
  rateBps(atUs: number): number {
    let bps = 0
    for (const step of this.#options.rates) if (step.fromSeconds * 1e6 <= atUs) bps = step.bps
    return bps
  }

  /** Sends a packet; `deliver` is called when it arrives, `delayMs` and jitter after it left the queue, or never. */
  send(bytes: number, delayMs: number, deliver: (delivery: Delivery) => void): void {
    const rateBps = Math.max(1, this.rateBps(this.#time.nowUs))
    const waitMs = (this.#queuedBytes * 8000) / rateBps
    const isLost = this.#random.uniform() < this.#options.lossShare
    if (isLost || waitMs > this.#options.queueMs) {
      this.dropped++
      return
    }
    this.#queue.push({ bytes, delayMs, enteredUs: this.#time.nowUs, deliver })
    this.#queuedBytes += bytes
    if (!this.#isBusy) this.#transmit()
  }

  #transmit(): void {
    const packet = this.#queue[0]
    this.#isBusy = packet !== undefined
    if (packet === undefined) return
    const rateBps = this.rateBps(this.#time.nowUs)
    if (rateBps <= 0) {
      this.#time.after(RETRY_US, () => this.#transmit())
      return
    }
    const queueMs = (this.#time.nowUs - packet.enteredUs) / 1000
    this.#time.after((packet.bytes * 8e6) / rateBps, () => {
      this.#queue.shift()
      this.#queuedBytes -= packet.bytes
      this.deliveredBytes += packet.bytes
      this.#time.at(this.#arrivalUs(packet.delayMs), () => packet.deliver({ queueMs }))
      this.#transmit()
    })
  }

  /** Jitter never reorders packets of one delay: they share everything but the queue. */
  #arrivalUs(delayMs: number): number {
    const { jitterMs } = this.#options
    const deviation = Math.min(Math.abs(this.#random.gaussian()), 3) * jitterMs
    const earliestUs = this.#lastArrivalUs.get(delayMs) ?? 0
    const arrivalUs = Math.max(earliestUs, this.#time.nowUs + (delayMs + deviation) * 1000)
    this.#lastArrivalUs.set(delayMs, arrivalUs)
    return arrivalUs
  }
}
