import type { Signalling } from '../connection/signalling.ts'
import { errors, isSangamError, type SangamError, type SangamErrorCode, toSangamError } from '../errors.ts'
import type {
  ChangeTarget,
  MessageChange,
  OutboxChange,
  OutboxEntry,
  OutboxMessage,
  OutboxStore,
} from './device-stores-api.ts'
import type { SendOptions } from './message-api.ts'
import { errorOf } from './outbox-error.ts'
import {
  changesAwaiting,
  EMPTY_OUTBOX,
  enqueue,
  isChange,
  markInFlight,
  nextStep,
  type OutboxQueue,
  removeEntry,
  resolveTarget,
  retryEntry,
  rewriteEntry,
  type SendOutcome,
  settle,
  supersededBy,
} from './outbox-queue.ts'

/** What a conversation learns about its own messages and changes. */
export interface OutboxListener {
  /** The queue of this conversation changed. */
  changed(): void
  /** The server stored it under this number. */
  stored(entry: OutboxMessage, receipt: { readonly number: number; readonly sentAt: number }): void
  /** The server stored it as this change of the conversation; undefined: the message was gone already. */
  changeStored(entry: OutboxChange, revision: number | undefined): void
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

/** Refusals of a change whose message is no more: nothing is left to be retried. */
const GONE_CODES: readonly SangamErrorCode[] = ['wrongState', 'notFound']

/**
 * The messages of this device, and its changes of messages, that the server has not acknowledged. Each is stored before
 * it is sent and removed after its acknowledgement, so that a refresh between the two only repeats it; the server knows
 * it by its id.
 */
export class Outbox {
  readonly #signalling: Signalling
  readonly #store: OutboxStore
  readonly #senderId: string
  readonly #queues = new Map<string, OutboxQueue>()
  readonly #listeners = new Map<string, OutboxListener>()
  readonly #timers = new Map<string, ReturnType<typeof setTimeout>>()
  /** Messages of this page that were never sent: nothing of them can have reached the server. */
  readonly #untouched = new Set<string>()
  #nextOrder = 0
  #closed = false

  constructor(signalling: Signalling, store: OutboxStore, senderId: string) {
    this.#signalling = signalling
    this.#store = store
    this.#senderId = senderId
    signalling.onOnline(() => this.#flushAll())
  }

  /** Takes up what an earlier page left behind, and what other pages leave when they end. */
  async load(): Promise<void> {
    this.#nextOrder = Math.max(this.#nextOrder, Date.now())
    this.#takeUp(await this.#store.list(this.#senderId))
    // A store of one page alone has nothing to tell later: nobody waits for it.
    if (this.#store.onLeft === undefined) return
    await this.#store.onLeft(this.#senderId, (entries) => this.#takeUp(entries))
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
    this.#untouched.add(clientMessageId)
    await this.#keep({
      ...this.#item(conversationId, clientMessageId),
      text,
      ...(Object.keys(options).length === 0 ? {} : { options }),
    })
  }

