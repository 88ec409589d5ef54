import type { Signalling } from '../connection/signalling.ts'
import { isSangamError } from '../errors.ts'

/** So many messages in a row are told as one. */
const GATHER_MS = 300

/** Tells the server which messages this device holds: the newest number of each conversation, gathered for a moment. */
export class Delivery {
  readonly #signalling: Signalling
  readonly #waiting = new Map<string, number>()
  #timer: ReturnType<typeof setTimeout> | undefined

  constructor(signalling: Signalling) {
    this.#signalling = signalling
  }

  /** This device holds a conversation up to a number. */
  holds(conversationId: string, number: number): void {
    this.#waiting.set(conversationId, Math.max(number, this.#waiting.get(conversationId) ?? 0))
    this.#timer ??= setTimeout(() => this.#tell(), GATHER_MS)
  }

  close(): void {
    clearTimeout(this.#timer)
  }

  #tell(): void {
    this.#timer = undefined
    const numbers = [...this.#waiting]
    this.#waiting.clear()
    for (const [conversationId, number] of numbers) {
      this.#signalling
        .request('conversation.delivered', { conversationId, number }, { idempotent: true })
        // What is lost is made good by the next one: it never goes backwards.
        .catch((error: unknown) => {
          if (!isSangamError(error)) throw error
        })
    }
  }
}
