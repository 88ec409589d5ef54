/** How a message is to be sent. */
export interface MessageReliability {
  readonly unordered: boolean
  /** How often each fragment may be sent again; -1 without a limit. */
  readonly maxRetransmits: number
  /** Monotonic time after which the message is given up; Infinity without a limit. */
  readonly expiresMs: number
}

/** A message on its way. */
export interface OutgoingMessage extends MessageReliability {
  readonly stream: OutgoingStream
  readonly ppid: number
  readonly payload: Uint8Array
  /** Given to ordered messages when their first fragment leaves; extended. */
  streamSequence: number
  /** Bytes that have left for the first time. */
  sentBytes: number
  abandoned: boolean
}

/** What is queued for one stream. */
export class OutgoingStream {
  readonly id: number
  /** Bytes of messages that have not left for the first time. */
  bufferedBytes = 0
  /** `onBufferedAmountLow` is called when `bufferedBytes` falls to this or below. */
  lowThresholdBytes: number
  onBufferedAmountLow: ((bufferedBytes: number) => void) | undefined
  /** Sequence number of the next ordered message, extended. */
  nextSequence = 0
  /** A reset is asked for or under way: what is queued waits for its end. */
  resetting = false
  readonly messages: OutgoingMessage[] = []

  constructor(id: number, lowThresholdBytes: number) {
    this.id = id
    this.lowThresholdBytes = lowThresholdBytes
  }

  /** Bytes left the queue, sent or dropped. */
  took(bytes: number): void {
    const before = this.bufferedBytes
    this.bufferedBytes -= bytes
    if (before > this.lowThresholdBytes && this.bufferedBytes <= this.lowThresholdBytes) {
      this.onBufferedAmountLow?.(this.bufferedBytes)
    }
  }
}

/**
 * Messages that wait for their first transmission. Streams take turns, a message each: without interleaving (RFC 8260)
 * the fragments of one message leave in a row.
 */
export class SendQueue {
  /** Bytes of all streams that have not left for the first time. */
  bufferedBytes = 0
  /** Messages that have not left as a whole. */
  messages = 0
  readonly #streams = new Map<number, OutgoingStream>()
  readonly #lowThresholdBytes: number
  /** Streams with messages, the one whose turn it is first. */
  readonly #turns: OutgoingStream[] = []
  #current: OutgoingMessage | undefined

  constructor(lowThresholdBytes: number) {
    this.#lowThresholdBytes = lowThresholdBytes
  }

  /** The stream with this id; made where there is none yet. */
  stream(id: number): OutgoingStream {
    let stream = this.#streams.get(id)
    if (stream === undefined) {
      stream = new OutgoingStream(id, this.#lowThresholdBytes)
      this.#streams.set(id, stream)
    }
    return stream
  }

  /** Streams that were used. */
  get streams(): ReadonlyMap<number, OutgoingStream> {
    return this.#streams
  }

  /** Drops a stream that nothing waits on and nobody watches. */
  forget(id: number): void {
    const stream = this.#streams.get(id)
    if (stream?.messages.length === 0 && stream.onBufferedAmountLow === undefined) this.#streams.delete(id)
  }

  add(stream: OutgoingStream, ppid: number, payload: Uint8Array, reliability: MessageReliability): void {
    if (stream.messages.length === 0) this.#turns.push(stream)
    stream.messages.push({
      stream,
      ppid,
      payload,
      unordered: reliability.unordered,
      maxRetransmits: reliability.maxRetransmits,
      expiresMs: reliability.expiresMs,
      streamSequence: 0,
      sentBytes: 0,
      abandoned: false,
    })
    stream.bufferedBytes += payload.length
    this.bufferedBytes += payload.length
    this.messages++
  }

  /** The message whose fragment leaves next; what expired before it began to leave is dropped. */
  next(nowMs: number): OutgoingMessage | undefined {
    if (this.#current !== undefined) return this.#current
    for (let tries = this.#turns.length; tries > 0; ) {
      const stream = this.#turns[0] as OutgoingStream
      const message = stream.messages[0]
      if (message !== undefined && message.expiresMs <= nowMs) {
        stream.messages.shift()
        this.messages--
        this.#leave(message, message.payload.length)
      } else if (message === undefined || stream.resetting) {
        this.#turns.shift()
        if (message !== undefined) this.#turns.push(stream)
        tries--
      } else {
        this.#current = message
        if (!message.unordered) message.streamSequence = stream.nextSequence++
        return message
      }
    }
    return undefined
  }

  /** `bytes` of the message that `next()` gave have left. */
  took(message: OutgoingMessage, bytes: number): void {
    message.sentBytes += bytes
    this.#leave(message, bytes)
    if (message.sentBytes === message.payload.length) this.#finish(message)
  }

  /** The rest of a message that has begun to leave is not sent. @returns whether there was a rest */
  abandon(message: OutgoingMessage): boolean {
    if (this.#current !== message) return false
    this.#leave(message, message.payload.length - message.sentBytes)
    message.sentBytes = message.payload.length
    this.#finish(message)
    return true
  }

  /** Drops the stream's messages that have not begun to leave. */
  clear(stream: OutgoingStream): void {
    const kept = this.#current?.stream === stream ? 1 : 0
    const dropped = stream.messages.splice(kept)
    if (kept === 0 && dropped.length > 0) this.#turns.splice(this.#turns.indexOf(stream), 1)
    this.messages -= dropped.length
    for (const message of dropped) this.#leave(message, message.payload.length)
  }

  /** The association starts again: what has begun to leave can't be finished, and all numbers start anew. */
  restart(): void {
    if (this.#current !== undefined) this.abandon(this.#current)
    for (const stream of this.#streams.values()) {
      stream.nextSequence = 0
      stream.resetting = false
    }
  }

  /** The association ended: drops everything. */
  dropAll(): void {
    if (this.#current !== undefined) this.abandon(this.#current)
    for (const stream of this.#streams.values()) this.clear(stream)
  }

  /** Whether nothing waits behind this message, which is the one that is leaving or has left. */
  isLast(message: OutgoingMessage): boolean {
    return this.messages === 0 || (this.messages === 1 && this.#current === message)
  }

  /** Whether the stream's message is the one that is leaving. */
  isLeaving(stream: OutgoingStream): boolean {
    return this.#current?.stream === stream
  }

  #leave(message: OutgoingMessage, bytes: number): void {
    this.bufferedBytes -= bytes
    message.stream.took(bytes)
  }

  #finish(message: OutgoingMessage): void {
    const { stream } = message
    this.#current = undefined
    stream.messages.shift()
    this.messages--
    this.#turns.shift()
    if (stream.messages.length > 0) this.#turns.push(stream)
  }
}
