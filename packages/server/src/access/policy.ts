import { entryOf, type Grants, hasPermission, type RoomGrant } from './grants.ts'

/** Something that a token may or may not allow. */
export type Action =
  | {
      readonly type: 'room.join' | 'room.list' | 'room.publish' | 'room.subscribe' | 'room.chat'
      readonly roomId: string
    }
  | { readonly type: 'conversation.read' | 'conversation.write'; readonly conversationId: string }
  | { readonly type: 'direct.open' }
  | { readonly type: 'call.start' }
  | { readonly type: 'people.see' }

/** The policy's answer. `reason` names the grant that is missing. */
export type Verdict = { readonly allowed: true } | { readonly allowed: false; readonly reason: string }

const allowed: Verdict = { allowed: true }
const refused = (reason: string): Verdict => ({ allowed: false, reason })
const when = (granted: boolean | undefined, reason: string): Verdict =>
  granted === true ? allowed : refused(reason)

const roomPrefix = 'room:'
const directPrefix = 'direct:'
const publishable = ['microphone', 'camera', 'screen', 'data'] as const

/** Id of a room's own chat. */
export const conversationIdOfRoom = (roomId: string): string => `${roomPrefix}${roomId}`

/** The room whose chat a conversation is; undefined when it is none. */
export const roomOfConversation = (conversationId: string): string | undefined =>
  conversationId.startsWith(roomPrefix) ? conversationId.slice(roomPrefix.length) : undefined

/** What kind of conversation an id names. */
export const conversationKindOf = (conversationId: string): 'room' | 'direct' | 'group' =>
  conversationId.startsWith(roomPrefix)
    ? 'room'
    : conversationId.startsWith(directPrefix)
      ? 'direct'
      : 'group'

const mayInRoom = (
  grants: Grants,
  right: 'join' | 'list' | 'publish' | 'subscribe' | 'chat',
  roomId: string,
): Verdict => {
  const entry = entryOf(grants.rooms, roomId)
  if (entry?.join !== true) return refused(`the token does not grant rooms["${roomId}"].join`)
  return when(isGranted(entry, right), `the token does not grant rooms["${roomId}"].${right}`)
}

const isGranted = (entry: RoomGrant, right: 'join' | 'list' | 'publish' | 'subscribe' | 'chat'): boolean =>
  right === 'publish' ? publishable.some((source) => hasPermission(entry, source)) : entry[right] !== false

const mayInConversation = (grants: Grants, right: 'read' | 'write', conversationId: string): Verdict => {
  switch (conversationKindOf(conversationId)) {
    case 'room':
      return mayInRoom(grants, 'chat', conversationId.slice(roomPrefix.length))
    case 'direct':
      return when(grants.direct, 'the token does not grant direct')
    case 'group': {
      const entry = entryOf(grants.conversations, conversationId)
      if (entry?.read !== true)
        return refused(`the token does not grant conversations["${conversationId}"].read`)
      return when(entry[right], `the token does not grant conversations["${conversationId}"].${right}`)
    }
  }
}

/**
 * The one place that decides what a token allows. Pure; whether a person is a member of a direct conversation, owns a
 * transport or belongs to a call is state, and the parts that hold that state ask for it besides.
 */
export const may = (grants: Grants, action: Action): Verdict => {
  switch (action.type) {
    case 'room.join':
      return mayInRoom(grants, 'join', action.roomId)
    case 'room.list':
      return mayInRoom(grants, 'list', action.roomId)
    case 'room.publish':
      return mayInRoom(grants, 'publish', action.roomId)
    case 'room.subscribe':
      return mayInRoom(grants, 'subscribe', action.roomId)
    case 'room.chat':
      return mayInRoom(grants, 'chat', action.roomId)
    case 'conversation.read':
      return mayInConversation(grants, 'read', action.conversationId)
    case 'conversation.write':
      return mayInConversation(grants, 'write', action.conversationId)
    case 'direct.open':
      return when(grants.direct, 'the token does not grant direct')
    case 'call.start':
      return when(grants.call, 'the token does not grant call')
    case 'people.see':
      return when(grants.people, 'the token does not grant people')
  }
}
