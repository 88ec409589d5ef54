import type { Clock, Notifier } from '../ports.ts'
import { CallLines } from './call-lines.ts'
import { ChatService } from './chat-service.ts'
import type { ConversationCache } from './conversation-cache.ts'
import { ListNotices } from './list-notices.ts'
import { MembershipService } from './membership-service.ts'
import type { MessageFiles } from './message-files.ts'
import { MessageService } from './message-service.ts'
import { MessageWriter } from './message-writer.ts'
import type { ChatStore, ConversationRecord } from './store.ts'

/** What chat stands on. */
export type ChatPartsOptions = {
  readonly store: ChatStore
  readonly notifier: Notifier
  readonly files: MessageFiles
  readonly cache: ConversationCache
  readonly beforeSend: (record: ConversationRecord, identity: string) => void
  readonly now: Clock
  /** Called when a message was stored, with the time from request to commit. */
  readonly onStored: (ackMs: number) => void
}

/** Chat's services over one cache. */
export type ChatParts = {
  readonly chat: ChatService
  readonly messages: MessageService
  readonly members: MembershipService
  readonly callLines: CallLines
  /** Forgets notices that wait. */
  readonly close: () => void
}

/** Wires chat's services together. */
export const createChatParts = ({
  store,
  notifier,
  files,
  cache,
  beforeSend,
  now,
  onStored,
}: ChatPartsOptions): ChatParts => {
  const lists = new ListNotices({ store, cache, notifier, now })
  const writer = new MessageWriter({ store, cache, notifier, lists, now, onStored })
  return {
    chat: new ChatService({ store, cache, writer, lists, notifier, files, beforeSend, now }),
    messages: new MessageService({ store, cache, notifier, lists, files, now }),
    members: new MembershipService({ store, cache, notifier, lists, writer, now }),
    callLines: new CallLines({ cache, writer, now }),
    close: () => lists.close(),
  }
}
