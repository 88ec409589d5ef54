/** The public contract of conversations and their lists. */

import type { MessageReport as WireReport } from '@sangam/protocol'
import type { Emitter, Store } from '../observable.ts'
import type { ChatMessage, SendOptions, SystemLine } from './message-api.ts'

/** A conversation as a list shows it. */
export interface ConversationSummary {
  readonly conversationId: string
  readonly kind: 'direct' | 'group'
  /** `open`: for whoever's token grants it; `members`: for its members alone. */
  readonly access: 'open' | 'members'
  /** What to call it: the group's title, or the other person's name. */
  readonly title: string
  readonly members: readonly ConversationMember[]
  readonly lastMessage?: {
    readonly number: number
    readonly senderId: string
    readonly senderName: string
    /** Empty when it was deleted. */
    readonly text: string
    readonly sentAt: number
    readonly deletedAt?: number | undefined
    readonly system?: SystemLine | undefined
  }
  /** Messages by others after the last one that was read. */
  readonly unread: number
  /** Those of them that mention this person. */
  readonly mentioned: number
  /** Milliseconds since 1970; 0: not muted. */
  readonly mutedUntil: number
  readonly archived: boolean
  readonly pinned: boolean
}

/** A member of a conversation. */
export interface ConversationMember {
  readonly identity: string
  readonly name: string
  readonly role: 'owner' | 'moderator' | 'member'
}

/** A group to create. */
export interface NewConversation {
  readonly title: string
  /** Identities of the people to add at once. */
  readonly members?: readonly string[]
}

/** Where to search. */
export interface SearchOptions {
  readonly conversationId?: string
  /** In one conversation: only messages before this number, to page on. */
  readonly before?: number
  readonly limit?: number
}

/** What a search found. */
export interface SearchResult {
  readonly messages: readonly ChatMessage[]
  /** Whether older ones exist. */
  readonly more: boolean
}

/** A report of a message, as moderators see it; `text` is what it said then. */
export type MessageReport = WireReport

/** How a conversation is kept calm and short. */
export interface CareSettings {
  /** Least time between two messages of a member; 0: off. */
  readonly slowModeMs: number
  /** Messages older than this are deleted for everybody; 0: kept. */
  readonly retentionMs: number
}

/** Somebody who writes now. */
export interface Typist {
  readonly identity: string
  readonly name: string
}

/** A conversation as it is shown. */
export interface ConversationSnapshot {
  readonly conversationId: string
  readonly kind: 'direct' | 'group'
  readonly access: 'open' | 'members'
  readonly title: string
  /** Owner and moderators first. */
  readonly members: readonly ConversationMember[]
  /** By number, without gap or double; own messages not yet stored stand last, in the order they were sent. */
  readonly messages: readonly ChatMessage[]
  /** Whether `loadEarlier()` would find more. */
  readonly hasEarlier: boolean
  /** The number of the newest stored message that is known. */
  readonly lastNumber: number
  /** The newest number each person has read. */
  readonly read: ReadonlyMap<string, number>
  /** The newest number that a device of each person holds; kept in conversations of up to 50 members. */
  readonly delivered: ReadonlyMap<string, number>
  /** Messages by others after the newest that this person has read. */
  readonly unread: number
  /** Those of them that are held and mention this person. */
  readonly mentioned: number
  /** The others who write now. */
  readonly typing: readonly Typist[]
  /** The pinned messages, the one pinned last first; empty until `loadPinned()`. */
  readonly pinned: readonly ChatMessage[]
  /** False while it is shown as this device kept it, and the server was not asked yet. */
  readonly caughtUp: boolean
  /** Why this person is no longer in it. */
  readonly gone?: 'left' | 'removed'
}

/** Events of a conversation. */
export interface ConversationEvents {
  /** A stored message, once each, in the order of numbers (own ones too), from the moment it was opened. */
  message: [message: ChatMessage]
  /** A message stands differently: edited, deleted, pinned or reacted to. Each state once, never an older one after a newer. */
  changed: [message: ChatMessage]
  /** Somebody has come farther. */
  receipt: [receipt: { readonly identity: string; readonly read: number; readonly delivered: number }]
  /** It is kept calm and short in another way. */
  careChanged: [settings: CareSettings]
  /** An own message was refused for good. */
  sendFailed: [message: ChatMessage]
}

