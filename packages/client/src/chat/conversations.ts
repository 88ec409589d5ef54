import type { ConversationSummary as WireSummary } from '@sangam/protocol'
import type {
  ChatMessage,
  ConversationSummary,
  NewConversation,
  SearchOptions,
  SearchResult,
  Store,
} from '../api.ts'
import type { Signalling } from '../connection/signalling.ts'
import { isSangamError } from '../errors.ts'
import { TypedEmitter } from '../events.ts'
import { NoticedList } from '../noticed-list.ts'
import { randomId } from '../random-id.ts'
import { noCache } from './cache.ts'
import { ChatCache } from './chat-cache.ts'
import { ConversationHandle, type ConversationHost } from './conversation.ts'
import { Delivery } from './delivery.ts'
import type { Outbox } from './outbox.ts'
import { membersOf, type Self, storedMessage } from './wire-messages.ts'

interface ConversationsEvents {
  message: [message: ChatMessage]
}

/** The conversations of one session: the list of all, and a handle for each that was opened. */
export class Conversations extends TypedEmitter<ConversationsEvents> {
  readonly #signalling: Signalling
  readonly #host: ConversationHost
  readonly #cache: ChatCache
  readonly #open = new Map<string, ConversationHandle>()
  readonly #opening = new Map<string, Promise<ConversationHandle>>()
  readonly #list = new NoticedList<ConversationSummary>(({ conversationId }) => conversationId, newestFirst)

  constructor(
    signalling: Signalling,
    outbox: Outbox,
    self: Self,
    cache: ChatCache = new ChatCache(noCache(), self.identity),
  ) {
    super()
    this.#cache = cache
    this.#signalling = signalling
    this.#host = { signalling, outbox, self, delivery: new Delivery(signalling) }
    signalling.on('conversation.message', ({ message }) => {
      this.#open.get(message.conversationId)?.handleMessage(message)
    })
    signalling.on('conversation.receipt', ({ conversationId, identity, ...progress }) => {
      this.#open.get(conversationId)?.handleReceipt(identity, progress)
    })
    signalling.on('message.changed', ({ revision, message }) => {
      this.#open.get(message.conversationId)?.handleChanged(revision, message)
    })
    signalling.on('conversation.updated', ({ conversation }) => {
      this.#open.get(conversation.conversationId)?.handleUpdated(conversation)
    })
    signalling.on('conversation.typing', ({ conversationId, identity, name, typing }) => {
      this.#open.get(conversationId)?.handleTyping(identity, name, typing)
    })
    signalling.on('conversation.careChanged', ({ conversationId, ...settings }) => {
      this.#open.get(conversationId)?.handleCare(settings)
    })
    signalling.on('conversation.gone', ({ conversationId, reason }) => this.#drop(conversationId, reason))
    signalling.on('conversation.listed', ({ conversation }) => this.#listed(conversation))
  }

  get list(): Store<readonly ConversationSummary[]> {
    return this.#list.store
  }

  /** The conversation of this id, or the direct one with a person; the same object each time. */
  open(target: string | { readonly with: string }): Promise<ConversationHandle> {
    const known = typeof target === 'string' ? this.#open.get(target) : undefined
    if (known) return Promise.resolve(known)
    const key = typeof target === 'string' ? target : `with ${target.with}`
    const opening = this.#opening.get(key) ?? this.#begin(target).finally(() => this.#opening.delete(key))
    this.#opening.set(key, opening)
    return opening
  }

  /** Shows the list as this device held it, until the server tells it. */
  async restore(): Promise<void> {
    const list = await this.#cache.list()
    if (list !== undefined && this.list.get().length === 0) this.#list.put(...list)
    this.list.subscribe(() => this.#cache.saveList(() => this.list.get()))
  }

  /** Asks for the list afresh. */
  async refresh(): Promise<readonly ConversationSummary[]> {
    await this.#list.refresh(async () => {
      const { conversations } = await this.#signalling.request('conversation.list', {}, { idempotent: true })
      return conversations.map(summaryOf)
    })
    for (const conversation of this.#open.values()) {
      if (!this.#isBehind(conversation)) this.#putOpen(conversation)
    }
    return this.list.get()
  }

  /** Creates a group of named members. */
  async create({ title, members = [] }: NewConversation): Promise<ConversationHandle> {
    const { conversation } = await this.#signalling.request(
      'conversation.create',
      { clientConversationId: randomId(), title, members: [...members] },
      { idempotent: true },
    )
    return this.open(conversation.conversationId)
  }

  async search(query: string, options: SearchOptions = {}): Promise<SearchResult> {
    const found = await this.#signalling.request(
      'conversation.search',
      { query, ...options },
      { idempotent: true },
    )
    return {
      messages: found.messages.map((message) => storedMessage(message, this.#host.self)),
      more: found.more,
    }
  }

  /** After a reconnect: the list, and what every open conversation missed. */
  async resume(): Promise<void> {
    const refreshed = this.refresh().catch(ignoreRefusal)
    await Promise.all([...this.#open.values()].map((one) => this.#resumeOne(one)))
    await refreshed
  }

  close(): void {
    for (const conversation of this.#open.values()) conversation.close()
    this.#host.delivery.close()
    this.removeAll()
  }

  /** As this device holds it, caught up in the background; else as the server tells it. */
  async #begin(target: string | { readonly with: string }): Promise<ConversationHandle> {
    const cached = await this.#cache.conversation(target)
    if (cached === undefined) return this.#request(target)
    const { conversationId } = cached.conversation
    const known = this.#open.get(conversationId)
    if (known) return known
    const conversation = this.#take(new ConversationHandle(this.#host, cached, 'cache'))
    // Without a connection, the next one resumes all that is open.
    if (!this.#signalling.online) return conversation
    void this.#resumeOne(conversation)
    return conversation
  }

  /** Catches up; a conversation that is refused is not this person's any more. */
  async #resumeOne(conversation: ConversationHandle): Promise<void> {
    try {
      await conversation.resume()
    } catch (error) {
      if (isSangamError(error, 'notFound', 'forbidden')) this.#drop(conversation.conversationId, 'removed')
      else ignoreRefusal(error)
    }
  }

  async #request(target: string | { readonly with: string }): Promise<ConversationHandle> {
    const payload = typeof target === 'string' ? { conversationId: target } : { withIdentity: target.with }
    const opened = await this.#signalling.request('conversation.open', payload, { idempotent: true })
    const { conversationId } = opened.conversation
    if (typeof target === 'object') this.#cache.saveDirect(target.with, conversationId)
    const known = this.#open.get(conversationId)
    if (known) return known
    const conversation = this.#take(new ConversationHandle(this.#host, opened, 'server'))
    // What was stored between the answer and this moment.
    void conversation.catchUp()
    return conversation
  }

  #take(conversation: ConversationHandle): ConversationHandle {
    const { conversationId } = conversation
    this.#open.set(conversationId, conversation)
    conversation.on('message', (message) => this.emit('message', message))
    conversation.state.subscribe(() => {
      if (conversation.state.get().gone !== undefined) return
      this.#putOpen(conversation)
      this.#cache.saveConversation(conversationId, () => conversation.cacheable())
    })
    this.#putOpen(conversation)
    this.#cache.saveConversation(conversationId, () => conversation.cacheable())
    return conversation
  }

  #drop(conversationId: string, reason: 'left' | 'removed'): void {
    const conversation = this.#open.get(conversationId)
    this.#open.delete(conversationId)
    this.#cache.forget(conversationId)
    conversation?.handleGone(reason)
    conversation?.close()
    this.#list.toldGone(conversationId)
  }

  /** What the server tells of a conversation; of one that is open here, how it stands in the list. */
  #listed(conversation: WireSummary): void {
    const { conversationId, lastNumber, lastMessage } = conversation
    this.#list.told(summaryOf(conversation))
    const open = this.#open.get(conversationId)
    if (open !== undefined) this.#putOpen(open)
    else if (lastMessage !== undefined && lastMessage.senderId !== this.#host.self.identity) {
      this.#host.delivery.holds(conversationId, lastNumber)
    }
  }

