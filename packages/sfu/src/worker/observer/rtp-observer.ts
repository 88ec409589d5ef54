import type { WorkerContext } from '../context.ts'
import { ChannelTypeError } from '../errors.ts'
import type { Producer } from '../producer/producer.ts'
import { LevelMeter } from './level-meter.ts'

/** Something that listens to what producers send and tells what it makes of it. Subclasses say what that is. */
export abstract class RtpObserver {
  readonly id: string
  protected readonly context: WorkerContext
  protected readonly meters = new Map<string, LevelMeter>()
  readonly #producers = new Map<string, Producer>()
  #paused = false

  constructor(context: WorkerContext, id: string) {
    this.context = context
    this.id = id
  }

  get paused(): boolean {
    return this.#paused
  }

  observes(producerId: string): boolean {
    return this.#producers.has(producerId)
  }

  /** Idempotent. @param voiceId whose voice it is, where that matters @throws ChannelTypeError for video */
  addProducer(producer: Producer, voiceId = producer.id): void {
    if (producer.kind !== 'audio') throw new ChannelTypeError(`producer ${producer.id} sends no audio`)
    if (this.observes(producer.id)) return
    const meter = new LevelMeter()
    this.#producers.set(producer.id, producer)
    this.meters.set(producer.id, meter)
    if (!this.#paused) producer.addLevelMeter(meter)
    this.producerAdded(producer, voiceId)
  }

  /** Idempotent. */
  removeProducer(producerId: string): void {
    const producer = this.#producers.get(producerId)
    const meter = this.meters.get(producerId)
    if (producer === undefined || meter === undefined) return
    if (!this.#paused) producer.removeLevelMeter(meter)
    this.#producers.delete(producerId)
    this.meters.delete(producerId)
    this.producerRemoved(producer)
  }

  pause(): void {
    if (this.#paused) return
    this.#paused = true
    this.#eachMeter((producer, meter) => producer.removeLevelMeter(meter))
    this.pausedChanged()
  }

  resume(): void {
    if (!this.#paused) return
    this.#paused = false
    this.#eachMeter((producer, meter) => {
      meter.reset()
      producer.addLevelMeter(meter)
    })
    this.pausedChanged()
  }

  close(): void {
    for (const producerId of [...this.#producers.keys()]) this.removeProducer(producerId)
  }

  /** Time went on; called every few milliseconds. */
  abstract tick(nowUs: number): void

  protected producerAdded(_producer: Producer, _voiceId: string): void {}
  protected producerRemoved(_producer: Producer): void {}
  protected pausedChanged(): void {}

  #eachMeter(visit: (producer: Producer, meter: LevelMeter) => void): void {
    for (const [producerId, meter] of this.meters) {
      const producer = this.#producers.get(producerId)
      if (producer !== undefined) visit(producer, meter)
    }
  }
}
