import type { Member } from '@sangam/protocol'
import type { ChatStore, ConversationRecord, OpenRequest } from './store.ts'

const mostEntries = 5000

/** The members with one's read position raised. */
const withRead = (members: readonly Member[], identity: string, number: number): readonly Member[] => {
  const index = members.findIndex((member) => member.identity === identity)
  const member = members[index]
  if (member === undefined || member.read >= number) return members
  return members.with(index, { ...member, read: number })
}

/**
 * The conversations in use, so that a message costs no read of the database. One process owns the store, so what it
 * wrote itself is the truth. Lookups of one conversation resolve in the order in which they were asked: sends keep
 * their order through it.
 */
export class ConversationCache {
  readonly #store: ChatStore
  readonly #records = new Map<string, Promise<ConversationRecord | undefined>>()

  constructor(store: ChatStore) {
    this.#store = store
  }

  /** The conversation, from memory or from the store. */
  get(conversationId: string): Promise<ConversationRecord | undefined> {
    const known = this.#records.get(conversationId)
    if (known !== undefined) return known
    return this.#keep(conversationId, this.#store.conversation(conversationId))
  }

  /** Creates the conversation or adds members to it. */
  open(request: OpenRequest): Promise<ConversationRecord> {
    const opened = this.#store.openConversation(request)
    void this.#keep(request.conversationId, opened).catch(() => undefined)
    return opened
  }

  /** A message was stored. */
  stored(conversationId: string, number: number, senderId: string): void {
    this.#update(conversationId, (record) => ({
      ...record,
      lastNumber: Math.max(record.lastNumber, number),
      members: withRead(record.members, senderId, number),
    }))
  }

  /** A member has read. */
  read(conversationId: string, identity: string, number: number): void {
    this.#update(conversationId, (record) => ({
      ...record,
      members: withRead(record.members, identity, number),
    }))
  }

  #update(conversationId: string, change: (record: ConversationRecord) => ConversationRecord): void {
    const known = this.#records.get(conversationId)
    if (known === undefined) return
    void this.#keep(
      conversationId,
      known.then((record) => record && change(record)),
    ).catch(() => undefined)
  }

  #keep(
    conversationId: string,
    record: Promise<ConversationRecord | undefined>,
  ): Promise<ConversationRecord | undefined> {
    this.#records.delete(conversationId)
    this.#records.set(conversationId, record)
    const forget = (): void => {
      if (this.#records.get(conversationId) === record) this.#records.delete(conversationId)
    }
    // What is missing or failed is asked again next time.
    record.then((value) => value === undefined && forget(), forget)
    const oldest = this.#records.keys().next().value
    if (this.#records.size > mostEntries && oldest !== undefined) this.#records.delete(oldest)
    return record
  }
}
