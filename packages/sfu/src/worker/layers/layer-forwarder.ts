import type { SenderClock } from '../producer/receive-stream.ts'
import type { LayerFilter } from './layer-filter.ts'
import type { LayeredPacket } from './layered-packet.ts'
import { OutgoingNumbering } from './outgoing-numbering.ts'
import { minStepTicks, ticksBetween } from './timestamp-alignment.ts'

/** A key frame's first packet that is older than this behind its stream is not worth starting at. */
const MAX_LATE_START = 64
const MARKER_WORDS = 32
const NONE = -1

/** One stream that a receiver can be fed from. */
export interface LayerSource {
  /** Small number, unique within the producer. */
  readonly index: number
  /** Newest extended sequence number that came. */
  readonly highestSequence: number
  readonly senderClock: SenderClock | undefined
}

/** What becomes of a packet for one receiver. Values of `LayerForwarder.offer()`. */
export const Verdict = {
  drop: 0,
  forward: 1,
  /** Its number was kept for it but it is not wanted (any longer): padding takes the number. */
  fill: 2,
} as const

/**
 * What one receiver of a layered producer gets: of all sources one, of its layers those that the filter passes, in
 * numbers, timestamps and picture ids that go on without a break.
 */
export class LayerForwarder {
  /** Index of the source that packets come from now, -1 while it waits for a key frame. */
  current = NONE
  /** Index of the source that it shall come from; it changes there at the next key frame. -1: none. */
  target = NONE

  /** Where the last `offer()` said `forward` or `fill`: what to send. */
  outgoing = 0
  timestamp = 0
  marker = false
  /** `PlanWord.vp8Patch`, or -1 where the descriptor stays as it is. */
  vp8Patch = NONE

  readonly #filter: LayerFilter
  readonly #clockRate: number
  readonly #numbering: OutgoingNumbering
  #hasStarted = false
  // Of the newest picture that was seen (not only forwarded), at the source.
  #pictureTimestamp = NONE
  #droppedTimestamp = NONE
  #lastSource = NONE
  #lastClock: SenderClock | undefined
  #lastTimestamp = 0
  #lastArrivalUs = 0
  /** Newest outgoing values. */
  #lastOut = 0
  #extraTicks = 0
  #lastPictureId = NONE
  #lastTl0PicIdx = NONE
  #pictureIdShift = 0
  #pendingSpatial = 0
  #pendingTemporal = 0
  /** One bit per outgoing number: whether it had the marker. For retransmissions. */
  readonly #markers = new Uint32Array(MARKER_WORDS)

  /** @param firstNumber extended number of the first packet to go out */
  constructor(filter: LayerFilter, clockRate: number, firstNumber: number) {
    this.#filter = filter
    this.#clockRate = clockRate
    this.#numbering = new OutgoingNumbering(firstNumber)
  }

  get spatialLayer(): number {
    return this.#filter.spatialLayer
  }

  get temporalLayer(): number {
    return this.#filter.temporalLayer
  }

  /** Ticks from the current source's timestamps to outgoing ones, for sender reports. */
  get timestampShift(): number {
    this.#numbering.present()
    return this.#numbering.timestampShift
  }

