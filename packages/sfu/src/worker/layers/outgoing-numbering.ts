/** Segments that are remembered: at 15 changes of shift per second (every second frame left out) four seconds. */
const SEGMENTS = 64
const MASK = SEGMENTS - 1
/** A jump of a source's numbers beyond this is no loss but a new beginning; it leaves no gap in the outgoing numbers. */
const MAX_GAP = 1000

/**
 * The outgoing sequence numbers of a receiver that does not get every packet, from sources that take turns.
 *
 * Numbers that go out are continuous: a packet that is left out takes no number. A packet that is lost on its way in
 * keeps one, since nobody knows yet whether it will be wanted; if it comes late it fills its place. The mapping is a
 * row of segments: within one, outgoing = incoming + shift, and timestamps and picture ids are shifted by constants.
 * So a late packet finds its number, and a request for retransmission its packet, after any switch.
 *
 * All numbers are extended and never wrap.
 */
export class OutgoingNumbering {
  /** The next number that goes out. */
  next: number
  /** The newest packet of the present source that was numbered or left out. */
  highest = -1
  /** Of the present segment, or of the one that `find…` found. */
  source = 0
  shift = 0
  timestampShift = 0
  pictureIdShift = 0
  tl0PicIdxShift = 0

  #open = false
  #newest = -1
  #pictureIdShiftNext = 0
  readonly #source = new Uint8Array(SEGMENTS)
  readonly #firstIn = new Float64Array(SEGMENTS).fill(-1)
  readonly #lastIn = new Float64Array(SEGMENTS).fill(-2)
  readonly #shift = new Float64Array(SEGMENTS)
  readonly #timestampShift = new Uint32Array(SEGMENTS)
  readonly #pictureIdShift = new Uint16Array(SEGMENTS)
  readonly #tl0PicIdxShift = new Uint8Array(SEGMENTS)

  constructor(first: number) {
    this.next = first
  }

  /** From here on packets come from `source`, the next of them numbered `incoming` or higher. */
  begin(
    source: number,
    incoming: number,
    timestampShift: number,
    pictureIdShift: number,
    tl0PicIdxShift: number,
  ): void {
    this.highest = incoming - 1
    this.#add(source, incoming, timestampShift, pictureIdShift, tl0PicIdxShift)
  }

  /** Numbers a packet that is newer than `highest`. @returns its outgoing number */
  take(incoming: number): number {
    if (incoming - this.highest > MAX_GAP) {
      this.#addAlike(incoming)
    } else if (!this.#open) {
      this.#addAlike(this.highest + 1)
    }
    const at = this.#newest & MASK
    this.#lastIn[at] = incoming
    this.#load(at)
    this.highest = incoming
    this.next = incoming + (this.#shift[at] as number) + 1
    return this.next - 1
  }

  /**
   * Leaves out a packet that is newer than `highest`.
   * @param pictureIdShift for the packets after it
   * @param isSamePicture as the last one that was left out: then what was lost between the two is left out as well
   */
  skip(incoming: number, pictureIdShift: number, isSamePicture: boolean): void {
    const lost = incoming - this.highest - 1
    if (lost > 0 && lost < MAX_GAP && (this.#open || !isSamePicture)) this.take(incoming - 1)
    this.highest = incoming
    this.#open = false
    this.#pictureIdShiftNext = pictureIdShift
  }

  /**
   * Finds the number that was kept for a packet of `source` that comes late.
   * @returns its outgoing number, or -1 when it was left out or is too old; fills the shifts
   */
  findIncoming(source: number, incoming: number): number {
    for (let i = 0; i < SEGMENTS && i <= this.#newest; i++) {
      const at = (this.#newest - i) & MASK
      if (this.#source[at] !== source || incoming < (this.#firstIn[at] as number)) continue
      if (incoming <= (this.#lastIn[at] as number)) {
        this.#load(at)
        return incoming + this.shift
      }
    }
    return -1
  }

  /**
   * Finds the packet that went out, or would have, as `outgoing`.
   * @returns its incoming number, or -1 when it is too old or still to come; fills `source` and the shifts
   */
  findOutgoing(outgoing: number): number {
    for (let i = 0; i < SEGMENTS && i <= this.#newest; i++) {
      const at = (this.#newest - i) & MASK
      const incoming = outgoing - (this.#shift[at] as number)
      if (incoming < (this.#firstIn[at] as number)) continue
      if (incoming > (this.#lastIn[at] as number)) return -1
      this.#load(at)
      return incoming
    }
    return -1
  }

  #addAlike(incoming: number): void {
    const at = this.#newest & MASK
    const pictureIdShift = this.#open ? (this.#pictureIdShift[at] as number) : this.#pictureIdShiftNext
    this.#add(
      this.#source[at] as number,
      incoming,
      this.#timestampShift[at] as number,
      pictureIdShift,
      this.#tl0PicIdxShift[at] as number,
    )
  }

  #add(
    source: number,
    incoming: number,
    timestampShift: number,
    pictureIdShift: number,
    tl0PicIdxShift: number,
  ): void {
    const at = ++this.#newest & MASK
    this.#source[at] = source
    this.#firstIn[at] = incoming
    this.#lastIn[at] = incoming - 1
    this.#shift[at] = this.next - incoming
    this.#timestampShift[at] = timestampShift
    this.#pictureIdShift[at] = pictureIdShift
    this.#tl0PicIdxShift[at] = tl0PicIdxShift
    this.#open = true
    this.#load(at)
  }

  /** Makes the present segment's shifts readable again, after a `find…`. */
  present(): void {
    if (this.#newest >= 0) this.#load(this.#newest & MASK)
  }

  #load(at: number): void {
    this.source = this.#source[at] as number
    this.shift = this.#shift[at] as number
    this.timestampShift = this.#timestampShift[at] as number
    this.pictureIdShift = this.#pictureIdShift[at] as number
    this.tl0PicIdxShift = this.#tl0PicIdxShift[at] as number
  }
}
