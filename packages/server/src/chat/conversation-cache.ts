import type { Member } from '@sangam/protocol'
import type { MembershipChange } from './membership-store.ts'
import type { ChatStore, ConversationRecord, OpenRequest, Progress } from './store.ts'

const mostEntries = 5000

/** The members with one's progress raised. */
const withProgress = (
  members: readonly Member[],
  identity: string,
  { read, delivered }: Progress,
): readonly Member[] => {
  const index = members.findIndex((member) => member.identity === identity)
  const member = members[index]
  if (member === undefined || (member.read >= read && member.delivered >= delivered)) return members
  return members.with(index, {
    ...member,
    read: Math.max(member.read, read),
    delivered: Math.max(member.delivered, delivered),
  })
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

  /** Asks the store afresh for every conversation from now on. */
  forgetAll(): void {
    this.#records.clear()
  }

  /** A message was stored. */
  stored(conversationId: string, number: number, senderId: string): void {
    this.#update(conversationId, (record) => ({
      ...record,
      lastNumber: Math.max(record.lastNumber, number),
      members: withProgress(record.members, senderId, { read: number, delivered: number }),
    }))
  }

  /** A member has come farther. */
  progressed(conversationId: string, identity: string, progress: Progress): void {
    this.#update(conversationId, (record) => ({
      ...record,
      members: withProgress(record.members, identity, progress),
    }))
  }

  /** A message was changed. */
  changed(conversationId: string, revision: number): void {
    this.#update(conversationId, (record) => ({
      ...record,
      lastRevision: Math.max(record.lastRevision, revision),
    }))
  }

  /** Changes title or members; undefined when there is no such conversation. */
  changeMembership(
    conversationId: string,
    change: MembershipChange,
    nowMs: number,
  ): Promise<ConversationRecord | undefined> {
    return this.#keep(conversationId, this.#store.changeMembership(conversationId, change, nowMs))
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
