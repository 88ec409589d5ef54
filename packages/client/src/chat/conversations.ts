import type { ConversationSummary as WireSummary } from '@sangam/protocol'
import type { ChatMessage, ConversationSummary, Store } from '../api.ts'
import type { Signalling } from '../connection/signalling.ts'
import { isSangamError } from '../errors.ts'
import { TypedEmitter } from '../events.ts'
import { WritableStore } from '../store.ts'
import { ConversationHandle, type Self } from './conversation.ts'
import type { Outbox } from './outbox.ts'

interface ConversationsEvents {
  message: [message: ChatMessage]
}

/** The conversations of one session: the list of all, and a handle for each that was opened. */
export class Conversations extends TypedEmitter<ConversationsEvents> {
  readonly #signalling: Signalling
  readonly #outbox: Outbox
  readonly #self: Self
  readonly #open = new Map<string, ConversationHandle>()
  readonly #opening = new Map<string, Promise<ConversationHandle>>()
  readonly #list = new WritableStore<readonly ConversationSummary[]>([])

  constructor(signalling: Signalling, outbox: Outbox, self: Self) {
    super()
    this.#signalling = signalling
    this.#outbox = outbox
    this.#self = self
    signalling.on('conversation.message', ({ message }) => {
      this.#open.get(message.conversationId)?.handleMessage(message)
    })
    signalling.on('conversation.receipt', ({ conversationId, identity, read }) => {
      this.#open.get(conversationId)?.handleReceipt(identity, read)
    })
    signalling.on('conversation.listed', ({ conversation }) => this.#put(summaryOf(conversation)))
  }

  get list(): Store<readonly ConversationSummary[]> {
    return this.#list
  }

  /** The conversation of this id, or the direct one with a person; the same object each time. */
  open(target: string | { readonly with: string }): Promise<ConversationHandle> {
    const known = typeof target === 'string' ? this.#open.get(target) : undefined
    if (known) return Promise.resolve(known)
    const key = typeof target === 'string' ? target : `with ${target.with}`
    const opening = this.#opening.get(key) ?? this.#request(target).finally(() => this.#opening.delete(key))
    this.#opening.set(key, opening)
    return opening
  }

  /** Asks for the list afresh. */
  async refresh(): Promise<readonly ConversationSummary[]> {
    const { conversations } = await this.#signalling.request('conversation.list', {}, { idempotent: true })
    this.#list.set(conversations.map(summaryOf).sort(newestFirst))
    return this.#list.get()
  }

  /** After a reconnect: the list, and what every open conversation missed. */
  async resume(): Promise<void> {
    const refreshed = this.refresh().catch(ignoreRefusal)
    await Promise.all([...this.#open.values()].map((one) => one.resume().catch(ignoreRefusal)))
    await refreshed
  }

  close(): void {
    for (const conversation of this.#open.values()) conversation.close()
    this.removeAll()
  }

  async #request(target: string | { readonly with: string }): Promise<ConversationHandle> {
    const payload = typeof target === 'string' ? { conversationId: target } : { withIdentity: target.with }
    const opened = await this.#signalling.request('conversation.open', payload, { idempotent: true })
    const { conversationId } = opened.conversation
    const known = this.#open.get(conversationId)
    if (known) return known
    const conversation = new ConversationHandle(this.#signalling, this.#outbox, this.#self, opened)
    this.#open.set(conversationId, conversation)
    conversation.on('message', (message) => this.emit('message', message))
    conversation.state.subscribe(() => this.#putOpen(conversation))
    this.#putOpen(conversation)
    // What was stored between the answer and this moment.
    void conversation.catchUp()
    return conversation
  }

  /** An open conversation's own snapshot is newer than any list. */
  #putOpen(conversation: ConversationHandle): void {
    const { conversationId, kind, title, members, messages, unread } = conversation.state.get()
    const last = messages.findLast((message) => message.number !== undefined)
    const { number, senderId = '', senderName = '', text = '', sentAt = 0 } = last ?? {}
    this.#put({
      conversationId,
      kind,
      title,
      members,
      unread,
      ...(number === undefined ? {} : { lastMessage: { number, senderId, senderName, text, sentAt } }),
    })
  }

  #put(summary: ConversationSummary): void {
    const others = this.#list.get().filter((one) => one.conversationId !== summary.conversationId)
    this.#list.set([...others, summary].sort(newestFirst))
  }
}

function summaryOf(conversation: WireSummary): ConversationSummary {
  const { conversationId, kind, title, members, lastMessage, unread } = conversation
  return {
    conversationId,
    kind,
    title,
    members,
    unread,
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
