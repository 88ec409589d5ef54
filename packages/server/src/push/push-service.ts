import { createHash } from 'node:crypto'
import type { ParsedRequestOf, ReplyOf } from '@sangam/protocol'
import webpush from 'web-push'
import type { Logger } from '../observability/log.ts'
import type { Outbound } from '../outbound/outbound-request.ts'
import type { Clock, Session } from '../ports.ts'
import type { RecordStore, Records } from '../records/record-store.ts'
import { requestErrors } from '../request-errors.ts'
import { messagePayload, type PushPayload } from './push-payload.ts'

/** What {@link PushService} needs. */
export type PushOptions = {
  readonly records: RecordStore
  readonly post: Outbound
  /** Whom push services may turn to: `mailto:` or `https:` (RFC 8292 section 2.1). */
  readonly contact: string
  readonly now: Clock
  readonly log: Logger
}

type Subscription = {
  readonly endpoint: string
  readonly keys: { readonly p256dh: string; readonly auth: string }
  readonly showText: boolean
}
type VapidKeys = { readonly publicKey: string; readonly privateKey: string }

/** How a notification travels (RFC 8030 sections 5.2 to 5.4). */
type Delivery = { readonly TTL: number; readonly topic?: string; readonly urgency: 'normal' | 'high' }

/** Browsers of one person. */
const mostSubscriptions = 20
const messageTtlS = 86_400
const callTtlS = 45

const keyOf = (endpoint: string): string => createHash('sha256').update(endpoint).digest('base64url')

/** Web Push (RFC 8030): subscriptions of people, and notifications to all browsers of one, encrypted for each (RFC 8291). */
export class PushService {
  readonly #options: PushOptions
  readonly #subscriptions: Records<Subscription>
  readonly #vapid: Records<VapidKeys>
  /** People with a subscription: asked for each message. */
  #people = new Set<string>()
  #keys: VapidKeys | undefined

  constructor(options: PushOptions) {
    this.#options = options
    this.#subscriptions = options.records.of<Subscription>('push')
    this.#vapid = options.records.of<VapidKeys>('vapid')
  }

  /** Reads the keys, or makes them once, and learns who has subscriptions. */
  async start(): Promise<void> {
    const stored = await this.#vapid.get('server')
    this.#keys = stored?.value ?? webpush.generateVAPIDKeys()
    if (stored === undefined) {
      const record = { key: 'server', owner: '', topic: '', atMs: this.#options.now(), value: this.#keys }
      await this.#vapid.put(record)
    }
    const all = await this.#subscriptions.list({ limit: 100_000 })
    this.#people = new Set(all.map(({ owner }) => owner))
  }

  /** `push.key` */
  publicKey(): ReplyOf<'push.key'> {
    if (this.#keys === undefined) throw requestErrors.unavailable('Push')
    return { publicKey: this.#keys.publicKey }
  }

  /** `push.subscribe` */
  async subscribe(
    session: Pick<Session, 'identity'>,
    { endpoint, keys, showText }: ParsedRequestOf<'push.subscribe'>,
  ): Promise<ReplyOf<'push.subscribe'>> {
    const owner = session.identity
    const own = await this.#subscriptions.list({ owner })
    const key = keyOf(endpoint)
    if (own.length >= mostSubscriptions && own.every((one) => one.key !== key)) {
      // The oldest browser is most likely gone.
      await this.#subscriptions.remove(own[0]?.key ?? '')
    }
    const value = { endpoint, keys, showText }
    await this.#subscriptions.put({ key, owner, topic: '', atMs: this.#options.now(), value })
    this.#people.add(owner)
    return {}
  }

  /** `push.unsubscribe` */
  async unsubscribe(
    session: Pick<Session, 'identity'>,
    { endpoint }: ParsedRequestOf<'push.unsubscribe'>,
  ): Promise<ReplyOf<'push.unsubscribe'>> {
    const known = await this.#subscriptions.get(keyOf(endpoint))
    if (known?.owner === session.identity) await this.#subscriptions.remove(known.key)
    return {}
  }

  /** Whether anybody has a subscription. */
  get isUsed(): boolean {
    return this.#people.size > 0
  }

  /** Whether somebody may be told by push. */
  reaches(identity: string): boolean {
    return this.#people.has(identity)
  }

  /** Tells people of a message. Never rejects. */
  async messageStored(
    message: { readonly conversationId: string; readonly senderName: string; readonly text: string },
    groupTitle: string | undefined,
    identities: readonly string[],
  ): Promise<void> {
    // A newer one of the same conversation replaces one that still waits.
    const topic = keyOf(message.conversationId).slice(0, 32)
    const delivery: Delivery = { TTL: messageTtlS, topic, urgency: 'normal' }
    for (const identity of identities) {
      await this.#tell(identity, ({ showText }) => messagePayload(message, groupTitle, showText), delivery)
    }
  }

  /** Tells somebody that they are called. Never rejects. */
  callStarted(identity: string, call: Extract<PushPayload, { type: 'call' }>): Promise<void> {
    return this.#tell(identity, () => call, { TTL: callTtlS, urgency: 'high' })
  }

  async #tell(
    identity: string,
    payloadFor: (subscription: Subscription) => PushPayload,
    delivery: Delivery,
  ): Promise<void> {
    if (!this.#people.has(identity)) return
    try {
      const subscriptions = await this.#subscriptions.list({ owner: identity })
      if (subscriptions.length === 0) this.#people.delete(identity)
      await Promise.all(
        subscriptions.map(({ key, value }) => this.#send(key, value, payloadFor(value), delivery)),
      )
    } catch (error) {
      this.#options.log.warn({ err: error }, 'somebody could not be told by push')
    }
  }

  async #send(
    key: string,
    { endpoint, keys }: Subscription,
    payload: PushPayload,
    delivery: Delivery,
  ): Promise<void> {
    const { contact, post, log } = this.#options
    if (this.#keys === undefined) return
    try {
      const details = webpush.generateRequestDetails({ endpoint, keys }, JSON.stringify(payload), {
        ...delivery,
        contentEncoding: 'aes128gcm',
        vapidDetails: { subject: contact, ...this.#keys },
      })
      const headers = Object.fromEntries(
        Object.entries(details.headers)
          .filter(([name]) => name.toLowerCase() !== 'content-length')
          .map(([name, value]) => [name, String(value)]),
      )
      const { status } = await post({ url: endpoint, headers, body: details.body ?? Buffer.alloc(0) })
      // The push service no longer knows it (RFC 8030 section 7.3).
      if (status === 404 || status === 410) await this.#subscriptions.remove(key)
      else if (status >= 300) log.warn({ status }, 'a push service refused a notification')
    } catch (error) {
      // The endpoint is the subscription's secret: only what went wrong is logged.
      log.warn({ reason: error instanceof Error ? error.message : String(error) }, 'a push failed')
    }
  }
}
