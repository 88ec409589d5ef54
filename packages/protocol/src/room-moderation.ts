import * as z from 'zod'
import {
  emptySchema,
  identitySchema,
  nameSchema,
  participantIdSchema,
  producerIdSchema,
  roomIdSchema,
  timestampMsSchema,
  tokenSchema,
} from './primitives.ts'
import { notice, request } from './registry.ts'
import {
  bannedPersonSchema,
  inviteIdSchema,
  inviteSchema,
  roleSchema,
  roomPermissionsSchema,
  roomSettingsChangeSchema,
  roomSettingsSchema,
  waitingPersonSchema,
} from './room-rules.ts'
import { trackSourceSchema } from './track.ts'

const roomId = { roomId: roomIdSchema }
const participantRef = { ...roomId, participantId: participantIdSchema }
const personRef = { ...roomId, identity: identitySchema }
const moderating = 'to be in the room with the right `moderate`'
const waitingList = z.array(waitingPersonSchema).max(500)

/** Who did something to somebody. `identity` is absent when the application's backend did. */
export const moderatorSchema = z
  .strictObject({ identity: identitySchema.optional(), name: nameSchema })
  .describe('Who did it; without an identity it was the application')
export type Moderator = z.output<typeof moderatorSchema>

/** What clients ask of a room's rules, by event name. */
export const roomModerationRequests = {
  'room.knock': request({
    description:
      'Asks to be let into a room. `waiting`: `room.admitted` or `room.turnedAway` follows on this connection; knock again after a reconnect, the place in the queue stays. `open`: join right away.',
    needs: '`rooms.join`',
    request: z.strictObject({ ...roomId, invite: tokenSchema.optional() }),
    reply: z.strictObject({
      state: z.enum(['waiting', 'open']),
      name: nameSchema,
      position: z.number().int().nonnegative().describe('Place in the queue, 1 is next; 0 when open'),
    }),
    errors: ['unavailable'],
  }),
  'room.stopWaiting': request({
    description: 'Leaves the lobby of a room.',
    needs: 'a valid token',
    request: z.strictObject(roomId),
    reply: emptySchema,
    errors: [],
  }),
  'room.lobby': request({
    description: 'Who waits in the lobby, the longest first.',
    needs: moderating,
    request: z.strictObject(roomId),
    reply: z.strictObject({ waiting: waitingList }),
    errors: [],
  }),
  'room.admit': request({
    description: 'Lets somebody in who waits in the lobby.',
    needs: moderating,
    request: z.strictObject(personRef),
    reply: emptySchema,
    errors: ['notFound', 'unavailable'],
  }),
  'room.admitAll': request({
    description: 'Lets everybody in who waits in the lobby.',
    needs: moderating,
    request: z.strictObject(roomId),
    reply: z.strictObject({ admitted: z.number().int().nonnegative() }),
    errors: ['unavailable'],
  }),
  'room.refuse': request({
    description: 'Turns somebody away who waits in the lobby. They may knock again.',
    needs: moderating,
    request: z.strictObject(personRef),
    reply: emptySchema,
    errors: ['notFound', 'unavailable'],
  }),
  'room.changeSettings': request({
    description: 'Changes how the room is set up.',
    needs: moderating,
    request: z.strictObject({ ...roomId, settings: roomSettingsChangeSchema, name: nameSchema.optional() }),
    reply: z.strictObject({ settings: roomSettingsSchema }),
    errors: ['unavailable'],
  }),
  'room.createInvite': request({
    description:
      "Makes an invite: whoever joins with it gets its role and needs no admission. Its role is of a lower rank than the maker's.",
    needs: moderating,
    request: z.strictObject({
      ...roomId,
      role: roleSchema.optional().describe('Default is the role of newcomers'),
      ttlSeconds: z
        .number()
        .int()
        .min(60)
        .max(30 * 86_400)
        .optional()
        .describe('Seconds that it is valid; default one day'),
    }),
    reply: inviteSchema.extend({ invite: tokenSchema.describe('The secret to put into a link') }),
    errors: ['unavailable', 'tooMany'],
  }),
  'room.invites': request({
    description: 'The invites that are valid.',
    needs: moderating,
    request: z.strictObject(roomId),
    reply: z.strictObject({ invites: z.array(inviteSchema).max(100) }),
    errors: [],
  }),
  'room.revokeInvite': request({
    description: 'Makes an invite worthless. Who came with it stays.',
    needs: moderating,
    request: z.strictObject({ ...roomId, inviteId: inviteIdSchema }),
    reply: emptySchema,
    errors: ['notFound', 'unavailable'],
  }),
  'room.setHand': request({
    description: 'Raises the own hand or takes it down.',
    needs: 'to be in the room',
    request: z.strictObject({ ...roomId, raised: z.boolean() }),
    reply: emptySchema,
    errors: ['unavailable'],
  }),
  'room.lowerHand': request({
    description: "Takes somebody's raised hand down.",
    needs: moderating,
    request: z.strictObject(participantRef),
    reply: emptySchema,
    errors: ['unavailable'],
  }),
  'room.inviteToStage': request({
    description:
      'Offers somebody the role of a speaker. They get `room.stageInvited` and answer for themselves.',
    needs: `${moderating}, and to outrank them`,
    request: z.strictObject(participantRef),
    reply: emptySchema,
    errors: ['unavailable'],
  }),
  'room.answerStage': request({
    description: 'Answers such an offer. Accepting makes one a speaker.',
    needs: 'to be in the room, and the offer',
    request: z.strictObject({ ...roomId, accept: z.boolean() }),
    reply: emptySchema,
    errors: ['unavailable'],
  }),
  'room.mute': request({
    description: "Pauses somebody's microphone.",
    needs: `${moderating}, and to outrank them`,
    request: z.strictObject(participantRef),
    reply: emptySchema,
    errors: ['unavailable'],
  }),
  'room.muteAll': request({
    description: 'Pauses the microphones of everybody whom the person outranks.',
    needs: moderating,
    request: z.strictObject(roomId),
    reply: z.strictObject({ muted: z.number().int().nonnegative() }),
    errors: ['unavailable'],
  }),
  'room.allowUnmute': request({
    description: 'Lets somebody who was muted unmute themselves, and asks them to.',
    needs: `${moderating}, and to outrank them`,
    request: z.strictObject(participantRef),
    reply: emptySchema,
    errors: ['unavailable'],
  }),
  'room.stopVideo': request({
    description: "Ends somebody's camera or screen share. They may start it again.",
    needs: `${moderating}, and to outrank them`,
    request: z.strictObject({ ...participantRef, source: z.enum(['camera', 'screen']) }),
    reply: emptySchema,
    errors: ['unavailable'],
  }),
  'room.setRole': request({
    description: 'Gives somebody in the room a role of lower rank than the own.',
    needs: `${moderating}, and to outrank both them and the role`,
    request: z.strictObject({ ...participantRef, role: roleSchema }),
    reply: emptySchema,
    errors: ['unavailable'],
  }),
  'room.transferHost': request({
    description: 'Makes somebody in the room its host and oneself a co-host.',
    needs: 'to be a host',
    request: z.strictObject(participantRef),
    reply: emptySchema,
    errors: ['unavailable'],
  }),
  'room.remove': request({
    description: 'Puts somebody out of the room. They may come again.',
    needs: `${moderating}, and to outrank them`,
    request: z.strictObject(participantRef),
    reply: emptySchema,
    errors: ['unavailable'],
  }),
  'room.ban': request({
    description: 'Puts somebody out of the room and its lobby on all devices, until the ban is lifted.',
    needs: `${moderating}, and to outrank them`,
    request: z.strictObject(personRef),
    reply: emptySchema,
    errors: ['unavailable', 'tooMany'],
  }),
  'room.unban': request({
    description: 'Lifts a ban.',
    needs: moderating,
    request: z.strictObject(personRef),
    reply: emptySchema,
    errors: ['notFound', 'unavailable'],
  }),
  'room.bans': request({
    description: 'Who is banned.',
    needs: moderating,
    request: z.strictObject(roomId),
    reply: z.strictObject({ banned: z.array(bannedPersonSchema).max(1000) }),
    errors: [],
  }),
  'room.end': request({
    description: 'Ends the room for everybody.',
    needs: 'to be a host',
    request: z.strictObject(roomId),
    reply: emptySchema,
    errors: ['unavailable'],
  }),
} as const

