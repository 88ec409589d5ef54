import type { LinkPreview, Message } from '@sangam/protocol'

/** What is to become of a message. */
export type MessageChange =
  | {
      readonly type: 'edit'
      readonly text: string
      readonly mentions: readonly string[]
      readonly preview: LinkPreview | undefined
    }
  | { readonly type: 'delete' }
  | { readonly type: 'react'; readonly emoji: string; readonly on: boolean }
  | { readonly type: 'pin'; readonly on: boolean }

/** A change to store. Whether the actor may do it was decided before. */
export type ChangeRequest = {
  readonly conversationId: string
  readonly number: number
  readonly actorId: string
  /** Unique among the actor's changes; a repeat under it is harmless. */
  readonly clientChangeId: string
  readonly change: MessageChange
  readonly atMs: number
}

/**
 * What became of a change. `repeated`: it was stored before, as this revision. `full`: too many reactions or pins.
 * `conflict`: the id was used for another change.
 */
export type ChangeOutcome =
  | { readonly outcome: 'changed'; readonly revision: number; readonly message: Message }
  | { readonly outcome: 'repeated'; readonly revision: number }
  | { readonly outcome: 'conflict' | 'noMessage' | 'deleted' | 'full' }

/** Messages that changed after a revision, as they stand, in order of revision. */
export type ChangePage = {
  readonly changes: readonly Message[]
  /** All changes up to it are told, by these and earlier pages. */
  readonly revision: number
  readonly moreChanges: boolean
}

/** What a message said, and since when. */
export type MessageVersion = { readonly text: string; readonly at: number }

/** Changes of stored messages. Each gets the next revision of its conversation inside the transaction that stores it. */
export type MessageChangeStore = {
  readonly change: (request: ChangeRequest) => Promise<ChangeOutcome>
  readonly changes: (conversationId: string, revision: number, limit: number) => Promise<ChangePage>
  readonly message: (conversationId: string, number: number) => Promise<Message | undefined>
  /** The pinned messages, the one pinned last first. */
  readonly pinned: (conversationId: string) => Promise<readonly Message[]>
  /** What a message said before, the oldest first. */
  readonly versions: (conversationId: string, number: number) => Promise<readonly MessageVersion[]>
}
