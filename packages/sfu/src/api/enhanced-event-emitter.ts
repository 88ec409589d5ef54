import { EventEmitter, once } from 'node:events'
import { Logger } from './logger.ts'

const logger = new Logger('EnhancedEventEmitter')

/** What every emitter emits besides its own events: the name of the event whose listener threw, and what it threw. */
export type ListenerErrorEvents<E> = { listenererror: [eventName: keyof E & string, error: Error] }

type Names<E> = (keyof E | 'listenererror') & string
type Args<E, K> = K extends keyof E
  ? E[K] extends unknown[]
    ? E[K]
    : never
  : K extends 'listenererror'
    ? ListenerErrorEvents<E>['listenererror']
    : never
type Listener<E, K> = (...args: Args<E, K>) => void

/**
 * Node's `EventEmitter`, typed by a map of event names to tuples of arguments, with an emit that no listener can break.
 *
 * @example
 * type DoorEvents = { opened: [by: string] }
 * new EnhancedEventEmitter<DoorEvents>().on('opened', (by) => {})
 */
export class EnhancedEventEmitter<E extends object> extends EventEmitter {
  constructor() {
    super()
    // An object with many consumers is no leak.
    this.setMaxListeners(Number.POSITIVE_INFINITY)
  }

  /** Emits; what a listener throws comes out of this call. The engine itself uses `safeEmit()`. */
  override emit<K extends Names<E>>(eventName: K, ...args: Args<E, K>): boolean {
    return super.emit(eventName, ...args)
  }

  /**
   * Emits to every listener, whatever the others do. A listener that throws is reported by `listenererror`, or logged when nobody
   * listens to that.
   * @returns whether there was a listener
   */
  safeEmit<K extends Names<E>>(eventName: K, ...args: Args<E, K>): boolean {
    const listeners = super.rawListeners(eventName)
    for (const listener of listeners) {
      try {
        Reflect.apply(listener, this, args)
      } catch (error) {
        this.#reportListenerError(eventName, error instanceof Error ? error : new Error(String(error)))
      }
    }
    return listeners.length > 0
  }

  override on<K extends Names<E>>(eventName: K, listener: Listener<E, K>): this {
    return super.on(eventName, listener)
  }

  override off<K extends Names<E>>(eventName: K, listener: Listener<E, K>): this {
    return super.off(eventName, listener)
  }

  override once<K extends Names<E>>(eventName: K, listener: Listener<E, K>): this {
    return super.once(eventName, listener)
  }

  override addListener<K extends Names<E>>(eventName: K, listener: Listener<E, K>): this {
    return super.addListener(eventName, listener)
  }

  override removeListener<K extends Names<E>>(eventName: K, listener: Listener<E, K>): this {
    return super.removeListener(eventName, listener)
  }

  override prependListener<K extends Names<E>>(eventName: K, listener: Listener<E, K>): this {
    return super.prependListener(eventName, listener)
  }

  override prependOnceListener<K extends Names<E>>(eventName: K, listener: Listener<E, K>): this {
    return super.prependOnceListener(eventName, listener)
  }

  override removeAllListeners<K extends Names<E>>(eventName?: K): this {
    return eventName === undefined ? super.removeAllListeners() : super.removeAllListeners(eventName)
  }

  override listenerCount<K extends Names<E>>(eventName: K): number {
    return super.listenerCount(eventName)
  }

  #reportListenerError(eventName: string, error: Error): void {
    const reporters = super.rawListeners('listenererror')
    if (reporters.length === 0 || eventName === 'listenererror') {
      logger.error(`a listener of '${eventName}' threw`, error)
      return
    }
    for (const reporter of reporters) {
      try {
        Reflect.apply(reporter, this, [eventName, error])
      } catch (second) {
        logger.error(`a listener of 'listenererror' threw`, second instanceof Error ? second : undefined)
      }
    }
  }
}

/**
 * Node's `events.once()`, typed by the emitter's tuple map.
 * @returns the event's arguments
 * @throws `AbortError` when `options.signal` is aborted first
 */
export async function enhancedOnce<E extends object, K extends keyof E & string = keyof E & string>(
  emitter: EnhancedEventEmitter<E>,
  eventName: K,
  options?: { readonly signal?: AbortSignal },
): Promise<Args<E, K>> {
  return (await once(emitter, eventName, options)) as Args<E, K>
}
