/** Gathers keys and hands each to `flush` once, `delayMs` after the first of them: many changes, one notice. */
export class Coalescer {
  readonly #delayMs: number
  readonly #flush: (key: string) => void
  #keys = new Set<string>()
  #timer: NodeJS.Timeout | undefined

  constructor(delayMs: number, flush: (key: string) => void) {
    this.#delayMs = delayMs
    this.#flush = flush
  }

  /** Notes that something about a key changed. */
  add(key: string): void {
    this.#keys.add(key)
    this.#timer ??= setTimeout(() => this.#run(), this.#delayMs)
  }

  /** Forgets what waits. */
  close(): void {
    clearTimeout(this.#timer)
    this.#keys.clear()
  }

  #run(): void {
    this.#timer = undefined
    const keys = this.#keys
    this.#keys = new Set()
    for (const key of keys) this.#flush(key)
  }
}
