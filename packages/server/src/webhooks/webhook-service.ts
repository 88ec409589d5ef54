import type { Message } from '@sangam/protocol'
import type { ConversationHead } from '../chat/store.ts'
import type { Logger } from '../observability/log.ts'
import type { Outbound } from '../outbound/outbound-request.ts'
import type { Clock } from '../ports.ts'
import type { RecordStore, Records } from '../records/record-store.ts'
import { retryDelayMs } from './retry-delay.ts'
import { webhookHeaders } from './webhook-signature.ts'

/** The log that is delivered from. */
export type MessageLog = {
  /** Messages beyond a number, in order. */
  readonly after: (conversationId: string, number: number, limit: number) => Promise<readonly Message[]>
  /** Messages that changed beyond a revision, as they stand, in order of revision. */
  readonly changes: (conversationId: string, revision: number, limit: number) => Promise<readonly Message[]>
  /** Conversations with the number of their newest message and their revision, in order of id, beyond an id. */
  readonly heads: (afterId: string, limit: number) => Promise<readonly ConversationHead[]>
}

/** What {@link WebhookService} needs. */
export type WebhookOptions = {
  readonly url: string
  readonly secret: Uint8Array
  readonly records: RecordStore
  readonly log: MessageLog
  readonly post: Outbound
  readonly now: Clock
  readonly logger: Logger
  readonly random?: () => number
  /** Waits; for tests. */
  readonly sleep?: (ms: number, signal: AbortSignal) => Promise<void>
}

/** How far a conversation has been delivered. */
type Cursor = {
  readonly number: number
  /** Undefined: kept by a server that did not tell of changes. */
  readonly revision?: number
}
/** One delivery: how it is told apart, and what it says. */
type Delivery = {
  readonly id: string
  readonly type: 'message.stored' | 'message.changed' | 'message.deleted'
  readonly atMs: number
  readonly message: Message
}

const pageSize = 100
/** Conversations that are delivered from at once. */
const mostAtOnce = 16
/** The cursor of the whole: from when on conversations are delivered from their first message. */
const beganKey = '(began)'

/**
 * Tells the application's backend of every stored message, and of every message that changed, in order per conversation,
 * at least once. The queue is the conversation itself: what is kept is how far each was delivered, so nothing is written
 * when a message is stored, and a process that dies goes on from there. A message comes before its changes; changes that
 * follow one another before they are delivered are one.
 */
export class WebhookService {
  readonly #options: WebhookOptions
  readonly #cursors: Records<Cursor>
  /** Conversations with something to deliver, in turn. */
  readonly #waiting = new Set<string>()
  readonly #running = new Map<string, Promise<void>>()
  readonly #again = new Set<string>()
  readonly #closing = new AbortController()

  constructor(options: WebhookOptions) {
    this.#options = options
    this.#cursors = options.records.of<Cursor>('webhook')
  }

