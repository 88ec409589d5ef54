import type { LayerFilter } from '../../src/worker/layers/layer-filter.ts'
import { LayerForwarder, type LayerSource, Verdict } from '../../src/worker/layers/layer-forwarder.ts'
import { LayeredPacket } from '../../src/worker/layers/layered-packet.ts'
import type { SenderClock } from '../../src/worker/producer/receive-stream.ts'

/** What tests say of a packet; the rest is as in a delta frame of the lowest layer. */
export type PacketFields = Partial<Omit<LayeredPacket, 'reset'>>

/** A packet as the packet path would describe it. */
export function packet(fields: PacketFields): LayeredPacket {
  return Object.assign(new LayeredPacket(), fields)
}

/** A stream that packets are offered from. */
export class TestSource implements LayerSource {
  readonly index: number
  highestSequence = -1
  senderClock: SenderClock | undefined

  constructor(index: number, senderClock?: SenderClock) {
    this.index = index
    this.senderClock = senderClock
  }
}

/** One packet that went out. */
export interface Sent {
  readonly sequence: number
  readonly timestamp: number
  readonly marker: boolean
  /** 15 bits, undefined where the payload stays as it is. */
  readonly pictureId: number | undefined
  readonly tl0PicIdx: number | undefined
}

/** A forwarder that keeps what it sent. */
export class ForwarderRig {
  readonly forwarder: LayerForwarder
  readonly sent: Sent[] = []
  readonly filled: number[] = []

  constructor(filter: LayerFilter, firstNumber = 1000) {
    this.forwarder = new LayerForwarder(filter, 90_000, firstNumber)
  }

  /** Offers a packet. @returns whether it was forwarded */
  offer(source: TestSource, fields: PacketFields): boolean {
    const { forwarder } = this
    const offered = packet(fields)
    source.highestSequence = Math.max(source.highestSequence, offered.sequence)
    const verdict = forwarder.offer(source, offered)
    if (verdict === Verdict.fill) this.filled.push(forwarder.outgoing)
    if (verdict !== Verdict.forward) return false
    const patch = forwarder.vp8Patch
    this.sent.push({
      sequence: forwarder.outgoing,
      timestamp: forwarder.timestamp,
      marker: forwarder.marker,
      pictureId: patch < 0 ? undefined : patch & 0x7fff,
      tl0PicIdx: patch < 0 ? undefined : patch >> 16,
    })
    return true
  }

  get sequences(): number[] {
    return this.sent.map(({ sequence }) => sequence)
  }
}

/** `count` numbers from `first` on. */
export function counting(first: number, count: number): number[] {
  return Array.from({ length: count }, (_, i) => first + i)
}

/** A VP8 stream's packets: one per picture, 30 pictures per second, in the temporal pattern 0 2 1 2. */
export class Vp8Stream {
  readonly source: TestSource
  #sequence: number
  #picture = 0
  readonly #firstTimestamp: number
  readonly #firstPictureId: number
  readonly #firstTl0: number
  #tl0 = 0

  constructor(
    source: TestSource,
    first: { sequence: number; timestamp: number; pictureId: number; tl0: number },
  ) {
    this.source = source
    this.#sequence = first.sequence
    this.#firstTimestamp = first.timestamp
    this.#firstPictureId = first.pictureId
    this.#firstTl0 = first.tl0
  }

  /** The next picture's only packet; `keyFrame` starts the pattern anew. */
  next(keyFrame = false, arrivalUs?: number): PacketFields {
    const i = this.#picture++
    if (keyFrame) this.#phase = 0
    const temporalLayer = [0, 2, 1, 2][this.#phase % 4] as number
    const isFirstRound = this.#phase < 3
    this.#phase++
    if (temporalLayer === 0) this.#tl0++
    return {
      sequence: this.#sequence++,
      timestamp: (this.#firstTimestamp + i * 3000) >>> 0,
      arrivalUs: arrivalUs ?? i * 33_333,
      marker: true,
      startOfFrame: true,
      keyFrame,
      temporalLayer,
      // As libvpx marks it: pictures right after the base layer's, before any of their own layer.
      switchUp: temporalLayer > 0 && (isFirstRound || temporalLayer === 1),
      pictureId: (this.#firstPictureId + i) & 0x7fff,
      tl0PicIdx: (this.#firstTl0 + this.#tl0 - 1) & 0xff,
    }
  }

  #phase = 0
}
