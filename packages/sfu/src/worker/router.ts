import type { RtpObserver } from './observer/rtp-observer.ts'
import type { Producer } from './producer/producer.ts'

/** A room in the engine's eyes: transports whose consumers may receive each other's producers. */
export class Router {
  readonly id: string
  readonly transportIds = new Set<string>()
  readonly producers = new Map<string, Producer>()
  readonly rtpObservers = new Map<string, RtpObserver>()

  constructor(id: string) {
    this.id = id
  }

  dump(): Readonly<Record<string, unknown>> {
    return {
      id: this.id,
      transportIds: [...this.transportIds],
      rtpObserverIds: [...this.rtpObservers.keys()],
      mapProducerIdConsumerIds: [...this.producers.values()].map((producer) => ({
        key: producer.id,
        values: [...producer.consumers].map((consumer) => consumer.id),
      })),
      mapConsumerIdProducerId: [...this.producers.values()].flatMap((producer) =>
        [...producer.consumers].map((consumer) => ({ key: consumer.id, value: producer.id })),
      ),
      mapProducerIdObserverIds: [...this.producers.keys()]
        .map((key) => ({
          key,
          values: [...this.rtpObservers.values()].filter((o) => o.observes(key)).map((o) => o.id),
        }))
        .filter(({ values }) => values.length > 0),
    }
  }
}
