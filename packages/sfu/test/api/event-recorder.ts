import type { EventEmitter } from 'node:events'

/** Writes down, in order, which of the named events several emitters emit: `consumer:producerclose`. */
export class EventRecorder {
  readonly log: string[] = []

  /** Listens to `events` of an emitter, and to `observerEvents` of its observer. */
  watch(
    name: string,
    emitter: EventEmitter & { readonly observer?: EventEmitter },
    events: readonly string[],
    observerEvents: readonly string[] = ['close'],
  ): void {
    for (const event of events) emitter.on(event, () => this.log.push(`${name}:${event}`))
    for (const event of observerEvents)
      emitter.observer?.on(event, () => this.log.push(`${name}.observer:${event}`))
  }

  /** What was written down since the last call. */
  take(): string[] {
    return this.log.splice(0)
  }
}
