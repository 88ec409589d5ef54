import { type SctpReConfig, SctpReConfigResult } from '@sangam/rtp'

/** Stream ids that one request names at most: it has to fit into a packet. */
const MAX_IDS = 256

interface Request {
  readonly number: number
  readonly lastTsn: number
  readonly streamIds: readonly number[]
  sendAtMs: number
}

/** What the stream resets need of the association around them. */
export interface StreamResetPort {
  /** The last TSN that was sent, extended. */
  readonly lastTsn: number
  /** The peer's cumulative TSN, extended; and the extended form of one of its TSNs. */
  readonly cumulativeTsn: number
  unwrap(tsn: number): number
  /** The peer's streams start again; no ids mean all. */
  resetInbound(streamIds: readonly number[]): void
  /** Own streams have been reset, or could not be. */
  outboundReset(streamIds: readonly number[]): void
  /** Asks for own streams to be reset, as the peer wishes (RFC 6525 section 5.2.3). */
  resetOutbound(streamIds: readonly number[]): void
}

/**
 * Reset of streams, both ways (RFC 6525). One own request is under way at a time; it is repeated until it is answered.
 * Request numbers are 32 bits and start at the initial TSNs.
 */
export class StreamReset {
  readonly #port: StreamResetPort
  #nextNumber: number
  #expectedNumber: number
  #request: Request | undefined
  readonly #waiting = new Set<number>()
  #lastAnswer: { readonly number: number; readonly result: number } | undefined

  constructor(port: StreamResetPort, initialTsn: number, peerInitialTsn: number) {
    this.#port = port
    this.#nextNumber = initialTsn
    this.#expectedNumber = peerInitialTsn
  }

  /** Own streams to be reset; what was sent on them before counts as sent. */
  ask(streamIds: readonly number[]): void {
    for (const streamId of streamIds) this.#waiting.add(streamId)
  }

  /** The request to send now, if any. @param timeoutMs after which it is repeated */
  due(nowMs: number, timeoutMs: number): SctpReConfig | undefined {
    if (this.#request === undefined) {
      if (this.#waiting.size === 0) return undefined
      const streamIds = [...this.#waiting].slice(0, MAX_IDS)
      for (const streamId of streamIds) this.#waiting.delete(streamId)
      this.#request = { number: this.#nextNumber, lastTsn: this.#port.lastTsn, streamIds, sendAtMs: nowMs }
      this.#nextNumber = (this.#nextNumber + 1) >>> 0
    }
    if (nowMs < this.#request.sendAtMs) return undefined
    this.#request.sendAtMs = nowMs + timeoutMs
    const { number, lastTsn, streamIds } = this.#request
    return {
      type: 'outgoingReset',
      requestNumber: number,
      responseNumber: (this.#expectedNumber - 1) >>> 0,
      lastTsn,
      streamIds,
    }
  }

  /** Takes a parameter of the peer's. @returns the answer to send */
  received(parameter: SctpReConfig): Extract<SctpReConfig, { type: 'response' }> | undefined {
    if (parameter.type === 'response') {
      this.#answered(parameter.responseNumber, parameter.result)
      return undefined
    }
    const { requestNumber } = parameter
    const result = this.#resultOf(parameter)
    if (requestNumber === this.#expectedNumber && result !== SctpReConfigResult.inProgress) {
      this.#lastAnswer = { number: requestNumber, result }
      this.#expectedNumber = (this.#expectedNumber + 1) >>> 0
    }
    return { type: 'response', responseNumber: requestNumber, result }
  }

  #resultOf(parameter: Exclude<SctpReConfig, { type: 'response' }>): number {
    const { requestNumber } = parameter
    // The answer was lost: the same again, without doing it again.
    if (requestNumber === this.#lastAnswer?.number) return this.#lastAnswer.result
    if (requestNumber !== this.#expectedNumber) return SctpReConfigResult.badSequenceNumber
    if (parameter.type === 'other') return SctpReConfigResult.denied
    if (parameter.type === 'incomingReset') {
      this.#port.resetOutbound(parameter.streamIds)
      return SctpReConfigResult.performed
    }
    // Not before everything that was sent before has come (RFC 6525 section 5.2.2, E2).
    if (this.#port.unwrap(parameter.lastTsn) > this.#port.cumulativeTsn) return SctpReConfigResult.inProgress
    this.#port.resetInbound(parameter.streamIds)
    return SctpReConfigResult.performed
  }

  #answered(number: number, result: number): void {
    const request = this.#request
    if (request === undefined || request.number !== number) return
    // The peer lacks data yet: asked again when the timer says so.
    if (result === SctpReConfigResult.inProgress) return
    this.#request = undefined
    this.#port.outboundReset(request.streamIds)
  }
}
