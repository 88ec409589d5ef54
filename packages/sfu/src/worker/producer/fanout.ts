import { PlanWord } from '../packet-port/packet-port.ts'
import type { SendPlan } from '../send-plan.ts'

/** What the fan-out asks of, and tells, the receiver that holds one of its places. */
export interface FanoutMember {
  /** Extended sequence number that its next packet shall have. */
  nextSequence: number
  /** Its place in the dense arrays, -1 while it waits or is out. Written by the fan-out only. */
  place: number
  readonly sink: number
  /** The sink of another payload type than the stream's main one, or -1. */
  sinkOf(mappedPayloadType: number): number
  /** Index of its transport's counter in `transportSequences`. */
  readonly transportIndex: number
  packetsSent: number
  bytesSent: number
}

const FIRST_CAPACITY = 4

/**
 * The receivers of one stream, as dense typed arrays in the order of joining: the loop that writes the send plan runs
 * over these and touches no object.
 *
 * A member waits until a packet comes that it can start with (a key frame for video, any for audio); from then on it
 * gets every packet, its sequence numbers shifted by a constant. Leaving and joining again continues its numbers.
 */
export class Fanout<Member extends FanoutMember> {
  count = 0
  #sink = new Int32Array(FIRST_CAPACITY)
  #shift = new Int32Array(FIRST_CAPACITY)
  #transportIndex = new Int32Array(FIRST_CAPACITY)
  #firstSequence = new Float64Array(FIRST_CAPACITY)
  #packets = new Float64Array(FIRST_CAPACITY)
  #bytes = new Float64Array(FIRST_CAPACITY)
  readonly #members: Member[] = []
  readonly #waiting = new Set<Member>()
  readonly #transportSequences: Uint16Array

  /** @param transportSequences the worker's transport-wide sequence counters, one per transport */
  constructor(transportSequences: Uint16Array) {
    this.#transportSequences = transportSequences
  }

  /** Whether somebody waits for a packet to start with. */
  get hasWaiting(): boolean {
    return this.#waiting.size > 0
  }

  /** Joins, or joins again: the member waits for a packet to start with. */
  join(member: Member): void {
    if (member.place < 0) this.#waiting.add(member)
  }

  /** Leaves; `member.nextSequence` says where it would go on. */
  leave(member: Member, highestSequence: number): void {
    this.#waiting.delete(member)
    if (member.place >= 0) this.#remove(member, highestSequence)
  }

  /** Everybody waits again: the stream pauses, or goes on after a gap that must not be seen. */
  suspendAll(highestSequence: number): void {
    for (const member of [...this.#members]) {
      this.#remove(member, highestSequence)
      this.#waiting.add(member)
    }
  }

  /** A packet came that anybody can start with: those who wait get it and all later ones. */
  admitWaiting(sequence: number): void {
    for (const member of this.#waiting) {
      const place = this.count++
      if (place === this.#sink.length) this.#grow()
      member.place = place
      this.#members[place] = member
      this.#sink[place] = member.sink
      this.#shift[place] = member.nextSequence - sequence
      this.#transportIndex[place] = member.transportIndex
      this.#firstSequence[place] = sequence
      this.#packets[place] = member.packetsSent
      this.#bytes[place] = member.bytesSent
    }
    this.#waiting.clear()
  }

  /**
   * Writes one packet's entries: the hot loop.
   * @param sequence extended sequence number of the packet
   * @param isLate whether a later packet was forwarded before; it then goes only to those who started before it
   * @param markerFlag `PlanFlag.marker` or 0
   * @param otherPayloadType -1, or the mapped payload type where it is not the stream's main one
   */
  forward(
    plan: SendPlan,
    packetId: number,
    sequence: number,
    isLate: boolean,
    timestamp: number,
    markerFlag: number,
    payloadLength: number,
    otherPayloadType: number,
  ): void {
    const words = plan.words
    const counters = this.#transportSequences
    for (let k = 0; k < this.count; k++) {
      if (isLate && sequence < (this.#firstSequence[k] as number)) continue
      const sink =
        otherPayloadType < 0 ? (this.#sink[k] as number) : this.#members[k]!.sinkOf(otherPayloadType)
      if (sink < 0) continue
      const at = plan.reserve()
      const transport = this.#transportIndex[k] as number
      const transportSequence = counters[transport] as number
      counters[transport] = transportSequence + 1
      words[at + PlanWord.sink] = sink
      words[at + PlanWord.packetId] = packetId
      words[at + PlanWord.sequenceNumber] = sequence + (this.#shift[k] as number)
      words[at + PlanWord.timestamp] = timestamp
      words[at + PlanWord.flags] = (transportSequence << 16) | markerFlag
      words[at + PlanWord.vp8Patch] = 0
      words[at + PlanWord.extra] = 0
      words[at + PlanWord.reserved] = 0
      this.#packets[k] = (this.#packets[k] as number) + 1
      this.#bytes[k] = (this.#bytes[k] as number) + payloadLength
    }
  }

  /** Members that get packets now. */
  get members(): readonly Member[] {
    return this.#members
  }

  /** Sequence number shift of a member that gets packets: outgoing = incoming + shift. */
  shift(member: Member): number {
    return this.#shift[member.place] as number
  }

  /** Extended sequence number of the first packet that the member got since it last joined. */
  firstSequence(member: Member): number {
    return this.#firstSequence[member.place] as number
  }

  /** Brings `member.packetsSent` and `bytesSent` up to date. */
  settle(member: Member): void {
    if (member.place < 0) return
    member.packetsSent = this.#packets[member.place] as number
    member.bytesSent = this.#bytes[member.place] as number
  }

  #remove(member: Member, highestSequence: number): void {
    this.settle(member)
    const place = member.place
    member.nextSequence = highestSequence + this.shift(member) + 1
    member.place = -1
    const last = --this.count
    const moved = this.#members.pop()
    if (moved === undefined || place === last) return
    this.#members[place] = moved
    moved.place = place
    this.#sink[place] = this.#sink[last] as number
    this.#shift[place] = this.#shift[last] as number
    this.#transportIndex[place] = this.#transportIndex[last] as number
    this.#firstSequence[place] = this.#firstSequence[last] as number
    this.#packets[place] = this.#packets[last] as number
    this.#bytes[place] = this.#bytes[last] as number
  }

  #grow(): void {
    const capacity = this.#sink.length * 2
    const grown = <T extends Int32Array | Float64Array>(old: T, fresh: T): T => {
      fresh.set(old)
      return fresh
    }
    this.#sink = grown(this.#sink, new Int32Array(capacity))
    this.#shift = grown(this.#shift, new Int32Array(capacity))
    this.#transportIndex = grown(this.#transportIndex, new Int32Array(capacity))
    this.#firstSequence = grown(this.#firstSequence, new Float64Array(capacity))
    this.#packets = grown(this.#packets, new Float64Array(capacity))
    this.#bytes = grown(this.#bytes, new Float64Array(capacity))
  }
}