  /** Whether the target can't be reached without a key frame of it. */
  get needsKeyFrame(): boolean {
    return this.target !== NONE && (this.current !== this.target || this.#filter.needsKeyFrame)
  }

  /** Sets where packets shall come from, and which layers within that source. */
  aim(source: number, spatialLayer: number, temporalLayer: number): void {
    this.target = source
    this.#pendingSpatial = spatialLayer
    this.#pendingTemporal = temporalLayer
    // The old source goes on as it is until the new one has its key frame.
    if (source === this.current) this.#filter.aim(spatialLayer, temporalLayer)
  }

  /** Packets stop; they go on at a key frame, in continuous numbers. */
  stop(): void {
    this.current = NONE
    this.target = NONE
  }

  /** Decides about a packet of `source`, late or in order. @returns a value of `Verdict` */
  offer(source: LayerSource, packet: LayeredPacket): number {
    const { index } = source
    if (index !== this.current && !this.#trySwitch(source, packet)) return Verdict.drop
    if (packet.sequence <= this.#numbering.highest) return this.#offerLate(index, packet)
    const isNewPicture = packet.timestamp !== this.#pictureTimestamp
    this.#pictureTimestamp = packet.timestamp
    if (!this.#filter.accepts(packet, isNewPicture)) {
      this.#leaveOut(packet)
      return Verdict.drop
    }
    this.outgoing = this.#numbering.take(packet.sequence)
    this.#rewrite(packet)
    this.#remember(source, packet)
    return Verdict.forward
  }

  /**
   * Finds what was sent under a number.
   * @param sequenceNumber 16 bits, as the receiver knows it
   * @returns the source's extended number, or -1; `outgoing`, `foundSource` and `marker` are then set
   */
  find(sequenceNumber: number): number {
    const newest = this.#numbering.next - 1
    this.outgoing = newest + (((sequenceNumber - newest) << 16) >> 16)
    if (this.outgoing > newest) return NONE
    const incoming = this.#numbering.findOutgoing(this.outgoing)
    this.marker = this.#hasMarker(this.outgoing)
    return incoming
  }

  /** The source of the packet that `find()` found. */
  get foundSource(): number {
    return this.#numbering.source
  }

  /** After `find()`: fills `timestamp` and `vp8Patch` for the packet that was found. */
  rewriteFound(packet: LayeredPacket): void {
    packet.marker = this.marker
    this.#rewrite(packet)
  }

  #trySwitch(source: LayerSource, packet: LayeredPacket): boolean {
    if (source.index !== this.target || !packet.keyFrame) return false
    if (packet.sequence < source.highestSequence - MAX_LATE_START) return false
    this.current = source.index
    this.#filter.aim(this.#pendingSpatial, this.#pendingTemporal)
    this.#pictureTimestamp = NONE
    this.#droppedTimestamp = NONE
    const isFirst = !this.#hasStarted
    this.#hasStarted = true
    this.#pictureIdShift =
      isFirst || packet.pictureId < 0 || this.#lastPictureId < 0
        ? 0
        : (this.#lastPictureId + 1 - packet.pictureId) & 0x7fff
    const tl0PicIdxShift =
      isFirst || packet.tl0PicIdx < 0 || this.#lastTl0PicIdx < 0
        ? 0
        : (this.#lastTl0PicIdx + 1 - packet.tl0PicIdx) & 0xff
    const timestampShift = isFirst ? 0 : this.#alignedTimestamp(source, packet) - packet.timestamp
    this.#numbering.begin(source.index, packet.sequence, timestampShift, this.#pictureIdShift, tl0PicIdxShift)
    return true
  }

  #alignedTimestamp(source: LayerSource, packet: LayeredPacket): number {
    const ticks = this.#ticksSinceLast(source, packet)
    // A switch to a picture that was shown already must step forward; the next switch takes that back.
    const step = Math.max(ticks - this.#extraTicks, minStepTicks(this.#clockRate))
    this.#extraTicks = step - (ticks - this.#extraTicks)
    return this.#lastOut + step
  }

  #ticksSinceLast(source: LayerSource, packet: LayeredPacket): number {
    if (source.index === this.#lastSource) return (packet.timestamp - this.#lastTimestamp) | 0
    const last = { clock: this.#lastClock, timestamp: this.#lastTimestamp, arrivalUs: this.#lastArrivalUs }
    const next = { clock: source.senderClock, timestamp: packet.timestamp, arrivalUs: packet.arrivalUs }
    return ticksBetween(last, next, this.#clockRate)
  }

  #offerLate(index: number, packet: LayeredPacket): number {
    const outgoing = this.#numbering.findIncoming(index, packet.sequence)
    if (outgoing >= 0) {
      this.outgoing = outgoing
      this.#rewrite(packet)
    }
    this.#numbering.present()
    if (outgoing < 0) return Verdict.drop
    return this.#filter.acceptsLate(packet) ? Verdict.forward : Verdict.fill
  }

  #leaveOut(packet: LayeredPacket): void {
    const isSamePicture = packet.timestamp === this.#droppedTimestamp
    this.#droppedTimestamp = packet.timestamp
    // A picture that is left out whole takes its picture id along.
    if (packet.pictureId >= 0 && !isSamePicture) this.#pictureIdShift = (this.#pictureIdShift - 1) & 0x7fff
    this.#numbering.skip(packet.sequence, this.#pictureIdShift, isSamePicture)
  }

  /** Fills what goes out from the shifts of the segment that was taken or found last. */
  #rewrite(packet: LayeredPacket): void {
    const { timestampShift, pictureIdShift, tl0PicIdxShift } = this.#numbering
    this.timestamp = (packet.timestamp + timestampShift) >>> 0
    this.marker = packet.marker || this.#filter.endsPicture(packet)
    this.#noteMarker(this.outgoing, this.marker)
    this.vp8Patch = NONE
    if (packet.pictureId < 0 && packet.tl0PicIdx < 0) return
    const pictureId = (packet.pictureId + pictureIdShift) & 0x7fff
    const tl0PicIdx = (packet.tl0PicIdx + tl0PicIdxShift) & 0xff
    this.vp8Patch = (tl0PicIdx << 16) | pictureId
  }

  #remember(source: LayerSource, packet: LayeredPacket): void {
    this.#lastSource = source.index
    this.#lastClock = source.senderClock
    this.#lastTimestamp = packet.timestamp
    this.#lastArrivalUs = packet.arrivalUs
    this.#lastOut = this.timestamp
    if (packet.pictureId >= 0) this.#lastPictureId = this.vp8Patch & 0x7fff
    if (packet.tl0PicIdx >= 0) this.#lastTl0PicIdx = this.vp8Patch >> 16
  }

  #noteMarker(outgoing: number, marker: boolean): void {
    const word = (outgoing >> 5) & (MARKER_WORDS - 1)
    const bit = 1 << (outgoing & 31)
    this.#markers[word] = marker
      ? (this.#markers[word] as number) | bit
      : (this.#markers[word] as number) & ~bit
  }

  #hasMarker(outgoing: number): boolean {
    const word = (outgoing >> 5) & (MARKER_WORDS - 1)
    return ((this.#markers[word] as number) & (1 << (outgoing & 31))) !== 0
  }
}
