import type { Message, Quote, SystemLine } from '@sangam/protocol'
import type { Clock, Notifier } from '../ports.ts'
import { requestErrors } from '../request-errors.ts'
import type { ConversationCache } from './conversation-cache.ts'
import type { ListNotices } from './list-notices.ts'
import type { AppendRequest, ChatStore } from './store.ts'

/** What {@link MessageWriter} needs. */
export type MessageWriterOptions = {
  readonly store: ChatStore
  readonly cache: ConversationCache
  readonly notifier: Notifier
  readonly lists: ListNotices
  readonly now: Clock
  /** Called when a message was stored, with the time from request to commit. */
  readonly onStored: (ackMs: number) => void
}

/** Stores messages and, after the commit, tells everybody who has the conversation open. */
export class MessageWriter {
  readonly #options: MessageWriterOptions

  constructor(options: MessageWriterOptions) {
    this.#options = options
  }

  /** @throws RequestError `conflict`, `outOfOrder` or `notFound` */
  async write(request: AppendRequest): Promise<{ readonly number: number; readonly sentAt: number }> {
    const { store, cache, notifier, lists, now, onStored } = this.#options
    const { conversationId, senderId } = request
    const outcome = await store.append(request)
    if (outcome.outcome === 'conflict') throw requestErrors.conflictingMessage()
    if (outcome.outcome === 'outOfOrder') throw requestErrors.outOfOrder()
    if (outcome.outcome === 'noConversation') throw requestErrors.notFound('conversation')
    if (outcome.outcome === 'noTarget') throw requestErrors.notFound('message')
    const { number, sentAtMs } = outcome
    if (outcome.outcome === 'stored') {
      onStored(now() - request.sentAtMs)
      cache.stored(conversationId, number, senderId)
      notifier.toConversation(conversationId, 'conversation.message', {
        message: messageOf(request, number, outcome.quoted),
      })
      lists.conversationChanged(conversationId)
    }
    return { number, sentAt: sentAtMs }
  }

  /** Writes a line of the server's own; `id` makes a repeat harmless. */
  async writeLine(line: {
    readonly conversationId: string
    readonly id: string
    readonly by: { readonly identity: string; readonly name: string }
    readonly text: string
    readonly system: SystemLine
  }): Promise<void> {
    await this.write({
      conversationId: line.conversationId,
      clientMessageId: `sangam:${line.id}`,
      senderId: line.by.identity,
      senderName: line.by.name,
      text: line.text,
      sentAtMs: this.#options.now(),
      extra: { system: line.system },
    })
  }
}

/** A message as it stands when it was just stored. */
const messageOf = (request: AppendRequest, number: number, quoted: Quote | undefined): Message => {
  const { conversationId, clientMessageId, senderId, senderName, text, sentAtMs, thread, extra } = request
  const plain = { conversationId, number, clientMessageId, senderId, senderName, text, sentAt: sentAtMs }
  if (thread === undefined && extra === undefined) return plain
  const { mentions, preview, system, attachments } = extra ?? {}
  return {
    ...plain,
    ...(thread === undefined ? {} : { thread }),
    ...(quoted === undefined ? {} : { replyTo: quoted }),
    ...(mentions === undefined ? {} : { mentions: [...mentions] }),
    ...(preview === undefined ? {} : { preview }),
    ...(system === undefined ? {} : { system }),
    ...(attachments === undefined ? {} : { attachments: [...attachments] }),
  }
}
