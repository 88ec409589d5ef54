import type { MemberRole } from '@sangam/protocol'
import type { ConversationRecord } from './store.ts'

/** What is to become of a conversation's title or members. Whether somebody may do it was decided before. */
export type MembershipChange =
  | { readonly type: 'rename'; readonly title: string }
  | { readonly type: 'add'; readonly identities: readonly string[] }
  | { readonly type: 'remove'; readonly identity: string }
  /** A new owner takes the place of the one there is, who becomes a moderator. */
  | { readonly type: 'setRole'; readonly identity: string; readonly role: MemberRole }

/** How somebody wants a conversation in their list. What is absent stays as it is. */
export type PreferenceChange = {
  /** Milliseconds since 1970; 0: not muted. */
  readonly mutedUntilMs?: number | undefined
  readonly archived?: boolean | undefined
  readonly pinned?: boolean | undefined
}

/** How a conversation stands in one person's list. */
export type Standing = {
  readonly unread: number
  readonly mentioned: number
  readonly mutedUntil: number
  readonly archived: boolean
  readonly pinned: boolean
}

/** Members and their own view of a conversation. */
export type MembershipStore = {
  /**
   * Changes title or members and gives the conversation as it is then; undefined when there is none. With the owner gone,
   * the longest-serving moderator becomes owner, else the longest-serving member.
   */
  readonly changeMembership: (
    conversationId: string,
    change: MembershipChange,
    nowMs: number,
  ) => Promise<ConversationRecord | undefined>
  /** Gives false when the person is no member. */
  readonly setPreferences: (
    conversationId: string,
    identity: string,
    change: PreferenceChange,
  ) => Promise<boolean>
  /** How a conversation stands in the lists of some of its members; whoever is none is missing. */
  readonly standings: (
    conversationId: string,
    identities: readonly string[],
    nowMs: number,
  ) => Promise<ReadonlyMap<string, Standing>>
}
