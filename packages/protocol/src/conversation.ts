import * as z from 'zod'
import { fileIdSchema } from './file.ts'
import { limits } from './limits.ts'
import { linkPreviewSchema, messageSchema } from './message.ts'
import {
  clientMessageIdSchema,
  conversationIdSchema,
  emptySchema,
  identitySchema,
  messageNumberSchema,
  nameSchema,
  revisionSchema,
  textSchema,
  timestampMsSchema,
} from './primitives.ts'
import { notice, request } from './registry.ts'

/** What somebody is in a group. Whoever may chat in a room, and both people of a direct conversation, are members. */
export const memberRoleSchema = z
  .enum(['owner', 'moderator', 'member'])
  .describe('What somebody is in a group')
export type MemberRole = z.output<typeof memberRoleSchema>

/** A member of a conversation and how far they have come. */
export const memberSchema = z
  .strictObject({
    identity: identitySchema,
    name: nameSchema,
    role: memberRoleSchema,
    read: messageNumberSchema.describe('Highest number that the member has read'),
    delivered: messageNumberSchema.describe(
      'Highest number that a device of the member holds; at least `read`',
    ),
  })
  .describe('A member of a conversation')
export type Member = z.output<typeof memberSchema>

const conversationShape = {
  conversationId: conversationIdSchema,
  kind: z.enum(['group', 'direct']),
  access: z
    .enum(['open', 'members'])
    .describe('Who may read: whoever’s token grants it (`open`), or members alone (`members`)'),
  title: nameSchema.describe("The group's title, or the other person's name"),
  lastNumber: messageNumberSchema.describe('Number of the newest message; 0 when there is none'),
  members: z
    .array(memberSchema)
    .max(limits.members)
    .describe(
      `The two people (direct), or the members (group; in lists at most ${limits.listedMembers}, in an opened one at most ${limits.members})`,
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
    mentioned: z.number().int().nonnegative().describe('Messages among them that mention the person'),
    mutedUntil: timestampMsSchema.describe('0: not muted'),
    archived: z.boolean(),
    pinned: z.boolean(),
  })
  .describe("A conversation in a person's list")
export type ConversationSummary = z.output<typeof conversationSummarySchema>

const pageShape = {
  messages: z.array(messageSchema).max(limits.pageSize).describe('In rising order of number'),
  more: z.boolean().describe('Whether more of the same direction exist'),
}

const changesShape = {
  changes: z
    .array(messageSchema)
    .max(limits.pageSize)
    .describe(
      'Messages that changed after the revision that was asked from, as they stand now, in order of revision',
    ),
  revision: revisionSchema.describe('All changes up to this one are in what was told'),
  moreChanges: z.boolean().describe('Whether to ask on with conversation.changes'),
}

