import * as z from 'zod'
import { attachmentSchema } from './file.ts'
import { limits } from './limits.ts'
import {
  clientMessageIdSchema,
  conversationIdSchema,
  identitySchema,
  messageNumberSchema,
  nameSchema,
  revisionSchema,
  textSchema,
  timestampMsSchema,
} from './primitives.ts'
import { notice, request } from './registry.ts'

const isWebAddress = (text: string): boolean => {
  const url = URL.parse(text)
  return url !== null && (url.protocol === 'https:' || url.protocol === 'http:')
}

/** One emoji as Unicode recommends it for interchange (UTS #51, RGI_Emoji): never a word, never markup. */
export const emojiSchema = z
  .string()
  .min(1)
  .max(limits.emojiLength)
  .refine((text) => /^\p{RGI_Emoji}$/v.test(text), 'one emoji')
  .describe('One emoji (RGI_Emoji of UTS #51)')

const webAddressSchema = z
  .string()
  .max(limits.urlLength)
  .refine(isWebAddress, 'an http or https address')
  .describe('An http or https address')

/** What the sender says of a link, by what their device or `message.preview` found. Clients show it as text and fetch nothing. */
export const linkPreviewSchema = z
  .strictObject({
    url: webAddressSchema,
    title: z.string().min(1).max(limits.previewTitleLength),
    description: z.string().max(limits.previewDescriptionLength).optional(),
  })
  .describe('A link as its sender describes it')
export type LinkPreview = z.output<typeof linkPreviewSchema>

/** A line that the server itself wrote: what became of a call. */
export const systemLineSchema = z
  .discriminatedUnion('type', [
    z.strictObject({
      type: z.literal('call'),
      outcome: z
        .enum(['answered', 'missed', 'declined', 'cancelled', 'busy'])
        .describe('`missed`: it rang out or nobody could be reached'),
      video: z.boolean(),
      durationMs: z.number().int().nonnegative().optional().describe('From acceptance to end, when answered'),
    }),
    z.strictObject({ type: z.literal('renamed'), title: nameSchema }),
    z.strictObject({
      type: z.enum(['added', 'removed', 'left']),
      people: z.array(z.strictObject({ identity: identitySchema, name: nameSchema })).max(limits.invited),
    }),
  ])
  .describe('A line that the server wrote; its subject is the sender')
export type SystemLine = z.output<typeof systemLineSchema>

/** The message that another one answers, in short, as it stands when it is told. */
export const quoteSchema = z
  .strictObject({
    number: messageNumberSchema.min(1),
    senderId: identitySchema,
    senderName: nameSchema,
    text: z.string().max(limits.quoteLength).describe('Its beginning; empty when it was deleted'),
  })
  .describe('The message that is answered')
export type Quote = z.output<typeof quoteSchema>

/** Who put one emoji under a message, in the order in which they did. */
export const messageReactionSchema = z
  .strictObject({
    emoji: emojiSchema,
    by: z.array(identitySchema).min(1).max(limits.reactions),
  })
  .describe('One emoji under a message')
export type MessageReaction = z.output<typeof messageReactionSchema>

/** A stored message as it stands: its number never changes, its content may. */
export const messageSchema = z
  .strictObject({
    conversationId: conversationIdSchema,
    number: messageNumberSchema.min(1),
    clientMessageId: clientMessageIdSchema,
    senderId: identitySchema,
    senderName: nameSchema,
    text: z
      .union([textSchema, z.literal('')])
      .describe('The text; empty when deleted, and where something else is the content'),
    sentAt: timestampMsSchema,
    revision: revisionSchema
      .min(1)
      .optional()
      .describe('The change of the conversation that made it as it is'),
    editedAt: timestampMsSchema.optional(),
    deletedAt: timestampMsSchema.optional().describe('Deleted: what is left is its place'),
    pinnedAt: timestampMsSchema.optional(),
    replyTo: quoteSchema.optional(),
    thread: messageNumberSchema.min(1).optional().describe('Number of the message that begins its thread'),
    replies: z
      .strictObject({ count: z.number().int().min(1), last: messageNumberSchema.min(1) })
      .optional()
      .describe('Of a message that begins a thread: how many answers, and the number of the newest'),
    mentions: z
      .array(identitySchema)
      .max(limits.mentions)
      .optional()
      .describe('Whom the text names as <@identity>'),
    reactions: z.array(messageReactionSchema).max(limits.reactions).optional(),
    preview: linkPreviewSchema.optional(),
    system: systemLineSchema.optional(),
    attachments: z.array(attachmentSchema).min(1).max(limits.attachments).optional(),
  })
  .describe('A stored message')
