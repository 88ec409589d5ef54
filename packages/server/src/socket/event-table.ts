import type { ClientEventName, ParsedRequestOf, ReplyOf } from '@sangam/protocol'
import type { Action } from '../access/policy.ts'
import type { CallService } from '../calls/call-service.ts'
import type { ChatService } from '../chat/chat-service.ts'
import type { Session } from '../ports.ts'
import type { RoomMediaRequests } from '../rooms/room-media-requests.ts'
import type { RoomService } from '../rooms/room-service.ts'
import type { RateClass } from './rate-limit.ts'

/** How one event is handled: its rate class, what the token must grant, and the work. */
export type EventRule<Name extends ClientEventName> = {
  readonly rate: RateClass
  /** What the token must allow. Events without it ask for what only the state can tell (membership, ownership). */
  readonly action?: (request: ParsedRequestOf<Name>) => Action
  readonly handle: (
    session: Session,
    request: ParsedRequestOf<Name>,
  ) => ReplyOf<Name> | Promise<ReplyOf<Name>>
}

/** A rule for every event of the protocol: one that is missing does not compile. */
export type EventTable = { readonly [Name in ClientEventName]: EventRule<Name> }

/** The parts that do the work. */
export type EventTargets = {
  readonly chat: ChatService
  readonly calls: CallService
  readonly rooms: RoomService
  readonly media: RoomMediaRequests
  readonly renewToken: EventRule<'token.renew'>['handle']
  readonly setPresence: EventRule<'presence.set'>['handle']
  readonly listPeople: EventRule<'people.list'>['handle']
}

type InRoom = { readonly roomId: string }
const joining = ({ roomId }: InRoom): Action => ({ type: 'room.join', roomId })
const publishing = ({ roomId }: InRoom): Action => ({ type: 'room.publish', roomId })
const subscribing = ({ roomId }: InRoom): Action => ({ type: 'room.subscribe', roomId })
const reading = ({ conversationId }: { readonly conversationId: string }): Action => ({
  type: 'conversation.read',
  conversationId,
})

/** Builds the table: the whole surface that a connection can reach, on one page. */
export const createEventTable = (targets: EventTargets): EventTable => {
  const { chat, calls, rooms, media, renewToken, setPresence, listPeople } = targets
  return {
    'token.renew': { rate: 'light', handle: renewToken },
    'presence.set': { rate: 'light', handle: setPresence },
    'people.list': { rate: 'light', action: () => ({ type: 'people.see' }), handle: listPeople },

    'conversation.open': {
      rate: 'light',
      action: (request) => ('withIdentity' in request ? { type: 'direct.open' } : reading(request)),
      handle: (session, request) => chat.open(session, request),
    },
    'conversation.list': { rate: 'light', handle: (session) => chat.list(session) },
    'conversation.history': {
      rate: 'light',
      action: reading,
      handle: (session, request) => chat.history(session, request),
    },
    'conversation.send': {
      rate: 'send',
      action: ({ conversationId }) => ({ type: 'conversation.write', conversationId }),
      handle: (session, request) => chat.send(session, request),
    },
    'conversation.read': {
      rate: 'light',
      action: reading,
      handle: (session, request) => chat.read(session, request),
    },

    'call.start': {
      rate: 'start',
      action: () => ({ type: 'call.start' }),
      handle: (session, request) => calls.start(session, request),
    },
    'call.accept': { rate: 'light', handle: (session, request) => calls.accept(session, request) },
    'call.reject': { rate: 'light', handle: (session, request) => calls.reject(session, request) },
    'call.cancel': { rate: 'light', handle: (session, request) => calls.cancel(session, request) },
    'call.hangup': { rate: 'light', handle: (session, request) => calls.hangup(session, request) },
    'call.signal': { rate: 'signal', handle: (session, request) => calls.signal(session, request) },
    'call.resume': { rate: 'light', handle: (session, request) => calls.resume(session, request) },

    'room.list': { rate: 'light', handle: (session) => rooms.list(session) },
    'room.join': {
      rate: 'start',
      action: joining,
      handle: (session, request) => rooms.join(session, request),
    },
    'room.leave': { rate: 'light', handle: (session, request) => rooms.leave(session, request) },
    'room.openMedia': {
      rate: 'start',
      action: joining,
      handle: (session, request) => media.openMedia(session, request),
    },
    // What it may publish and receive is decided there: one request may ask for both.
    'room.connectMedia': {
      rate: 'media',
      action: joining,
      handle: (session, request) => media.connectMedia(session, request),
    },
    'room.publish': {
      rate: 'media',
      action: publishing,
      handle: (session, request) => media.publish(session, request),
    },
    'room.consumersReady': {
      rate: 'media',
      action: subscribing,
      handle: (session, request) => media.consumersReady(session, request),
    },
    'room.setView': { rate: 'media', handle: (session, request) => media.setView(session, request) },
    'room.createTransport': {
      rate: 'start',
      action: (request) => (request.direction === 'send' ? publishing(request) : subscribing(request)),
      handle: (session, request) => media.createTransport(session, request),
    },
    'room.connectTransport': {
      rate: 'media',
      handle: (session, request) => media.connectTransport(session, request),
    },
    'room.restartIce': { rate: 'media', handle: (session, request) => media.restartIce(session, request) },
    'room.produce': {
      rate: 'media',
      action: publishing,
      handle: (session, request) => media.produce(session, request),
    },
    'room.pauseProducer': {
      rate: 'media',
      handle: (session, request) => media.pauseProducer(session, request),
    },
    'room.resumeProducer': {
      rate: 'media',
      action: publishing,
      handle: (session, request) => media.resumeProducer(session, request),
    },
    'room.closeProducer': {
      rate: 'media',
      handle: (session, request) => media.closeProducer(session, request),
    },
    'room.consume': {
      rate: 'media',
      action: subscribing,
      handle: (session, request) => media.consume(session, request),
    },
    'room.pauseConsumer': {
      rate: 'media',
      handle: (session, request) => media.controlConsumer(session, request, 'pause'),
    },
    'room.resumeConsumer': {
      rate: 'media',
      action: subscribing,
      handle: (session, request) => media.controlConsumer(session, request, 'resume'),
    },
    'room.closeConsumer': {
      rate: 'media',
      handle: (session, request) => media.controlConsumer(session, request, 'close'),
    },
    'room.requestKeyFrame': {
      rate: 'media',
      action: subscribing,
      handle: (session, request) => media.controlConsumer(session, request, 'requestKeyFrame'),
    },
  }
}
