import * as z from 'zod'
import { limits } from './limits.ts'
import {
  conversationIdSchema,
  emptySchema,
  identitySchema,
  messageNumberSchema,
  nameSchema,
  textSchema,
  timestampMsSchema,
} from './primitives.ts'
import { notice, request } from './registry.ts'

/** How a conversation is kept calm and short. */
export const careSettingsSchema = z
  .strictObject({
    slowModeMs: z
      .number()
      .int()
      .min(0)
      .max(limits.slowModeMs)
      .describe(
        'Least time between two messages of a member, ms; 0: off. Moderators and owners are free of it',
      ),
    retentionMs: z
      .number()
      .int()
      .min(0)
      .max(limits.retentionMs)
      .describe('Messages older than this are deleted for everybody, ms; 0: kept'),
  })
  .describe('How a conversation is kept calm and short')
export type CareSettings = z.output<typeof careSettingsSchema>

/** A report of a message, as moderators see it. */
export const reportSchema = z
  .strictObject({
    number: messageNumberSchema.min(1),
    senderId: identitySchema,
    senderName: nameSchema,
    text: z.union([textSchema, z.literal('')]).describe('Its words when it was reported'),
    sentAt: timestampMsSchema,
    reason: z.string().max(limits.reasonLength),
    reportedAt: timestampMsSchema,
  })
  .describe('A report of a message')
export type MessageReport = z.output<typeof reportSchema>

/** What clients ask for their own and their conversations' care, by event name. */
export const careRequests = {
  'person.block': request({
    description:
      'Blocks a person, or ends that: their direct messages are refused, and their calls find one offline. They are not told.',
    needs: 'a valid token',
    request: z.strictObject({ identity: identitySchema, on: z.boolean() }),
    reply: emptySchema,
    errors: ['tooLarge', 'wrongState'],
  }),
  'person.blocked': request({
    description: 'Whom the person has blocked.',
    needs: 'a valid token',
    request: emptySchema,
    reply: z.strictObject({ identities: z.array(identitySchema).max(limits.blocked) }),
    errors: [],
  }),
  'person.report': request({
    description:
      'Brings a person before whoever runs the server. They are not told. Once per reporter and person; again replaces the reason.',
    needs: 'a valid token',
    request: z.strictObject({
      identity: identitySchema,
      reason: z.string().trim().min(1).max(limits.reasonLength),
    }),
    reply: emptySchema,
    errors: ['notFound', 'wrongState'],
  }),
  'message.report': request({
    description:
      'Brings a message before whoever runs the server, with its words as they stand now. Once per person and message; again replaces the reason.',
    needs: 'as conversation.open',
    request: z.strictObject({
      conversationId: conversationIdSchema,
      number: messageNumberSchema.min(1),
      reason: z.string().trim().min(1).max(limits.reasonLength),
    }),
    reply: emptySchema,
    errors: ['notFound'],
  }),
  'conversation.care': request({
    description: 'The care settings of a conversation.',
    needs: 'as conversation.open',
    request: z.strictObject({ conversationId: conversationIdSchema }),
    reply: careSettingsSchema,
    errors: ['notFound'],
  }),
  'conversation.setCare': request({
    description: 'Changes the care settings of a group; what is left out stays.',
    needs: 'as conversation.send; one must be moderator or owner',
    request: z.strictObject({
      conversationId: conversationIdSchema,
      slowModeMs: careSettingsSchema.shape.slowModeMs.optional(),
      retentionMs: careSettingsSchema.shape.retentionMs.optional(),
    }),
    reply: careSettingsSchema,
    errors: ['notFound'],
  }),
  'conversation.reports': request({
    description:
      'Reports of messages of a group, the newest first, without who made them and without those about oneself.',
    needs: 'as conversation.send; one must be moderator or owner',
    request: z.strictObject({ conversationId: conversationIdSchema }),
    reply: z.strictObject({ reports: z.array(reportSchema).max(limits.reports) }),
    errors: ['notFound'],
  }),
  'conversation.dismissReports': request({
    description:
      'Takes the reports of a message off the list of its group’s moderators; whoever runs the server still has them.',
    needs: 'as conversation.send; one must be moderator or owner, and the message somebody else’s',
    request: z.strictObject({
      conversationId: conversationIdSchema,
      number: messageNumberSchema.min(1),
    }),
    reply: emptySchema,
    errors: ['notFound'],
  }),
} as const

/** What the server tells of care, by event name. */
export const careNotices = {
  'conversation.careChanged': notice({
    description: 'The care settings changed. Sent to every connection that opened the conversation.',
    payload: z.strictObject({ conversationId: conversationIdSchema, ...careSettingsSchema.shape }),
  }),
} as const