/** What clients ask of conversations, by event name. */
export const conversationRequests = {
  'conversation.open': request({
    description:
      'Opens a conversation by its id or by the other person, and subscribes this connection to it. An open group is created when it is first opened by somebody who may write, and whoever opens it becomes a member; the id of a direct conversation is derived by the server. With `after`, gives the messages beyond that number, oldest first (`more`: ask on with conversation.history); else the newest page (`more`: older ones exist). With `revision`, also gives what changed since: one request brings all that was missed.',
    needs:
      '`conversations.read` (group; membership too where `access` is `members`), `rooms.chat` (`room:…`), `direct` (a person)',
    request: z.union([
      z.strictObject({
        conversationId: conversationIdSchema,
        title: nameSchema.optional().describe('Title of a group when this creates it; default is its id'),
        after: messageNumberSchema.optional(),
        revision: revisionSchema.optional(),
      }),
      z.strictObject({
        withIdentity: identitySchema,
        after: messageNumberSchema.optional(),
        revision: revisionSchema.optional(),
      }),
    ]),
    reply: z.strictObject({ conversation: conversationSchema, ...pageShape, ...changesShape }),
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
      'A page of messages in rising order: beyond `after` (oldest first); up to but not including `before` (the nearest ones); around a number (`around`); or around the first one that was sent at or after a moment (`at`). `more` tells of the asked direction; with `around` and `at`, of later ones. With `thread`, of that thread alone.',
    needs: 'as conversation.open',
    request: z
      .strictObject({
        conversationId: conversationIdSchema,
        before: messageNumberSchema.optional(),
        after: messageNumberSchema.optional(),
        around: messageNumberSchema.optional(),
        at: timestampMsSchema.optional(),
        thread: messageNumberSchema.min(1).optional(),
        limit: z.number().int().min(1).max(limits.pageSize).default(limits.openPageSize),
      })
      .refine(
        ({ before, after, around, at }) =>
          [before, after, around, at].filter((one) => one !== undefined).length <= 1,
        'one of before, after, around and at',
      )
      .refine(
        ({ thread, around, at }) => thread === undefined || (around === undefined && at === undefined),
        'a thread is paged with before and after',
      ),
    reply: z.strictObject(pageShape),
    errors: ['notFound'],
  }),
  'conversation.changes': request({
    description: 'Messages that changed after a revision, as they stand now, in order of revision.',
    needs: 'as conversation.open',
    request: z.strictObject({
      conversationId: conversationIdSchema,
      revision: revisionSchema,
      limit: z.number().int().min(1).max(limits.pageSize).default(limits.pageSize),
    }),
    reply: z.strictObject(changesShape),
    errors: ['notFound'],
  }),
  'conversation.pinned': request({
    description: 'The pinned messages, the one pinned last first.',
    needs: 'as conversation.open',
    request: z.strictObject({ conversationId: conversationIdSchema }),
    reply: z.strictObject({ messages: z.array(messageSchema).max(limits.pins) }),
    errors: ['notFound'],
  }),
  'conversation.search': request({
    description:
      'Messages that hold all words of a query (the last one may be a beginning), the newest first: in one conversation, or in all that the person is a member of. Case and accents make no difference. `more`: older ones exist; in one conversation ask on with `before`.',
    needs: 'as conversation.open (in one conversation), a valid token',
    request: z.strictObject({
      query: z.string().trim().min(1).max(limits.queryLength),
      conversationId: conversationIdSchema.optional(),
      before: messageNumberSchema.optional(),
      limit: z.number().int().min(1).max(100).default(30),
    }),
    reply: z.strictObject({ messages: z.array(messageSchema).max(100), more: z.boolean() }),
    errors: ['notFound'],
  }),
  'conversation.send': request({
    description:
      'Stores a message and acknowledges after the commit. The same clientMessageId by the same sender again gives the same number; with other content it is a `conflict`. With `follows`, which lets many be under way at once without losing their order, it is stored only if that message of the same sender is; else nothing is stored and it is `outOfOrder`. The sender has read what they sent. `<@identity>` in the text mentions a person.',
    needs:
      '`conversations.write` (group; membership too where `access` is `members`), `rooms.chat` (`room:…`), `direct` and membership (direct)',
    request: z
      .strictObject({
        conversationId: conversationIdSchema,
        clientMessageId: clientMessageIdSchema.refine(
          (id) => !id.startsWith('sangam:'),
          'an id that does not begin with sangam:',
        ),
        text: z.union([textSchema, z.literal('')]).describe('The text; empty only beside attachments'),
        attachments: z
          .array(fileIdSchema)
          .min(1)
          .max(limits.attachments)
          .refine((ids) => new Set(ids).size === ids.length, 'each file once')
          .optional()
          .describe('Own complete uploads for this conversation (docs/attachments.md)'),
        follows: clientMessageIdSchema
          .optional()
          .describe(
            'clientMessageId of the message of the same sender that has to be stored before this one',
          ),
        replyTo: messageNumberSchema.min(1).optional().describe('Number of the message that it answers'),
        thread: messageNumberSchema
          .min(1)
          .optional()
          .describe('Number of the message whose thread it belongs to'),
        preview: linkPreviewSchema.optional(),
      })
      .refine(({ text, attachments }) => text !== '' || attachments !== undefined, {
        path: ['text'],
        message: 'a text or attachments',
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
  'conversation.delivered': request({
    description: `Says which message a device of the person holds. It only ever rises. Kept for conversations of up to ${limits.deliveryMembers} members; in larger ones it is acknowledged and forgotten.`,
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
    description:
      'Somebody has read up to a number, or a device of theirs holds all up to it. Sent to every connection that opened the conversation.',
    payload: z.strictObject({
      conversationId: conversationIdSchema,
      identity: identitySchema,
      read: messageNumberSchema,
      delivered: messageNumberSchema,
    }),
  }),
  'conversation.listed': notice({
    description:
      "A conversation of the person is new, has a new message while this connection has not opened it, or stands differently in their list. Sent to the members' connections; replaces the entry of the same id in their list.",
    payload: z.strictObject({ conversation: conversationSummarySchema }),
  }),
} as const
