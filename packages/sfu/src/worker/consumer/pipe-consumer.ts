import type { ConsumerScore, Stat } from '../../channel/messages.ts'
import { ChannelTypeError } from '../errors.ts'
import type { Producer } from '../producer/producer.ts'
import type { ReceiveStream } from '../producer/receive-stream.ts'
import type { Transport } from '../transport/transport.ts'
import { Consumer, type ConsumerOptions } from './consumer.ts'

/**
 * A consumer that passes on all streams of a producer at once, each under an SSRC of its own, for another router to choose
 * from. It is the leg of the first encoding itself, and holds the others.
 */
export class PipeConsumer extends Consumer {
  readonly #others: readonly PipeLeg[]

  constructor(transport: Transport, producer: Producer, options: ConsumerOptions) {
    super(transport, producer, optionsOfLeg(options, 0))
    const { encodings = [] } = options.rtpParameters
    this.#others = encodings
      .slice(1)
      .map((_, i) => new PipeLeg(this, transport, producer, optionsOfLeg(options, i + 1)))
  }

  override get legs(): readonly Consumer[] {
    return [this, ...this.#others]
  }

  override update(): void {
    super.update()
    for (const leg of this.#others) leg.update()
  }

  override streamAppeared(stream: ReceiveStream): void {
    super.streamAppeared(stream)
    for (const leg of this.#others) leg.streamAppeared(stream)
  }

  override requestKeyFrame(): void {
    super.requestKeyFrame()
    for (const leg of this.#others) leg.requestKeyFrame()
  }

  /** The worst leg tells how the pipe is; the best stream, how the producer is. */
  override currentScore(): ConsumerScore {
    const producerScores = this.producer.streams.map((stream) => stream.score)
    return {
      score: Math.min(...this.legs.map((leg) => leg.score)),
      producerScore: Math.max(0, ...producerScores),
      producerScores,
    }
  }

  override close(): void {
    super.close()
    for (const leg of this.#others) leg.close()
  }

  override sample(elapsedMs: number): void {
    super.sample(elapsedMs)
    for (const leg of this.#others) leg.sample(elapsedMs)
  }

  override stats(nowMs: number): Stat[] {
    return [...super.stats(nowMs), ...this.#others.flatMap((leg) => leg.stats(nowMs))]
  }

  override dump(): Readonly<Record<string, unknown>> {
    const { rtpStream: _, ...dump } = super.dump()
    return { ...dump, rtpStreams: this.legs.map((leg) => leg.dumpStream()) }
  }
}

/** One further stream of a pipe. What it tells, it tells in the name of the whole. */
class PipeLeg extends Consumer {
  readonly #pipe: PipeConsumer

  constructor(pipe: PipeConsumer, transport: Transport, producer: Producer, options: ConsumerOptions) {
    super(transport, producer, options)
    this.#pipe = pipe
  }

  override get wanted(): boolean {
    return this.#pipe.wanted
  }

  protected override get traceTarget(): string {
    return this.#pipe.id
  }

  override currentScore(): ConsumerScore {
    return this.#pipe.currentScore()
  }
}

function optionsOfLeg(options: ConsumerOptions, encodingIndex: number): ConsumerOptions {
  const encoding = options.rtpParameters.encodings?.[encodingIndex]
  if (encoding === undefined) throw new ChannelTypeError('rtpParameters.encodings is empty')
  return { ...options, encodingIndex, rtpParameters: { ...options.rtpParameters, encodings: [encoding] } }
}
