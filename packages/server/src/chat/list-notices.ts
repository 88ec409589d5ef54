import type { ConversationSummary } from '@sangam/protocol'
import type { Clock, Notifier } from '../ports.ts'
import { Coalescer } from '../socket/coalescer.ts'
import type { ConversationCache } from './conversation-cache.ts'
import { summaryFor } from './conversation-views.ts'
import type { ChatStore, ConversationRecord } from './store.ts'

const delayMs = 100

/** What {@link ListNotices} needs. */
export type ListNoticesOptions = {
  readonly store: ChatStore
  readonly cache: ConversationCache
  readonly notifier: Notifier
  readonly now: Clock
}

/** Keeps the lists of conversations right on devices that do not have the conversation open. */
export class ListNotices {
  readonly #options: ListNoticesOptions
  readonly #changed: Coalescer

  constructor(options: ListNoticesOptions) {
    this.#options = options
    this.#changed = new Coalescer(delayMs, (conversationId) => void this.#tellMembers(conversationId))
  }

  /** A conversation has news: its members are told within a moment, once for many. */
  conversationChanged(conversationId: string): void {
    this.#changed.add(conversationId)
  }

  /** A conversation stands differently in somebody's list: all their devices are told. */
  async personChanged(conversationId: string, identity: string): Promise<void> {
    const { cache, notifier } = this.#options
    if (!notifier.isConnected(identity)) return
    const record = await cache.get(conversationId).catch(() => undefined)
    if (record === undefined) return
    for (const [, summary] of await this.#summaries(record, [identity])) {
      notifier.toPerson({ identity }, 'conversation.listed', { conversation: summary })
    }
  }

  /** Forgets notices that wait. */
  close(): void {
    this.#changed.close()
  }

  async #tellMembers(conversationId: string): Promise<void> {
    const { cache, notifier } = this.#options
    const record = await cache.get(conversationId).catch(() => undefined)
    if (record === undefined) return
    // Asked before anything is built: in a busy conversation nearly everybody has it open.
    const outside = record.members
      .map(({ identity }) => identity)
      .filter((identity) => notifier.isOutside(identity, conversationId))
    if (outside.length === 0) return
    for (const [identity, summary] of await this.#summaries(record, outside)) {
      notifier.toPersonOutside(identity, conversationId, 'conversation.listed', { conversation: summary })
    }
  }

  /** The conversation as it stands in the lists of those who are members. */
  async #summaries(
    record: ConversationRecord,
    identities: readonly string[],
  ): Promise<[identity: string, summary: ConversationSummary][]> {
    const { store, now } = this.#options
    const { conversationId } = record
    const [page, standings] = await Promise.all([
      store.messages({ conversationId, limit: 1 }).catch(() => undefined),
      store.standings(conversationId, identities, now()).catch(() => undefined),
    ])
    const lastMessage = page?.messages[0]
    return identities.flatMap((identity): [string, ConversationSummary][] => {
      const standing = standings?.get(identity)
      if (standing === undefined) return []
      return [[identity, summaryFor(identity, record, standing, lastMessage)]]
    })
  }
}