/** A part of a conversation apart from its end: around a message, a date, or one thread. */
export interface HistoryView {
  readonly state: Store<HistorySnapshot>
  /** Resolves whether there is still more. */
  loadEarlier(limit?: number): Promise<boolean>
  loadLater(limit?: number): Promise<boolean>
  /** Lets go of the conversation. */
  close(): void
}

/** Such a part at one moment. */
export interface HistorySnapshot {
  /** By number; kept up to date with changes and, at the end of the conversation, with new messages. */
  readonly messages: readonly ChatMessage[]
  readonly hasEarlier: boolean
  readonly hasLater: boolean
}

/** An append-only log of messages. */
export interface Conversation extends Emitter<ConversationEvents> {
  readonly conversationId: string
  readonly state: Store<ConversationSnapshot>
  /**
   * Sends a text. Resolves with the stored message; while offline it waits in the outbox and goes out after the
   * reconnect, in order, also after a refresh of the page. Rejects when the server refuses it for good.
   */
  send(text: string, options?: SendOptions): Promise<ChatMessage>
  /** Sends a failed message or change again, as the same one: by its `clientMessageId` or `clientChangeId`. */
  retry(id: string): Promise<ChatMessage | undefined>
  /** Brings a message before whoever runs the server. */
  report(number: number, reason: string): Promise<void>
  /** Reports of its messages, the newest first (moderators and owners); none about oneself. */
  reports(): Promise<readonly MessageReport[]>
  /** Takes the reports of a message off that list (moderators and owners). */
  dismissReports(number: number): Promise<void>
  /**
   * What the page behind a link says of itself, for `send()`; undefined where it can't be had. The server fetches it: rejects
   * with `unsupported` where that is not switched on.
   */
  previewLink(url: string): Promise<SendOptions['preview']>
  /** How it is kept calm and short. */
  care(): Promise<CareSettings>
  /** Changes that (moderators and owners); what is left out stays. */
  setCare(settings: Partial<CareSettings>): Promise<CareSettings>
  /** Gives a failed message or change up. */
  discard(id: string): Promise<void>
  /** Loads an earlier page into the snapshot (default 50); resolves whether there is still more. */
  loadEarlier(limit?: number): Promise<boolean>
  /** Tells that everything up to `number` (default: the newest) was read. Never goes backwards. */
  markRead(number?: number): Promise<void>
  /**
   * Replaces the text of an own message. Like `send()`, all changes of messages wait in the outbox while offline, in order
   * with the messages, and resolve once stored. A message is named by its number, or, while it is not stored, by its
   * `clientMessageId`: then what can be changed on this device is, and the rest waits for it.
   */
  edit(message: number | string, text: string, options?: Pick<SendOptions, 'preview'>): Promise<void>
  /** Takes a message away for everybody: an own one, or any for moderators and owners. */
  delete(message: number | string): Promise<void>
  /** Puts an own emoji under a message, or takes it away. */
  react(message: number | string, emoji: string, on: boolean): Promise<void>
  pin(message: number | string, on: boolean): Promise<void>
  /** What a message said before it was edited, the oldest first. */
  versions(number: number): Promise<readonly { readonly text: string; readonly at: number }[]>
  /** Fills `pinned` in the snapshot; from then on it is kept up to date. */
  loadPinned(): Promise<void>
  /** Tells the others that this person writes; call it at each key. It is sent at most every 3 seconds. */
  setTyping(typing: boolean): void
  /** A part around a message or a moment (milliseconds since 1970), or a thread from its newest answers on. */
  history(
    at: { readonly around: number } | { readonly at: number } | { readonly thread: number },
  ): Promise<HistoryView>
  /** Gives a group another title (moderators and owners). */
  rename(title: string): Promise<void>
  invite(identities: readonly string[]): Promise<void>
  remove(identity: string): Promise<void>
  leave(): Promise<void>
  setRole(identity: string, role: ConversationMember['role']): Promise<void>
  /** How this person wants it listed; what is left out stays. `mutedUntil` 0: not muted. */
  setPreferences(preferences: {
    readonly mutedUntil?: number
    readonly archived?: boolean
    readonly pinned?: boolean
  }): Promise<void>
}
