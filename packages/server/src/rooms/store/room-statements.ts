import { putInvite, putPerson, putRoom, putSeat, type SqlValue } from './room-rows.ts'
import type { RoomChange } from './room-store.ts'

/** One statement of a change, with `?` for its values. */
export type RoomStatement = { readonly sql: string; readonly values: readonly SqlValue[] }

/**
 * The statement that makes one change of a room: the same in SQLite and PostgreSQL.
 * @param flag how the database takes a boolean
 */
export const statementOf = (
  roomId: string,
  change: RoomChange,
  flag: (value: boolean) => SqlValue,
): RoomStatement => {
  switch (change.type) {
    case 'room':
      return putRoom(change.room, flag(change.room.isKept))
    case 'person':
      return putPerson(roomId, change.person)
    case 'personGone':
      return {
        sql: 'DELETE FROM room_people WHERE room_id = ? AND identity = ?',
        values: [roomId, change.identity],
      }
    case 'seat':
      return putSeat(roomId, change.seat)
    case 'seatGone':
      return {
        sql: 'DELETE FROM room_seats WHERE room_id = ? AND participant_id = ?',
        values: [roomId, change.participantId],
      }
    case 'invite':
      return putInvite(roomId, change.invite)
    case 'inviteGone':
      return {
        sql: 'DELETE FROM room_invites WHERE room_id = ? AND invite_id = ?',
        values: [roomId, change.inviteId],
      }
    case 'roomGone':
      return { sql: 'DELETE FROM rooms WHERE room_id = ?', values: [roomId] }
  }
}
