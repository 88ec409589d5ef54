import type { PolicyReason, RoomPermission } from '@sangam/protocol'
import { policyReasons } from '@sangam/protocol'
import { hasPermission, type RoomGrant } from './grants.ts'
import { type CustomRoles, rankOf, roleDefinition } from './roles.ts'

/** What one action in a room asks for. */
export type RoomActionRule = {
  /** The right that both the token and the role must have. */
  readonly needs?: RoomPermission
  /** One has to be in the room. */
  readonly inside: boolean
  /** Only hosts may. */
  readonly hostOnly?: true
  /** It is done to somebody else, whom one has to outrank. `absentToo`: who need not be in the room. */
  readonly target?: 'inside' | 'absentToo'
}

/** Every action that a room's policy decides on: the table of docs/roles-and-policies.md. */
export const roomActions = {
  join: { inside: false },
  chat: { needs: 'chat', inside: false },
  subscribe: { needs: 'subscribe', inside: true },
  publishMicrophone: { needs: 'microphone', inside: true },
  publishCamera: { needs: 'camera', inside: true },
  publishScreen: { needs: 'screen', inside: true },
  publishData: { needs: 'data', inside: true },
  react: { inside: true },
  raiseHand: { inside: true },
  answerStage: { inside: true },
  record: { needs: 'record', inside: true },
  seeLobby: { needs: 'moderate', inside: true },
  admit: { needs: 'moderate', inside: true },
  changeSettings: { needs: 'moderate', inside: true },
  invite: { needs: 'moderate', inside: true },
  lowerHand: { needs: 'moderate', inside: true },
  moderateChat: { needs: 'moderate', inside: true },
  muteAll: { needs: 'moderate', inside: true },
  unban: { needs: 'moderate', inside: true },
  mute: { needs: 'moderate', inside: true, target: 'inside' },
  stopVideo: { needs: 'moderate', inside: true, target: 'inside' },
  inviteToStage: { needs: 'moderate', inside: true, target: 'inside' },
  setRole: { needs: 'moderate', inside: true, target: 'inside' },
  remove: { needs: 'moderate', inside: true, target: 'inside' },
  ban: { needs: 'moderate', inside: true, target: 'absentToo' },
  transferHost: { needs: 'moderate', inside: true, hostOnly: true, target: 'inside' },
  end: { needs: 'moderate', inside: true, hostOnly: true },
} as const satisfies { readonly [name: string]: RoomActionRule }

/** Name of an action. */
export type RoomAction = keyof typeof roomActions

/** All actions, in the order of the table. */
export const roomActionNames = Object.keys(roomActions) as RoomAction[]

/** A room as the policy sees it. */
export type RoomFacts = {
  readonly customRoles: CustomRoles
  readonly locked: boolean
  readonly lobby: boolean
  readonly ended: boolean
  readonly mayUnmute: boolean
  /** Whether one more does not fit by the room's own limit, and by the server's. */
  readonly full: false | 'room' | 'server'
}

/** Somebody as the policy sees them in a room. */
export type PersonFacts = {
  /** What the token grants in this room. */
  readonly grant: RoomGrant | undefined
  readonly role: string
  readonly banned: boolean
  /** Somebody let them in before, or they hold a valid invite. */
  readonly admitted: boolean
  readonly inRoom: boolean
  /** A moderator muted their microphone, and nobody took that back. */
  readonly muted: boolean
  /** Somebody offered them the role of a speaker. */
  readonly invitedToStage: boolean
}

/** May this person do this in this room? */
export type RoomQuestion = {
  readonly action: RoomAction
  readonly room: RoomFacts
  readonly person: PersonFacts
  /** To whom it is done. Undefined when nobody of that name is there. */
  readonly target?: { readonly role: string; readonly inRoom: boolean } | undefined
  /** With `setRole`: the role to give. */
  readonly role?: string | undefined
}