export type Message = z.output<typeof messageSchema>

/** A name for one change, chosen by who makes it. */
export const clientChangeIdSchema = clientMessageIdSchema.describe(
  "A change's name, chosen by who makes it, unique among their changes",
)

const changeShape = {
  conversationId: conversationIdSchema,
  number: messageNumberSchema.min(1),
  clientChangeId: clientChangeIdSchema,
}
const changeReply = z.strictObject({
  revision: revisionSchema.describe('The change that holds it; that of the first time for a repeat'),
})
const changeErrors = ['notFound', 'conflict', 'wrongState', 'unavailable'] as const

/** What clients ask of single messages, by event name. Each answer comes after the commit; a repeat is harmless. */
export const messageRequests = {
  'message.edit': request({
    description:
      'Replaces the text of an own message. What it said before stays in its history (message.versions) until it is deleted.',
    needs: 'as conversation.send; the message must be one’s own',
    request: z.strictObject({ ...changeShape, text: textSchema, preview: linkPreviewSchema.optional() }),
    reply: changeReply,
    errors: [...changeErrors],
  }),
  'message.delete': request({
    description:
      'Takes a message away for everybody: text, history, reactions and pin go, its number stays as a tombstone.',
    needs:
      'as conversation.send; the message must be one’s own, or one is moderator or owner, or moderates the room',
    request: z.strictObject(changeShape),
    reply: changeReply,
    errors: [...changeErrors],
  }),
  'message.react': request({
    description: `Puts an own emoji under a message, or takes it away. A message bears at most ${limits.reactions} in all (\`tooMany\`).`,
    needs: 'as conversation.send',
    request: z.strictObject({ ...changeShape, emoji: emojiSchema, on: z.boolean() }),
    reply: changeReply,
    errors: [...changeErrors, 'tooMany'],
  }),
  'message.pin': request({
    description: `Pins a message to the conversation, or unpins it. At most ${limits.pins} at a time (\`tooMany\`).`,
    needs: 'as conversation.send; in a group one must be moderator or owner, in a room moderate it',
    request: z.strictObject({ ...changeShape, on: z.boolean() }),
    reply: changeReply,
    errors: [...changeErrors, 'tooMany'],
  }),
  'message.preview': request({
    description:
      'What the page behind a link says of itself, for its sender to put into a message; nothing where it says nothing or can’t be had. The server fetches it, where its operator switched that on (else `unsupported`); receivers fetch nothing.',
    needs: 'as conversation.send',
    request: z.strictObject({ conversationId: conversationIdSchema, url: webAddressSchema }),
    reply: z.strictObject({ preview: linkPreviewSchema.optional() }),
    errors: ['unsupported', 'unavailable'],
  }),
  'message.versions': request({
    description:
      'What a message said before it was edited, the oldest first; nothing of one that was deleted.',
    needs: 'as conversation.open',
    request: z.strictObject({ conversationId: conversationIdSchema, number: messageNumberSchema.min(1) }),
    reply: z.strictObject({
      versions: z
        .array(z.strictObject({ text: textSchema, at: timestampMsSchema.describe('When it was written') }))
        .max(limits.versions),
    }),
    errors: ['notFound'],
  }),
} as const

/** What the server tells of single messages, by event name. */
export const messageNotices = {
  'message.changed': notice({
    description:
      'A message was edited, deleted, pinned or reacted to, and now stands like this. Sent to every connection that opened the conversation; revisions follow one another without a gap: whoever misses one asks for conversation.changes.',
    payload: z.strictObject({ revision: revisionSchema.min(1), message: messageSchema }),
  }),
} as const
