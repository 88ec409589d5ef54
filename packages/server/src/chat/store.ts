import type {
  Attachment,
  ConversationSummary,
  LinkPreview,
  Member,
  Message,
  Quote,
  SystemLine,
} from '@sangam/protocol'
import type { CareStore } from './care-store.ts'
import type { MembershipStore } from './membership-store.ts'
import type { MessageChangeStore } from './message-change-store.ts'
import type { SearchStore } from './search-store.ts'

/** Kind of a stored conversation. A room's own chat is stored as a group. */
export type ConversationKind = 'group' | 'direct'

/** Who may read a conversation: whoever's token grants it, or its members alone. */
export type ConversationAccess = 'open' | 'members'

/** A conversation as it is stored. */
export type ConversationRecord = {
  readonly conversationId: string
  readonly kind: ConversationKind
  readonly access: ConversationAccess
  readonly title: string
  readonly lastNumber: number
  /** The newest change of one of its messages; 0 when there is none. */
  readonly lastRevision: number
  /** Owner and moderators first, then in the order in which they came; at most 500. */
  readonly members: readonly Member[]
}

/** A person whom the server has seen. */
export type KnownPerson = { readonly identity: string; readonly name: string; readonly seenAtMs: number }

/**
 * A conversation that somebody opens. It is created when it is missing; the members are added when they are. The first
 * member of a group becomes its owner.
 */
export type OpenRequest = {
  readonly conversationId: string
  readonly kind: ConversationKind
  /** Default: `members` for direct ones, `open` for groups. */
  readonly access?: ConversationAccess
  readonly title: string
  readonly members: readonly string[]
  readonly nowMs: number
}

/** What a message holds besides its text; kept as JSON. */
export type MessageExtra = {
  /** Number of the message that it answers. */
  readonly replyTo?: number | undefined
  /** Whom the text mentions. */
  readonly mentions?: readonly string[] | undefined
  readonly preview?: LinkPreview | undefined
  readonly system?: SystemLine | undefined
  readonly attachments?: readonly Attachment[] | undefined
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
  /** Number of the message that begins its thread. */
  readonly thread?: number | undefined
  readonly extra?: MessageExtra | undefined
}

/**
 * What became of a message. `repeated`: it was stored before, and this is its number. `noTarget`: what it answers, or the
 * beginning of its thread, was never there.
 */
export type AppendOutcome =
  | {
      readonly outcome: 'stored'
      readonly number: number
      readonly sentAtMs: number
      /** What it answers. */
      readonly quoted?: Quote
    }
  | { readonly outcome: 'repeated'; readonly number: number; readonly sentAtMs: number }
  | { readonly outcome: 'noTarget' }
  | { readonly outcome: 'conflict' }
  /** The message that it was to follow is not there. */
  | { readonly outcome: 'outOfOrder' }
  | { readonly outcome: 'noConversation' }

/** A conversation and the number of its newest message. */
export type ConversationHead = {
  readonly conversationId: string
  readonly lastNumber: number
  readonly lastRevision: number
}

/** A page of a conversation. With `after`: the first beyond it; otherwise the last up to but not including `before`. */
export type PageRequest = {
  readonly conversationId: string
  readonly after?: number | undefined
  readonly before?: number | undefined
  /** Only the answers of this thread. */
  readonly thread?: number | undefined
  readonly limit: number
}

/** Messages in rising order, and whether more of the asked direction exist. */
export type Page = { readonly messages: readonly Message[]; readonly more: boolean }

/** How far a member has come. */
export type Progress = { readonly read: number; readonly delivered: number }

/** Where messages are kept. */
export type MessageStore = {
  /** Notes that somebody was seen under a name. */
  readonly rememberPerson: (person: KnownPerson) => Promise<void>
  /** People seen, the latest first. */
  readonly people: (limit: number) => Promise<readonly KnownPerson[]>
  readonly person: (identity: string) => Promise<KnownPerson | undefined>
  readonly openConversation: (request: OpenRequest) => Promise<ConversationRecord>
  readonly conversation: (conversationId: string) => Promise<ConversationRecord | undefined>
  /** Conversations of a person, most recently active first, with at most 20 members each. */
  readonly conversationsOf: (
    identity: string,
    limit: number,
    nowMs: number,
  ) => Promise<readonly ConversationSummary[]>
  /**
   * Stores a message under the next number of its conversation, given in the transaction that stores it. Appends that
   * wait at the same time share a commit. Calls made in order get numbers in order.
   */
  readonly append: (request: AppendRequest) => Promise<AppendOutcome>
  /** Whether a message of a sender is stored, also one that was deleted since. */
  readonly isStored: (senderId: string, clientMessageId: string) => Promise<boolean>
  readonly messages: (request: PageRequest) => Promise<Page>
  /** Conversations with their newest number and revision, in order of id, beyond an id. */
  readonly heads: (afterId: string, limit: number) => Promise<readonly ConversationHead[]>
  /**
   * Raises how far a member has read, or what a device of theirs holds, at most to the newest number; what was read is
   * delivered too. Gives where the member is now, or undefined when nothing rose.
   */
  readonly markProgress: (
    conversationId: string,
    identity: string,
    progress: Partial<Progress>,
  ) => Promise<Progress | undefined>
  /** Writes what waits and closes. Later calls reject. */
  readonly close: () => Promise<void>
}

/** Where conversations are kept: one interface per concern. Everything that an answer tells is on disk when the answer comes. */
export type ChatStore = CareStore & MessageStore & MessageChangeStore & MembershipStore & SearchStore

/**
 * The store could not do it (disk full, connection lost, closed, …). Nothing of the request was stored, unless the
 * connection to the database broke while it committed: a repeat under the same client message id is right in both cases.
 */
export class StoreError extends Error {
  override readonly name = 'StoreError'
}

/** What a database threw, as a StoreError. */
export const storeError = (error: unknown): StoreError =>
  error instanceof StoreError
    ? error
    : new StoreError(error instanceof Error ? error.message : String(error), { cause: error })
