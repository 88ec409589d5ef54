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
 * their order through it. Whatever waited for one that was being read goes on in the turn in which it was read.
 */
export class ConversationCache {
  readonly #store: ChatStore
  /** What is known, or is being read or changed. */
  readonly #records = new Map<string, ConversationRecord | Promise<ConversationRecord | undefined>>()
  /** The conversation that was kept last. */
  #newest: string | undefined

  constructor(store: ChatStore) {
    this.#store = store
  }

  /** The conversation, from memory or from the store. */
  get(conversationId: string): Promise<ConversationRecord | undefined> {
    const known = this.#records.get(conversationId)
    if (known !== undefined) return Promise.resolve(known)
    return this.#read(conversationId, this.#store.conversation(conversationId))
  }

  /** The conversation, if it is in memory and nothing is under way with it. */
  known(conversationId: string): ConversationRecord | undefined {
    const known = this.#records.get(conversationId)
    return known instanceof Promise ? undefined : known
  }

  /** Creates the conversation or adds members to it. */
  open(request: OpenRequest): Promise<ConversationRecord> {
    const opened = this.#store.openConversation(request)
    void this.#read(request.conversationId, opened).catch(() => undefined)
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
    return this.#read(conversationId, this.#store.changeMembership(conversationId, change, nowMs))
  }

  #update(conversationId: string, change: (record: ConversationRecord) => ConversationRecord): void {
    const known = this.#records.get(conversationId)
    if (known === undefined) return
    if (!(known instanceof Promise)) {
      this.#keep(conversationId, change(known))
      return
    }
    void this.#read(
      conversationId,
      known.then((record) => record && change(record)),
    ).catch(() => undefined)
  }

  #read(
    conversationId: string,
    reading: Promise<ConversationRecord | undefined>,
  ): Promise<ConversationRecord | undefined> {
    this.#keep(conversationId, reading)
    const isNewest = (): boolean => this.#records.get(conversationId) === reading
    // What is missing or failed is asked again next time.
    reading.then(
      (record) => {
        if (!isNewest()) return
        if (record === undefined) this.#records.delete(conversationId)
        else this.#records.set(conversationId, record)
      },
      () => {
        if (isNewest()) this.#records.delete(conversationId)
      },
    )
    return reading
  }

  /** The newest stands last; beyond so many the oldest goes. */
  #keep(conversationId: string, record: ConversationRecord | Promise<ConversationRecord | undefined>): void {
    // Taking out and putting in costs a new table now and then: not for each message of a busy conversation.
    if (conversationId !== this.#newest) this.#records.delete(conversationId)
    this.#records.set(conversationId, record)
    this.#newest = conversationId
    if (this.#records.size <= mostEntries) return
    const [oldest] = this.#records.keys()
    if (oldest !== undefined) this.#records.delete(oldest)
  }
}
