import type { Store } from './api.ts'
import { WritableStore } from './store.ts'

/**
 * A list that is asked for as a whole, and kept up to date by notices of single entries.
 *
 * The server may read the list, then tell a change, then answer: what a notice said while an answer was awaited is
 * newer than that answer, and stays.
 */
export class NoticedList<Entry> {
  readonly #idOf: (entry: Entry) => string
  readonly #order: (a: Entry, b: Entry) => number
  readonly #store = new WritableStore<readonly Entry[]>([])
  /** For each answer that is awaited: what was told meanwhile. */
  readonly #awaited = new Set<Set<string>>()

  constructor(idOf: (entry: Entry) => string, order: (a: Entry, b: Entry) => number) {
    this.#idOf = idOf
    this.#order = order
  }

  get store(): Store<readonly Entry[]> {
    return this.#store
  }

  find(id: string): Entry | undefined {
    return this.#store.get().find((entry) => this.#idOf(entry) === id)
  }

  /** Takes the whole list as `ask` brings it, but for what is told until then. Throws what `ask` throws. */
  async refresh(ask: () => Promise<readonly Entry[]>): Promise<void> {
    const told = new Set<string>()
    this.#awaited.add(told)
    try {
      const answer = await ask()
      const isTold = (entry: Entry): boolean => told.has(this.#idOf(entry))
      const kept = this.#store.get().filter(isTold)
      this.#store.set([...answer.filter((entry) => !isTold(entry)), ...kept].sort(this.#order))
    } finally {
      this.#awaited.delete(told)
    }
  }

  /** The server told of these entries. */
  told(...entries: readonly Entry[]): void {
    for (const entry of entries) this.#mark(this.#idOf(entry))
    this.put(...entries)
  }

  /** The server told that an entry is gone. */
  toldGone(id: string): void {
    this.#mark(id)
    this.#store.update((list) => list.filter((entry) => this.#idOf(entry) !== id))
  }

  /** Puts entries that this device made up; an answer that is awaited replaces them. */
  put(...entries: readonly Entry[]): void {
    const ids = new Set(entries.map(this.#idOf))
    this.#store.update((list) =>
      [...list.filter((entry) => !ids.has(this.#idOf(entry))), ...entries].sort(this.#order),
    )
  }

  #mark(id: string): void {
    for (const told of this.#awaited) told.add(id)
  }
}