/** What the server tells of a room's rules, by event name. */
export const roomModerationNotices = {
  'room.admitted': notice({
    description: 'Somebody let you in: join now.',
    payload: z.strictObject(roomId),
  }),
  'room.turnedAway': notice({
    description: 'You wait in the lobby no more.',
    payload: z.strictObject({ ...roomId, reason: z.enum(['refused', 'banned', 'ended']) }),
  }),
  'room.lobbyChanged': notice({
    description: 'Who waits in the lobby, the longest first. Sent to those who may admit.',
    payload: z.strictObject({ ...roomId, waiting: waitingList }),
  }),
  'room.settingsChanged': notice({
    description: 'The room is set up in another way. Sent to everybody in it.',
    payload: z.strictObject({
      ...roomId,
      name: nameSchema,
      settings: roomSettingsSchema,
      endsAt: timestampMsSchema.nullable().describe('When it ends by its length'),
    }),
  }),
  'room.participantChanged': notice({
    description: "Somebody's role or raised hand changed. Sent to everybody in the room.",
    payload: z.strictObject({
      ...participantRef,
      role: roleSchema,
      handRaisedAt: timestampMsSchema.nullable(),
    }),
  }),
  'room.permissionsChanged': notice({
    description:
      'What you may do in the room changed, by your role or your token. What you no longer may publish has ended.',
    payload: z.strictObject({ ...roomId, role: roleSchema, permissions: roomPermissionsSchema }),
  }),
  'room.mutedByModerator': notice({
    description: 'A moderator paused your microphone, or ended your camera or screen share.',
    payload: z.strictObject({
      ...roomId,
      producerId: producerIdSchema,
      source: trackSourceSchema,
      by: moderatorSchema,
      mayUnmute: z.boolean().describe('Whether you may start it again by yourself'),
    }),
  }),
  'room.unmuteAllowed': notice({
    description: 'A moderator asks you to unmute yourself.',
    payload: z.strictObject({ ...roomId, by: moderatorSchema }),
  }),
  'room.stageInvited': notice({
    description: 'A moderator offers you the role of a speaker. Answer with `room.answerStage`.',
    payload: z.strictObject({ ...roomId, by: moderatorSchema }),
  }),
  'room.endingSoon': notice({
    description: 'The room ends soon by its length. Sent 5 minutes and 1 minute before.',
    payload: z.strictObject({ ...roomId, endsAt: timestampMsSchema }),
  }),
} as const
