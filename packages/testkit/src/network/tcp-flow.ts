import type { Bottleneck } from './bottleneck.ts'
import type { VirtualTime } from './virtual-time.ts'

const SEGMENT_BYTES = 1460
const FIRST_WINDOW = 10
const MIN_TIMEOUT_US = 1_000_000
const DUPLICATES = 3

/**
 * A TCP sender with slow start, congestion avoidance, fast retransmit and timeout (RFC 5681, RFC 6582), as cross traffic:
 * it knows no bytes, only numbered segments, and its acknowledgements come back without loss.
 */
export class TcpFlow {
  deliveredBytes = 0
  readonly #time: VirtualTime
  readonly #link: Bottleneck
  readonly #delayMs: number
  readonly #segments: number
  readonly #done: () => void
  readonly #arrived = new Set<number>()
  #window = FIRST_WINDOW
  #threshold = Number.POSITIVE_INFINITY
  #next = 0
  #acknowledged = 0
  #duplicates = 0
  #recoverTo = -1
  #progressUs = 0
  #isStopped = false

  /** @param bytes how much it has to send; infinite for a long flow */
  constructor(
    time: VirtualTime,
    link: Bottleneck,
    delayMs: number,
    bytes: number,
    done: () => void = () => {},
  ) {
    this.#time = time
    this.#link = link
    this.#delayMs = delayMs
    this.#segments = Math.ceil(bytes / SEGMENT_BYTES)
    this.#done = done
  }

  start(): void {
    this.#progressUs = this.#time.nowUs
    this.#fill()
    this.#watch()
  }

  stop(): void {
    this.#isStopped = true
  }

  #fill(): void {
    while (this.#next < this.#acknowledged + Math.floor(this.#window) && this.#next < this.#segments) {
      this.#transmit(this.#next++)
    }
  }

  #transmit(segment: number): void {
    if (this.#isStopped) return
    this.#link.send(SEGMENT_BYTES, this.#delayMs, () => {
      if (!this.#arrived.has(segment) && segment >= this.#acknowledged) this.deliveredBytes += SEGMENT_BYTES
      this.#arrived.add(segment)
      let cumulative = this.#acknowledged
      while (this.#arrived.has(cumulative)) cumulative++
      this.#time.after(this.#delayMs * 1000, () => this.#acknowledge(cumulative))
    })
  }

  #acknowledge(cumulative: number): void {
    if (this.#isStopped) return
    if (cumulative <= this.#acknowledged) {
      if (
        cumulative === this.#acknowledged &&
        ++this.#duplicates === DUPLICATES &&
        this.#recoverTo < cumulative
      ) {
        this.#threshold = Math.max(2, this.#window / 2)
        this.#window = this.#threshold
        this.#recoverTo = this.#next
        this.#transmit(cumulative)
      }
      return
    }
    for (let i = this.#acknowledged; i < cumulative; i++) this.#arrived.delete(i)
    const count = cumulative - this.#acknowledged
    this.#acknowledged = cumulative
    this.#next = Math.max(this.#next, cumulative)
    this.#duplicates = 0
    this.#progressUs = this.#time.nowUs
    if (cumulative < this.#recoverTo) this.#transmit(cumulative)
    else this.#window += this.#window < this.#threshold ? count : count / this.#window
    if (cumulative >= this.#segments) {
      this.#isStopped = true
      this.#done()
      return
    }
    this.#fill()
  }

  #watch(): void {
    if (this.#isStopped) return
    if (this.#time.nowUs - this.#progressUs > MIN_TIMEOUT_US && this.#next > this.#acknowledged) {
      this.#threshold = Math.max(2, this.#window / 2)
      this.#window = 1
      this.#next = this.#acknowledged
      this.#recoverTo = -1
      this.#duplicates = 0
      this.#progressUs = this.#time.nowUs
      this.#fill()
    }
    this.#time.after(MIN_TIMEOUT_US / 4, () => this.#watch())
  }
}