  /** An open conversation's own snapshot is newer than any list; how the person wants it listed is the list's. */
  #putOpen(conversation: ConversationHandle): void {
    const snapshot = conversation.state.get()
    const { conversationId, kind, access, title, members, messages, unread, mentioned, gone } = snapshot
    if (gone !== undefined) return
    const known = this.#list.find(conversationId)
    const last = messages.findLast((message) => message.number !== undefined)
    const { number, senderId = '', senderName = '', text = '', sentAt = 0, deletedAt, system } = last ?? {}
    const { mutedUntil = 0, archived = false, pinned = false, lastMessage } = known ?? {}
    const hasNews = (number ?? 0) > (lastMessage?.number ?? 0)
    this.#list.put({
      conversationId,
      kind,
      access,
      title,
      members,
      unread,
      // Those before what is held are known from the list.
      mentioned: unread === 0 ? 0 : Math.max(mentioned, hasNews ? 0 : (known?.mentioned ?? 0)),
      mutedUntil,
      archived: archived && (mutedUntil > Date.now() || !hasNews),
      pinned,
      ...(number === undefined
        ? {}
        : { lastMessage: { number, senderId, senderName, text, sentAt, deletedAt, system } }),
    })
  }

  /** The list tells of messages that this handle has yet to catch up with. */
  #isBehind(conversation: ConversationHandle): boolean {
    const listed = this.#list.find(conversation.conversationId)?.lastMessage?.number ?? 0
    return conversation.state.get().lastNumber < listed
  }
}

function summaryOf(conversation: WireSummary): ConversationSummary {
  const { lastNumber: _, members: __, lastMessage, ...summary } = conversation
  return {
    ...summary,
    members: membersOf(conversation),
    ...(lastMessage === undefined ? {} : { lastMessage }),
  }
}

function newestFirst(a: ConversationSummary, b: ConversationSummary): number {
  const byTime = (b.lastMessage?.sentAt ?? 0) - (a.lastMessage?.sentAt ?? 0)
  return byTime || a.title.localeCompare(b.title)
}

function ignoreRefusal(error: unknown): void {
  // The next connection resumes; a conversation that was taken away stays as it is.
  if (!isSangamError(error)) throw error
}
