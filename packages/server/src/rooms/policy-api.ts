import type { PolicyReason } from '@sangam/protocol'
import { type Grants, type GrantsInput, grantsSchema } from '../access/grants.ts'
import { type Action, may } from '../access/policy.ts'
import {
  type Decision,
  decideInRoom,
  decision,
  type RoomAction,
  roomActionNames,
  roomActions,
} from '../access/room-policy.ts'
import type { LiveRooms } from './live-rooms.ts'
import type { RecordBook } from './record-book.ts'
import type { RoomAccess } from './room-access.ts'
import { grantIn, memberFacts, personFacts, targetIn } from './room-gate.ts'
import { roleOnRecord } from './room-record.ts'

/** Whom a question is about. Without grants those of the person's connection count. */
export type PolicySubject = { readonly identity: string; readonly grants?: GrantsInput }

/** Actions that are asked of no room. */
const serverActions = [
  'conversation.read',
  'conversation.write',
  'direct.open',
  'call.start',
  'people.see',
] as const

/** What is asked: an action in a room, or one of the server's own. */
export type PolicyAction = RoomAction | (typeof serverActions)[number]

/** All of them. */
export const policyActionNames: readonly PolicyAction[] = [...roomActionNames, ...serverActions]

/** Where it is to be done, and to whom. */
export type PolicyPlace = {
  readonly roomId?: string
  readonly conversationId?: string
  /** Identity of who it is done to. */
  readonly target?: string
  /** With `setRole`: the role to give. */
  readonly role?: string
}

/** May or may not, and why: a code of the protocol's `policyReasons` and one sentence. */
export type Explanation = { readonly allowed: boolean; readonly code: PolicyReason; readonly reason: string }

/** What an operator or an application may ask of the policy. Nothing is changed by asking. */
export type PolicyApi = {
  /** @throws TypeError when the question lacks its room or conversation, or its grants do not fit */
  readonly explain: (who: PolicySubject, what: PolicyAction, where?: PolicyPlace) => Promise<Explanation>
}

/** What {@link createPolicyApi} needs. */
export type PolicyApiOptions = {
  readonly live: LiveRooms
  readonly access: RoomAccess
  readonly book: RecordBook
  /** Grants of a person's newest connection. */
  readonly grantsOf: (identity: string) => Grants | undefined
}

const isRoomAction = (action: PolicyAction): action is RoomAction => Object.hasOwn(roomActions, action)

/** Builds the policy's dry run. */
export const createPolicyApi = ({ live, access, book, grantsOf }: PolicyApiOptions): PolicyApi => {
  const inRoom = async (
    identity: string,
    grants: Grants,
    action: RoomAction,
    { roomId = '', target, role }: PolicyPlace,
  ): Promise<Decision> => {
    const entry = await book.open(roomId, roomId.slice(0, 64))
    const { record } = entry
    try {
      const room = live.get(roomId)?.room
      const [member] = room?.membersOf(identity) ?? []
      if (action === 'join' && member === undefined) {
        return access.decideEntry({ identity, deviceId: '', grants }, entry)
      }
      const grant = grantIn(grants, roomId)
      const outside = { ...personFacts(record, identity, grant), inRoom: false, invitedToStage: false }
      return decideInRoom({
        action,
        room: access.facts(record, room?.size ?? 0),
        person:
          room === undefined || member === undefined ? outside : { ...memberFacts(room, member), grant },
        target:
          target === undefined
            ? undefined
            : room === undefined
              ? { role: roleOnRecord(record, target, undefined), inRoom: false }
              : targetIn(room, target),
        role,
      })
    } finally {
      live.releaseIfUnused(roomId)
    }
  }

  return {
    explain: async (who, what, where = {}) => {
      const grants = who.grants === undefined ? grantsOf(who.identity) : grantsFrom(who.grants)
      if (grants === undefined) return decision('grantsUnknown')
      if (isRoomAction(what)) {
        if (where.roomId === undefined) throw new TypeError(`${what} is asked of a room: say which.`)
        return inRoom(who.identity, grants, what, where)
      }
      const verdict = may(grants, actionOf(what, where))
      return verdict.allowed
        ? decision('allowed')
        : decision('tokenLacksGrant', `${sentence(verdict.reason)}.`)
    },
  }
}

const grantsFrom = (input: GrantsInput): Grants => {
  const parsed = grantsSchema.safeParse(input)
  if (!parsed.success) throw new TypeError(`The grants are not valid: ${parsed.error.message}`)
  return parsed.data
}

const actionOf = (what: Exclude<PolicyAction, RoomAction>, { conversationId }: PolicyPlace): Action => {
  if (what !== 'conversation.read' && what !== 'conversation.write') return { type: what }
  if (conversationId === undefined) throw new TypeError(`${what} is asked of a conversation: say which.`)
  return { type: what, conversationId }
}

const sentence = (words: string): string => `${words.charAt(0).toUpperCase()}${words.slice(1)}`
