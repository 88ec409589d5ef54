import { parseRtcpPacket, RtcpHeader, readTransportFeedback, TransportFeedback } from '@sangam/rtp'
import {
  type Bottleneck,
  MediaSource,
  type MediaSourceOptions,
  type SeededRandom,
  type VirtualTime,
} from '@sangam/testkit/network'
import { SendHistory, SendRecords } from '../../src/worker/congestion/send-records.ts'
import { SendSideBandwidth } from '../../src/worker/congestion/send-side-bandwidth.ts'
import { TransportCcRecorder } from '../../src/worker/congestion/transport-cc-recorder.ts'
import { type LayeredMedia, LayeredSource } from './layered-source.ts'

const TRANSPORT = 1
const TICK_US = 20_000
const PROBE_TICK_US = 5000
const PADDING_BYTES = 1200
const FEEDBACK_BYTES = 120
/** Offset of the receiver's clock: nothing may depend on equal clocks. */
const RECEIVER_CLOCK_US = 123_456_789

/** One sender with its estimator, its encoder, and its receiver at the other end of the link. */
export class SimulatedFlow {
  readonly bandwidth: SendSideBandwidth
  readonly source: MediaSource | LayeredSource
  /** When each packet of media arrived, and how long it waited before the bottleneck. */
  readonly arrivedUs: number[] = []
  readonly queueMs: number[] = []
  mediaBytes = 0
  paddingBytes = 0
  readonly #time: VirtualTime
  readonly #link: Bottleneck
  readonly #reverse: Bottleneck
  readonly #delayMs: number
  readonly #records = new SendRecords(2)
  readonly #sequences = new Uint16Array(2)
  readonly #recorder = new TransportCcRecorder()
  readonly #header = new RtcpHeader()
  readonly #feedback = new TransportFeedback()
  readonly #message = new Uint8Array(1200)

  constructor(
    time: VirtualTime,
    random: SeededRandom,
    link: Bottleneck,
    reverse: Bottleneck,
    options: {
      readonly delayMs: number
      readonly initialBps: number
      readonly maxBps: number
      /** An encoder that follows the estimate, or layers that it chooses among. */
      readonly media: MediaSourceOptions | LayeredMedia
      /** First transport-wide sequence number. */
      readonly firstSequence?: number
    },
  ) {
    this.#time = time
    this.#link = link
    this.#reverse = reverse
    this.#delayMs = options.delayMs
    this.#records.open(TRANSPORT)
    this.#sequences[TRANSPORT] = options.firstSequence ?? 0
    this.#recorder.enable()
    this.bandwidth = new SendSideBandwidth(new SendHistory(this.#records, this.#sequences, TRANSPORT, 0), {
      initialBps: options.initialBps,
      minBps: 0,
      maxBps: options.maxBps,
    })
    const { media } = options
    const targetBps = () => this.bandwidth.targetBps
    const emit = (bytes: number) => this.#send(bytes, true)
    this.source =
      'layersBps' in media
        ? new LayeredSource(time, random, media, targetBps, emit)
        : new MediaSource(time, random, media, targetBps, emit)
  }

  start(): void {
    this.source.start()
    this.#tick()
    this.#time.every(10_000, () => this.#report())
  }

  #tick(): void {
    const { nowUs } = this.#time
    let due = this.bandwidth.tick(nowUs)
    for (; due > PADDING_BYTES / 2; due -= PADDING_BYTES)
      if (!this.source.isPaused) this.#send(PADDING_BYTES, false)
    this.#time.after(this.bandwidth.isProbing(nowUs) ? PROBE_TICK_US : TICK_US, () => this.#tick())
  }

  #send(bytes: number, isMedia: boolean): void {
    const sequence = this.#sequences[TRANSPORT]!
    this.#sequences[TRANSPORT] = sequence + 1
    this.#records.setNow(this.#time.nowUs)
    this.#records.write(TRANSPORT, sequence, bytes)
    this.#link.send(bytes, this.#delayMs, ({ queueMs }) => {
      this.#recorder.received(sequence, this.#time.nowUs + RECEIVER_CLOCK_US, 1)
      if (isMedia) {
        this.mediaBytes += bytes
        this.arrivedUs.push(this.#time.nowUs)
        this.queueMs.push(queueMs)
      } else this.paddingBytes += bytes
    })
  }

  #report(): void {
    const receiverUs = this.#time.nowUs + RECEIVER_CLOCK_US
    while (this.#recorder.isDue(receiverUs)) {
      const length = this.#recorder.write(this.#message, 0, this.#message.length, receiverUs)
      const bytes = this.#message.slice(0, length)
      this.#reverse.send(FEEDBACK_BYTES, this.#delayMs, () => this.#handle(bytes))
    }
  }

  #handle(bytes: Uint8Array): void {
    if (!parseRtcpPacket(bytes, 0, bytes.length, this.#header)) throw new Error('malformed RTCP')
    if (!readTransportFeedback(bytes, this.#header, this.#feedback)) throw new Error('malformed feedback')
    this.bandwidth.handleFeedback(this.#feedback, this.#time.nowUs)
  }
}
