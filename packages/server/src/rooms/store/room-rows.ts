import { defaultRoomSettings, roomSettingsSchema, trackSourceSchema } from '@sangam/protocol'
import * as z from 'zod'
import { customRolesSchema } from '../../access/roles.ts'
import type { InviteRow, PersonRow, RoomRow, SeatRow } from './room-store.ts'

// What a database gives back, checked: of SQLite and PostgreSQL alike (there bigint comes as text, JSON as a value).

const number = z.union([z.number(), z.string()]).transform(Number)
const optionalNumber = number.nullable().transform((value) => value ?? undefined)
const json = z
  .unknown()
  .transform((value): unknown => (typeof value === 'string' ? JSON.parse(value) : value))

// A setting that a newer server added has its default in the rooms of an older one.
const settings = json
  .transform((value) => ({ ...defaultRoomSettings, ...(value as object) }))
  .pipe(roomSettingsSchema)

const roomRow = z
  .object({
    room_id: z.string(),
    name: z.string(),
    settings,
    custom_roles: json.pipe(customRolesSchema),
    is_kept: z.union([z.boolean(), z.number()]).transform(Boolean),
    opened_at_ms: optionalNumber,
    ended_at_ms: optionalNumber,
    touched_at_ms: number,
  })
  .transform(
    (row): RoomRow => ({
      roomId: row.room_id,
      name: row.name,
      settings: row.settings,
      customRoles: row.custom_roles,
      isKept: row.is_kept,
      openedAtMs: row.opened_at_ms,
      endedAtMs: row.ended_at_ms,
      touchedAtMs: row.touched_at_ms,
    }),
  )

const personRow = z
  .object({
    identity: z.string(),
    name: z.string(),
    role: z.string().nullable(),
    standing: z.enum(['none', 'waiting', 'admitted', 'banned']),
    since_ms: number,
    muted: json.pipe(z.array(trackSourceSchema)),
  })
  .transform(
    ({ role, since_ms, ...row }): PersonRow => ({ ...row, role: role ?? undefined, sinceMs: since_ms }),
  )

const seatRow = z
  .object({
    participant_id: z.string(),
    key_hash: z.string(),
    identity: z.string(),
    device_id: z.string(),
    name: z.string(),
    joined_at_ms: number,
    hand_raised_at_ms: optionalNumber,
  })
  .transform(
    (row): SeatRow => ({
      participantId: row.participant_id,
      keyHash: row.key_hash,
      identity: row.identity,
      deviceId: row.device_id,
      name: row.name,
      joinedAtMs: row.joined_at_ms,
      handRaisedAtMs: row.hand_raised_at_ms,
    }),
  )

const inviteRow = z
  .object({ invite_id: z.string(), role: z.string(), created_by: z.string(), expires_at_ms: number })
  .transform(
    (row): InviteRow => ({
      inviteId: row.invite_id,
      role: row.role,
      createdBy: row.created_by,
      expiresAtMs: row.expires_at_ms,
    }),
  )

/** Reads a row of `rooms`. */
export const roomOf = (row: unknown): RoomRow => roomRow.parse(row)
/** Reads a row of `room_people`. */
export const personOf = (row: unknown): PersonRow => personRow.parse(row)
/** Reads a row of `room_seats`. */
export const seatOf = (row: unknown): SeatRow => seatRow.parse(row)
/** Reads a row of `room_invites`. */
export const inviteOf = (row: unknown): InviteRow => inviteRow.parse(row)

/** A value as both databases take it. */
export type SqlValue = string | number | null

/** Finds a value's place in a statement. */
type Statement = { readonly sql: string; readonly values: readonly SqlValue[] }

const upsert = (
  table: string,
  keys: readonly string[],
  row: { readonly [column: string]: SqlValue },
): Statement => {
  const columns = Object.keys(row)
  const updates = columns.filter((column) => !keys.includes(column))
  return {
    sql: `INSERT INTO ${table} (${columns.join(', ')}) VALUES (${columns.map(() => '?').join(', ')})
      ON CONFLICT (${keys.join(', ')}) DO UPDATE SET ${updates.map((column) => `${column} = excluded.${column}`).join(', ')}`,
    values: Object.values(row),
  }
}

/** Puts a room. `isKept` is written by each database in its own way. */
export const putRoom = (room: RoomRow, isKept: SqlValue): Statement =>
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

/** Puts a person of a room. */
export const putPerson = (roomId: string, person: PersonRow): Statement =>
  upsert('room_people', ['room_id', 'identity'], {
    room_id: roomId,
    identity: person.identity,
    name: person.name,
    role: person.role ?? null,
    standing: person.standing,
    since_ms: person.sinceMs,
    muted: JSON.stringify(person.muted),
  })

/** Puts a seat of a room. */
export const putSeat = (roomId: string, seat: SeatRow): Statement =>
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

/** Puts an invite of a room. */
export const putInvite = (roomId: string, invite: InviteRow): Statement =>
  upsert('room_invites', ['room_id', 'invite_id'], {
    room_id: roomId,
    invite_id: invite.inviteId,
    role: invite.role,
    created_by: invite.createdBy,
    expires_at_ms: invite.expiresAtMs,
  })
