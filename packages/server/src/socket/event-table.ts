import type {
  ClientEventName,
  ParsedRequestOf,
  ReplyOf,
  roomMessageRequests,
  roomModerationRequests,
} from '@sangam/protocol'
import { type Action, roomOfConversation } from '../access/policy.ts'
import type { CallService } from '../calls/call-service.ts'
import type { CareService } from '../care/care-service.ts'
import type { ChatService } from '../chat/chat-service.ts'
import type { MembershipService } from '../chat/membership-service.ts'
import type { MessageService } from '../chat/message-service.ts'
import type { Session } from '../ports.ts'
import type { PreviewService } from '../previews/preview-service.ts'
import type { PushService } from '../push/push-service.ts'
import { requestErrors } from '../request-errors.ts'
import type { RoomAccess } from '../rooms/room-access.ts'
import type { RoomLobby } from '../rooms/room-lobby.ts'
import type { RoomMediaRequests } from '../rooms/room-media-requests.ts'
import type { RoomMessaging } from '../rooms/room-messaging.ts'
import type { RoomModeration } from '../rooms/room-moderation.ts'
import type { RoomNotices } from '../rooms/room-notices.ts'
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
  readonly messages: MessageService
  readonly members: MembershipService
  readonly calls: CallService
  readonly push: PushService
  readonly care: CareService
  readonly previews: PreviewService
  readonly room: RoomTargets
  readonly renewToken: EventRule<'token.renew'>['handle']
  readonly setPresence: EventRule<'presence.set'>['handle']
  readonly listPeople: EventRule<'people.list'>['handle']
}

/** The parts that serve rooms. */
export type RoomTargets = {
  readonly rooms: Pick<RoomService, 'join' | 'leave'>
  readonly access: RoomAccess
  readonly notices: RoomNotices
  readonly media: RoomMediaRequests
  readonly lobby: RoomLobby
  readonly moderation: RoomModeration
  readonly messaging: RoomMessaging
}

type InRoom = { readonly roomId: string }
const joining = ({ roomId }: InRoom): Action => ({ type: 'room.join', roomId })
const publishing = ({ roomId }: InRoom): Action => ({ type: 'room.publish', roomId })
const subscribing = ({ roomId }: InRoom): Action => ({ type: 'room.subscribe', roomId })
const reading = ({ conversationId }: { readonly conversationId: string }): Action => ({
  type: 'conversation.read',
  conversationId,
})
const writing = ({ conversationId }: { readonly conversationId: string }): Action => ({
  type: 'conversation.write',
  conversationId,
})

/** A room's own chat is for those whom the room lets read and write it, whatever the token grants besides. */
const inChat = <Reply>(
  access: RoomAccess,
  session: Session,
  conversationId: string,
  run: () => Reply | Promise<Reply>,
): Reply | Promise<Reply> => {
  const roomId = roomOfConversation(conversationId)
  if (roomId === undefined) return run()
  return access.decideChat(session, roomId).then(({ allowed, code, reason }) => {
    if (!allowed) throw requestErrors.notAllowed(code, reason)
    return run()
  })
}

/**
 * Runs what a moderator may do in a chat, as one in the chat of a room that the session moderates.
 * @param orElse what the others need there
 */
const inChatAs = async <Reply>(
  access: RoomAccess,
  session: Session,
  conversationId: string,
  run: (standing?: 'moderator') => Promise<Reply>,
  orElse: 'chat' | 'refuse',
): Promise<Reply> => {
  const roomId = roomOfConversation(conversationId)
  if (roomId === undefined) return run()
  const { allowed, code, reason } = await access.decideChat(session, roomId, 'moderateChat')
  if (allowed) return run('moderator')
  if (orElse === 'refuse') throw requestErrors.notAllowed(code, reason)
  return inChat(access, session, conversationId, () => run())
}

type RoomRuleName = keyof typeof roomModerationRequests | keyof typeof roomMessageRequests

