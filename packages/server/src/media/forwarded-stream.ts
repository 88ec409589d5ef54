import type { Consumer, StreamReason, StreamState, TrackSource } from '@sangam/protocol'
import * as z from 'zod'
import type { EngineConsumer, EngineProducer } from './engine.ts'

/** A stream that can be forwarded to the others in its room. */
export type Forwardable = {
  /** The id that clients know: it stays when the stream goes on by another producer. */
  readonly streamId: string
  readonly producer: EngineProducer
  readonly participantId: string
  readonly source: TrackSource
  /** Pixels of each spatial layer's picture, the lowest first; empty for sound. */
  readonly layerHeights: readonly number[]
}

/** What is decided of one stream for one receiver. */
export type StreamDecision = {
  readonly forwarded: boolean
  readonly reason: StreamReason
  /** Whether the engine itself holds it back: then its consumer is left alone. */
  readonly byEngine?: boolean
  /** Of video: the highest that is worth its bits. */
  readonly spatialLayer?: number
  readonly priority?: number
}

/** `layerschange` of a consumer: the layers that it gets from now on, or none. */
const layersSchema = z
  .object({
    spatialLayer: z.number().int().min(0).max(7),
    temporalLayer: z.number().int().min(0).max(7).optional(),
  })
  .optional()

/** A stream on its way to one receiver: the engine's consumer, and what was decided of it. */
export class ForwardedStream {
  readonly consumer: EngineConsumer
  readonly stream: Forwardable
  /** The batch that its receiver was told of it in. */
  batch = 0
  #isReady = false
  /** What the engine was asked for last; its answer may be on the way. */
  #flows = false
  #decision: StreamDecision = { forwarded: true, reason: 'wanted' }
  /** Undefined before the engine said anything; `none` while the network carries none of them. */
  #layers: { spatialLayer: number; temporalLayer?: number | undefined } | 'none' | undefined

  constructor(consumer: EngineConsumer, stream: Forwardable) {
    this.consumer = consumer
    this.stream = stream
  }

  /** What holds. */
  get decision(): StreamDecision {
    return this.#decision
  }

  /** The client is set up for it. */
  async setReady(): Promise<void> {
    this.#isReady = true
    await this.#flow()
  }

  /** Carries a decision out. @returns whether a receiver would see a difference */
  decide(decision: StreamDecision): boolean {
    const before = this.#decision
    this.#decision = decision
    const { spatialLayer, priority } = decision
    // What fails does so because the consumer closed: then there is nothing left to decide.
    const ignore = (): void => undefined
    if (decision.forwarded && spatialLayer !== undefined && spatialLayer !== before.spatialLayer) {
      if (this.stream.layerHeights.length > 1)
        this.consumer.setPreferredLayers({ spatialLayer }).catch(ignore)
    }
    if (priority !== undefined && priority !== before.priority)
      this.consumer.setPriority(priority).catch(ignore)
    this.#flow().catch(ignore)
    return before.forwarded !== decision.forwarded || before.reason !== decision.reason
  }

  /** Calls when the layers that the engine forwards changed. */
  watchLayers(onChanged: () => void): void {
    this.consumer.on('layerschange', (value) => {
      const layers = layersSchema.safeParse(value ?? undefined)
      if (!layers.success) return
      this.#layers = layers.data ?? 'none'
      if (this.#decision.forwarded) onChanged()
    })
  }

  /** As the receiver is told. */
  state(): StreamState {
    const { forwarded, reason } = this.#decision
    const state = { consumerId: this.consumer.id, forwarded, reason }
    if (!forwarded || this.#layers === undefined) return state
    if (this.#layers === 'none') return { ...state, forwarded: false, reason: 'bandwidth' }
    const { spatialLayer, temporalLayer } = this.#layers
    return { ...state, spatialLayer, ...(temporalLayer === undefined ? {} : { temporalLayer }) }
  }

  /** As the receiver learns of it. */
  asConsumer(): Consumer {
    const { consumer, stream } = this
    return {
      consumerId: consumer.id,
      producerId: stream.streamId,
      participantId: stream.participantId,
      kind: consumer.kind,
      source: stream.source,
      rtpParameters: consumer.rtpParameters,
    }
  }

  async #flow(): Promise<void> {
    if (!this.#isReady || this.consumer.closed) return
    const flows = this.#decision.forwarded || this.#decision.byEngine === true
    if (flows === this.#flows) return
    this.#flows = flows
    // What it had of layers it no longer has.
    if (!flows) this.#layers = undefined
    await (flows ? this.consumer.resume() : this.consumer.pause())
  }
}
