import type { OutboxEntry, OutboxStore, SendOptions } from '../api.ts'
import type { Signalling } from '../connection/signalling.ts'
import { errors, isSangamError, SangamError, type SangamErrorCode, toSangamError } from '../errors.ts'
import {
  EMPTY_OUTBOX,
  enqueue,
  markInFlight,
  nextStep,
  type OutboxQueue,
  removeEntry,
  retryEntry,
  type SendOutcome,
  settle,
} from './outbox-queue.ts'

/** What a conversation learns about its own messages. */
export interface OutboxListener {
  /** The queue of this conversation changed. */
  changed(): void
  /** The server stored it under this number. */
  stored(entry: OutboxEntry, receipt: { readonly number: number; readonly sentAt: number }): void
  /** The server refused it for good. */
  failed(entry: OutboxEntry, error: SangamError): void
}

/** Refusals that may pass by themselves. */
const TRANSIENT_CODES: readonly SangamErrorCode[] = ['rateLimited', 'unavailable', 'internal', 'tokenExpired']

/** Answers that never came, or that the one before it has to be sent again: it goes out again in its turn. */
const LOST_CODES: readonly SangamErrorCode[] = [
  'offline',
  'requestTimeout',
  'queueFull',
  'sessionClosed',
  'outOfOrder',
]

/**
 * The messages of this device that the server has not acknowledged. Each is stored before it is sent and removed
 * after its acknowledgement, so that a refresh between the two only repeats it; the server knows it by its id.
 */
export class Outbox {
  readonly #signalling: Signalling
  readonly #store: OutboxStore
  readonly #senderId: string
  readonly #queues = new Map<string, OutboxQueue>()
  readonly #listeners = new Map<string, OutboxListener>()
  readonly #timers = new Map<string, ReturnType<typeof setTimeout>>()
  #nextOrder = 0
  #closed = false

  constructor(signalling: Signalling, store: OutboxStore, senderId: string) {
    this.#signalling = signalling
    this.#store = store
    this.#senderId = senderId
    signalling.onOnline(() => this.#flushAll())
  }

  /** Takes up what an earlier page left behind. */
  async load(): Promise<void> {
    const entries = await this.#store.list(this.#senderId)
    this.#nextOrder = Math.max(Date.now(), (entries.at(-1)?.order ?? 0) + 1)
    for (const entry of entries) this.#change(entry.conversationId, (queue) => enqueue(queue, [entry]))
    this.#flushAll()
  }

  /** What of this conversation is not stored by the server, in order of sending. */
  entries(conversationId: string): readonly OutboxEntry[] {
    return this.#queue(conversationId).entries
  }

  /** One listener per conversation. */
  listen(conversationId: string, listener: OutboxListener): void {
    this.#listeners.set(conversationId, listener)
  }

  /** Keeps a message and sends it when its turn comes; resolves once it is kept. */
  async add(
    conversationId: string,
    clientMessageId: string,
    text: string,
    options: SendOptions = {},
  ): Promise<void> {
    if (this.#closed) throw errors.sessionClosed()
    this.#nextOrder += 1
    const entry: OutboxEntry = {
      conversationId,
      clientMessageId,
      senderId: this.#senderId,
      text,
      ...(Object.keys(options).length === 0 ? {} : { options }),
      createdAt: Date.now(),
      order: this.#nextOrder,
    }
    // Shown at once; sent only when a refresh could no longer lose it.
    const kept = this.#store.put(entry)
    this.#change(conversationId, (queue) => enqueue(queue, [entry]))
    await kept
    this.#flush(conversationId)
  }

  async retry(conversationId: string, clientMessageId: string): Promise<void> {
    this.#change(conversationId, (queue) => retryEntry(queue, clientMessageId))
    const entry = this.#queue(conversationId).entries.find((one) => one.clientMessageId === clientMessageId)
    if (entry !== undefined) await this.#store.put(entry)
    this.#flush(conversationId)
  }

  async remove(conversationId: string, clientMessageId: string): Promise<void> {
    this.#change(conversationId, (queue) => removeEntry(queue, clientMessageId))
    await this.#store.remove(this.#senderId, clientMessageId)
  }

  /** The server's own message proves that this one is stored, even when its acknowledgement was lost. */
  noteStored(conversationId: string, clientMessageId: string): void {
    const waits = this.#queue(conversationId).entries.some(
      (entry) => entry.clientMessageId === clientMessageId,
    )
    if (!waits) return
    void this.remove(conversationId, clientMessageId)
    this.#flush(conversationId)
  }

  async close(): Promise<void> {
    this.#closed = true
    for (const timer of this.#timers.values()) clearTimeout(timer)
    await this.#store.close()
  }

  #queue(conversationId: string): OutboxQueue {
    return this.#queues.get(conversationId) ?? EMPTY_OUTBOX
  }

  #change(conversationId: string, change: (queue: OutboxQueue) => OutboxQueue): void {
    const before = this.#queue(conversationId)
    const after = change(before)
    if (after === before) return
    this.#queues.set(conversationId, after)
    if (after.entries !== before.entries) this.#listeners.get(conversationId)?.changed()
  }

