import type * as z from 'zod'
import { callNotices, callRequests } from './call.ts'
import { careNotices, careRequests } from './care.ts'
import { conversationNotices, conversationRequests } from './conversation.ts'
import type { Ack } from './errors.ts'
import { membershipNotices, membershipRequests } from './membership.ts'
import { messageNotices, messageRequests } from './message.ts'
import { presenceNotices, presenceRequests } from './presence.ts'
import { pushRequests } from './push.ts'
import { roomNotices, roomRequests } from './room.ts'
import { roomMediaNotices, roomMediaRequests } from './room-media.ts'
import { roomMessageNotices, roomMessageRequests } from './room-messages.ts'
import { roomModerationNotices, roomModerationRequests } from './room-moderation.ts'
import { sessionNotices, sessionRequests } from './session.ts'

/** Every event that a client may send, with request, reply, needs and errors. */
export const clientEvents = {
  ...sessionRequests,
  ...presenceRequests,
  ...pushRequests,
  ...careRequests,
  ...conversationRequests,
  ...messageRequests,
  ...membershipRequests,
  ...callRequests,
  ...roomRequests,
  ...roomMediaRequests,
  ...roomModerationRequests,
  ...roomMessageRequests,
} as const

/** Every event that the server may send. */
export const serverEvents = {
  ...sessionNotices,
  ...presenceNotices,
  ...conversationNotices,
  ...messageNotices,
  ...membershipNotices,
  ...callNotices,
  ...careNotices,
  ...roomNotices,
  ...roomMediaNotices,
  ...roomModerationNotices,
  ...roomMessageNotices,
} as const

/** Name of an event from client to server. */
export type ClientEventName = keyof typeof clientEvents
/** Name of an event from server to client. */
export type ServerEventName = keyof typeof serverEvents

/** What a client puts into an event (defaults may be left out). */
export type RequestOf<Name extends ClientEventName> = z.input<(typeof clientEvents)[Name]['request']>
/** What the server reads from an event after validation (defaults filled in). */
export type ParsedRequestOf<Name extends ClientEventName> = z.output<(typeof clientEvents)[Name]['request']>
/** The value of an event's successful acknowledgement. */
export type ReplyOf<Name extends ClientEventName> = z.output<(typeof clientEvents)[Name]['reply']>
/** What an event from the server holds. */
export type PayloadOf<Name extends ServerEventName> = z.output<(typeof serverEvents)[Name]['payload']>

/** Typed event map of Socket.IO, client to server. */
export type ClientToServerEvents = {
  [Name in ClientEventName]: (
    payload: RequestOf<Name>,
    acknowledge: (ack: Ack<ReplyOf<Name>>) => void,
  ) => void
}

/** Typed event map of Socket.IO, server to client. */
export type ServerToClientEvents = {
  [Name in ServerEventName]: (payload: PayloadOf<Name>) => void
}
