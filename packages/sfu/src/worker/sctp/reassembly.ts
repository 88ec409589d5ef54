import type { SctpData } from '@sangam/rtp'

/** What a held fragment costs beside its bytes: a hostile peer pays for objects too. */
const FRAGMENT_OVERHEAD_BYTES = 64

/** Takes a whole message; `payload` is its own. */
export type MessageReceiver = (streamId: number, ppid: number, payload: Uint8Array) => void

interface Fragment {
  readonly payload: Uint8Array
  next: Fragment | undefined
}

/** Neighbouring fragments of one message. */
interface Run {
  first: number
  last: number
  readonly streamId: number
  readonly streamSequence: number
  readonly unordered: boolean
  ppid: number
  hasBegin: boolean
  hasEnd: boolean
  head: Fragment | undefined
  tail: Fragment | undefined
  bytes: number
  /** What the run costs of the receive window. */
  cost: number
  /** Over the limit: its fragments are counted and thrown away, and so will be the rest. */
  oversized: boolean
}

interface WaitingMessage {
  readonly ppid: number
  /** Undefined: the message was over the limit, and its place in the order is all that is left of it. */
  readonly payload: Uint8Array | undefined
  readonly cost: number
}

interface InboundStream {
  /** The extended stream sequence number that is delivered next. */
  next: number
  waiting: Map<number, WaitingMessage> | undefined
}

/** One turn up, so that no number below is negative. */
const FIRST_SEQUENCE = 0x10000

/**
 * Puts messages together from fragments (RFC 9260 section 6.9) and ordered ones in order (section 6.6). Fragments of
 * one message have TSNs in a row, so neighbours are joined as they come, in constant time.
 */
export class Reassembly {
  /** What is held, as the receive window counts it. */
  heldBytes = 0
  /** Messages that were longer than the limit, and were dropped. */
  oversizedMessages = 0
  readonly #maxMessageBytes: number
  readonly #receive: MessageReceiver
  readonly #runsByFirst = new Map<number, Run>()
  readonly #runsByLast = new Map<number, Run>()
  readonly #streams = new Map<number, InboundStream>()

  constructor(maxMessageBytes: number, receive: MessageReceiver) {
    this.#maxMessageBytes = maxMessageBytes
    this.#receive = receive
  }

  /**
   * Takes a fragment that is new.
   * @param tsn extended
   * @param bytes what `data` points into; copied
   * @returns false if it contradicts its neighbours: the peer breaks the protocol
   */
  add(tsn: number, data: SctpData, bytes: Uint8Array): boolean {
    if (data.begin && data.end) {
      const payload = bytes.slice(data.payloadOffset, data.payloadOffset + data.payloadLength)
      this.#complete(
        data.streamId,
        data.streamSequence,
        data.unordered,
        data.ppid,
        payload.length > this.#maxMessageBytes ? undefined : payload,
      )
      return true
    }
    const before = data.begin ? undefined : this.#openRun(this.#runsByLast.get(tsn - 1), 'hasEnd')
    const after = data.end ? undefined : this.#openRun(this.#runsByFirst.get(tsn + 1), 'hasBegin')
    if (!belongs(before, data) || !belongs(after, data)) return false
    const run = this.#join(before, this.#newRun(tsn, data, bytes), after)
    if (run.bytes > this.#maxMessageBytes) this.#discard(run)
    if (!run.hasBegin || !run.hasEnd) return true
    this.#remove(run)
    const payload = run.oversized ? undefined : gather(run)
    this.#complete(run.streamId, run.streamSequence, run.unordered, run.ppid, payload)
    return true
  }

