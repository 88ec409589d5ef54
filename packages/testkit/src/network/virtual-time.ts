interface Event {
  readonly atUs: number
  readonly order: number
  readonly run: () => void
}

/** A clock that goes only as its events do. Events of the same time run in the order in which they were set. */
export class VirtualTime {
  nowUs = 0
  readonly #heap: Event[] = []
  #order = 0

  /** Runs `run` when the clock shows `atUs`; what lies in the past runs next. */
  at(atUs: number, run: () => void): void {
    this.#push({ atUs: Math.max(atUs, this.nowUs), order: this.#order++, run })
  }

  after(delayUs: number, run: () => void): void {
    this.at(this.nowUs + delayUs, run)
  }

  /** Runs `run` now and every `intervalUs` after. */
  every(intervalUs: number, run: () => void): void {
    run()
    this.after(intervalUs, () => this.every(intervalUs, run))
  }

  /** Lets the time pass until `untilUs`. */
  runUntil(untilUs: number): void {
    for (let next = this.#heap[0]; next !== undefined && next.atUs <= untilUs; next = this.#heap[0]) {
      this.#pop()
      this.nowUs = next.atUs
      next.run()
    }
    this.nowUs = untilUs
  }

  #push(event: Event): void {
    const heap = this.#heap
    let at = heap.push(event) - 1
    while (at > 0) {
      const parent = (at - 1) >> 1
      if (!isBefore(event, heap[parent]!)) break
      heap[at] = heap[parent]!
      at = parent
    }
    heap[at] = event
  }

  #pop(): void {
    const heap = this.#heap
    const last = heap.pop()!
    if (heap.length === 0) return
    let at = 0
    for (;;) {
      let child = 2 * at + 1
      if (child >= heap.length) break
      if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child++
      if (!isBefore(heap[child]!, last)) break
      heap[at] = heap[child]!
      at = child
    }
    heap[at] = last
  }
}

function isBefore(a: Event, b: Event): boolean {
  return a.atUs < b.atUs || (a.atUs === b.atUs && a.order < b.order)
}