  /** Takes up what an earlier process left behind. The first time ever, begins with what is stored from now on. */
  async start(): Promise<void> {
    const isFirst = (await this.#cursors.get(beganKey)) === undefined
    for (let afterId = ''; ; ) {
      const heads = await this.#options.log.heads(afterId, 500)
      for (const head of heads) await this.#takeUp(head, isFirst)
      const last = heads.at(-1)
      if (last === undefined) break
      afterId = last.conversationId
    }
    if (isFirst) await this.#keep(beganKey, { number: 0, revision: 0 })
  }

  /** A message was stored or changed. */
  hasNews(conversationId: string): void {
    if (this.#closing.signal.aborted) return
    if (this.#running.has(conversationId)) this.#again.add(conversationId)
    else this.#waiting.add(conversationId)
    this.#next()
  }

  /** Ends what is under way; it goes on with the next start. */
  async close(): Promise<void> {
    this.#closing.abort()
    await Promise.all(this.#running.values())
  }

  #next(): void {
    for (const conversationId of this.#waiting) {
      if (this.#running.size >= mostAtOnce) return
      this.#waiting.delete(conversationId)
      const run = this.#deliverAll(conversationId).finally(() => {
        this.#running.delete(conversationId)
        if (this.#again.delete(conversationId)) this.hasNews(conversationId)
        else this.#next()
      })
      this.#running.set(conversationId, run)
    }
  }

  async #takeUp(
    { conversationId, lastNumber, lastRevision }: ConversationHead,
    isFirst: boolean,
  ): Promise<void> {
    const cursor = (await this.#cursors.get(conversationId))?.value
    if (isFirst) await this.#keep(conversationId, { number: lastNumber, revision: lastRevision })
    // What changed before changes were told of stays untold, as messages do that were stored before.
    else if (cursor !== undefined && cursor.revision === undefined)
      await this.#keep(conversationId, { ...cursor, revision: lastRevision })
    const { number = 0, revision = 0 } = (await this.#cursors.get(conversationId))?.value ?? {}
    if (number < lastNumber || revision < lastRevision) this.hasNews(conversationId)
  }

  async #deliverAll(conversationId: string): Promise<void> {
    const { log, logger } = this.#options
    try {
      let { number = 0, revision = 0 } = (await this.#cursors.get(conversationId))?.value ?? {}
      for (;;) {
        const messages = await log.after(conversationId, number, pageSize)
        for (const message of messages) {
          if (!(await this.#deliver(storedOf(message)))) return
          number = message.number
          await this.#keep(conversationId, { number, revision })
        }
        if (messages.length > 0) continue
        const changes = await log.changes(conversationId, revision, pageSize)
        if (changes.length === 0) return
        for (const message of changes) {
          // Stored and changed since the messages were read: it is told of as stored first.
          if (message.number > number) break
          const change = changeOf(message)
          if (!(await this.#deliver(change))) return
          revision = message.revision ?? 0
          await this.#keep(conversationId, { number, revision })
        }
      }
    } catch (error) {
      // The store failed; the next message or the next start takes it up again.
      if (!this.#closing.signal.aborted) logger.error({ err: error }, 'webhooks could not go on')
    }
  }

  /** Posts until it is taken. False: the service closes. */
  async #deliver(delivery: Delivery): Promise<boolean> {
    const { random = Math.random, sleep = sleepFor, logger } = this.#options
    for (let failures = 1; ; failures += 1) {
      if (this.#closing.signal.aborted) return false
      const outcome = await this.#post(delivery)
      if (outcome === 'taken') return true
      const delayMs = retryDelayMs(failures, random(), outcome.retryAfterMs)
      logger.warn({ reason: outcome.reason, failures, delayMs }, 'a webhook was not taken; it is tried again')
      await sleep(delayMs, this.#closing.signal)
    }
  }

  async #post({
    id,
    type,
    atMs,
    message,
  }: Delivery): Promise<'taken' | { readonly reason: string; readonly retryAfterMs?: number }> {
    const { url, secret, post, now } = this.#options
    const timestampMs = now()
    const body = JSON.stringify({ type, timestamp: new Date(atMs).toISOString(), data: { message } })
    const headers = webhookHeaders(secret, { id, timestampS: Math.floor(timestampMs / 1000), body })
    try {
      const { status, retryAfterMs } = await post({ url, headers, body })
      if (status >= 200 && status < 300) return 'taken'
      return { reason: `status ${status}`, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) }
    } catch (error) {
      return { reason: error instanceof Error ? error.message : String(error) }
    }
  }

  #keep(key: string, value: Cursor): Promise<void> {
    const topic = key === beganKey ? '' : key
    return this.#cursors.put({ key, owner: '', topic, atMs: this.#options.now(), value })
  }
}

// Ids are the same each time, so that who is told twice can tell. A revision belongs to one message.

const storedOf = (message: Message): Delivery => ({
  id: `${message.conversationId}.${message.number}`,
  type: 'message.stored',
  atMs: message.sentAt,
  message,
})

const changeOf = (message: Message): Delivery => ({
  id: `${message.conversationId}.r${message.revision}`,
  type: message.deletedAt === undefined ? 'message.changed' : 'message.deleted',
  atMs: message.deletedAt ?? message.editedAt ?? message.sentAt,
  message,
})

const sleepFor = (ms: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const timer = setTimeout(resolve, ms)
    signal.addEventListener('abort', () => {
      clearTimeout(timer)
      resolve()
    })
  })