  #flushAll(): void {
    for (const conversationId of this.#queues.keys()) this.#flush(conversationId)
  }

  #flush(conversationId: string): void {
    if (this.#closed || !this.#signalling.online) return
    clearTimeout(this.#timers.get(conversationId))
    const now = performance.now()
    let step = nextStep(this.#queue(conversationId), now)
    for (; step.kind === 'send'; step = nextStep(this.#queue(conversationId), now)) {
      void this.#send(step.entry, step.follows)
    }
    if (step.kind === 'wait') {
      const timer = setTimeout(() => this.#flush(conversationId), step.untilMs - now)
      this.#timers.set(conversationId, timer)
    }
  }

  async #send(entry: OutboxEntry, follows: string | undefined): Promise<void> {
    const { conversationId, clientMessageId, text, options } = entry
    this.#change(conversationId, (queue) => markInFlight(queue, clientMessageId))
    let outcome: SendOutcome
    try {
      const named = follows === undefined ? {} : { follows }
      const { attachments, ...others } = options ?? {}
      const files = attachments === undefined ? {} : { attachments: attachments.map(({ fileId }) => fileId) }
      const payload = { conversationId, clientMessageId, text, ...others, ...files, ...named }
      const receipt = await this.#signalling.request('conversation.send', payload, { offline: 'fail' })
      outcome = { kind: 'stored' }
      this.#listeners.get(conversationId)?.stored(entry, receipt)
    } catch (caught) {
      outcome = outcomeOf(
        toSangamError(caught, (cause) => errors.protocolViolation('conversation.send', cause)),
      )
    }
    this.#change(conversationId, (queue) =>
      settle(queue, clientMessageId, outcome, performance.now(), Math.random()),
    )
    await this.#keepOutcome(entry, outcome)
    this.#flush(conversationId)
  }

  async #keepOutcome(entry: OutboxEntry, outcome: SendOutcome): Promise<void> {
    if (outcome.kind === 'stored') {
      await this.#store.remove(this.#senderId, entry.clientMessageId).catch(() => {})
      return
    }
    const settled = this.entries(entry.conversationId).find(
      (one) => one.clientMessageId === entry.clientMessageId,
    )
    if (settled?.failed === undefined) return
    const error = errorOf(settled)
    if (error) this.#listeners.get(entry.conversationId)?.failed(settled, error)
    await this.#store.put(settled).catch(() => {})
  }
}

/** Why a kept message failed, if it did. */
export function errorOf(entry: OutboxEntry): SangamError | undefined {
  if (entry.failed === undefined) return undefined
  return new SangamError(entry.failed.code as SangamErrorCode, entry.failed.message)
}

function outcomeOf(error: SangamError): SendOutcome {
  const { code, message, retryAfterMs } = error
  if (isSangamError(error, ...LOST_CODES)) return { kind: 'lost' }
  if (!isSangamError(error, ...TRANSIENT_CODES)) return { kind: 'refused', code, message }
  return { kind: 'transient', code, message, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) }
}
