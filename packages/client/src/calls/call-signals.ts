import type { CallSignal } from '@sangam/protocol'
import type { Signalling } from '../connection/signalling.ts'
import { isSangamError, type SangamError } from '../errors.ts'

/** Pause before a signal that the server could not pass on is tried again: the other side may be reconnecting. */
const RETRY_PAUSE_MS = 1_000

/**
 * Sends a call's signals one after another, so that a candidate never overtakes its description. One that the
 * connection lost is sent again after the call was resumed; one that comes twice is harmless to its receiver.
 */
export class CallSignals {
  readonly #signalling: Signalling
  readonly #callId: string
  readonly #onRefused: (error: SangamError) => void
  readonly #queue: CallSignal[] = []
  #sending = false
  #paused = false
  #closed = false
  #timer: ReturnType<typeof setTimeout> | undefined

  constructor(signalling: Signalling, callId: string, onRefused: (error: SangamError) => void) {
    this.#signalling = signalling
    this.#callId = callId
    this.#onRefused = onRefused
  }

  send(signal: CallSignal): void {
    this.#queue.push(signal)
    void this.#drain()
  }

  /** The connection is new and the call not resumed on it yet. */
  pause(): void {
    this.#paused = true
  }

  resume(): void {
    this.#paused = false
    void this.#drain()
  }

  close(): void {
    this.#closed = true
    clearTimeout(this.#timer)
    this.#queue.length = 0
  }

  async #drain(): Promise<void> {
    if (this.#sending) return
    this.#sending = true
    while (!this.#closed && !this.#paused && this.#signalling.online) {
      const signal = this.#queue[0]
      if (signal === undefined) break
      if (!(await this.#deliver(signal))) break
      this.#queue.shift()
    }
    this.#sending = false
  }

  async #deliver(signal: CallSignal): Promise<boolean> {
    try {
      await this.#signalling.request('call.signal', { callId: this.#callId, signal }, { offline: 'fail' })
      return true
    } catch (error) {
      if (this.#closed || !isSangamError(error)) return false
      const { code, retryAfterMs } = error
      if (code === 'offline' || code === 'sessionClosed') return false
      if (code === 'unavailable' || code === 'rateLimited' || code === 'requestTimeout') {
        clearTimeout(this.#timer)
        this.#timer = setTimeout(() => void this.#drain(), retryAfterMs ?? RETRY_PAUSE_MS)
        return false
      }
      this.#onRefused(error)
      return false
    }
  }
}
