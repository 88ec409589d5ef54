import type { Store, Unsubscribe } from './api.ts'
import { reportListenerError } from './events.ts'

/** A store that its owner can write. Setting the same value (by identity) tells nobody. */
export class WritableStore<T> implements Store<T> {
  #value: T
  readonly #listeners = new Set<{ readonly call: () => void }>()
  readonly #report: (error: unknown) => void

  constructor(value: T, report: (error: unknown) => void = reportListenerError) {
    this.#value = value
    this.#report = report
  }

  // Bound, so that `store.get` and `store.subscribe` can be handed to React as they are.
  readonly get = (): T => this.#value

  readonly subscribe = (listener: () => void): Unsubscribe => {
    const entry = { call: listener }
    this.#listeners.add(entry)
    return () => {
      this.#listeners.delete(entry)
    }
  }

  /** Replaces the value and tells every subscriber, unless it is the same value. */
  set(value: T): void {
    if (Object.is(value, this.#value)) return
    this.#value = value
    for (const listener of [...this.#listeners]) {
      try {
        listener.call()
      } catch (error) {
        this.#report(error)
      }
    }
  }

  /** Replaces the value by a function of it. */
  update(change: (value: T) => T): void {
    this.set(change(this.#value))
  }
}

/** Resolves with the first value, now or later, that `wanted` accepts. */
export function storeReaches<T, U extends T>(store: Store<T>, wanted: (value: T) => value is U): Promise<U>
export function storeReaches<T>(store: Store<T>, wanted: (value: T) => boolean): Promise<T>
export function storeReaches<T>(store: Store<T>, wanted: (value: T) => boolean): Promise<T> {
  return new Promise((resolve) => {
    if (wanted(store.get())) {
      resolve(store.get())
      return
    }
    const unsubscribe = store.subscribe(() => {
      const value = store.get()
      if (!wanted(value)) return
      unsubscribe()
      resolve(value)
    })
  })
}
