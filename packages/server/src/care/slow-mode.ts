/** Whom slow mode remembers: as many as matter within its longest time on a busy server. */
const mostRemembered = 50_000

/** When each member of slowed conversations sent last. Kept in memory: after a restart everybody may send at once. */
export class SlowMode {
  readonly #sentAtMs = new Map<string, number>()

  /** Gives 0 and remembers that somebody sends, or gives the milliseconds to wait. */
  take(conversationId: string, identity: string, slowModeMs: number, nowMs: number): number {
    const key = `${conversationId}\n${identity}`
    const last = this.#sentAtMs.get(key)
    if (last !== undefined && nowMs - last < slowModeMs)
      return Math.min(slowModeMs, last + slowModeMs - nowMs)
    this.#sentAtMs.delete(key)
    this.#sentAtMs.set(key, nowMs)
    const oldest = this.#sentAtMs.keys().next().value
    if (this.#sentAtMs.size > mostRemembered && oldest !== undefined) this.#sentAtMs.delete(oldest)
    return 0
  }
}
