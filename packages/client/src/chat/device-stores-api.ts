/** The public contract of what a device keeps: messages on their way, and what it saw last. */
import type { SendOptions } from './message-api.ts'

/** What every entry of the outbox holds. */
interface OutboxItem {
  readonly conversationId: string
  /** Names the entry: a message's own id; of a change, the id that the change is stored under once. */
  readonly clientMessageId: string
  readonly senderId: string
  /** Milliseconds since 1970, this device's clock. */
  readonly createdAt: number
  /** The order of sending on this device. */
  readonly order: number
  /** Set when the server refused it for good: kept to be shown and retried. */
  readonly failed?: { readonly code: string; readonly message: string }
}

/** A message that waits for its acknowledgement. */
export interface OutboxMessage extends OutboxItem {
  readonly text: string
  readonly options?: SendOptions
}

/** A change of a message that waits for its acknowledgement. */
export interface OutboxChange extends OutboxItem {
  readonly change: MessageChange
  readonly target: ChangeTarget
}

/** What a change does to its message. */
export type MessageChange =
  | { readonly type: 'edit'; readonly text: string; readonly preview?: SendOptions['preview'] }
  | { readonly type: 'delete' }
  | { readonly type: 'react'; readonly emoji: string; readonly on: boolean }
  | { readonly type: 'pin'; readonly on: boolean }

/** The message that is changed: by its number, or by its id while it waits in the outbox itself. */
export type ChangeTarget = { readonly number: number } | { readonly clientMessageId: string }

/** What waits in the outbox. */
export type OutboxEntry = OutboxMessage | OutboxChange

/** Where unacknowledged messages and changes wait. `put` resolves once the entry would survive a refresh. */
export interface OutboxStore {
  /** Every entry of this sender, in order; where pages share the store, those that no other living page sends. */
  list(senderId: string): Promise<readonly OutboxEntry[]>
  put(entry: OutboxEntry): Promise<void>
  remove(senderId: string, clientMessageId: string): Promise<void>
  /** Gives entries of this sender that another page left when it ended. Only of stores that pages share. */
  onLeft?(senderId: string, listener: (entries: readonly OutboxEntry[]) => void): Promise<void>
  close(): Promise<void>
}

/** Where plain JSON values rest under a key. An entry that is lost costs time, never a message. */
export interface CacheStore {
  get(key: string): Promise<unknown>
  set(key: string, value: unknown): Promise<void>
  remove(key: string): Promise<void>
  /** Removes every entry whose key begins so. */
  removeAll(prefix: string): Promise<void>
  close(): Promise<void>
}
