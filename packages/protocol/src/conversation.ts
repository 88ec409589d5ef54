import * as z from 'zod'
import { limits } from './limits.ts'
import {
  clientMessageIdSchema,
  conversationIdSchema,
  emptySchema,
  identitySchema,
  messageNumberSchema,
  nameSchema,
  textSchema,
  timestampMsSchema,
} from './primitives.ts'
import { notice, request } from './registry.ts'

/** A stored message. It never changes. */
export const messageSchema = z
  .strictObject({
    conversationId: conversationIdSchema,
    number: messageNumberSchema.min(1),
    clientMessageId: clientMessageIdSchema,
    senderId: identitySchema,
    senderName: nameSchema,
    text: textSchema,
    sentAt: timestampMsSchema,
  })
  .describe('A stored message')
export type Message = z.output<typeof messageSchema>

/** A member of a conversation and how far they have read. */
export const memberSchema = z
  .strictObject({
    identity: identitySchema,
    name: nameSchema,
    read: messageNumberSchema.describe('Highest number that the member has read'),
  })
  .describe('A member of a conversation')
export type Member = z.output<typeof memberSchema>

const conversationShape = {
  conversationId: conversationIdSchema,
  kind: z.enum(['group', 'direct']),
  title: nameSchema.describe("The group's title, or the other person's name"),
  lastNumber: messageNumberSchema.describe('Number of the newest message; 0 when there is none'),
  members: z
    .array(memberSchema)
    .max(500)
    .describe(
      'The two people (direct), or who has opened it (group; in lists at most 20, in an opened one at most 500)',
    ),
}

/** A conversation without its messages. */
export const conversationSchema = z.strictObject(conversationShape).describe('A conversation')
export type Conversation = z.output<typeof conversationSchema>

/** A conversation as it stands in one person's list. */
export const conversationSummarySchema = z
  .strictObject({
    ...conversationShape,
    lastMessage: messageSchema.optional(),
    unread: z.number().int().nonnegative().describe('Messages beyond what the person has read'),
  })
  .describe("A conversation in a person's list")
export type ConversationSummary = z.output<typeof conversationSummarySchema>

const pageShape = {
  messages: z.array(messageSchema).max(limits.pageSize).describe('In rising order of number'),
  more: z.boolean().describe('Whether more of the same direction exist'),
}

/** What clients ask of conversations, by event name. */
export const conversationRequests = {
  'conversation.open': request({
    description:
      'Opens a conversation by its id or by the other person, and subscribes this connection to it. A group is created when it is first opened by somebody who may write; the id of a direct conversation is derived by the server. With `after`, gives the messages beyond that number, oldest first (`more`: ask on with conversation.history); else the newest page (`more`: older ones exist).',
    needs: '`conversations.read` (group), `rooms.chat` (`room:…`), `direct` (a person)',
    request: z.union([
      z.strictObject({
        conversationId: conversationIdSchema,
        title: nameSchema.optional().describe('Title of a group when this creates it; default is its id'),
        after: messageNumberSchema.optional(),
      }),
      z.strictObject({ withIdentity: identitySchema, after: messageNumberSchema.optional() }),
    ]),
    reply: z.strictObject({ conversation: conversationSchema, ...pageShape }),
    errors: ['notFound'],
  }),
  'conversation.list': request({
    description:
      'The conversations that the person is a member of, most recently active first; without direct ones that hold no message yet and without the chats of rooms.',
    needs: 'a valid token',
    request: emptySchema,
    reply: z.strictObject({ conversations: z.array(conversationSummarySchema).max(500) }),
    errors: [],
  }),
  'conversation.history': request({
    description:
      'A page of messages: beyond `after` (oldest first), or up to but not including `before` (the nearest ones), in rising order either way.',
    needs: 'as conversation.open',
    request: z
      .strictObject({
        conversationId: conversationIdSchema,
        before: messageNumberSchema.optional(),
        after: messageNumberSchema.optional(),
        limit: z.number().int().min(1).max(limits.pageSize).default(limits.openPageSize),
      })
      .refine((page) => page.before === undefined || page.after === undefined, 'before or after, not both'),
    reply: z.strictObject(pageShape),
    errors: ['notFound'],
  }),
  'conversation.send': request({
    description:
      'Stores a message and acknowledges after the commit. The same clientMessageId by the same sender again gives the same number; with other content it is a `conflict`. With `follows`, which lets many be under way at once without losing their order, it is stored only if that message of the same sender is; else nothing is stored and it is `outOfOrder`. The sender has read what they sent.',
    needs: '`conversations.write` (group), `rooms.chat` (`room:…`), `direct` and membership (direct)',
    request: z.strictObject({
      conversationId: conversationIdSchema,
      clientMessageId: clientMessageIdSchema,
      text: textSchema,
      follows: clientMessageIdSchema
        .optional()
        .describe('clientMessageId of the message of the same sender that has to be stored before this one'),
    }),
    reply: z.strictObject({ number: messageNumberSchema.min(1), sentAt: timestampMsSchema }),
    errors: ['notFound', 'conflict', 'outOfOrder', 'unavailable'],
  }),
  'conversation.read': request({
    description: 'Says how far the person has read. It only ever rises, and never beyond the newest message.',
    needs: 'as conversation.open',
    request: z.strictObject({ conversationId: conversationIdSchema, number: messageNumberSchema }),
    reply: emptySchema,
    errors: ['notFound'],
  }),
} as const

/** What the server tells of conversations, by event name. */
export const conversationNotices = {
  'conversation.message': notice({
    description:
      'A message was stored. Sent to every connection that opened the conversation, the sender’s included, in order of number.',
    payload: z.strictObject({ message: messageSchema }),
  }),
  'conversation.receipt': notice({
    description: 'Somebody has read up to a number. Sent to every connection that opened the conversation.',
    payload: z.strictObject({
      conversationId: conversationIdSchema,
      identity: identitySchema,
      read: messageNumberSchema,
    }),
  }),
  'conversation.listed': notice({
    description:
      "A conversation of the person is new, or has a new message while this connection has not opened it. Sent to the members' connections; replaces the entry of the same id in their list.",
    payload: z.strictObject({ conversation: conversationSummarySchema }),
  }),
} as const
