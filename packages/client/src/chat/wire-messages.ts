import { limits, type Message, type Conversation as WireConversation } from '@sangam/protocol'
import type { ChatMessage, ConversationMember, OutboxMessage } from '../api.ts'
import { errorOf } from './outbox-error.ts'

/** Who the session is, for telling own messages from others'. */
export interface Self {
  readonly identity: string
  readonly name: string
}

/** A message with its number. */
export type StoredMessage = ChatMessage & { readonly number: number }

/** A message of the wire as applications hold it. */
export function storedMessage(message: Message, self: Self): StoredMessage {
  return {
    ...message,
    key: `${message.senderId}/${message.clientMessageId}`,
    own: message.senderId === self.identity,
    state: 'sent',
  }
}

/** What {@link storedMessage} was made of. */
export function wireMessage({ key: _, own: __, state: ___, ...message }: StoredMessage): Message {
  return message as Message
}

/** A message of the outbox as applications hold it. */
export function unsentMessage(entry: OutboxMessage, self: Self): ChatMessage {
  const error = errorOf(entry)
  const { thread, preview, attachments } = entry.options ?? {}
  return {
    key: `${entry.senderId}/${entry.clientMessageId}`,
    conversationId: entry.conversationId,
    clientMessageId: entry.clientMessageId,
    senderId: entry.senderId,
    senderName: self.name,
    text: entry.text,
    sentAt: entry.createdAt,
    own: true,
    state: error === undefined ? 'sending' : 'failed',
    ...(thread === undefined ? {} : { thread }),
    ...(preview === undefined ? {} : { preview }),
    ...(attachments === undefined ? {} : { attachments }),
    ...(error === undefined ? {} : { error }),
  }
}

/** A message of the outbox as the server stored it, out of its acknowledgement. */
export function sentMessage(
  { conversationId, clientMessageId, text, options }: OutboxMessage,
  receipt: { readonly number: number; readonly sentAt: number },
  self: Self,
  quoted: StoredMessage | undefined,
): Message {
  const { thread, preview, attachments } = options ?? {}
  const mentions = [...new Set(Array.from(text.matchAll(/<@([^>\s]+)>/g), ([, identity = '']) => identity))]
  return {
    conversationId,
    number: receipt.number,
    clientMessageId,
    senderId: self.identity,
    senderName: self.name,
    text,
    sentAt: receipt.sentAt,
    ...(thread === undefined ? {} : { thread }),
    ...(preview === undefined ? {} : { preview }),
    ...(attachments === undefined ? {} : { attachments: [...attachments] }),
    ...(mentions.length === 0 ? {} : { mentions }),
    ...(quoted === undefined ? {} : { replyTo: quoteOf(quoted) }),
  }
}

function quoteOf({ number, senderId, senderName, text }: StoredMessage): NonNullable<Message['replyTo']> {
  return { number, senderId, senderName, text: text.slice(0, limits.quoteLength) }
}

/** Members without how far they have come, which changes far more often. */
export function membersOf({ members }: WireConversation): readonly ConversationMember[] {
  return members.map(({ identity, name, role }) => ({ identity, name, role }))
}
