import * as z from 'zod'
import { rtpCapabilitiesSchema } from './media.ts'
import {
  consumerIdSchema,
  emptySchema,
  identitySchema,
  nameSchema,
  participantIdSchema,
  producerIdSchema,
  roomIdSchema,
  timestampMsSchema,
  tokenSchema,
  transportIdSchema,
} from './primitives.ts'
import { notice, request } from './registry.ts'
import { roleSchema, roomPermissionsSchema, roomSettingsSchema } from './room-rules.ts'
import { trackSchema } from './track.ts'

/** How media travels in a room. */
export const topologySchema = z.enum(['mesh', 'sfu', 'mcu']).describe('How media travels in a room')
export type Topology = z.output<typeof topologySchema>

/** Somebody in a room, on one device. */
export const participantSchema = z
  .strictObject({
    participantId: participantIdSchema,
    identity: identitySchema,
    name: nameSchema,
    role: roleSchema,
    handRaisedAt: timestampMsSchema.optional().describe('Since when the hand is raised'),
    tracks: z.array(trackSchema).max(16),
  })
  .describe('Somebody in a room, on one device')
export type Participant = z.output<typeof participantSchema>

/** A room as it stands in the list. */
export const roomSummarySchema = z
  .strictObject({
    roomId: roomIdSchema,
    name: nameSchema,
    participants: z.number().int().nonnegative(),
  })
  .describe('A room in the list')
export type RoomSummary = z.output<typeof roomSummarySchema>

const roomId = { roomId: roomIdSchema }
const topologyReason = z.string().max(256).describe('Why this topology, in words')

/** What clients ask of rooms and their media, by event name. */
export const roomRequests = {
  'room.list': request({
    description: 'The rooms that somebody is in and that the person may join.',
    needs: 'a valid token',
    request: emptySchema,
    reply: z.strictObject({ rooms: z.array(roomSummarySchema).max(1000) }),
    errors: [],
  }),
  'room.join': request({
    description:
      'Enters a room on this connection, creating it when nobody is in it. With the participantKey of an earlier join, within the grace time, the same participant goes on with its transports, producers and consumers, and the older connection is replaced.',
    needs: '`rooms.join`',
    request: z.strictObject({
      ...roomId,
      name: nameSchema.optional().describe('Title of the room when it is created; default is its id'),
      participantKey: z.string().min(1).max(128).optional().describe('From an earlier room.join'),
      invite: tokenSchema.optional().describe('An invite: its role is given, and no admission is needed'),
    }),
    reply: z.strictObject({
      ...roomId,
      name: nameSchema,
      participantId: participantIdSchema,
      participantKey: z
        .string()
        .max(128)
        .describe('Secret that gives this participant back after a reconnect'),
      resumed: z.boolean().describe('Whether the earlier participant goes on, its transports still alive'),
      role: roleSchema,
      permissions: roomPermissionsSchema,
      settings: roomSettingsSchema,
      endsAt: timestampMsSchema.nullable().describe('When the room ends by its length'),
      topology: topologySchema,
      topologyReason,
      routerRtpCapabilities: rtpCapabilitiesSchema,
      media: z
        .strictObject({ transportId: transportIdSchema, consumerIds: z.array(consumerIdSchema).max(4096) })
        .optional()
        .describe(
          'What lives of the media of a resumed participant. Consumers that the client was not ready for are told of again.',
        ),
      participants: z.array(participantSchema).max(1000).describe('Everybody in the room, yourself included'),
    }),
    errors: ['unavailable'],
  }),
  'room.leave': request({
    description: 'Leaves the room; all transports of the participant are closed.',
    needs: 'to be in the room',
    request: z.strictObject(roomId),
    reply: emptySchema,
    errors: ['notFound'],
  }),
} as const

const participantRef = { ...roomId, participantId: participantIdSchema }

/** What the server tells of rooms and their media, by event name. */
export const roomNotices = {
  'room.listed': notice({
    description:
      'A room came up or its title or number of participants changed. Sent to those who may join it.',
    payload: z.strictObject({ room: roomSummarySchema }),
  }),
  'room.unlisted': notice({
    description: 'The last participant left a room. Sent to those who may join it.',
    payload: z.strictObject(roomId),
  }),
  'room.participantJoined': notice({
    description: 'Somebody entered the room. Sent to the others.',
    payload: z.strictObject({ ...roomId, participant: participantSchema }),
  }),
  'room.participantLeft': notice({
    description: 'Somebody left the room. Sent to the others.',
    payload: z.strictObject({
      ...participantRef,
      reason: z
        .enum(['left', 'disconnected', 'revoked', 'removed', 'banned'])
        .describe(
          '`disconnected`: the grace time went by; `revoked`: a newer token no longer grants the room',
        ),
    }),
  }),
  'room.trackPublished': notice({
    description: 'Somebody publishes a stream. Sent to the others.',
    payload: z.strictObject({ ...participantRef, track: trackSchema }),
  }),
  'room.trackUnpublished': notice({
    description: 'A stream is gone. Sent to the others.',
    payload: z.strictObject({ ...participantRef, producerId: producerIdSchema }),
  }),
  'room.trackPaused': notice({
    description: 'A stream was paused (muted). Sent to the others.',
    payload: z.strictObject({
      ...participantRef,
      producerId: producerIdSchema,
      mutedBy: nameSchema.optional().describe('Name of the moderator who paused it'),
    }),
  }),
  'room.trackResumed': notice({
    description: 'A stream goes on. Sent to the others.',
    payload: z.strictObject({ ...participantRef, producerId: producerIdSchema }),
  }),
  'room.topologyChanged': notice({
    description: 'Media travels another way from now on. Sent to everybody in the room.',
    payload: z.strictObject({ ...roomId, from: topologySchema, to: topologySchema, reason: topologyReason }),
  }),
  'room.closed': notice({
    description:
      'The room is gone for this connection. After `replaced` another connection goes on as this participant; `ended` by a host, `tooLong` by its length.',
    payload: z.strictObject({
      ...roomId,
      reason: z.enum(['replaced', 'serverStopping', 'revoked', 'removed', 'banned', 'ended', 'tooLong']),
    }),
  }),
} as const