  /**
   * Keeps a change and sends it when its turn comes; resolves once it is kept. `replaced` is told the ids of those waiting
   * ones that it makes needless.
   */
  async addChange(
    conversationId: string,
    clientChangeId: string,
    { target, change }: { readonly target: ChangeTarget; readonly change: MessageChange },
    replaced: (ids: readonly string[]) => void,
  ): Promise<void> {
    const entry = { ...this.#item(conversationId, clientChangeId), target, change }
    const needless = supersededBy(this.#queue(conversationId), entry)
    replaced(needless)
    const kept = this.#keep(entry)
    await Promise.all([kept, ...needless.map((id) => this.#drop(conversationId, id))])
  }

  /** Whether a message waits here and nothing of it can have reached the server: it can still be made another one. */
  isUnsent(conversationId: string, clientMessageId: string): boolean {
    const entry = this.#find(conversationId, clientMessageId)
    if (entry === undefined) return false
    return (
      this.#untouched.has(clientMessageId) || (entry.failed !== undefined && entry.failed.code !== 'internal')
    )
  }

  /** Gives an unsent message another text. */
  async rewrite(
    conversationId: string,
    clientMessageId: string,
    text: string,
    preview: SendOptions['preview'],
  ): Promise<void> {
    this.#change(conversationId, (queue) => rewriteEntry(queue, clientMessageId, text, preview))
    await this.#put(conversationId, clientMessageId)
  }

  async retry(conversationId: string, id: string): Promise<void> {
    this.#change(conversationId, (queue) => retryEntry(queue, id))
    await this.#put(conversationId, id)
    this.#flush(conversationId)
  }

  /** Gives an entry up, and with a message its changes. Gives the ids of all that went. */
  async discard(conversationId: string, id: string): Promise<readonly string[]> {
    const changes = changesAwaiting(this.#queue(conversationId), id)
    const ids = [id, ...changes.map(({ clientMessageId }) => clientMessageId)]
    await Promise.all(ids.map((one) => this.#drop(conversationId, one)))
    return ids
  }

  /** The server's own message proves that this one is stored, even when its acknowledgement was lost. */
  noteStored(conversationId: string, clientMessageId: string, number: number): void {
    const isKnown = this.#find(conversationId, clientMessageId) !== undefined
    const isAwaited = changesAwaiting(this.#queue(conversationId), clientMessageId).length > 0
    if (!isKnown && !isAwaited) return
    void this.#nameTargets(conversationId, clientMessageId, number)
      .then(() => this.#drop(conversationId, clientMessageId))
      .catch(() => {})
      .then(() => this.#flush(conversationId))
  }

  /** Sends no more; what waits stays for a later page, or is given up with all else of this person. */
  async close(options: { readonly forget: boolean }): Promise<void> {
    this.#closed = true
    for (const timer of this.#timers.values()) clearTimeout(timer)
    if (options.forget) {
      const entries = await this.#store.list(this.#senderId)
      await Promise.all(
        entries.map(({ clientMessageId }) => this.#store.remove(this.#senderId, clientMessageId)),
      )
    }
    await this.#store.close()
  }

  #item(conversationId: string, clientMessageId: string) {
    if (this.#closed) throw errors.sessionClosed()
    this.#nextOrder += 1
    return {
      conversationId,
      clientMessageId,
      senderId: this.#senderId,
      createdAt: Date.now(),
      order: this.#nextOrder,
    }
  }

  #takeUp(entries: readonly OutboxEntry[]): void {
    if (this.#closed) return
    this.#nextOrder = Math.max(this.#nextOrder, (entries.at(-1)?.order ?? 0) + 1)
    for (const entry of entries) this.#change(entry.conversationId, (queue) => enqueue(queue, [entry]))
    this.#flushAll()
  }

  async #keep(entry: OutboxEntry): Promise<void> {
    const { conversationId } = entry
    // Shown at once; sent only when a refresh could no longer lose it.
    const kept = this.#store.put(entry)
    this.#change(conversationId, (queue) => enqueue(queue, [entry]))
    await kept
    this.#flush(conversationId)
  }

  async #put(conversationId: string, id: string): Promise<void> {
    const entry = this.#find(conversationId, id)
    // A closed outbox may know less than another one of the same store, which goes on.
    if (entry !== undefined && !this.#closed) await this.#store.put(entry)
  }

  async #drop(conversationId: string, id: string): Promise<void> {
    this.#untouched.delete(id)
    this.#change(conversationId, (queue) => removeEntry(queue, id))
    await this.#store.remove(this.#senderId, id)
  }

  /** A message is stored: its changes learn its number before it is forgotten, so that no refresh parts them. */
  async #nameTargets(conversationId: string, id: string, number: number): Promise<void> {
    const changes = changesAwaiting(this.#queue(conversationId), id)
    if (changes.length === 0) return
    this.#change(conversationId, (queue) => resolveTarget(queue, id, number))
    const kept = changes.map(({ clientMessageId }) => this.#put(conversationId, clientMessageId))
    await Promise.all(kept).catch(() => {})
  }

  #find(conversationId: string, id: string): OutboxEntry | undefined {
    return this.#queue(conversationId).entries.find(({ clientMessageId }) => clientMessageId === id)
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
    const { conversationId, clientMessageId } = entry
    this.#untouched.delete(clientMessageId)
    this.#change(conversationId, (queue) => markInFlight(queue, clientMessageId))
    let outcome: SendOutcome
    let number: number | undefined
    try {
      if (isChange(entry)) await this.#sendChange(entry)
      else number = await this.#sendMessage(entry, follows)
      outcome = { kind: 'stored' }
    } catch (caught) {
      outcome = outcomeOf(
        toSangamError(caught, (cause) => errors.protocolViolation('an acknowledgement', cause)),
      )
    }
    if (number !== undefined) await this.#nameTargets(conversationId, clientMessageId, number)
    this.#change(conversationId, (queue) =>
      settle(queue, clientMessageId, outcome, performance.now(), Math.random()),
    )
    await this.#keepOutcome(entry, outcome)
    this.#flush(conversationId)
  }

  async #sendMessage(entry: OutboxMessage, follows: string | undefined): Promise<number> {
    const { conversationId, clientMessageId, text, options } = entry
    const named = follows === undefined ? {} : { follows }
    const { attachments, ...others } = options ?? {}
    const files = attachments === undefined ? {} : { attachments: attachments.map(({ fileId }) => fileId) }
    const payload = { conversationId, clientMessageId, text, ...others, ...files, ...named }
    const receipt = await this.#signalling.request('conversation.send', payload, { offline: 'fail' })
    this.#listeners.get(conversationId)?.stored(entry, receipt)
    return receipt.number
  }

  async #sendChange(entry: OutboxChange): Promise<void> {
    const { conversationId, clientMessageId, change, target } = entry
    if (!('number' in target)) throw errors.protocolViolation('a change of a message without a number')
    const place = { conversationId, number: target.number, clientChangeId: clientMessageId }
    let revision: number | undefined
    try {
      revision = await this.#requestChange(place, change)
    } catch (error) {
      // Somebody else was faster: what was wished is so.
      if (change.type !== 'delete' || !isSangamError(error, 'wrongState')) throw error
    }
    this.#listeners.get(conversationId)?.changeStored(entry, revision)
  }

  async #requestChange(
    place: { readonly conversationId: string; readonly number: number; readonly clientChangeId: string },
    change: MessageChange,
  ): Promise<number> {
    const options = { offline: 'fail' } as const
    const request = this.#signalling.request.bind(this.#signalling)
    switch (change.type) {
      case 'edit': {
        const { text, preview } = change
        const named = preview === undefined ? {} : { preview }
        return (await request('message.edit', { ...place, text, ...named }, options)).revision
      }
      case 'delete':
        return (await request('message.delete', place, options)).revision
      case 'react': {
        const { emoji, on } = change
        return (await request('message.react', { ...place, emoji, on }, options)).revision
      }
      case 'pin':
        return (await request('message.pin', { ...place, on: change.on }, options)).revision
    }
  }

  async #keepOutcome(entry: OutboxEntry, outcome: SendOutcome): Promise<void> {
    const { conversationId, clientMessageId } = entry
    if (outcome.kind === 'stored') {
      await this.#store.remove(this.#senderId, clientMessageId).catch(() => {})
      return
    }
    const settled = this.#find(conversationId, clientMessageId)
    const error = settled === undefined ? undefined : errorOf(settled)
    if (settled === undefined || error === undefined) return
    const isGone = isChange(settled) && isSangamError(error, ...GONE_CODES)
    const kept = isGone
      ? this.#drop(conversationId, clientMessageId)
      : this.#put(conversationId, clientMessageId)
    this.#listeners.get(conversationId)?.failed(settled, error)
    await kept.catch(() => {})
  }
}

function outcomeOf(error: SangamError): SendOutcome {
  const { code, message, retryAfterMs } = error
  if (isSangamError(error, ...LOST_CODES)) return { kind: 'lost' }
  if (!isSangamError(error, ...TRANSIENT_CODES)) return { kind: 'refused', code, message }
  return { kind: 'transient', code, message, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) }
}
