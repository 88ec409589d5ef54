import type { Consumer } from '@sangam/protocol'
import { type RtpHeader, readUint16, SequenceNumberUnwrapper } from '@sangam/rtp'
import { isKeyFrameAt, STAMP_BYTES, STAMP_OFFSET } from './bot-streams.ts'
import { FreezeMeter } from './freeze-meter.ts'
import { MissingPackets } from './missing-packets.ts'
import { PlayoutDelay } from './playout-delay.ts'

/** A gap that did not close after this long is given up: a key frame has to come. */
const GIVE_UP_MS = 500
/** Packets that wait behind a gap. */
const MOST_WAITING = 512

interface Waiting {
  readonly marker: boolean
  readonly isKeyFrame: boolean
  readonly layer: number
  readonly sentMs: number
}

/** What a receiver of one stream saw of it so far. */
export interface ReceivedFigures {
  readonly packets: number
  readonly bytes: number
  /** Complete pictures, of video. */
  readonly pictures: number
  readonly freezes: number
  /** Milliseconds in freezes. */
  readonly frozenMs: number
}

/** What a moment's pictures were like. */
export interface PictureSample {
  readonly layer: number
  readonly packets: number
  readonly bytes: number
  readonly pictures: number
  readonly freezes: number
  /** Mean time from sending to completion, and to showing; NaN without a picture. */
  readonly completeMs: number
  readonly delayMs: number
}

const noSample = () => ({ packets: 0, bytes: 0, pictures: 0, freezes: 0, completeMs: 0, delayMs: 0 })

/** One consumer as its receiver sees it: puts packets in order, counts pictures, freezes and delays. */
export class ReceivedStream {
  readonly consumer: Consumer
  packets = 0
  bytes = 0
  pictures = 0
  /** Layer of the newest picture, -1 before. */
  layer = -1
  firstMs = Number.NaN
  lastMs = Number.NaN
  readonly #unwrapper = new SequenceNumberUnwrapper()
  readonly #waiting = new Map<number, Waiting>()
  readonly #missing = new MissingPackets()
  readonly #playout = new PlayoutDelay()
  readonly #freezes = new FreezeMeter()
  #next = -1
  #gapSinceMs = Number.NaN
  /** What comes builds on pictures that are lost. */
  #needsKeyFrame = false
  #sample = noSample()

  constructor(consumer: Consumer) {
    this.consumer = consumer
  }

  get freezes(): number {
    return this.#freezes.freezes
  }

  /** Milliseconds in freezes. */
  get frozenMs(): number {
    return this.#freezes.frozenMs
  }

  get ssrc(): number {
    return this.consumer.rtpParameters.encodings?.[0]?.ssrc ?? 0
  }

  get rtxSsrc(): number | undefined {
    return this.consumer.rtpParameters.encodings?.[0]?.rtx?.ssrc
  }

  /** Takes a packet of the stream, or an RTX packet that repairs it. @returns numbers that are missing before it, to ask for */
  receive(header: RtpHeader, memory: Uint8Array, length: number, nowMs: number): number[] {
    this.packets++
    this.bytes += length
    this.#sample.packets++
    this.#sample.bytes += length
    if (Number.isNaN(this.firstMs)) this.firstMs = nowMs
    this.lastMs = nowMs
    if (this.consumer.kind === 'audio') return []
    const isRtx = header.ssrc !== this.ssrc
    // Padding alone is a probe.
    if (header.payloadLength < (isRtx ? 2 : 0) + STAMP_OFFSET + STAMP_BYTES)
      return isRtx ? [] : this.#skip(header)
    const number = isRtx ? readUint16(memory, header.payloadOffset) : header.sequenceNumber
    const at = header.payloadOffset + (isRtx ? 2 : 0) + STAMP_OFFSET
    const isKeyFrame = isKeyFrameAt(memory, at - STAMP_OFFSET)
    const sentMs = new DataView(memory.buffer, memory.byteOffset + at + 1, 8).getFloat64(0)
    return this.#accept(
      this.#unwrapper.unwrap(number),
      { marker: header.marker, isKeyFrame, layer: memory[at] ?? 0, sentMs },
      isRtx,
      nowMs,
    )
  }

  /** Whether a gap has been open for too long: the receiver asks for a key frame and goes on after it. */
  giveUp(nowMs: number): boolean {
    if (!(nowMs - this.#gapSinceMs > GIVE_UP_MS)) return false
    this.#next = Math.min(...this.#waiting.keys())
    this.#missing.forgetBefore(this.#next)
    this.#gapSinceMs = Number.NaN
    this.#needsKeyFrame = true
    this.#advance(nowMs)
    return true
  }

  /** Numbers that were asked for in vain for a round trip. */
  overdue(nowMs: number): number[] {
    return this.#missing.overdue(nowMs).map((sequence) => sequence & 0xffff)
  }

  /** The server said that it sends no more of it for now. */
  interrupt(): void {
    this.#freezes.interrupt()
  }

  figures(): ReceivedFigures {
    const { packets, bytes, pictures, freezes, frozenMs } = this
    return { packets, bytes, pictures, freezes, frozenMs }
  }

  /** What came since the last sample. */
  takeSample(): PictureSample {
    const { delayMs, completeMs, ...sample } = this.#sample
    this.#sample = noSample()
    const { pictures } = sample
    return {
      ...sample,
      layer: pictures === 0 ? -1 : this.layer,
      completeMs: completeMs / pictures,
      delayMs: delayMs / pictures,
    }
  }

  #skip(header: RtpHeader): number[] {
    return this.#accept(
      this.#unwrapper.unwrap(header.sequenceNumber),
      { marker: false, isKeyFrame: false, layer: this.layer, sentMs: Number.NaN },
      false,
      this.lastMs,
    )
  }

  #accept(sequence: number, packet: Waiting, isRtx: boolean, nowMs: number): number[] {
    if (this.#next < 0) this.#next = sequence
    this.#missing.arrived(sequence, isRtx, nowMs)
    if (sequence < this.#next || this.#waiting.has(sequence)) return []
    if (this.#waiting.size > MOST_WAITING) this.#waiting.clear()
    const newest = this.#waiting.size === 0 ? this.#next - 1 : Math.max(...this.#waiting.keys())
    this.#waiting.set(sequence, packet)
    const missing: number[] = []
    for (let gap = newest + 1; gap < sequence && missing.length < 64; gap++) {
      missing.push(gap & 0xffff)
      this.#missing.asked(gap, nowMs)
    }
    const expected = this.#next
    this.#advance(nowMs)
    if (this.#waiting.size === 0) this.#gapSinceMs = Number.NaN
    else if (this.#next > expected || Number.isNaN(this.#gapSinceMs)) this.#gapSinceMs = nowMs
    return missing
  }

  #advance(nowMs: number): void {
    for (let packet = this.#waiting.get(this.#next); packet; packet = this.#waiting.get(this.#next)) {
      this.#waiting.delete(this.#next++)
      if (packet.isKeyFrame) this.#needsKeyFrame = false
      if (packet.marker && !this.#needsKeyFrame) this.#complete(packet, nowMs)
    }
  }

  #complete({ layer, sentMs }: Waiting, nowMs: number): void {
    this.pictures++
    this.layer = layer
    const shownMs = this.#playout.picture(sentMs, nowMs)
    if (this.#freezes.picture(shownMs)) this.#sample.freezes++
    this.#sample.pictures++
    this.#sample.completeMs += nowMs - sentMs
    this.#sample.delayMs += shownMs - sentMs
  }
}