  /**
   * The sender gave up everything up to `tsn` (RFC 3758 section 3.6): incomplete messages that reach down there go.
   */
  skipTo(tsn: number): void {
    for (const run of [...this.#runsByFirst.values()]) if (run.first <= tsn) this.#remove(run)
  }

  /** Messages of a stream up to this 16-bit number won't come; later ones that waited for them are delivered. */
  skipStream(streamId: number, streamSequence: number): void {
    const stream = this.#stream(streamId)
    const skipped = unwrapSequence(stream, streamSequence)
    if (skipped < stream.next) return
    // Those that did arrive are delivered all the same, in order.
    const arrived = [...(stream.waiting?.keys() ?? [])].filter((sequence) => sequence <= skipped)
    for (const sequence of arrived.sort((a, b) => a - b)) this.#deliverWaiting(streamId, stream, sequence)
    stream.next = skipped + 1
    this.#deliverRow(streamId, stream)
  }

  /** The sender starts the numbers of these streams again; no ids mean all (RFC 6525 section 5.2.2). */
  reset(streamIds: readonly number[]): void {
    for (const streamId of streamIds.length === 0 ? [...this.#streams.keys()] : streamIds) {
      for (const { cost } of this.#streams.get(streamId)?.waiting?.values() ?? []) this.heldBytes -= cost
      this.#streams.delete(streamId)
    }
  }

  #newRun(tsn: number, data: SctpData, bytes: Uint8Array): Run {
    const payload = bytes.slice(data.payloadOffset, data.payloadOffset + data.payloadLength)
    const fragment: Fragment = { payload, next: undefined }
    const cost = payload.length + FRAGMENT_OVERHEAD_BYTES
    this.heldBytes += cost
    return {
      first: tsn,
      last: tsn,
      streamId: data.streamId,
      streamSequence: data.streamSequence,
      unordered: data.unordered,
      ppid: data.ppid,
      hasBegin: data.begin,
      hasEnd: data.end,
      head: fragment,
      tail: fragment,
      bytes: payload.length,
      cost,
      oversized: false,
    }
  }

  /** A neighbour, unless the message ends (or begins) there: then it is another message's. */
  #openRun(run: Run | undefined, closedBy: 'hasBegin' | 'hasEnd'): Run | undefined {
    return run === undefined || run[closedBy] ? undefined : run
  }

  #join(before: Run | undefined, middle: Run, after: Run | undefined): Run {
    let run = middle
    if (before !== undefined) {
      this.#runsByLast.delete(before.last)
      append(before, run)
      run = before
    } else {
      this.#runsByFirst.set(run.first, run)
    }
    if (after !== undefined) {
      this.#runsByFirst.delete(after.first)
      this.#runsByLast.delete(after.last)
      append(run, after)
    }
    this.#runsByLast.set(run.last, run)
    if (run.oversized) this.#discard(run)
    return run
  }

  #discard(run: Run): void {
    const kept = FRAGMENT_OVERHEAD_BYTES
    this.heldBytes += kept - run.cost
    run.cost = kept
    run.oversized = true
    run.head = undefined
    run.tail = undefined
  }

  #remove(run: Run): void {
    this.#runsByFirst.delete(run.first)
    this.#runsByLast.delete(run.last)
    this.heldBytes -= run.cost
  }

  /** @param payload undefined where the message was over the limit */
  #complete(
    streamId: number,
    streamSequence: number,
    unordered: boolean,
    ppid: number,
    payload: Uint8Array | undefined,
  ): void {
    if (payload === undefined) this.oversizedMessages++
    if (unordered) {
      if (payload !== undefined) this.#receive(streamId, ppid, payload)
      return
    }
    const stream = this.#stream(streamId)
    const sequence = unwrapSequence(stream, streamSequence)
    if (sequence < stream.next) return
    if (sequence === stream.next) {
      stream.next++
      if (payload !== undefined) this.#receive(streamId, ppid, payload)
      this.#deliverRow(streamId, stream)
      return
    }
    stream.waiting ??= new Map()
    if (stream.waiting.has(sequence)) return
    const cost = (payload?.length ?? 0) + FRAGMENT_OVERHEAD_BYTES
    this.heldBytes += cost
    stream.waiting.set(sequence, { ppid, payload, cost })
  }

  #deliverRow(streamId: number, stream: InboundStream): void {
    while (stream.waiting?.has(stream.next) === true) {
      const sequence = stream.next++
      this.#deliverWaiting(streamId, stream, sequence)
    }
  }

  #deliverWaiting(streamId: number, stream: InboundStream, sequence: number): void {
    const message = stream.waiting?.get(sequence)
    if (message === undefined) return
    stream.waiting?.delete(sequence)
    this.heldBytes -= message.cost
    if (message.payload !== undefined) this.#receive(streamId, message.ppid, message.payload)
  }

  #stream(streamId: number): InboundStream {
    let stream = this.#streams.get(streamId)
    if (stream === undefined) {
      stream = { next: FIRST_SEQUENCE, waiting: undefined }
      this.#streams.set(streamId, stream)
    }
    return stream
  }
}

function belongs(run: Run | undefined, data: SctpData): boolean {
  return (
    run === undefined ||
    (run.streamId === data.streamId &&
      run.unordered === data.unordered &&
      (data.unordered || run.streamSequence === data.streamSequence))
  )
}

function append(run: Run, tail: Run): void {
  if (run.tail === undefined) run.head = tail.head
  else run.tail.next = tail.head
  run.tail = tail.tail ?? run.tail
  run.last = tail.last
  run.hasEnd = tail.hasEnd
  run.bytes += tail.bytes
  run.cost += tail.cost
  run.oversized ||= tail.oversized
}

function gather(run: Run): Uint8Array {
  const payload = new Uint8Array(run.bytes)
  let at = 0
  for (let fragment = run.head; fragment !== undefined; fragment = fragment.next) {
    payload.set(fragment.payload, at)
    at += fragment.payload.length
  }
  return payload
}

/** The extended number of a 16-bit one: the one nearest to what the stream expects. */
function unwrapSequence(stream: InboundStream, streamSequence: number): number {
  return stream.next + (((streamSequence - stream.next) << 16) >> 16)
}
