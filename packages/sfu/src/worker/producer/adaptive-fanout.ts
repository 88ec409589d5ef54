import type { LayeredPacket } from '../layers/layered-packet.ts'
import type { ReceiveStream } from './receive-stream.ts'

/** A receiver that decides about each packet for itself. */
export interface AdaptiveMember {
  /** Takes the packet or leaves it, and writes its entry into the send plan. */
  offer(stream: ReceiveStream, packet: LayeredPacket): void
}

/**
 * The receivers of one stream that don't get every packet of it: each has numbers and a choice of layers of its own. The
 * others are in `Fanout`, whose members differ by constants only.
 */
export class AdaptiveFanout {
  readonly #members: AdaptiveMember[] = []

  get count(): number {
    return this.#members.length
  }

  join(member: AdaptiveMember): void {
    if (!this.#members.includes(member)) this.#members.push(member)
  }

  leave(member: AdaptiveMember): void {
    const place = this.#members.indexOf(member)
    if (place < 0) return
    const last = this.#members.pop()
    if (last !== undefined && last !== member) this.#members[place] = last
  }

  forward(stream: ReceiveStream, packet: LayeredPacket): void {
    // Backwards: whoever leaves during its turn is replaced by one that had its turn.
    for (let place = this.#members.length - 1; place >= 0; place--) {
      this.#members[place]?.offer(stream, packet)
    }
  }
}