/** The rules, the lobby and the messages of rooms. What the token must grant is the room policy's to ask. */
const roomRules = ({
  lobby,
  moderation,
  messaging,
}: RoomTargets): { readonly [Name in RoomRuleName]: EventRule<Name> } => ({
  'room.knock': {
    rate: 'start',
    action: joining,
    handle: (session, request) => lobby.knock(session, request),
  },
  'room.stopWaiting': { rate: 'light', handle: (session, request) => lobby.stopWaiting(session, request) },
  'room.lobby': { rate: 'light', handle: (session, request) => lobby.list(session, request) },
  'room.admit': { rate: 'light', handle: (session, request) => lobby.admit(session, request) },
  'room.admitAll': { rate: 'light', handle: (session, request) => lobby.admitAll(session, request) },
  'room.refuse': { rate: 'light', handle: (session, request) => lobby.refuse(session, request) },
  'room.changeSettings': {
    rate: 'light',
    handle: (session, request) => moderation.changeSettings(session, request),
  },
  'room.createInvite': {
    rate: 'start',
    handle: (session, request) => moderation.createInvite(session, request),
  },
  'room.invites': { rate: 'light', handle: (session, request) => moderation.invites(session, request) },
  'room.revokeInvite': {
    rate: 'light',
    handle: (session, request) => moderation.revokeInvite(session, request),
  },
  'room.setHand': { rate: 'react', handle: (session, request) => moderation.setHand(session, request) },
  'room.lowerHand': { rate: 'light', handle: (session, request) => moderation.lowerHand(session, request) },
  'room.inviteToStage': {
    rate: 'light',
    handle: (session, request) => moderation.inviteToStage(session, request),
  },
  'room.answerStage': {
    rate: 'light',
    handle: (session, request) => moderation.answerStage(session, request),
  },
  'room.mute': { rate: 'light', handle: (session, request) => moderation.mute(session, request) },
  'room.muteAll': { rate: 'light', handle: (session, request) => moderation.muteAll(session, request) },
  'room.allowUnmute': {
    rate: 'light',
    handle: (session, request) => moderation.allowUnmute(session, request),
  },
  'room.stopVideo': { rate: 'light', handle: (session, request) => moderation.stopVideo(session, request) },
  'room.setRole': { rate: 'light', handle: (session, request) => moderation.setRole(session, request) },
  'room.transferHost': {
    rate: 'light',
    handle: (session, request) => moderation.transferHost(session, request),
  },
  'room.remove': { rate: 'light', handle: (session, request) => moderation.remove(session, request) },
  'room.ban': { rate: 'light', handle: (session, request) => moderation.ban(session, request) },
  'room.unban': { rate: 'light', handle: (session, request) => moderation.unban(session, request) },
  'room.bans': { rate: 'light', handle: (session, request) => moderation.bans(session, request) },
  'room.end': { rate: 'light', handle: (session, request) => moderation.end(session, request) },
  'room.react': { rate: 'react', handle: (session, request) => messaging.react(session, request) },
  'room.sendMessage': { rate: 'data', handle: (session, request) => messaging.sendMessage(session, request) },
  'room.invoke': { rate: 'data', handle: (session, request) => messaging.invoke(session, request) },
  'room.answerInvoke': {
    rate: 'data',
    handle: (session, request) => messaging.answerInvoke(session, request),
  },
})

