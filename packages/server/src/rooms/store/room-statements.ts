import type { InviteRow, PersonRow, RoomChange, RoomRow, SeatRow } from './room-store.ts'

// Neither schemas nor validation here: the database's thread starts with this, and shall start fast.

/** A value as both databases take it. */
export type SqlValue = string | number | null

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

/** The statements that remove whatever names a person, in every room: the same in SQLite and PostgreSQL. */
export const forgetPersonStatements = (identity: string): readonly RoomStatement[] => [
  { sql: 'DELETE FROM room_people WHERE identity = ?', values: [identity] },
  { sql: 'DELETE FROM room_seats WHERE identity = ?', values: [identity] },
  { sql: 'DELETE FROM room_invites WHERE created_by = ?', values: [identity] },
]

const upsert = (
  table: string,
  keys: readonly string[],
  row: { readonly [column: string]: SqlValue },
): RoomStatement => {
  const columns = Object.keys(row)
  const updates = columns.filter((column) => !keys.includes(column))
  return {
    sql: `INSERT INTO ${table} (${columns.join(', ')}) VALUES (${columns.map(() => '?').join(', ')})
      ON CONFLICT (${keys.join(', ')}) DO UPDATE SET ${updates.map((column) => `${column} = excluded.${column}`).join(', ')}`,
    values: Object.values(row),
  }
}

const putRoom = (room: RoomRow, isKept: SqlValue): RoomStatement =>
  upsert('rooms', ['room_id'], {
    room_id: room.roomId,
    name: room.name,
    settings: JSON.stringify(room.settings),
    custom_roles: JSON.stringify(room.customRoles),
    is_kept: isKept,
    opened_at_ms: room.openedAtMs ?? null,
    ended_at_ms: room.endedAtMs ?? null,
    touched_at_ms: room.touchedAtMs,
  })

const putPerson = (roomId: string, person: PersonRow): RoomStatement =>
  upsert('room_people', ['room_id', 'identity'], {
    room_id: roomId,
    identity: person.identity,
    name: person.name,
    role: person.role ?? null,
    standing: person.standing,
    since_ms: person.sinceMs,
    muted: JSON.stringify(person.muted),
  })

const putSeat = (roomId: string, seat: SeatRow): RoomStatement =>
  upsert('room_seats', ['room_id', 'participant_id'], {
    room_id: roomId,
    participant_id: seat.participantId,
    key_hash: seat.keyHash,
    identity: seat.identity,
    device_id: seat.deviceId,
    name: seat.name,
    joined_at_ms: seat.joinedAtMs,
    hand_raised_at_ms: seat.handRaisedAtMs ?? null,
  })

const putInvite = (roomId: string, invite: InviteRow): RoomStatement =>
  upsert('room_invites', ['room_id', 'invite_id'], {
    room_id: roomId,
    invite_id: invite.inviteId,
    role: invite.role,
    created_by: invite.createdBy,
    expires_at_ms: invite.expiresAtMs,
  })
