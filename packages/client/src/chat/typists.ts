import type { Typist } from '../api.ts'

/** What is not repeated for so long is over: the one who wrote may be gone. */
const TYPING_LASTS_MS = 6000
/** An own sign is repeated at most so often while one writes. */
const REPEAT_MS = 3000
const MAX_TYPISTS = 20

/** Who writes in one conversation, and when to say that this person does. */
export class Typists {
  readonly #onChange: () => void
  readonly #timers = new Map<string, ReturnType<typeof setTimeout>>()
  #list: readonly Typist[] = []
  #saidAtMs = Number.NEGATIVE_INFINITY

  constructor(onChange: () => void) {
    this.#onChange = onChange
  }

  get list(): readonly Typist[] {
    return this.#list
  }

  /** Somebody else writes, or no longer. */
  heard(identity: string, name: string, typing: boolean): void {
    clearTimeout(this.#timers.get(identity))
    this.#timers.delete(identity)
    const others = this.#list.filter((one) => one.identity !== identity)
    if (typing && others.length < MAX_TYPISTS) {
      this.#timers.set(
        identity,
        setTimeout(() => this.heard(identity, name, false), TYPING_LASTS_MS),
      )
      this.#set([...others, { identity, name }])
    } else if (others.length < this.#list.length) this.#set(others)
  }

  /** Whether this person's writing is to be told now. */
  mayTell(typing: boolean, nowMs: number): boolean {
    const told = nowMs - this.#saidAtMs < REPEAT_MS
    if (typing ? told : this.#saidAtMs === Number.NEGATIVE_INFINITY) return false
    this.#saidAtMs = typing ? nowMs : Number.NEGATIVE_INFINITY
    return true
  }

  /** What was sent ends one's writing without a word. */
  sent(): void {
    this.#saidAtMs = Number.NEGATIVE_INFINITY
  }

  close(): void {
    for (const timer of this.#timers.values()) clearTimeout(timer)
    this.#timers.clear()
  }

  #set(list: readonly Typist[]): void {
    const before = this.#list.map(({ identity }) => identity).join(' ')
    this.#list = list
    if (before !== list.map(({ identity }) => identity).join(' ')) this.#onChange()
  }
}