/** Builds the table: the whole surface that a connection can reach, on one page. */
export const createEventTable = (targets: EventTargets): EventTable => {
  const { chat, messages, members, calls, push, care, previews, room } = targets
  const { renewToken, setPresence, listPeople } = targets
  const { rooms, access, notices, media } = room
  return {
    ...roomRules(room),
    'token.renew': { rate: 'light', handle: renewToken },
    'presence.set': { rate: 'light', handle: setPresence },
    'people.list': { rate: 'light', action: () => ({ type: 'people.see' }), handle: listPeople },

    'person.block': { rate: 'light', handle: (session, request) => care.block(session, request) },
    'person.blocked': { rate: 'light', handle: (session) => care.blocked(session) },
    'person.report': { rate: 'search', handle: (session, request) => care.reportPerson(session, request) },
    'message.report': {
      rate: 'light',
      action: reading,
      handle: (session, request) => care.report(session, request),
    },
    'conversation.care': {
      rate: 'light',
      action: reading,
      handle: (session, request) => care.settings(session, request),
    },
    'conversation.setCare': {
      rate: 'light',
      action: ({ conversationId }) => ({ type: 'conversation.write', conversationId }),
      handle: (session, request) => care.setSettings(session, request),
    },
    'conversation.reports': {
      rate: 'search',
      action: ({ conversationId }) => ({ type: 'conversation.write', conversationId }),
      handle: (session, request) => care.conversationReports(session, request),
    },
    'conversation.dismissReports': {
      rate: 'light',
      action: ({ conversationId }) => ({ type: 'conversation.write', conversationId }),
      handle: (session, request) => care.dismissReports(session, request),
    },
    'message.preview': {
      rate: 'search',
      action: ({ conversationId }) => ({ type: 'conversation.write', conversationId }),
      handle: (session, request) => previews.preview(session, request),
    },

    'push.key': { rate: 'light', handle: () => push.publicKey() },
    'push.subscribe': { rate: 'light', handle: (session, request) => push.subscribe(session, request) },
    'push.unsubscribe': { rate: 'light', handle: (session, request) => push.unsubscribe(session, request) },

    'conversation.open': {
      rate: 'light',
      action: (request) => ('withIdentity' in request ? { type: 'direct.open' } : reading(request)),
      handle: (session, request) =>
        inChat(access, session, 'conversationId' in request ? request.conversationId : '', () =>
          chat.open(session, request),
        ),
    },
    'conversation.list': { rate: 'light', handle: (session) => chat.list(session) },
    'conversation.history': {
      rate: 'light',
      action: reading,
      handle: (session, request) =>
        inChat(access, session, request.conversationId, () => chat.history(session, request)),
    },
    'conversation.send': {
      rate: 'send',
      action: writing,
      handle: (session, request) =>
        inChat(access, session, request.conversationId, () => chat.send(session, request)),
    },
    'conversation.read': {
      rate: 'light',
      action: reading,
      handle: (session, request) =>
        inChat(access, session, request.conversationId, () => chat.read(session, request)),
    },
    'conversation.delivered': {
      rate: 'light',
      action: reading,
      handle: (session, request) =>
        inChat(access, session, request.conversationId, () => chat.delivered(session, request)),
    },
    'conversation.search': {
      rate: 'search',
      // Without a conversation it searches those of which one is a member.
      handle: (session, request) =>
        inChat(access, session, request.conversationId ?? '', () => chat.search(session, request)),
    },
    'conversation.changes': {
      rate: 'light',
      action: reading,
      handle: (session, request) =>
        inChat(access, session, request.conversationId, () => messages.changes(session, request)),
    },
    'conversation.pinned': {
      rate: 'light',
      action: reading,
      handle: (session, request) =>
        inChat(access, session, request.conversationId, () => messages.pinned(session, request)),
    },
    'message.edit': {
      rate: 'send',
      action: writing,
      handle: (session, request) =>
        inChat(access, session, request.conversationId, () => messages.edit(session, request)),
    },
    'message.delete': {
      rate: 'send',
      action: writing,
      handle: (session, request) =>
        inChatAs(
          access,
          session,
          request.conversationId,
          (standing) => messages.delete(session, request, standing),
          'chat',
        ),
    },
    'message.react': {
      rate: 'send',
      action: writing,
      handle: (session, request) =>
        inChat(access, session, request.conversationId, () => messages.react(session, request)),
    },
    'message.pin': {
      rate: 'send',
      action: writing,
      handle: (session, request) =>
        inChatAs(
          access,
          session,
          request.conversationId,
          (standing) => messages.pin(session, request, standing),
          'refuse',
        ),
    },
    'message.versions': {
      rate: 'light',
      action: reading,
      handle: (session, request) =>
        inChat(access, session, request.conversationId, () => messages.versions(session, request)),
    },

    // What it needs is granted for the id that it derives.
    'conversation.create': { rate: 'start', handle: (session, request) => members.create(session, request) },
    'conversation.rename': {
      rate: 'light',
      action: writing,
      handle: (session, request) => members.rename(session, request),
    },
    'conversation.invite': {
      rate: 'light',
      action: writing,
      handle: (session, request) => members.invite(session, request),
    },
    'conversation.remove': {
      rate: 'light',
      action: writing,
      handle: (session, request) => members.remove(session, request),
    },
    'conversation.leave': {
      rate: 'light',
      // Whose grant was taken away may still leave.
      handle: (session, request) => members.leave(session, request),
    },
    'conversation.setRole': {
      rate: 'light',
      action: writing,
      handle: (session, request) => members.setRole(session, request),
    },
    'conversation.setPreferences': {
      rate: 'light',
      action: reading,
      handle: (session, request) => members.setPreferences(session, request),
    },
    'conversation.typing': {
      rate: 'typing',
      action: writing,
      handle: (session, request) =>
        inChat(access, session, request.conversationId, () => members.typing(session, request)),
    },

    'call.start': {
      rate: 'start',
      action: () => ({ type: 'call.start' }),
      handle: (session, request) => {
        if (care.hasBlocked(request.to, session.identity)) throw requestErrors.offline()
        return calls.start(session, request)
      },
    },
    'call.accept': { rate: 'light', handle: (session, request) => calls.accept(session, request) },
    'call.reject': { rate: 'light', handle: (session, request) => calls.reject(session, request) },
    'call.cancel': { rate: 'light', handle: (session, request) => calls.cancel(session, request) },
    'call.hangup': { rate: 'light', handle: (session, request) => calls.hangup(session, request) },
    'call.signal': { rate: 'signal', handle: (session, request) => calls.signal(session, request) },
    'call.resume': { rate: 'light', handle: (session, request) => calls.resume(session, request) },

    'room.list': { rate: 'light', handle: (session) => notices.listFor(session) },
    // What the token grants is asked there: without it, a place that waits is given up.
    'room.join': { rate: 'start', handle: (session, request) => rooms.join(session, request) },
    'room.leave': { rate: 'light', handle: (session, request) => rooms.leave(session, request) },
    'room.openMedia': {
      rate: 'start',
      action: joining,
      handle: (session, request) => media.openMedia(session, request),
    },
    // What it may publish and receive is decided there: one request may ask for both.
    'room.connectMedia': {
      rate: 'media',
      action: (request) => (request.tracks.length > 0 ? publishing(request) : joining(request)),
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
    'room.restartIce': { rate: 'media', handle: (session, request) => media.restartIce(session, request) },
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
  }
}
