import type { RoomPermission, TrackSource } from '@sangam/protocol'
import { entryOf, type Grants, type RoomGrant } from '../access/grants.ts'
import { permissionsOf, roleDefinition } from '../access/roles.ts'
import {
  type Decision,
  decideInRoom,
  type PersonFacts,
  type RoomAction,
  type RoomFacts,
} from '../access/room-policy.ts'
import type { Member, Room } from './room.ts'
import { type RoomRecord, roleOnRecord } from './room-record.ts'

// Between a room's state and the policy: gathers the facts that a decision rests on. Pure.

/** The right that publishing a source asks for. */
export const permissionFor = (source: TrackSource): RoomPermission & ('microphone' | 'camera' | 'screen') =>
  source === 'screenAudio' ? 'screen' : source

/** The action that publishing a source is. */
export const publishActionFor = (source: TrackSource): RoomAction =>
  (({ microphone: 'publishMicrophone', camera: 'publishCamera', screen: 'publishScreen' }) as const)[
    permissionFor(source)
  ]

/** What a token grants in a room. */
export const grantIn = (grants: Grants, roomId: string): RoomGrant | undefined =>
  entryOf(grants.rooms, roomId)

/** A room as the policy sees it. `size`: how many places are taken, those apart that a newcomer would take over. */
export const roomFacts = (
  record: RoomRecord,
  { size, mostParticipants, nowMs }: { size: number; mostParticipants: number; nowMs: number },
): RoomFacts => {
  const { settings, customRoles } = record
  const ownMost = settings.maxParticipants ?? Number.POSITIVE_INFINITY
  return {
    customRoles,
    locked: settings.locked,
    lobby: settings.lobby,
    ended: record.isEnded(nowMs),
    mayUnmute: settings.mayUnmute,
    full: size >= mostParticipants ? 'server' : size >= ownMost ? 'room' : false,
  }
}

/** Somebody as the policy sees them, by their role on record. */
export const personFacts = (
  record: RoomRecord,
  identity: string,
  grant: RoomGrant | undefined,
): Omit<PersonFacts, 'inRoom' | 'invitedToStage'> => {
  const person = record.person(identity)
  return {
    grant,
    role: roleOnRecord(record, identity, grant?.role),
    banned: person?.standing === 'banned',
    admitted: person?.standing === 'admitted',
    muted: person?.muted.includes('microphone') === true,
  }
}

/** A participant as the policy sees them, by their role in force. */
export const memberFacts = (room: Room, member: Member): PersonFacts => ({
  ...personFacts(room.record, member.identity, member.grant),
  role: member.role,
  inRoom: true,
  invitedToStage: member.isInvitedToStage,
})

/** What an action is done to, and with. */
export type ActionDetails = {
  readonly targetIdentity?: string | undefined
  readonly role?: string | undefined
}

/** Decides whether a participant may do something. */
export const decideForMember = (
  room: Room,
  member: Member,
  action: RoomAction,
  { targetIdentity, role }: ActionDetails,
  facts: RoomFacts,
): Decision =>
  decideInRoom({
    action,
    room: facts,
    person: memberFacts(room, member),
    target: targetIdentity === undefined ? undefined : targetIn(room, targetIdentity),
    role,
  })

/** To whom something is done: by the role in force of who is inside, else by the role on record. */
export const targetIn = (room: Room, identity: string): { role: string; inRoom: boolean } => {
  const [inside] = room.membersOf(identity)
  return inside === undefined
    ? { role: roleOnRecord(room.record, identity, undefined), inRoom: false }
    : { role: inside.role, inRoom: true }
}

/** The role in force of a participant: host while they stand in, else the one on record. */
export const roleInForce = (room: Room, member: Member): string =>
  member.identity === room.standIn ? 'host' : roleOnRecord(room.record, member.identity, member.grant?.role)

/** What a participant may do with a role. Nothing before they are back after a restart. */
export const permissionsIn = (room: Room, member: Member, role: string): readonly RoomPermission[] =>
  member.grant === undefined ? [] : permissionsOf(member.grant, roleDefinition(role, room.record.customRoles))
