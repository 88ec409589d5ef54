import type { Message } from '@sangam/protocol'

/** Where a message stands among all of a person's. */
export type MessagePlace = { readonly conversationId: string; readonly number: number }

/** What export and erasure ask of the store. */
export type CareStore = {
  /** Messages that a person sent and that are not deleted, in order of conversation and number, beyond a place. */
  readonly sentBy: (
    identity: string,
    after: MessagePlace | undefined,
    limit: number,
  ) => Promise<readonly Message[]>
  /** Messages that are not deleted and are a person's, or are lines of the server that name them. */
  readonly aboutPerson: (identity: string, limit: number) => Promise<readonly Message[]>
  /**
   * Forgets a person whose messages are deleted: what is left of those bears a pseudonym that stands for nobody, and
   * memberships, reactions, mentions and the person themselves go.
   */
  readonly forgetPerson: (identity: string, pseudonym: string) => Promise<void>
  /**
   * Takes what was deleted off the disk as far as the database allows. SQLite overwrites what it deletes (`secure_delete`,
   * also in the search index) and empties its write-ahead log here. PostgreSQL runs VACUUM, which frees the space for
   * reuse without overwriting it, and keeps its write-ahead log until that is recycled.
   */
  readonly scrub: () => Promise<void>
}

/** The name that is left on the place of an erased person's message. */
export const erasedName = 'Deleted'
