import * as z from 'zod'
import { conversationSchema, memberRoleSchema } from './conversation.ts'
import { limits } from './limits.ts'
import {
  clientMessageIdSchema,
  conversationIdSchema,
  emptySchema,
  identitySchema,
  nameSchema,
  timestampMsSchema,
} from './primitives.ts'
import { notice, request } from './registry.ts'

const inConversation = { conversationId: conversationIdSchema }

/** What clients ask of a conversation's members and of their own place in it, by event name. */
export const membershipRequests = {
  'conversation.create': request({
    description:
      'Creates a group whose members are named: nobody else may read it, whatever their token grants. The creator is its owner. The same clientConversationId by the same person gives the same group.',
    needs: '`conversations.write` for the id `group:…` that the server gives (so: for `*`)',
    request: z.strictObject({
      clientConversationId: clientMessageIdSchema.describe('A name for it, chosen by the creator'),
      title: nameSchema,
      members: z.array(identitySchema).max(limits.invited).describe('Whom to invite at once'),
    }),
    reply: z.strictObject({ conversation: conversationSchema }),
    errors: ['notFound', 'unavailable'],
  }),
  'conversation.rename': request({
    description: 'Gives a group another title.',
    needs: 'as conversation.send; moderator or owner',
    request: z.strictObject({ ...inConversation, title: nameSchema }),
    reply: emptySchema,
    errors: ['notFound', 'unavailable'],
  }),
  'conversation.invite': request({
    description: `Adds people whom the server knows to a group, at most ${limits.members} in all (\`tooMany\`). Those who are in already stay as they are.`,
    needs: 'as conversation.send; moderator or owner',
    request: z.strictObject({
      ...inConversation,
      identities: z.array(identitySchema).min(1).max(limits.invited),
    }),
    reply: emptySchema,
    errors: ['notFound', 'tooMany', 'unavailable'],
  }),
  'conversation.remove': request({
    description:
      'Takes somebody out of a group. Moderators may remove members, the owner everybody. Whoever may open an open group may come back.',
    needs: 'as conversation.send; moderator or owner',
    request: z.strictObject({ ...inConversation, identity: identitySchema }),
    reply: emptySchema,
    errors: ['notFound', 'unavailable'],
  }),
  'conversation.leave': request({
    description:
      'Leaves a group. When its owner leaves, the longest-serving moderator becomes the owner, else the longest-serving member.',
    needs: 'membership of a group',
    request: z.strictObject(inConversation),
    reply: emptySchema,
    errors: ['notFound', 'unavailable'],
  }),
  'conversation.setRole': request({
    description: 'Makes a member moderator, member, or owner in one’s own place (one becomes moderator).',
    needs: 'as conversation.send; owner',
    request: z.strictObject({ ...inConversation, identity: identitySchema, role: memberRoleSchema }),
    reply: emptySchema,
    errors: ['notFound', 'unavailable'],
  }),
  'conversation.setPreferences': request({
    description:
      'How one wants a conversation in one’s own list; what is left out stays. An archived conversation comes back with its next message, unless it is muted.',
    needs: 'membership',
    request: z.strictObject({
      ...inConversation,
      mutedUntil: timestampMsSchema.max(Number.MAX_SAFE_INTEGER).optional().describe('0: not muted'),
      archived: z.boolean().optional(),
      pinned: z.boolean().optional(),
    }),
    reply: emptySchema,
    errors: ['notFound', 'unavailable'],
  }),
  'conversation.typing': request({
    description:
      'Says that the person writes, or no longer. It is told on and kept nowhere: repeat it every few seconds, and forget what was not repeated for 6 seconds.',
    needs: 'as conversation.send',
    request: z.strictObject({ ...inConversation, typing: z.boolean() }),
    reply: emptySchema,
    errors: ['notFound'],
  }),
} as const

/** What the server tells of members, by event name. */
export const membershipNotices = {
  'conversation.updated': notice({
    description: `Title or members of a conversation changed. Sent to every connection that opened it; of a direct one the title is left to the receiver. Who comes into an open group by opening it is told of up to ${limits.deliveryMembers} members.`,
    payload: z.strictObject({ conversation: conversationSchema }),
  }),
  'conversation.gone': notice({
    description: 'The person is no longer a member of a conversation. Sent to all their connections.',
    payload: z.strictObject({ ...inConversation, reason: z.enum(['left', 'removed']) }),
  }),
  'conversation.typing': notice({
    description: 'Somebody writes, or no longer. Sent to every connection that opened the conversation.',
    payload: z.strictObject({
      ...inConversation,
      identity: identitySchema,
      name: nameSchema,
      typing: z.boolean(),
    }),
  }),
} as const
