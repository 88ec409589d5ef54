/** What everything that changes is made of: stores to look at and events to hear. */

/** Removes what it was returned for (a listener, a subscription); calling it twice is harmless. */
export type Unsubscribe = () => void

/**
 * A framework-free observable value. `get()` returns the current immutable snapshot: the same object until
 * something changed, a new one afterwards, so that it can be compared by identity.
 * `subscribe()` calls back after each change, without the value; a listener that throws can't stop the others.
 */
export interface Store<T> {
  get(): T
  subscribe(listener: () => void): Unsubscribe
}

/** Typed events over a tuple map: `on` returns its own removal; a listener that throws can't stop the others. */
export interface Emitter<Events extends Record<keyof Events, readonly unknown[]>> {
  on<Name extends keyof Events>(name: Name, listener: (...args: Events[Name]) => void): Unsubscribe
  once<Name extends keyof Events>(name: Name, listener: (...args: Events[Name]) => void): Unsubscribe
}
