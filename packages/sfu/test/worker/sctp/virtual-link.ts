import { SctpAssociation } from '../../../src/worker/sctp/association.ts'
import type { SctpOptions } from '../../../src/worker/sctp/sctp-options.ts'

/** What a link does to packets; shares are from 0 to 1. */
export interface LinkConditions {
  readonly delayMs: number
  readonly lossShare?: number
  readonly duplicateShare?: number
  /** Share of packets that come up to three delays later. */
  readonly reorderShare?: number
  /** A packet that is dropped whatever the dice say. */
  readonly drop?: (bytes: Uint8Array, from: 0 | 1) => boolean
}

/** Numbers that follow from a seed (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

export interface ReceivedMessage {
  readonly streamId: number
  readonly ppid: number
  readonly payload: Uint8Array
}

export interface Endpoint {
  readonly association: SctpAssociation
  readonly received: ReceivedMessage[]
  readonly states: string[]
  readonly resets: number[][]
  packets: number
}

interface FlyingPacket {
  readonly atMs: number
  readonly to: 0 | 1
  readonly bytes: Uint8Array
}

const TICK_MS = 20

export const DEFAULTS: SctpOptions = {
  localPort: 5000,
  remotePort: 5000,
  maxPacketBytes: 1188,
  streams: 65535,
  sendBufferBytes: 8_000_000,
  perStreamSendBytes: 8_000_000,
  maxReceiveMessageBytes: 2_000_000,
  receiveWindowBytes: 5_242_880,
  lowThresholdBytes: 1024,
  protectedByDtls: true,
  random: () => 0,
}

/** Two associations and the link between them, on a virtual clock. */
export class VirtualLink {
  nowMs = 1000
  ends: readonly [Endpoint, Endpoint]
  conditions: LinkConditions
  readonly #random: () => number
  readonly #flying: FlyingPacket[] = []
  #tickedMs = 1000

  constructor(
    conditions: LinkConditions,
    seed = 1,
    options: readonly [Partial<SctpOptions>, Partial<SctpOptions>] = [{}, {}],
  ) {
    this.conditions = conditions
    this.#random = seededRandom(seed)
    this.ends = [this.#endpoint(0, options[0]), this.#endpoint(1, options[1])]
  }

  /** Runs until `done()` or for `limitMs`. @returns whether it was done */
  run(done: () => boolean, limitMs = 60_000): boolean {
    const end = this.nowMs + limitMs
    while (this.nowMs < end) {
      if (done()) return true
      this.step()
    }
    return done()
  }

  /** Connects both from both sides. */
  connect(): void {
    for (const { association } of this.ends) association.connect(this.nowMs)
    const connected = this.run(() => this.ends.every(({ association }) => association.state === 'connected'))
    if (!connected) throw new Error('not connected')
  }

  /** The first end starts again from nothing, as after a crash; packets on their way stay on it. */
  replaceFirst(): void {
    this.ends = [this.#endpoint(0, {}), this.ends[1]]
    this.ends[0].association.connect(this.nowMs)
  }

  /** The next packet arrives, or the clock ticks. */
  step(): void {
    const next = this.#flying[0]
    const tickMs = this.#tickedMs + TICK_MS
    if (next === undefined || next.atMs > tickMs) {
      this.nowMs = tickMs
      this.#tickedMs = tickMs
      for (const { association } of this.ends) association.tick(this.nowMs)
      return
    }
    this.#flying.shift()
    this.nowMs = Math.max(this.nowMs, next.atMs)
    this.ends[next.to].association.receive(next.bytes, 0, next.bytes.length, this.nowMs)
  }

  #endpoint(side: 0 | 1, options: Partial<SctpOptions>): Endpoint {
    const received: ReceivedMessage[] = []
    const states: string[] = []
    const resets: number[][] = []
    const association = new SctpAssociation(
      { ...DEFAULTS, random: (below) => Math.floor(this.#random() * below), ...options },
      {
        transmit: (bytes, length) => this.#transmit(side, bytes.slice(0, length)),
        stateChanged: (state) => states.push(state),
        message: (streamId, ppid, payload) => received.push({ streamId, ppid, payload }),
        streamsReset: (streamIds) => resets.push([...streamIds]),
      },
    )
    return { association, received, states, resets, packets: 0 }
  }

  #transmit(from: 0 | 1, bytes: Uint8Array): void {
    this.ends[from].packets++
    const { delayMs, lossShare = 0, duplicateShare = 0, reorderShare = 0, drop } = this.conditions
    if (drop?.(bytes, from) === true || this.#random() < lossShare) return
    const copies = this.#random() < duplicateShare ? 2 : 1
    for (let i = 0; i < copies; i++) {
      const extraMs = this.#random() < reorderShare ? this.#random() * 3 * delayMs : 0
      this.#insert({ atMs: this.nowMs + delayMs + extraMs, to: from === 0 ? 1 : 0, bytes })
    }
  }

  #insert(packet: FlyingPacket): void {
    let at = this.#flying.length
    while (at > 0 && (this.#flying[at - 1] as FlyingPacket).atMs > packet.atMs) at--
    this.#flying.splice(at, 0, packet)
  }
}

/** Bytes that tell from where in which message they are. */
export function pattern(length: number, seed = 0): Uint8Array {
  const bytes = new Uint8Array(length)
  for (let i = 0; i < length; i++) bytes[i] = (i * 7 + (i >> 8) * 13 + seed * 31) & 0xff
  return bytes
}

export const RELIABLE = { unordered: false, maxRetransmits: -1, expiresMs: Number.POSITIVE_INFINITY } as const
