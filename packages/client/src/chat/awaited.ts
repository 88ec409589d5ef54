/** Promises of what waits in the outbox, by the entry's id; several may wait for the same one. */
export class Awaited<Value> {
  readonly #waiting = new Map<
    string,
    { readonly resolve: (value: Value) => void; readonly reject: (error: unknown) => void }[]
  >()

  /** Resolves or rejects with the entry of this id. */
  of(id: string): Promise<Value> {
    const { promise, resolve, reject } = Promise.withResolvers<Value>()
    this.#waiting.set(id, [...(this.#waiting.get(id) ?? []), { resolve, reject }])
    return promise
  }

  resolve(id: string, value: Value): void {
    for (const one of this.#take(id)) one.resolve(value)
  }

  reject(id: string, error: unknown): void {
    for (const one of this.#take(id)) one.reject(error)
  }

  /** Whoever waits for `from` waits for `to`, which took its place. */
  move(from: string, to: string): void {
    const moved = this.#take(from)
    if (moved.length > 0) this.#waiting.set(to, [...(this.#waiting.get(to) ?? []), ...moved])
  }

  rejectAll(error: unknown): void {
    for (const id of [...this.#waiting.keys()]) this.reject(id, error)
  }

  #take(id: string) {
    const waiting = this.#waiting.get(id) ?? []
    this.#waiting.delete(id)
    return waiting
  }
}
