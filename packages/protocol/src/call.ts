import * as z from 'zod'
import { limits } from './limits.ts'
import {
  callIdSchema,
  emptySchema,
  iceServersSchema,
  identitySchema,
  nameSchema,
  timestampMsSchema,
} from './primitives.ts'
import { notice, request } from './registry.ts'

/** What a call is meant to carry. */
export const callMediaSchema = z
  .strictObject({ audio: z.boolean(), video: z.boolean() })
  .describe('What the call is meant to carry')
export type CallMedia = z.output<typeof callMediaSchema>

/** Why a call is over. */
export const callEndReasonSchema = z
  .enum([
    'rejected',
    'cancelled',
    'busy',
    'timeout',
    'hangup',
    'disconnected',
    'answeredElsewhere',
    'serverStopped',
  ])
  .describe('Why a call is over')
export type CallEndReason = z.output<typeof callEndReasonSchema>

/** State of a call on the server. */
export const callStateSchema = z.enum(['ringing', 'accepted']).describe('State of a call on the server')
export type CallState = z.output<typeof callStateSchema>

const peerSchema = z.strictObject({ identity: identitySchema, name: nameSchema })

const candidateSchema = z
  .strictObject({
    candidate: z.string().max(limits.candidateLength),
    sdpMid: z.string().max(64).nullable().optional(),
    sdpMLineIndex: z.number().int().min(0).max(65535).nullable().optional(),
    usernameFragment: z.string().max(256).nullable().optional(),
  })
  .describe('An `RTCIceCandidateInit`')

/** What the two devices of a call tell each other through the server. */
export const callSignalSchema = z
  .discriminatedUnion('type', [
    z.strictObject({
      type: z.literal('description'),
      description: z
        .strictObject({
          type: z.enum(['offer', 'answer', 'pranswer', 'rollback']),
          sdp: z.string().max(limits.sdpLength).optional(),
        })
        .describe('An `RTCSessionDescriptionInit`'),
    }),
    z.strictObject({
      type: z.literal('candidate'),
      candidate: candidateSchema.nullable().describe('null: no more candidates'),
    }),
  ])
  .describe('A session description or an ICE candidate')
export type CallSignal = z.output<typeof callSignalSchema>

const callId = z.strictObject({ callId: callIdSchema })

/** What clients ask of calls, by event name. */
export const callRequests = {
  'call.start': request({
    description:
      'Rings every device of a person. When that person is ringing the caller at the same moment (glare), the older call stays: the later start is answered with `conflict` and details.callId names the call that rings already.',
    needs: '`call`',
    request: z.strictObject({ to: identitySchema, media: callMediaSchema }),
    reply: z.strictObject({
      callId: callIdSchema,
      iceServers: iceServersSchema,
      expiresAt: timestampMsSchema.describe('When the ringing times out'),
    }),
    errors: ['busy', 'notFound', 'unavailable', 'conflict'],
  }),
  'call.accept': request({
    description:
      'Accepts on this device. The first one wins; the other devices get call.ended with `answeredElsewhere`.',
    needs: 'to be the one who is called',
    request: callId,
    reply: z.strictObject({ iceServers: iceServersSchema }),
    errors: ['notFound', 'callEnded', 'wrongState', 'busy'],
  }),
  'call.reject': request({
    description: 'Declines on every device of the person.',
    needs: 'to be the one who is called',
    request: z.strictObject({ callId: callIdSchema, reason: z.enum(['declined', 'busy']).optional() }),
    reply: emptySchema,
    errors: ['notFound', 'callEnded', 'wrongState'],
  }),
  'call.cancel': request({
    description: 'Stops the ringing of a call that was not accepted yet.',
    needs: 'to be the caller, on the device that rang',
    request: callId,
    reply: emptySchema,
    errors: ['notFound', 'callEnded', 'wrongState'],
  }),
  'call.hangup': request({
    description: 'Ends an accepted call.',
    needs: 'to be one of its two devices',
    request: callId,
    reply: emptySchema,
    errors: ['notFound', 'callEnded', 'wrongState'],
  }),
  'call.signal': request({
    description: 'Relays a description or candidate to the other device of an accepted call, in order.',
    needs: 'to be one of its two devices',
    request: z.strictObject({ callId: callIdSchema, signal: callSignalSchema }),
    reply: emptySchema,
    errors: ['notFound', 'callEnded', 'wrongState', 'unavailable'],
  }),
  'call.resume': request({
    description:
      'Takes a call up again after a reconnect of the same device (`deviceId`), within the grace time. Signals that came meanwhile follow as call.signal.',
    needs: 'to be one of its devices',
    request: callId,
    reply: z.strictObject({
      callId: callIdSchema,
      state: callStateSchema,
      role: z.enum(['caller', 'callee']),
      peer: peerSchema,
      media: callMediaSchema,
      iceServers: iceServersSchema,
    }),
    errors: ['notFound', 'callEnded'],
  }),
} as const

/** What the server tells of calls, by event name. */
export const callNotices = {
  'call.incoming': notice({
    description:
      'Somebody rings. Sent to every device of the person, and again to a device that connects meanwhile.',
    payload: z.strictObject({
      callId: callIdSchema,
      from: peerSchema,
      media: callMediaSchema,
      expiresAt: timestampMsSchema.describe('When the ringing times out'),
    }),
  }),
  'call.accepted': notice({
    description: 'The call was accepted. Sent to the device that rang.',
    payload: z.strictObject({ callId: callIdSchema, by: identitySchema }),
  }),
  'call.ended': notice({
    description:
      'The call is over. Sent to every device that knew of it, but the one whose request ended it.',
    payload: z.strictObject({
      callId: callIdSchema,
      reason: callEndReasonSchema,
      by: identitySchema.optional().describe('Who ended it, when a person did'),
    }),
  }),
  'call.signal': notice({
    description: 'A description or candidate of the other device.',
    payload: z.strictObject({ callId: callIdSchema, signal: callSignalSchema }),
  }),
} as const
