import type { Producer } from './producer/producer.ts'

/** A room in the engine's eyes: transports whose consumers may receive each other's producers. */
export class Router {
  readonly id: string
  readonly transportIds = new Set<string>()
  readonly producers = new Map<string, Producer>()

  constructor(id: string) {
    this.id = id
  }

  dump(): Readonly<Record<string, unknown>> {
    return {
      id: this.id,
      transportIds: [...this.transportIds],
      rtpObserverIds: [],
      mapProducerIdConsumerIds: [...this.producers.values()].map((producer) => ({
        key: producer.id,
        values: [...producer.consumers].map((consumer) => consumer.id),
      })),
    }
  }
}
