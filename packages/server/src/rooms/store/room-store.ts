import type { RoomSettings, TrackSource } from '@sangam/protocol'
import type { CustomRoles } from '../../access/roles.ts'

/** What of a room outlives its participants. */
export type RoomRow = {
  readonly roomId: string
  readonly name: string
  readonly settings: RoomSettings
  readonly customRoles: CustomRoles
  /** Made by the application: kept while nobody is in it. */
  readonly isKept: boolean
  /** Since when somebody is in it; its length counts from here. Undefined while it is empty. */
  readonly openedAtMs: number | undefined
  /** When it was ended; undefined while it is not. */
  readonly endedAtMs: number | undefined
  /** Last change; rooms that nobody touched for long are forgotten. */
  readonly touchedAtMs: number
}

/** How a person stands to a room, apart from being in it. */
export type Standing = 'none' | 'waiting' | 'admitted' | 'banned'

/** What a room remembers of a person, over reconnects and restarts. */
export type PersonRow = {
  readonly identity: string
  readonly name: string
  /** Role that was given to them; undefined: that of newcomers. */
  readonly role: string | undefined
  readonly standing: Standing
  /** Since when they stand like that. */
  readonly sinceMs: number
  /** Sources that a moderator muted. */
  readonly muted: readonly TrackSource[]
}

/** A place in a room, so that its participant finds it again after a restart. */
export type SeatRow = {
  readonly participantId: string
  /** SHA-256 of the participant's key, base64url: who reads the store cannot take the place. */
  readonly keyHash: string
  readonly identity: string
  readonly deviceId: string
  readonly name: string
  readonly joinedAtMs: number
  readonly handRaisedAtMs: number | undefined
}

/** An invite that was made and not revoked. Its secret is not stored. */
export type InviteRow = {
  readonly inviteId: string
  readonly role: string
  readonly createdBy: string
  readonly expiresAtMs: number
}

/** Everything that is stored of one room. */
export type StoredRoom = {
  readonly room: RoomRow
  readonly people: readonly PersonRow[]
  readonly seats: readonly SeatRow[]
  readonly invites: readonly InviteRow[]
}

/** One change of what is stored of a room. A row takes the place of an older one of the same name. */
export type RoomChange =
  | { readonly type: 'room'; readonly room: RoomRow }
  | { readonly type: 'person'; readonly person: PersonRow }
  | { readonly type: 'personGone'; readonly identity: string }
  | { readonly type: 'seat'; readonly seat: SeatRow }
  | { readonly type: 'seatGone'; readonly participantId: string }
  | { readonly type: 'invite'; readonly invite: InviteRow }
  | { readonly type: 'inviteGone'; readonly inviteId: string }
  /** The room with all that belongs to it. */
  | { readonly type: 'roomGone' }

/** Where rooms are kept. Everything that an answer tells is on disk when the answer comes; calls take effect in their order. */
export type RoomStore = {
  /** All of one room; undefined when nothing is stored of it. */
  readonly load: (roomId: string) => Promise<StoredRoom | undefined>
  /** Makes changes of one room, all or none. Those besides `room` and `roomGone` need the room to be stored, before or by them. */
  readonly write: (roomId: string, changes: readonly RoomChange[]) => Promise<void>
  /** Rows of the rooms that are stored, the latest touched first. */
  readonly rooms: (limit: number) => Promise<readonly RoomRow[]>
  /** Forgets rooms that nobody touched since and that the application did not make. Gives how many. */
  readonly forgetBefore: (ms: number) => Promise<number>
  /** Removes whatever names a person, in every room: what rooms remember of them, their places, and the invites that they made. */
  readonly forgetPerson: (identity: string) => Promise<void>
  /** Takes what was removed off the disk as far as the database allows: see `CareStore.scrub`. */
  readonly scrub: () => Promise<void>
  /** Writes what waits and closes. Later calls reject. */
  readonly close: () => Promise<void>
}
