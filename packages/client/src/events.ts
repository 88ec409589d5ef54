import type { Emitter, Unsubscribe } from './api.ts'

type Listener = (...args: never[]) => void

/** Where an error that a listener threw goes: to the host's own report of uncaught errors, on a later turn. */
export function reportListenerError(error: unknown): void {
  queueMicrotask(() => {
    throw error
  })
}

/**
 * The emitter behind every noun. Listeners run in the order they were added, on a copy of the list, so that one
 * may remove itself; one that throws is reported as uncaught and the rest still run.
 */
export class TypedEmitter<Events extends Record<keyof Events, readonly unknown[]>>
  implements Emitter<Events>
{
  readonly #listeners = new Map<keyof Events, Set<Listener>>()
  readonly #report: (error: unknown) => void

  constructor(report: (error: unknown) => void = reportListenerError) {
    this.#report = report
  }

  on<Name extends keyof Events>(name: Name, listener: (...args: Events[Name]) => void): Unsubscribe {
    const listeners = this.#listeners.get(name) ?? new Set<Listener>()
    this.#listeners.set(name, listeners)
    // Wrapped, so that the same function may be added twice and each removal takes off its own.
    const entry: Listener = (...args) => listener(...(args as unknown as Events[Name]))
    listeners.add(entry)
    return () => {
      listeners.delete(entry)
    }
  }

  once<Name extends keyof Events>(name: Name, listener: (...args: Events[Name]) => void): Unsubscribe {
    const remove = this.on(name, (...args) => {
      remove()
      listener(...args)
    })
    return remove
  }

  /** Calls the listeners of `name`; never throws. */
  emit<Name extends keyof Events>(name: Name, ...args: Events[Name]): void {
    for (const listener of [...(this.#listeners.get(name) ?? [])]) {
      try {
        listener(...(args as unknown as never[]))
      } catch (error) {
        this.#report(error)
      }
    }
  }

  /** Drops every listener. */
  removeAll(): void {
    this.#listeners.clear()
  }
}