/** The policy's answer: may or may not, why as a closed code, and in one sentence. */
export type Decision = { readonly allowed: boolean; readonly code: PolicyReason; readonly reason: string }

/** Makes a decision out of its code. `reason` says more than the code's own sentence. */
export const decision = (code: PolicyReason, reason: string = policyReasons[code]): Decision => ({
  allowed: code === 'allowed',
  code,
  reason,
})

/**
 * The one place that decides what somebody may do in a room. Pure: the token's grant is the outer bound, the role
 * refines it, the room's state says the rest. The first reason against it is the answer.
 */
export const decideInRoom = (question: RoomQuestion): Decision => {
  const { action, person, room } = question
  const rule: RoomActionRule = roomActions[action]
  const { grant } = person
  if (grant?.join !== true) return decision('tokenLacksGrant', 'The token does not grant the room.')
  if (rule.needs !== undefined && !hasPermission(grant, rule.needs)) {
    return decision('tokenLacksGrant', `The token does not grant ${rule.needs} in this room.`)
  }
  if (person.banned) return decision('banned')
  if (action === 'join') return decideJoin(person, room)
  if (room.ended && !person.inRoom) return decision('roomEnded')
  if (action === 'chat' && !person.inRoom && !mayComeAndGo(person, room)) return decision('notInRoom')
  if (rule.inside && !person.inRoom) return decision('notInRoom')
  return decideByRole(question, rule)
}

const moderates = ({ grant, role }: PersonFacts, { customRoles }: RoomFacts): boolean =>
  grant !== undefined && grant.moderate !== false && roleDefinition(role, customRoles)?.moderate === true

const mayComeAndGo = (person: PersonFacts, room: RoomFacts): boolean =>
  moderates(person, room) || (!room.locked && (!room.lobby || person.admitted))

/** Entering anew. Who comes back to a place that waits for them passes by lock, lobby and size: they are in the room. */
const decideJoin = (person: PersonFacts, room: RoomFacts): Decision => {
  const moderator = moderates(person, room)
  if (room.ended && !moderator) return decision('roomEnded')
  if (person.inRoom) return decision('allowed')
  if (room.locked && !moderator) return decision('roomLocked')
  if (room.full === 'server' || (room.full === 'room' && !moderator)) return decision('roomFull')
  if (room.lobby && !moderator && !person.admitted) return decision('waitInLobby')
  return decision('allowed')
}

const decideByRole = (question: RoomQuestion, rule: RoomActionRule): Decision => {
  const { action, person, room } = question
  const definition = roleDefinition(person.role, room.customRoles)
  if (rule.hostOnly === true && person.role !== 'host') {
    return decision('roleLacksPermission', 'Only a host may do this.')
  }
  if (rule.needs !== undefined && (definition === undefined || !hasPermission(definition, rule.needs))) {
    return decision('roleLacksPermission', `The role ${person.role} does not have the right ${rule.needs}.`)
  }
  if (action === 'publishMicrophone' && person.muted && !room.mayUnmute && !moderates(person, room)) {
    return decision('mutedByModerator')
  }
  if (action === 'answerStage' && !person.invitedToStage) return decision('notInvited')
  return rule.target === undefined ? decision('allowed') : decideOnTarget(question, rule)
}

const decideOnTarget = (
  { action, person, room, target, role }: RoomQuestion,
  rule: RoomActionRule,
): Decision => {
  if (target === undefined || (rule.target === 'inside' && !target.inRoom)) return decision('targetNotFound')
  const { customRoles } = room
  const rank = rankOf(person.role, customRoles)
  if (rank <= rankOf(target.role, customRoles)) return decision('targetOutranks')
  if (action !== 'setRole') return decision('allowed')
  if (role === undefined || roleDefinition(role, customRoles) === undefined) return decision('unknownRole')
  return rank <= rankOf(role, customRoles)
    ? decision('targetOutranks', 'A role can be given by those of a higher rank only.')
    : decision('allowed')
}
