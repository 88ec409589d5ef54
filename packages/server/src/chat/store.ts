import type { ConversationSummary, Member, Message } from '@sangam/protocol'

/** Kind of a stored conversation. A room's own chat is stored as a group. */
export type ConversationKind = 'group' | 'direct'

/** A conversation as it is stored. */
export type ConversationRecord = {
  readonly conversationId: string
  readonly kind: ConversationKind
  readonly title: string
  readonly lastNumber: number
  readonly members: readonly Member[]
}

/** A person whom the server has seen. */
export type KnownPerson = { readonly identity: string; readonly name: string; readonly seenAtMs: number }

/** A conversation that somebody opens. It is created when it is missing; the members are added when they are. */
export type OpenRequest = {
  readonly conversationId: string
  readonly kind: ConversationKind
  readonly title: string
  readonly members: readonly string[]
  readonly nowMs: number
}

/** A message to store. */
export type AppendRequest = {
  readonly conversationId: string
  readonly clientMessageId: string
  readonly senderId: string
  readonly senderName: string
  readonly text: string
  readonly sentAtMs: number
  /** `clientMessageId` of a message of the same sender: without it in the store this one is not stored either. */
  readonly follows?: string | undefined
}

/** What became of a message. `repeated`: it was stored before, and this is its number. */
export type AppendOutcome =
  | { readonly outcome: 'stored' | 'repeated'; readonly number: number; readonly sentAtMs: number }
  | { readonly outcome: 'conflict' }
  /** The message that it was to follow is not there. */
  | { readonly outcome: 'outOfOrder' }
  | { readonly outcome: 'noConversation' }

/** A page of a conversation. With `after`: the first beyond it; otherwise the last up to but not including `before`. */
export type PageRequest = {
  readonly conversationId: string
  readonly after?: number | undefined
  readonly before?: number | undefined
  readonly limit: number
}

/** Messages in rising order, and whether more of the asked direction exist. */
export type Page = { readonly messages: readonly Message[]; readonly more: boolean }

/** Where conversations are kept. Everything that an answer tells is on disk when the answer comes. */
export type ChatStore = {
  /** Notes that somebody was seen under a name. */
  readonly rememberPerson: (person: KnownPerson) => Promise<void>
  /** People seen, the latest first. */
  readonly people: (limit: number) => Promise<readonly KnownPerson[]>
  readonly person: (identity: string) => Promise<KnownPerson | undefined>
  readonly openConversation: (request: OpenRequest) => Promise<ConversationRecord>
  readonly conversation: (conversationId: string) => Promise<ConversationRecord | undefined>
  /** Conversations of a person, most recently active first, with at most 20 members each. */
  readonly conversationsOf: (identity: string, limit: number) => Promise<readonly ConversationSummary[]>
  /**
   * Stores a message under the next number of its conversation, given in the transaction that stores it. Appends that
   * wait at the same time share a commit. Calls made in order get numbers in order.
   */
  readonly append: (request: AppendRequest) => Promise<AppendOutcome>
  readonly messages: (request: PageRequest) => Promise<Page>
  /** Raises how far a member has read, at most to the newest number. Gives the new number, or undefined when nothing rose. */
  readonly markRead: (conversationId: string, identity: string, number: number) => Promise<number | undefined>
  /** Writes what waits and closes. Later calls reject. */
  readonly close: () => Promise<void>
}

/**
 * The store could not do it (disk full, connection lost, closed, …). Nothing of the request was stored, unless the
 * connection to the database broke while it committed: a repeat under the same client message id is right in both cases.
 */
export class StoreError extends Error {
  override readonly name = 'StoreError'
}
