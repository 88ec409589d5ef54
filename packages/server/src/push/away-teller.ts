import type { AppendRequest, ChatStore } from '../chat/store.ts'
import type { Logger } from '../observability/log.ts'
import type { Notifier } from '../ports.ts'
import type { PushService } from './push-service.ts'

/** Tells, by push, the members of a conversation who have no connection that a message was stored. */
export const createAwayTeller = (options: {
  readonly store: ChatStore
  readonly notifier: Notifier
  readonly push: PushService
  readonly log: Logger
}): ((message: AppendRequest) => void) => {
  const { store, notifier, push, log } = options
  const tell = async (message: AppendRequest): Promise<void> => {
    const record = await store.conversation(message.conversationId)
    if (record === undefined) return
    const away = record.members
      .map(({ identity }) => identity)
      .filter((identity) => identity !== message.senderId && !notifier.isConnected(identity))
    const title = record.kind === 'group' ? record.title : undefined
    await push.messageStored(message, title, away)
  }
  return (message) => {
    // Nobody has a subscription: then nothing is asked for each message.
    if (!push.isUsed) return
    tell(message).catch((error: unknown) => log.warn({ err: error }, 'nobody was told by push'))
  }
}
