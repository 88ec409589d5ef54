import { defaultRoomSettings, roomSettingsSchema, trackSourceSchema } from '@sangam/protocol'
import * as z from 'zod'
import { customRolesSchema } from '../../access/roles.ts'
import type { InviteRow, PersonRow, RoomRow, SeatRow, StoredRoom } from './room-store.ts'

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

/** The rows of one room as a database gives them. */
export type RawRoom = {
  readonly room: unknown
  readonly people: readonly unknown[]
  readonly seats: readonly unknown[]
  readonly invites: readonly unknown[]
}

/** Reads all of one room. */
export const storedRoomOf = ({ room, people, seats, invites }: RawRoom): StoredRoom => ({
  room: roomRow.parse(room),
  people: people.map((row) => personRow.parse(row)),
  seats: seats.map((row) => seatRow.parse(row)),
  invites: invites.map((row) => inviteRow.parse(row)),
})

/** Reads a row of `rooms`. */
export const roomOf = (row: unknown): RoomRow => roomRow.parse(row)
