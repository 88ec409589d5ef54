/** The public contract of what a device keeps: messages on their way, and what it saw last. */
import type { SendOptions } from './message-api.ts'

/** A message that waits for its acknowledgement. */
export interface OutboxEntry {
  readonly conversationId: string
  readonly clientMessageId: string
  readonly senderId: string
  readonly text: string
  readonly options?: SendOptions
  /** Milliseconds since 1970, this device's clock. */
  readonly createdAt: number
  /** The order of sending on this device. */
  readonly order: number
  /** Set when the server refused it for good: kept to be shown and retried. */
  readonly failed?: { readonly code: string; readonly message: string }
}

/** Where unacknowledged messages wait. `put` resolves once the entry would survive a refresh. */
export interface OutboxStore {
  /** Every entry of this sender, in order. */
  list(senderId: string): Promise<readonly OutboxEntry[]>
  put(entry: OutboxEntry): Promise<void>
  remove(senderId: string, clientMessageId: string): Promise<void>
  close(): Promise<void>
}

/** Where plain JSON values rest under a key. An entry that is lost costs time, never a message. */
export interface CacheStore {
  get(key: string): Promise<unknown>
  set(key: string, value: unknown): Promise<void>
  remove(key: string): Promise<void>
  close(): Promise<void>
}
