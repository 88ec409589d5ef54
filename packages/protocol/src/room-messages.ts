import * as z from 'zod'
import { limits } from './limits.ts'
import { emptySchema, identitySchema, nameSchema, participantIdSchema, roomIdSchema } from './primitives.ts'
import { notice, request } from './registry.ts'

/** What people may show for a moment. */
export const reactionSchema = z
  .enum(['thumbsUp', 'clap', 'heart', 'laugh', 'surprised', 'sad', 'celebrate'])
  .describe('What somebody shows for a moment')
export type Reaction = z.output<typeof reactionSchema>

/** What a message or a procedure is about; the application's own names. */
export const topicSchema = z
  .string()
  .min(1)
  .max(64)
  .regex(/^[A-Za-z0-9][A-Za-z0-9._:/-]*$/, 'letters, digits and . _ : / -')
  .describe("Name of a topic or method, the application's own")

/** JSON text, written and read by the application alone. */
export const roomPayloadSchema = z
  .string()
  .max(limits.roomPayloadLength)
  .describe('JSON text; the server does not read it')

/** Who sent something. Without a participant it was the application's backend. */
export const roomSenderSchema = z
  .strictObject({
    participantId: participantIdSchema.optional(),
    identity: identitySchema.optional(),
    name: nameSchema,
  })
  .describe('Who sent it; without participantId it was the application')
export type RoomSender = z.output<typeof roomSenderSchema>

const rpcIdSchema = z.string().min(1).max(64).describe('Names one invocation')
const roomId = { roomId: roomIdSchema }

/** What clients say to each other in a room, reliably and in order, by event name. */
export const roomMessageRequests = {
  'room.react': request({
    description: 'Shows a reaction to everybody in the room.',
    needs: 'to be in the room',
    request: z.strictObject({ ...roomId, reaction: reactionSchema }),
    reply: emptySchema,
    errors: [],
  }),
  'room.sendMessage': request({
    description:
      'Sends a message of the application to others in the room, in order and reliably while they are connected. It is not stored.',
    needs: 'to be in the room with the right `data`',
    request: z.strictObject({
      ...roomId,
      topic: topicSchema,
      payload: roomPayloadSchema,
      to: z
        .array(z.union([participantIdSchema, z.literal('server')]))
        .max(100)
        .optional()
        .describe('Participants, or `server` for the application; default is everybody else'),
    }),
    reply: z.strictObject({ reached: z.number().int().nonnegative().describe('How many it was sent to') }),
    errors: [],
  }),
  'room.invoke': request({
    description:
      "Calls a method of another participant, or of the application's backend, and waits for its result.",
    needs: 'to be in the room with the right `data`',
    request: z.strictObject({
      ...roomId,
      to: z.union([participantIdSchema, z.literal('server')]).describe('A participant, or `server`'),
      method: topicSchema,
      payload: roomPayloadSchema,
      timeoutMs: z.number().int().min(100).max(30_000).default(5000),
    }),
    reply: z.strictObject({ payload: roomPayloadSchema }),
    errors: ['notFound', 'unavailable', 'methodFailed'],
  }),
  'room.answerInvoke': request({
    description: 'Gives the result of a method that was called here.',
    needs: 'to be the one who was asked',
    request: z.strictObject({
      ...roomId,
      rpcId: rpcIdSchema,
      payload: roomPayloadSchema.optional(),
      error: z.string().min(1).max(512).optional().describe('Instead of a payload: why it failed'),
    }),
    reply: emptySchema,
    errors: ['notFound'],
  }),
} as const

/** What the server passes on in a room, by event name. */
export const roomMessageNotices = {
  'room.reacted': notice({
    description: 'Somebody reacts. Sent to everybody in the room, the sender included.',
    payload: z.strictObject({ ...roomId, participantId: participantIdSchema, reaction: reactionSchema }),
  }),
  'room.message': notice({
    description: 'A message of the application.',
    payload: z.strictObject({
      ...roomId,
      from: roomSenderSchema,
      topic: topicSchema,
      payload: roomPayloadSchema,
    }),
  }),
  'room.invoked': notice({
    description: 'Somebody calls a method here. Answer with `room.answerInvoke`.',
    payload: z.strictObject({
      ...roomId,
      rpcId: rpcIdSchema,
      from: roomSenderSchema,
      method: topicSchema,
      payload: roomPayloadSchema,
    }),
  }),
} as const
