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
  /** Messages as the changes that wait leave them. */
  shown(messages: readonly StoredMessage[]): HistorySnapshot['messages']
  /** Called when the view is let go. */
  released(view: ConversationHistory): void
}

interface HeldRun {
  readonly messages: readonly StoredMessage[]
  readonly hasEarlier: boolean
  readonly hasLater: boolean
}

/** A run of messages of a conversation apart from its live end, or of one thread. */
export class ConversationHistory implements HistoryView {
  readonly state: WritableStore<HistorySnapshot>
  readonly #host: HistoryHost
  readonly #thread: number | undefined
  #held: HeldRun

  private constructor(host: HistoryHost, thread: number | undefined, held: HeldRun) {
    this.#host = host
    this.#thread = thread
    this.#held = held
    this.state = new WritableStore(this.#snapshot())
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
    const before = this.#held.messages[0]?.number
    if (!this.#held.hasEarlier || before === undefined) return false
    const { messages, more } = await this.#page({ before, limit })
    this.#hold({ messages: merge(messages, this.#held.messages), hasEarlier: more })
    return more
  }

  async loadLater(limit: number = PAGE): Promise<boolean> {
    if (!this.#held.hasLater) return false
    const { messages, more } = await this.#page({ after: this.newestNumber ?? 0, limit })
    this.#hold({ messages: merge(this.#held.messages, messages), hasLater: more })
    return more
  }

  close(): void {
    this.#host.released(this)
  }

  /** Number of the newest message held. */
  get newestNumber(): number | undefined {
    return this.#held.messages.at(-1)?.number
  }

  /** New messages of the conversation, in order: they belong here when the view reaches its end. */
  handleMessages(messages: readonly StoredMessage[]): void {
    const fresh = messages.filter(({ thread }) => this.#thread === undefined || thread === this.#thread)
    if (this.#held.hasLater || fresh.length === 0) return
    this.#hold({ messages: merge(this.#held.messages, fresh) })
  }

  /** Messages that stand differently now. */
  handleChanges(changed: readonly StoredMessage[]): void {
    const { messages } = this.#held
    const byNumber = new Map(changed.map((message) => [message.number, message]))
    if (!messages.some(({ number }) => byNumber.has(number))) return
    this.#hold({
      messages: messages.map((held) => {
        const change = byNumber.get(held.number)
        return change !== undefined && (change.revision ?? 0) > (held.revision ?? 0) ? change : held
      }),
    })
  }

  /** Other changes wait than before. */
  redraw(): void {
    this.state.set(this.#snapshot())
  }

  #hold(change: Partial<HeldRun>): void {
    this.#held = { ...this.#held, ...change }
    this.redraw()
  }

  #snapshot(): HistorySnapshot {
    return { ...this.#held, messages: this.#host.shown(this.#held.messages) }
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
