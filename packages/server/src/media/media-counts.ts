import type { EngineEvents } from './engine.ts'

/** What lives in the engine right now, counted by the engine's own `close` events: what is forgotten stays visible. */
export class MediaCounts {
  transports = 0
  producers = 0
  consumers = 0

  /** Counts an object until it closes. */
  track(kind: 'transports' | 'producers' | 'consumers', entity: { readonly observer: EngineEvents }): void {
    this[kind] += 1
    entity.observer.on('close', () => {
      this[kind] -= 1
    })
  }
}
