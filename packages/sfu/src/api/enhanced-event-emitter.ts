import { EventEmitter, once } from 'node:events'
import { Logger } from './logger.ts'

const logger = new Logger('EnhancedEventEmitter')

/** Names of events, and the tuple of arguments that each carries. */
export type EventMap = Record<string, unknown[]>

/** What every emitter emits besides its own events: the name of the event whose listener threw, and what it threw. */
export type ListenerErrorEvents<E> = { listenererror: [eventName: keyof E, error: Error] }

type All<E extends EventMap> = E & ListenerErrorEvents<E>

/**
 * Node's `EventEmitter`, typed by a map of event names to tuples of arguments, with an emit that no listener can break.
 *
 * @example
 * type DoorEvents = { opened: [by: string] }
 * new EnhancedEventEmitter<DoorEvents>().on('opened', (by) => {})
 */
export class EnhancedEventEmitter<E extends EventMap> extends EventEmitter {
  constructor() {
    super()
    // An object with many consumers is no leak.
    this.setMaxListeners(Number.POSITIVE_INFINITY)
  }

  /** Emits; what a listener throws comes out of this call. The engine itself uses `safeEmit()`. */
  override emit<K extends keyof All<E> & string>(eventName: K, ...args: All<E>[K]): boolean {
    return super.emit(eventName, ...args)
  }

  /**
   * Emits to every listener, whatever the others do. A listener that throws is reported by `listenererror`, or logged when nobody
   * listens to that.
   * @returns whether there was a listener
   */
  safeEmit<K extends keyof All<E> & string>(eventName: K, ...args: All<E>[K]): boolean {
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

  override on<K extends keyof All<E> & string>(eventName: K, listener: (...args: All<E>[K]) => void): this {
    return super.on(eventName, listener)
  }

  override off<K extends keyof All<E> & string>(eventName: K, listener: (...args: All<E>[K]) => void): this {
    return super.off(eventName, listener)
  }

  override once<K extends keyof All<E> & string>(eventName: K, listener: (...args: All<E>[K]) => void): this {
    return super.once(eventName, listener)
  }

  override addListener<K extends keyof All<E> & string>(
    eventName: K,
    listener: (...args: All<E>[K]) => void,
  ): this {
    return super.addListener(eventName, listener)
  }

  override removeListener<K extends keyof All<E> & string>(
    eventName: K,
    listener: (...args: All<E>[K]) => void,
  ): this {
    return super.removeListener(eventName, listener)
  }

  override prependListener<K extends keyof All<E> & string>(
    eventName: K,
    listener: (...args: All<E>[K]) => void,
  ): this {
    return super.prependListener(eventName, listener)
  }

  override prependOnceListener<K extends keyof All<E> & string>(
    eventName: K,
    listener: (...args: All<E>[K]) => void,
  ): this {
    return super.prependOnceListener(eventName, listener)
  }

  override removeAllListeners<K extends keyof All<E> & string>(eventName?: K): this {
    return eventName === undefined ? super.removeAllListeners() : super.removeAllListeners(eventName)
  }

  override listenerCount<K extends keyof All<E> & string>(eventName: K): number {
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
export async function enhancedOnce<E extends EventMap, K extends keyof E & string = keyof E & string>(
  emitter: EnhancedEventEmitter<E>,
  eventName: K,
  options?: { readonly signal?: AbortSignal },
): Promise<E[K]> {
  return (await once(emitter, eventName, options)) as E[K]
}
