import type { LiveRoom } from './live-rooms.ts'
import type { Member, Room } from './room.ts'
import { permissionFor, permissionsIn, roleInForce } from './room-gate.ts'
import type { RoomNotices } from './room-notices.ts'
import { roleOnRecord } from './room-record.ts'

/** Decides anew who stands in as host. */
export const chooseStandIn = (room: Room): void =>
  room.chooseStandIn(({ identity, grant }) => roleOnRecord(room.record, identity, grant?.role))

/** Gives a member the role and the rights that the record and the token come to now. */
export const bringUpToDate = (room: Room, member: Member): void => {
  member.role = roleInForce(room, member)
  member.permissions = permissionsIn(room, member, member.role)
}

/**
 * Brings everybody's role and rights in line with the record and the tokens, tells who is concerned, and begins or ends
 * the media that somebody may now, or may no longer, send or receive.
 */
export const refreshRights = (live: LiveRoom, notices: RoomNotices): void => {
  chooseStandIn(live.room)
  for (const member of live.room.members) refreshMember(live, member, notices)
}

const refreshMember = (live: LiveRoom, member: Member, notices: RoomNotices): void => {
  const { room } = live
  const { role: before, permissions: rightsBefore } = member
  bringUpToDate(room, member)
  const { role, permissions, participantId } = member
  const hasNewRole = role !== before
  const hasNewRights = permissions.join() !== rightsBefore.join()
  if (hasNewRole) notices.tellOfMember(room, member)
  if (!hasNewRole && !hasNewRights) return
  const rights = { roomId: room.roomId, role, permissions: [...permissions] }
  notices.tellOne(room, participantId, 'room.permissionsChanged', rights)
  applyToMedia(live, member)
}

const applyToMedia = ({ media }: LiveRoom, member: Member): void => {
  // Not back yet after a restart: there is nothing to end, and no token to judge by.
  if (member.grant === undefined) return
  for (const { producerId, source } of [...member.tracks.values()]) {
    if (member.permissions.includes(permissionFor(source))) continue
    void media.controlProducer(member.participantId, producerId, 'close').catch(() => undefined)
  }
  media.setReceiving(member.participantId, member.permissions.includes('subscribe'))
}
