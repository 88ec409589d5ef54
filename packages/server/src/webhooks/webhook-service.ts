import type { Message } from '@sangam/protocol'
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
  /** Conversations with the number of their newest message, in order of id, beyond an id. */
  readonly heads: (
    afterId: string,
    limit: number,
  ) => Promise<readonly { readonly conversationId: string; readonly lastNumber: number }[]>
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
type Cursor = { readonly number: number }

const pageSize = 100
/** Conversations that are delivered from at once. */
const mostAtOnce = 16
/** The cursor of the whole: from when on conversations are delivered from their first message. */
const beganKey = '(began)'

/**
 * Tells the application's backend of every stored message, in order per conversation, at least once. The queue is the
 * conversation itself: what is kept is how far each was delivered, so nothing is written when a message is stored, and a
 * process that dies goes on from there.
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
      for (const { conversationId, lastNumber } of heads) {
        if (isFirst) await this.#keep(conversationId, lastNumber)
        else if (((await this.#cursors.get(conversationId))?.value.number ?? 0) < lastNumber)
          this.stored(conversationId)
      }
      const last = heads.at(-1)
      if (last === undefined) break
      afterId = last.conversationId
    }
    if (isFirst) await this.#keep(beganKey, 0)
  }

  /** A message was stored. */
  stored(conversationId: string): void {
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
        if (this.#again.delete(conversationId)) this.stored(conversationId)
        else this.#next()
      })
      this.#running.set(conversationId, run)
    }
  }

  async #deliverAll(conversationId: string): Promise<void> {
    const { log, logger } = this.#options
    try {
      let number = (await this.#cursors.get(conversationId))?.value.number ?? 0
      for (;;) {
        const messages = await log.after(conversationId, number, pageSize)
        if (messages.length === 0) return
        for (const message of messages) {
          if (!(await this.#deliver(message))) return
          number = message.number
          await this.#keep(conversationId, number)
        }
      }
    } catch (error) {
      // The store failed; the next message or the next start takes it up again.
      if (!this.#closing.signal.aborted) logger.error({ err: error }, 'webhooks could not go on')
    }
  }

  /** Posts until it is taken. False: the service closes. */
  async #deliver(message: Message): Promise<boolean> {
    const { random = Math.random, sleep = sleepFor, logger } = this.#options
    for (let failures = 1; ; failures += 1) {
      if (this.#closing.signal.aborted) return false
      const outcome = await this.#post(message)
      if (outcome === 'taken') return true
      const delayMs = retryDelayMs(failures, random(), outcome.retryAfterMs)
      logger.warn({ reason: outcome.reason, failures, delayMs }, 'a webhook was not taken; it is tried again')
      await sleep(delayMs, this.#closing.signal)
    }
  }

  async #post(
    message: Message,
  ): Promise<'taken' | { readonly reason: string; readonly retryAfterMs?: number }> {
    const { url, secret, post, now } = this.#options
    const timestampMs = now()
    const body = JSON.stringify({
      type: 'message.stored',
      timestamp: new Date(message.sentAt).toISOString(),
      data: { message },
    })
    // The same each time, so that who is told twice can tell.
    const id = `${message.conversationId}.${message.number}`
    const headers = webhookHeaders(secret, { id, timestampS: Math.floor(timestampMs / 1000), body })
    try {
      const { status, retryAfterMs } = await post({ url, headers, body })
      if (status >= 200 && status < 300) return 'taken'
      return { reason: `status ${status}`, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) }
    } catch (error) {
      return { reason: error instanceof Error ? error.message : String(error) }
    }
  }

  #keep(key: string, number: number): Promise<void> {
    const topic = key === beganKey ? '' : key
    return this.#cursors.put({ key, owner: '', topic, atMs: this.#options.now(), value: { number } })
  }
}

const sleepFor = (ms: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const timer = setTimeout(resolve, ms)
    signal.addEventListener('abort', () => {
      clearTimeout(timer)
      resolve()
    })
  })
