import type { Message } from '@sangam/protocol'
import type { HistorySnapshot, HistoryView } from '../api.ts'
import type { Signalling } from '../connection/signalling.ts'
import { WritableStore } from '../store.ts'
import { type Self, type StoredMessage, storedMessage } from './wire-messages.ts'

const PAGE = 50

/** Where a view begins. */
export type HistoryStart = { readonly around: number } | { readonly at: number } | { readonly thread: number }

/** What a view needs of its conversation. */
export interface HistoryHost {
  readonly signalling: Signalling
  readonly conversationId: string
  readonly self: Self
  /** Called when the view is let go. */
  released(view: ConversationHistory): void
}

/** A run of messages of a conversation apart from its live end, or of one thread. */
export class ConversationHistory implements HistoryView {
  readonly state: WritableStore<HistorySnapshot>
  readonly #host: HistoryHost
  readonly #thread: number | undefined

  private constructor(host: HistoryHost, thread: number | undefined, snapshot: HistorySnapshot) {
    this.#host = host
    this.#thread = thread
    this.state = new WritableStore(snapshot)
  }

  /** Loads the first page of a view. */
  static async open(host: HistoryHost, start: HistoryStart): Promise<ConversationHistory> {
    const { signalling, conversationId, self } = host
    const payload = { conversationId, limit: PAGE, ...start }
    const page = await signalling.request('conversation.history', payload, { idempotent: true })
    const messages = page.messages.map((message) => storedMessage(message, self))
    if ('thread' in start) {
      return new ConversationHistory(host, start.thread, {
        messages,
        hasEarlier: page.more,
        hasLater: false,
      })
    }
    const hasEarlier = (messages[0]?.number ?? 1) > 1
    return new ConversationHistory(host, undefined, { messages, hasEarlier, hasLater: page.more })
  }

  async loadEarlier(limit: number = PAGE): Promise<boolean> {
    const before = this.#messages[0]?.number
    if (!this.state.get().hasEarlier || before === undefined) return false
    const page = await this.#page({ before, limit })
    this.state.update((state) => ({
      ...state,
      messages: merge(page.messages, state.messages as readonly StoredMessage[]),
      hasEarlier: page.more,
    }))
    return page.more
  }

  async loadLater(limit: number = PAGE): Promise<boolean> {
    if (!this.state.get().hasLater) return false
    const page = await this.#page({ after: this.#messages.at(-1)?.number ?? 0, limit })
    this.state.update((state) => ({
      ...state,
      messages: merge(state.messages as readonly StoredMessage[], page.messages),
      hasLater: page.more,
    }))
    return page.more
  }

  close(): void {
    this.#host.released(this)
  }

  /** Number of the newest message held. */
  get newestNumber(): number | undefined {
    return this.#messages.at(-1)?.number
  }

  /** New messages of the conversation, in order: they belong here when the view reaches its end. */
  handleMessages(messages: readonly StoredMessage[]): void {
    const { hasLater } = this.state.get()
    const fresh = messages.filter(({ thread }) => this.#thread === undefined || thread === this.#thread)
    if (hasLater || fresh.length === 0) return
    this.state.update((state) => ({
      ...state,
      messages: merge(state.messages as readonly StoredMessage[], fresh),
    }))
  }

  /** Messages that stand differently now. */
  handleChanges(changed: readonly StoredMessage[]): void {
    const byNumber = new Map(changed.map((message) => [message.number, message]))
    if (!this.#messages.some(({ number }) => byNumber.has(number))) return
    this.state.update((state) => ({
      ...state,
      messages: (state.messages as readonly StoredMessage[]).map((held) => {
        const change = byNumber.get(held.number)
        return change !== undefined && (change.revision ?? 0) > (held.revision ?? 0) ? change : held
      }),
    }))
  }

  get #messages(): readonly StoredMessage[] {
    return this.state.get().messages as readonly StoredMessage[]
  }

  async #page(bounds: { readonly before?: number; readonly after?: number; readonly limit: number }) {
    const { signalling, conversationId, self } = this.#host
    const thread = this.#thread === undefined ? {} : { thread: this.#thread }
    const payload = { conversationId, ...bounds, ...thread }
    const page = await signalling.request('conversation.history', payload, { idempotent: true })
    return {
      more: page.more,
      messages: page.messages.map((message: Message) => storedMessage(message, self)),
    }
  }
}

/** Two runs as one in order of number, each message once, in its newest state. */
function merge(one: readonly StoredMessage[], other: readonly StoredMessage[]): StoredMessage[] {
  const byNumber = new Map(one.map((message) => [message.number, message]))
  for (const message of other) {
    const held = byNumber.get(message.number)
    if (held === undefined || (message.revision ?? 0) > (held.revision ?? 0)) {
      byNumber.set(message.number, message)
    }
  }
  return [...byNumber.values()].sort((a, b) => a.number - b.number)
}
