import type { Consumer } from '@sangam/protocol'
import { type RtpHeader, readUint16, SequenceNumberUnwrapper } from '@sangam/rtp'
import { STAMP_BYTES, STAMP_OFFSET } from './bot-streams.ts'

/** A gap that did not close after this long is given up: a key frame has to come. */
const GIVE_UP_MS = 500
/** Packets that wait behind a gap. */
const MOST_WAITING = 512
/** Pictures that come later than this after the one before count as a freeze (WebRTC statistics, freezeCount). */
const FREEZE_MS = 150

interface Waiting {
  readonly marker: boolean
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
  readonly bytes: number
  readonly pictures: number
  readonly freezes: number
  /** Mean time from sending to completion; NaN without a picture. */
  readonly delayMs: number
}

/** One consumer as its receiver sees it: puts packets in order, counts pictures, freezes and delays. */
export class ReceivedStream {
  readonly consumer: Consumer
  packets = 0
  bytes = 0
  pictures = 0
  freezes = 0
  frozenMs = 0
  /** Layer of the newest picture, -1 before. */
  layer = -1
  firstMs = Number.NaN
  lastMs = Number.NaN
  readonly #unwrapper = new SequenceNumberUnwrapper()
  readonly #waiting = new Map<number, Waiting>()
  #next = -1
  #gapSinceMs = Number.NaN
  #lastPictureMs = Number.NaN
  #sample = { bytes: 0, pictures: 0, freezes: 0, delayMs: 0 }

  constructor(consumer: Consumer) {
    this.consumer = consumer
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
    const sentMs = new DataView(memory.buffer, memory.byteOffset + at + 1, 8).getFloat64(0)
    return this.#accept(
      this.#unwrapper.unwrap(number),
      { marker: header.marker, layer: memory[at] ?? 0, sentMs },
      nowMs,
    )
  }

  /** Whether a gap has been open for too long: the receiver asks for a key frame and goes on after it. */
  giveUp(nowMs: number): boolean {
    if (!(nowMs - this.#gapSinceMs > GIVE_UP_MS)) return false
    this.#next = Math.min(...this.#waiting.keys())
    this.#gapSinceMs = Number.NaN
    this.#advance(nowMs)
    return true
  }

  figures(): ReceivedFigures {
    const { packets, bytes, pictures, freezes, frozenMs } = this
    return { packets, bytes, pictures, freezes, frozenMs }
  }

  /** What came since the last sample. */
  takeSample(): PictureSample {
    const { bytes, pictures, freezes, delayMs } = this.#sample
    this.#sample = { bytes: 0, pictures: 0, freezes: 0, delayMs: 0 }
    return { layer: pictures === 0 ? -1 : this.layer, bytes, pictures, freezes, delayMs: delayMs / pictures }
  }

  #skip(header: RtpHeader): number[] {
    return this.#accept(
      this.#unwrapper.unwrap(header.sequenceNumber),
      { marker: false, layer: this.layer, sentMs: Number.NaN },
      this.lastMs,
    )
  }

  #accept(sequence: number, packet: Waiting, nowMs: number): number[] {
    if (this.#next < 0) this.#next = sequence
    if (sequence < this.#next || this.#waiting.has(sequence)) return []
    if (this.#waiting.size > MOST_WAITING) this.#waiting.clear()
    const newest = this.#waiting.size === 0 ? this.#next - 1 : Math.max(...this.#waiting.keys())
    this.#waiting.set(sequence, packet)
    const missing: number[] = []
    for (let gap = newest + 1; gap < sequence && missing.length < 64; gap++) missing.push(gap & 0xffff)
    this.#advance(nowMs)
    if (this.#waiting.size === 0) this.#gapSinceMs = Number.NaN
    else if (Number.isNaN(this.#gapSinceMs)) this.#gapSinceMs = nowMs
    return missing
  }

  #advance(nowMs: number): void {
    for (let packet = this.#waiting.get(this.#next); packet; packet = this.#waiting.get(this.#next)) {
      this.#waiting.delete(this.#next++)
      if (packet.marker) this.#complete(packet, nowMs)
    }
  }

  #complete({ layer, sentMs }: Waiting, nowMs: number): void {
    this.pictures++
    this.layer = layer
    const gapMs = nowMs - this.#lastPictureMs
    if (gapMs > FREEZE_MS) {
      this.freezes++
      this.frozenMs += gapMs
      this.#sample.freezes++
    }
    this.#lastPictureMs = nowMs
    this.#sample.pictures++
    this.#sample.delayMs += nowMs - sentMs
  }
}
